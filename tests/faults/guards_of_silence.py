"""The guards of what nobody finds out by asking twice, or by watching the line."""

from collections.abc import Iterator

from tests.faults.guard import Guard

_WEB = "outreach/web/"
_SILENCE = "tests/security/test_silence.py::"
_SIZE = "tests/security/test_response_size.py::"


def list_guards() -> Iterator[Guard]:
    leaves = "test_search_of_a_discreet_kind_leaves_nothing_behind"
    for promise, file, words, instead, test in (
        (
            "S04", f"{_WEB}public/workshop_pages.py",
            "with memory_cache.silence(is_silent):", "with memory_cache.silence(False):",
            f"{_SILENCE}{leaves}",
        ),
        (
            "S04", f"{_WEB}public/workshop_pages.py",
            "    if is_silent or params.where:", "    if is_silent:",
            f"{_SILENCE}test_place_that_somebody_looked_for_is_not_kept",
        ),
        (
            "S04", f"{_WEB}public/workshop_pages.py",
            "    if is_silent or params.where:", "    if False:",
            f"{_SILENCE}test_no_answer_that_nobody_may_keep_is_kept_here",
        ),
        (
            "S04", "outreach/domain/network/kinds.py",
            "return self.sensitivity in HIGH_SENSITIVITIES or self.hides_under(codes)",
            "return self.hides_under(codes)", f"{_SILENCE}{leaves}",
        ),
        (
            "S04", "outreach/memory_cache.py",
            "chosen: Callable[..., Any] = function if _is_silent.get() else cached",
            "chosen: Callable[..., Any] = cached", f"{_SILENCE}{leaves}",
        ),
        (
            "S04", "outreach/memory_cache.py",
            "return self._is_of_searches and _is_silent.get()", "return False",
            f"{_SILENCE}{leaves}",
        ),
        (
            "S04", "outreach/feeds/server.py",
            "if any(kind.hides_under(codes) for kind in known.find_kinds(codes).values()):",
            "if False:", f"{_SILENCE}{leaves}",
        ),
        (
            "S14", f"{_WEB}middleware/response_headers.py",
            "        response_size.pad(response)\n", "        pass\n",
            f"{_SIZE}test_every_page_about_a_workshop_or_a_place_has_one_size",
        ),
        (
            "S14", f"{_WEB}middleware/response_headers.py",
            "if len(body) < MIN_GZIP_BYTES and not is_padded:",
            "if len(body) < MIN_GZIP_BYTES:",
            f"{_SIZE}test_shortest_calendar_file_has_that_size",
        ),
        (
            "S14", f"{_WEB}middleware/response_size.py",
            "_count_head(response, len(body)) + len(body)", "len(body)",
            f"{_SIZE}test_every_page_about_a_workshop_or_a_place_has_one_size",
        ),
        (
            "S14", f"{_WEB}middleware/response_size.py",
            '("/<lang:lang>/t/", "/<lang:lang>/r/", "/<lang:lang>/mi-registro")',
            '("/<lang:lang>/t/", "/<lang:lang>/mi-registro")',
            f"{_SIZE}test_answers_to_forms_and_calendar_files_have_that_size",
        ),
    ):  # fmt: skip
        yield Guard(promise, file, words, instead, test)
