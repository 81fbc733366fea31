"""Guards of what files bring in."""

from collections.abc import Iterator

from tests.faults.guard import Guard


def list_guards() -> Iterator[Guard]:
    guess, tests = "outreach/imports/guess/", "tests/imports/guess/"
    yield Guard(
        "SHEET01", f"{guess}proposals.py",
        "            if reached:\n", "            if False:\n",
        f"{tests}test_load_guessed.py::test_change_that_would_notify_people_is_asked",
    )  # fmt: skip
    yield Guard(
        "SHEET01", f"{guess}columns.py",
        "        if guesses[at].is_person:\n", "        if False:\n",
        f"{tests}test_corpus.py::test_messy_files_are_read_right",
    )  # fmt: skip
    yield Guard(
        "SHEET01", "outreach/imports/sheets/xls.py",
        "    if last >= MAX_XLS_COLUMNS or last < column:", "    if last < column:",
        f"{tests}test_hostile_sheets.py::test_old_workbook_with_a_far_column_is_refused",
    )  # fmt: skip
    yield Guard(
        "SHEET01", f"{guess}proposals.py",
        "            status=WorkshopStatus.DRAFT,\n",
        "            status=WorkshopStatus.PUBLISHED,\n",
        f"{tests}test_load_guessed.py::test_event_arrives_as_a_draft_whatever_it_says",
    )  # fmt: skip
    yield Guard(
        "SHEET01", f"{guess}proposals.py",
        'if "status" in changed and workshop.status is WorkshopStatus.PUBLISHED:',
        'if "status" in changed:',
        f"{tests}test_load_guessed.py"
        "::test_file_cancels_what_is_public_and_publishes_nothing_again",
    )  # fmt: skip
    yield Guard(
        "SHEET01", f"{guess}recurring_events.py",
        "        if self._left < 0:\n", "        if False:\n",
        f"{tests}test_hostile_sheets.py"
        "::test_rules_that_look_for_dates_through_centuries_are_refused",
    )  # fmt: skip
    yield Guard(
        "SHEET01", "outreach/imports/workshops/from_ical.py",
        '            values["status"] = WorkshopStatus.DRAFT.value\n', "            pass\n",
        "tests/web/staff/test_import_calendars.py"
        "::test_calendar_sent_as_a_ready_file_arrives_as_drafts",
    )  # fmt: skip
    yield Guard(
        "SHEET01", "outreach/web/staff/imports/draft_load.py",
        "each not in missing and each.id not in cancelled", "each not in missing",
        "tests/web/staff/test_import_calendars.py::test_loaded_drafts_are_published_in_one_act",
    )  # fmt: skip
    pages = "tests/web/staff/test_import_drafts.py::"
    for promise, file, words, instead, test in (
        (
            "SHEET01", f"{guess}stored_source.py",
            "read = [each for each in chosen if each.field is not None]", "read = list(chosen)",
            "test_columns_about_persons_are_never_stored",
        ),
        (
            "SHEET01", f"{guess}stored_source.py",
            "if is_plain and small_values.has_contact(str(cell)):", "if False:",
            "test_columns_about_persons_are_never_stored",
        ),
        (
            "S22", "outreach/domain/scheduling/import_drafts.py",
            "            Office.slug == office_slug,\n", "",
            "test_draft_of_another_office_looks_nonexistent",
        ),
        (
            "S36", "outreach/web/staff/imports/draft_load.py",
            "    if done.changed:\n", "    if False:\n",
            "test_changed_workshop_with_people_shows_the_sheet_first",
        ),
        (
            "SHEET01", "outreach/web/staff/imports/draft_load.py",
            "or opened.seal != seen:", "or False:",
            "test_what_a_colleague_made_ready_meanwhile_is_not_loaded_unseen",
        ),
        (
            "SHEET01", "outreach/web/staff/imports/draft_rows.py",
            "if current_mark != mark_before or row.is_left_out:", "if row.is_left_out:",
            "test_same_row_changed_by_two_is_shown_with_both",
        ),
        (
            "SHEET01", "outreach/domain/scheduling/import_undo.py",
            "    if workshop.id in used:\n", "    if False:\n",
            "test_undo_names_what_stays_and_why",
        ),
        (
            "SHEET01", "outreach/domain/scheduling/import_undo.py",
            "if workshop.status is not WorkshopStatus.DRAFT or workshop.published_at is not None:",
            "if False:", "test_undo_names_what_stays_and_why",
        ),
    ):  # fmt: skip
        yield Guard(promise, file, words, instead, f"{pages}{test}")
