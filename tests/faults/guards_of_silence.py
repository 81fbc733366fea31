"""The guards of what nobody finds out by asking twice, or by watching the line."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    Guard(
        "S04", "outreach.web.public.workshop_pages:upcoming",
        "memory_cache.silence(is_silent)", "memory_cache.silence(False)",
        "tests/security/test_silence.py::test_search_of_a_discreet_kind_leaves_nothing_behind",
    ),
    Guard(
        "S04", "outreach.web.public.workshop_pages:upcoming",
        "params.where", "",
        "tests/security/test_silence.py::test_place_that_somebody_looked_for_is_not_kept",
    ),
    Guard(
        "S04", "outreach.web.public.workshop_pages:upcoming",
        "is_silent or params.where", "False",
        "tests/security/test_silence.py::test_no_answer_that_nobody_may_keep_is_kept_here",
    ),
    Guard(
        "S04", "outreach.domain.network.kinds:Kind.is_looked_for_silently",
        "self.sensitivity in HIGH_SENSITIVITIES", "",
        "tests/security/test_silence.py::test_search_of_a_discreet_kind_leaves_nothing_behind",
    ),
    Guard(
        "S04", "outreach.memory_cache:remember.decorate.call",
        "function if _is_silent.get() else cached", "cached",
        "tests/security/test_silence.py::test_search_of_a_discreet_kind_leaves_nothing_behind",
    ),
    Guard(
        "S04", "outreach.memory_cache:MemoryCache._is_silent",
        "self._is_of_searches and _is_silent.get()", "False",
        "tests/security/test_silence.py::test_search_of_a_discreet_kind_leaves_nothing_behind",
    ),
    Guard(
        "S04", "outreach.feeds.server:Feeds._find_or_write_canonical",
        "any((kind.hides_under(codes) for kind in known.find_kinds(codes).values()))", "False",
        "tests/security/test_silence.py::test_search_of_a_discreet_kind_leaves_nothing_behind",
    ),
    Guard(
        "S14", "outreach.web.middleware.response_headers:_compress",
        "response_size.pad(response)", "pass",
        "tests/security/test_response_size.py::test_every_page_about_a_workshop_or_a_place_has_one_size",
    ),
    Guard(
        "S14", "outreach.web.middleware.response_headers:_compress",
        "not is_padded", "",
        "tests/security/test_response_size.py::test_shortest_calendar_file_has_that_size",
    ),
    Guard(
        "S14", "outreach.web.middleware.response_size:pad",
        "_count_head(response, len(body)) + len(body)", "len(body)",
        "tests/security/test_response_size.py::test_every_page_about_a_workshop_or_a_place_has_one_size",
    ),
    Guard(
        "S14", "outreach.web.middleware.response_size:_RULES",
        "'/<lang:lang>/r/'", "",
        "tests/security/test_response_size.py::test_answers_to_forms_and_calendar_files_have_that_size",
    ),
)
# fmt: on
