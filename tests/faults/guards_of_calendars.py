"""Guards of calendars that offices give by their address."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    Guard(
        "SHEET02", "outreach.outbound.guarded_client:fetch_document",
        "monotonic() >= expires_at", "False",
        "tests/outbound/test_documents.py::test_body_that_the_deadline_cut_off_is_no_document",
    ),
    Guard(
        "SHEET02", "outreach.outbound.guarded_client:fetch",
        "len(read) < max_bytes and bool(answer.length)", "False",
        "tests/imports/calendar_links/test_addresses.py::test_server_that_lies_about_its_answer_is_left",
    ),
    Guard(
        "SHEET02", "outreach.outbound.guarded_client:fetch_document",
        "MAX_REDIRECTS + 1", "50",
        "tests/imports/calendar_links/test_addresses.py::test_redirect_inside_or_in_a_loop_is_refused",
    ),
    Guard(
        "SHEET02", "outreach.imports.calendar_links.addresses:normalise",
        "'@' in parts.netloc", "False",
        "tests/imports/calendar_links/test_addresses.py::test_what_is_no_address_of_a_calendar_is_refused",
    ),
    Guard(
        "SHEET02", "outreach.imports.calendar_links.addresses:_parse",
        "text[:len(_START)].upper() != _START", "False",
        "tests/imports/calendar_links/test_addresses.py::test_answer_that_is_no_calendar_is_refused",
    ),
    Guard(
        "SHEET02", "outreach.imports.calendar_links.addresses:_parse",
        "len(body) > MAX_BYTES", "False",
        "tests/imports/calendar_links/test_addresses.py::test_huge_calendar_is_refused",
    ),
    Guard(
        "SHEET02", "outreach.imports.calendar_links.event_list:_keep_only",
        "[each for each in source.calendar.events if _group_of(each) in groups]",
        "source.calendar.events",
        "tests/web/staff/test_calendar_links.py::test_events_are_ticked_before_anything_is_kept",
    ),
    Guard(
        "SHEET02", "outreach.imports.calendar_links.event_list:_keep_only",
        "{zone: each for zone, each in source.calendar.offsets.items() if zone in zones}",
        "source.calendar.offsets",
        "tests/web/staff/test_calendar_links.py::test_events_are_ticked_before_anything_is_kept",
    ),
    Guard(
        "SHEET02", "outreach.imports.calendar_links.event_list:_keep_only",
        "[each for each in source.calendar.properties if each in calendar_rows.COLUMNS]",
        "source.calendar.properties",
        "tests/web/staff/test_calendar_links.py::test_events_are_ticked_before_anything_is_kept",
    ),
    Guard(
        "SHEET02", "outreach.imports.calendar_links.updates:_about",
        "f'calendar link {office_id} {public_id}'", "f'calendar link {public_id}'",
        "tests/web/staff/test_calendar_links.py::test_link_copied_to_another_office_does_not_open",
    ),
    Guard(
        "SHEET02", "outreach.domain.scheduling.calendar_links:find",
        "Office.slug == office_slug", "",
        "tests/web/staff/test_calendar_links.py::test_link_of_another_office_looks_nonexistent",
    ),
    Guard(
        "SHEET02", "outreach.domain.scheduling.calendar_links:list_due",
        "CalendarLink.is_daily", "",
        "tests/web/staff/test_calendar_updates.py::test_daily_reading_happens_once_a_day_and_only_where_it_was_ticked",
    ),
    Guard(
        "SHEET02", "outreach.web.staff.imports.draft_start:_find_address",
        "rows if calendar_addresses.is_address(rows) else request.form.get('address', '').strip()",
        "request.form.get('address', '').strip()",
        "tests/web/staff/test_calendar_links.py::test_pasted_address_becomes_no_row",
    ),
    Guard(
        "SHEET02", "outreach.web.staff.imports.calendar_link_pages:_fetching",
        "rate_limits.count_calendar_reading(slug)", "pass",
        "tests/web/staff/test_calendar_links.py::test_office_that_reads_too_often_waits",
    ),
    Guard(
        "SHEET02", "outreach.imports.calendar_links.comparison:is_untouched",
        "workshop.status is not WorkshopStatus.DRAFT or workshop.published_at is not None", "False",
        "tests/web/staff/test_calendar_updates.py::test_published_workshop_that_a_file_changed_is_not_changed_by_its_calendar",
    ),
    Guard(
        "SHEET02", "outreach.imports.calendar_links.comparison:is_untouched",
        "workshop.changed_at > imported_at", "",
        "tests/web/staff/test_calendar_updates.py::test_draft_that_somebody_edited_is_not_changed_and_its_difference_is_shown",
    ),
    Guard(
        "SHEET02", "outreach.web.staff.imports.calendar_link_pages:_mark_seen",
        "request.form.get('read', '') == _mark_of(link)", "True",
        "tests/web/staff/test_calendar_updates.py::test_what_was_not_shown_is_not_dropped_as_seen",
    ),
)
# fmt: on
