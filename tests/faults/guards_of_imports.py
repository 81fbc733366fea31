"""Guards of what files bring in."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    Guard(
        "SHEET01", "outreach.imports.guess.proposals:_Proposer._compare_with_before",
        "if reached:", "if False:",
        "tests/imports/guess/test_load_guessed.py::test_change_that_would_notify_people_is_asked",
    ),
    Guard(
        "SHEET01", "outreach.imports.guess.columns:_choose",
        "guesses[at].is_person", "False",
        "tests/imports/guess/test_corpus.py::test_messy_files_are_read_right",
    ),
    Guard(
        "SHEET01", "outreach.imports.sheets.xls:_count_cells",
        "last >= MAX_XLS_COLUMNS", "",
        "tests/imports/guess/test_hostile_sheets.py::test_old_workbook_with_a_far_column_is_refused",
    ),
    Guard(
        "SHEET01", "outreach.imports.guess.proposals:_Proposer._new_row",
        "WorkshopStatus.DRAFT", "WorkshopStatus.PUBLISHED",
        "tests/imports/guess/test_load_guessed.py::test_event_arrives_as_a_draft_whatever_it_says",
    ),
    Guard(
        "SHEET01", "outreach.imports.guess.proposals:_changed_row",
        "workshop.status is WorkshopStatus.PUBLISHED", "",
        "tests/imports/guess/test_load_guessed.py::test_file_cancels_what_is_public_and_publishes_nothing_again",
    ),
    Guard(
        "SHEET01", "outreach.imports.guess.recurring_events:_Work.spend",
        "self._left < 0", "False",
        "tests/imports/guess/test_hostile_sheets.py::test_rules_that_look_for_dates_through_centuries_are_refused",
    ),
    Guard(
        "SHEET01", "outreach.imports.workshops.from_ical:_RowBuilder._new",
        "values['status'] = WorkshopStatus.DRAFT.value", "pass",
        "tests/web/staff/test_import_calendars.py::test_calendar_sent_as_a_ready_file_arrives_as_drafts",
    ),
    Guard(
        "SHEET01", "outreach.web.staff.imports.draft_load:_show",
        "each.id not in cancelled", "",
        "tests/web/staff/test_import_calendars.py::test_loaded_drafts_are_published_in_one_act",
    ),
    Guard(
        "SHEET01", "outreach.imports.guess.stored_source:drop_unread",
        "[each for each in chosen if each.field is not None]", "list(chosen)",
        "tests/web/staff/test_import_drafts.py::test_columns_about_persons_are_never_stored",
    ),
    Guard(
        "SHEET01", "outreach.imports.guess.stored_source:_redact",
        "is_plain and small_values.has_contact(str(cell))", "False",
        "tests/web/staff/test_import_drafts.py::test_columns_about_persons_are_never_stored",
    ),
    Guard(
        "S22", "outreach.domain.scheduling.import_drafts:find",
        "Office.slug == office_slug", "",
        "tests/web/staff/test_import_drafts.py::test_draft_of_another_office_looks_nonexistent",
    ),
    Guard(
        "S36", "outreach.web.staff.imports.draft_load:_load",
        "if done.changed:", "if False:",
        "tests/web/staff/test_import_drafts.py::test_changed_workshop_with_people_shows_the_sheet_first",
    ),
    Guard(
        "SHEET01", "outreach.web.staff.imports.draft_load:load_draft",
        "opened.seal != seen", "False",
        "tests/web/staff/test_import_drafts.py::test_what_a_colleague_made_ready_meanwhile_is_not_loaded_unseen",
    ),
    Guard(
        "SHEET01", "outreach.web.staff.imports.draft_rows:_mend_typed",
        "current_mark != mark_before", "",
        "tests/web/staff/test_import_drafts.py::test_same_row_changed_by_two_is_shown_with_both",
    ),
    Guard(
        "SHEET01", "outreach.domain.scheduling.import_undo:_require_untouched",
        "workshop.id in used", "False",
        "tests/web/staff/test_import_drafts.py::test_undo_names_what_stays_and_why",
    ),
    Guard(
        "SHEET01", "outreach.domain.scheduling.import_undo:_require_untouched",
        "workshop.status is not WorkshopStatus.DRAFT or workshop.published_at is not None", "False",
        "tests/web/staff/test_import_drafts.py::test_undo_names_what_stays_and_why",
    ),
)
# fmt: on
