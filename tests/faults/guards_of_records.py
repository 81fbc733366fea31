"""The guards of what is recorded of changes and noted of failures."""

from collections.abc import Iterator

from tests.faults.guard import Guard


def list_guards() -> Iterator[Guard]:
    failures = "tests/web/middleware/test_failures.py::"
    sessions = "outreach/domain/change_sessions.py"
    for rule, file, words, instead, test in (
        (
            "S34",
            sessions,
            "    hash_chain.listen(ChangeSession)\n",
            "",
            "tests/db/test_database.py::test_store_without_records_refuses_to_change",
        ),
        (
            "S34",
            sessions,
            "    change_counters.listen(ChangeSession)\n",
            "",
            "tests/cli/test_commands_record.py::test_demo_records_what_it_fills",
        ),
        (
            "S34",
            "outreach/db/store.py",
            "        if self._changing is None:\n",
            "        if False:\n",
            "tests/db/test_database.py::test_store_without_records_refuses_to_change",
        ),
        (
            "S34",
            "outreach/cli/context.py",
            "migrations.state_after_upgrade(base, store)",
            "migrations.state(base, store)",
            "tests/db/test_migrations.py::test_command_waits_for_an_upgrade_that_is_running",
        ),
        (
            "S10",
            "outreach/web/middleware/failures.py",
            "error_classes.classify(error) or _find_schema_reason()",
            "error_classes.classify(error)",
            f"{failures}test_old_server_answers_no_page_of_a_newer_schema_with_500",
        ),
        (
            "S10",
            "outreach/db/error_classes.py",
            '    (("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"), ErrorClass.DISK_FULL),\n',
            "",
            f"{failures}test_full_disk_is_named_in_log_page_and_metrics",
        ),
        (
            "S10",
            "outreach/logs.py",
            "        if now - written_at < self._seconds:",
            "        if False:",
            f"{failures}test_one_of_identical_lines_is_written_each_minute_with_a_count",
        ),
    ):
        yield Guard(rule, file, words, instead, test)
