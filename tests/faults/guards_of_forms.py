"""The guards of what forms may do without saying so, and of forms that never end."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    Guard(
        "S06", "outreach.web.staff.months.release_calendar_page:_read_calendar",
        "what == 'remove'", "what != 'save'",
        "tests/web/staff/test_named_acts.py::test_embargo_is_removed_by_its_own_button_only",
    ),
    Guard(
        "S06", "outreach.web.staff.auth.letter_choices:choose_letters",
        "hour is None", "False",
        "tests/web/staff/test_named_acts.py::test_letters_of_staff_do_not_end_by_an_empty_form",
    ),
    Guard(
        "S19", "outreach.web.public.about:leave",
        '\'"cache", "cookies", "storage"\'', '\'"cache", "cookies"\'',
        "tests/browser/test_quick_exit.py::test_quick_exit_works_without_javascript",
    ),
    Guard(
        "S09", "outreach.cli.request_bodies:RequestBodies.__call__",
        "body.read_before()", "pass",
        "tests/concurrency/test_unfinished_bodies.py::test_unfinished_forms_stop_nobody",
    ),
    Guard(
        "S09", "outreach.cli.request_bodies:_Body.readinto",
        "work_slots.give_back()", "pass",
        "tests/concurrency/test_unfinished_bodies.py::test_large_body_is_read_without_a_slot",
    ),
    Guard(
        "S09", "outreach.cli.request_bodies:_Body._read",
        "raise ClientDisconnected", "pass",
        "tests/concurrency/test_unfinished_bodies.py::test_body_that_ends_early_is_no_form",
    ),
    Guard(
        "S09", "outreach.cli.request_bodies:close_silent_connections",
        "where in sources", "",
        "tests/concurrency/test_unfinished_bodies.py::test_only_silent_connections_of_that_address_and_port_are_closed",
    ),
    Guard(
        "S09", "outreach.cli.server_processes:ServerProcesses",
        "def _serve_loop(self, spawn_target: Any, target_loader: Callable[..., Any]) -> None:",
        "def _unused_loop(self, spawn_target: Any, target_loader: Callable[..., Any]) -> None:",
        "tests/cli/test_server_processes.py::test_killed_processes_are_replaced_however_soon_they_are_killed",
    ),
)
# fmt: on
