"""Guards of calendars that offices give by their address."""

from collections.abc import Iterator

from tests.faults.guard import Guard


def list_guards() -> Iterator[Guard]:
    package, pages = "outreach/imports/calendar_links/", "tests/web/staff/test_calendar_links.py::"
    fetched = "tests/imports/calendar_links/test_addresses.py::"
    updated = "tests/web/staff/test_calendar_updates.py::"
    for file, words, instead, test in (
        (
            "outreach/outbound/guarded_client.py",
            "        if monotonic() >= expires_at:  # the body may have been cut off\n",
            "        if False:\n",
            "tests/outbound/test_documents.py::test_body_that_the_deadline_cut_off_is_no_document",
        ),
        (
            "outreach/outbound/guarded_client.py",
            "is_cut_off = len(read) < max_bytes and bool(answer.length)", "is_cut_off = False",
            f"{fetched}test_server_that_lies_about_its_answer_is_left",
        ),
        (
            "outreach/outbound/guarded_client.py",
            "for _hop in range(MAX_REDIRECTS + 1):", "for _hop in range(50):",
            f"{fetched}test_redirect_inside_or_in_a_loop_is_refused",
        ),
        (
            f"{package}addresses.py",
            '    if "@" in parts.netloc:\n', "    if False:\n",
            f"{fetched}test_what_is_no_address_of_a_calendar_is_refused",
        ),
        (
            f"{package}addresses.py",
            "    if text[: len(_START)].upper() != _START:\n", "    if False:\n",
            f"{fetched}test_answer_that_is_no_calendar_is_refused",
        ),
        (
            f"{package}addresses.py",
            "    if len(body) > MAX_BYTES:\n", "    if False:\n",
            f"{fetched}test_huge_calendar_is_refused",
        ),
        (
            f"{package}event_list.py",
            "events = [each for each in source.calendar.events if _group_of(each) in groups]",
            "events = source.calendar.events",
            f"{pages}test_events_are_ticked_before_anything_is_kept",
        ),
        (
            f"{package}event_list.py",
            "offsets = {zone: each for zone, each in source.calendar.offsets.items() if zone in zones}",
            "offsets = source.calendar.offsets",
            f"{pages}test_events_are_ticked_before_anything_is_kept",
        ),
        (
            f"{package}event_list.py",
            "read = [each for each in source.calendar.properties if each in calendar_rows.COLUMNS]",
            "read = source.calendar.properties",
            f"{pages}test_events_are_ticked_before_anything_is_kept",
        ),
        (
            f"{package}updates.py",
            'return f"calendar link {office_id} {public_id}"', 'return f"calendar link {public_id}"',
            f"{pages}test_link_copied_to_another_office_does_not_open",
        ),
        (
            "outreach/domain/scheduling/calendar_links.py",
            "CalendarLink.public_id == public_id, Office.slug == office_slug",
            "CalendarLink.public_id == public_id",
            f"{pages}test_link_of_another_office_looks_nonexistent",
        ),
        (
            "outreach/domain/scheduling/calendar_links.py",
            "        .where(CalendarLink.is_daily, CalendarLink.asked_at <= now - READ_EVERY)\n",
            "        .where(CalendarLink.asked_at <= now - READ_EVERY)\n",
            f"{updated}test_daily_reading_happens_once_a_day_and_only_where_it_was_ticked",
        ),
        (
            "outreach/web/staff/imports/draft_start.py",
            "return rows if calendar_addresses.is_address(rows) else request.form",
            "return request.form",
            f"{pages}test_pasted_address_becomes_no_row",
        ),
        (
            "outreach/web/staff/imports/calendar_link_pages.py",
            "    rate_limits.count_calendar_reading(slug)\n", "",
            f"{pages}test_office_that_reads_too_often_waits",
        ),
        (
            f"{package}comparison.py",
            "if workshop.status is not WorkshopStatus.DRAFT or workshop.published_at is not None:",
            "if False:",
            f"{updated}test_published_workshop_that_a_file_changed_is_not_changed_by_its_calendar",
        ),
        (
            f"{package}comparison.py",
            "imported_at is None or workshop.changed_at > imported_at or workshop.office",
            "imported_at is None or workshop.office",
            f"{updated}test_draft_that_somebody_edited_is_not_changed_and_its_difference_is_shown",
        ),
        (
            "outreach/web/staff/imports/calendar_link_pages.py",
            'is_shown = request.form.get("read", "") == _mark_of(link)', "is_shown = True",
            f"{updated}test_what_was_not_shown_is_not_dropped_as_seen",
        ),
    ):  # fmt: skip
        yield Guard("SHEET02", file, words, instead, test)
