"""The guards of what is recorded of changes and noted of failures."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    Guard(
        "S34", "outreach.domain.change_sessions:_listen",
        "hash_chain.listen(ChangeSession)", "pass",
        "tests/db/test_database.py::test_store_without_records_refuses_to_change",
    ),
    Guard(
        "S34", "outreach.domain.change_sessions:_listen",
        "change_counters.listen(ChangeSession)", "pass",
        "tests/cli/test_commands_record.py::test_demo_records_what_it_fills",
    ),
    Guard(
        "S34", "outreach.db.store:Store.change",
        "self._changing is None", "False",
        "tests/db/test_database.py::test_store_without_records_refuses_to_change",
    ),
    Guard(
        "S34", "outreach.cli.context:_require_current",
        "migrations.state_after_upgrade", "migrations.state",
        "tests/db/test_migrations.py::test_command_waits_for_an_upgrade_that_is_running",
    ),
    Guard(
        "S10", "outreach.web.middleware.failures:find_reason",
        "_find_schema_reason()", "",
        "tests/web/middleware/test_failures.py::test_old_server_answers_no_page_of_a_newer_schema_with_500",
    ),
    Guard(
        "S10", "outreach.db.error_classes:_OF_SQLITE",
        "(('SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE'), ErrorClass.DISK_FULL)", "",
        "tests/web/middleware/test_failures.py::test_full_disk_is_named_in_log_page_and_metrics",
    ),
    Guard(
        "S10", "outreach.logs:Repeats.admit",
        "now - written_at < self._seconds", "False",
        "tests/web/middleware/test_failures.py::test_one_of_identical_lines_is_written_each_minute_with_a_count",
    ),
)
# fmt: on
