"""The guards of what forms may do without saying so, and of forms that never end."""

from collections.abc import Iterator

from tests.faults.guard import Guard


def list_guards() -> Iterator[Guard]:
    acts = "tests/web/staff/test_named_acts.py::"
    yield Guard(
        "S06", "outreach/web/staff/months/release_calendar_page.py",
        'if what == "remove":', 'if what != "save":',
        f"{acts}test_embargo_is_removed_by_its_own_button_only",
    )  # fmt: skip
    yield Guard(
        "S06", "outreach/web/staff/auth/letter_choices.py",
        "    if hour is None:", "    if False:",
        f"{acts}test_letters_of_staff_do_not_end_by_an_empty_form",
    )  # fmt: skip
    yield Guard(
        "S19", "outreach/web/public/about.py",
        '"cache", "cookies", "storage"', '"cache", "cookies"',
        "tests/browser/test_quick_exit.py::test_quick_exit_ends_the_messages_of_this_browser",
    )  # fmt: skip
    bodies, tests = (
        "outreach/cli/request_bodies.py",
        "tests/concurrency/test_unfinished_bodies.py::",
    )
    closed = "only_silent_connections_of_that_address_and_port_are_closed"
    for words, instead, test in (
        (
            "                body.read_before()\n",
            "                pass\n",
            "unfinished_forms_stop_nobody",
        ),
        (
            "            work_slots.give_back()",
            "            pass",
            "large_body_is_read_without_a_slot",
        ),
        (
            "            raise ClientDisconnected",
            "            pass",
            "body_that_ends_early_is_no_form",
        ),
        ("where in sources and _silent", "_silent", closed),
    ):
        yield Guard("S09", bodies, words, instead, f"{tests}test_{test}")
    yield Guard(
        "S09", "outreach/cli/server_processes.py",
        "    def _serve_loop(", "    def _unused_loop(",
        "tests/cli/test_server_processes.py"
        "::test_killed_processes_are_replaced_however_soon_they_are_killed",
    )  # fmt: skip
