"""The guards of what staff see of people and of hidden addresses: each place where the table is
asked."""

from collections.abc import Iterator

from tests.faults.guard import Guard


def list_guards() -> Iterator[Guard]:
    staff, tests = "outreach/web/staff/", "tests/web/staff/test_disclosure.py::"
    table, calendar = "outreach/domain/disclosure/who_sees.py", f"{staff}calendar/calendar_pages.py"
    lists = "tests/web/staff/test_attendee_list.py::"
    pages, words = (
        f"{tests}test_every_page_shows_what_the_table_permits",
        f"{tests}test_hidden_venue_is_not_found_by_its_words",
    )
    closes = f"{tests}test_door_closes_for_its_role_at_the_end_of_the_day_after"
    squares = f"{tests}test_square_of_a_person_opens_in_the_window_only"
    calls = f"{tests}test_call_centre_says_where_a_hidden_address_is_read"
    for file, guard, instead, test in (
        (
            table, "    is_over = now >= checkin_events.checkin_ends_at(workshop)\n", "    is_over = False\n",
            f"{tests}test_window_is_that_of_the_door",
        ),
        (
            table, "    if not checkin.is_list_open(workshop, now=now):\n        return Moment.BEFORE\n", "",
            f"{tests}test_window_is_that_of_the_door",
        ),
        (
            table, "if field is SeenField.ADDRESS and not workshop.has_secret_address:",
            "if field is SeenField.ADDRESS:", pages,
        ),
        (
            table, "(is_acting and Sight.ACTING in found)", "Sight.ACTING in found",
            f"{lists}test_contacts_are_hidden_until_shown_one_by_one",
        ),
        (
            f"{staff}common/disclosure.py",
            "    if not sees(SeenField.NAMES, workshop):\n        return {}\n", "",
            f"{tests}test_code_tells_the_door_a_name_in_the_window_only",
        ),
        (
            f"{staff}common/workshop_labels.py",
            "isinstance(workshop, Workshop) and not sees_address(workshop)", "False", pages,
        ),
        (
            f"{staff}common/workshop_labels.py", "if person and sees_contact else", "if person else",
            f"{lists}test_contacts_are_hidden_until_shown_one_by_one",
        ),
        (
            "templates/staff/workshops/detail_facts.html", "{% if not words.sees_address(w) %}", "{% if False %}",
            pages,
        ),
        (
            f"{staff}workshops/detail_sections.py", "_needs(workshop, everyone) if sees_needs else []",
            "_needs(workshop, everyone)", pages,
        ),
        (
            f"{staff}workshops/attendee_list.py",
            "    if not disclosure.sees(SeenField.NAMES, workshop):\n", "    if False:\n",
            f"{lists}test_list_of_the_door_opens_the_day_before",
        ),
        (
            f"{staff}workshops/workshop_actions.py", "            and context.sees_names\n", "\n", closes,
        ),
        (
            f"{staff}checkin/checkin_pages.py",
            "checkin.is_list_open(workshop, now=now) and disclosure.sees(field, workshop)",
            "checkin.is_list_open(workshop, now=now)", closes,
        ),
        (
            f"{staff}checkin/checkin_pages.py",
            "            if not disclosure.sees(SeenField.NAMES, workshop):\n                raise",
            "            if False:\n                raise", closes,
        ),
        (
            f"{staff}checkin/checkin_pages.py",
            "    if not disclosure.sees(SeenField.NAMES, workshop):\n        return _closed_page(workshop, now)\n",
            "", squares,
        ),
        (f"{staff}checkin/checkin_pages.py", "in {404, 409}:", "== 404:", squares),
        (
            f"{staff}checkin/sheet_download.py", "find_closed_page(workshop, SeenField.LISTS)",
            "find_closed_page(workshop, SeenField.NAMES)", closes,
        ),
        (
            f"{staff}attendees/attendee_download.py", "if not disclosure.sees(SeenField.LISTS, workshop):",
            "if False:", "tests/web/staff/test_policy.py::test_discreet_attendee_list_cannot_be_exported",
        ),
        (
            calendar, "            addresses=disclosure.list_offices_with_addresses(),\n", "", words,
        ),
        ("outreach/domain/dashboard/agenda.py", "[is_there, self.shows_venue]", "[is_there]", words),
        (
            "outreach/domain/dashboard/agenda.py",
            'sa.case((query.shows_venue, sa.func.coalesce(Venue.name, "")), else_="")',
            'sa.func.coalesce(Venue.name, "")', words,
        ),
        (
            calendar, "len(chosen) == 1 and (known is None or chosen[0].slug in known)",
            "len(chosen) == 1", pages,
        ),
        (
            calendar, "[each for each in everything if workshop_labels.sees_address(each)]", "everything",
            f"{tests}test_clash_does_not_tell_a_hidden_venue_by_a_public_one",
        ),
        (
            f"{staff}calendar/calendar_grid.py",
            "        if not workshop_labels.sees_address(entry.workshop):\n            continue\n", "", pages,
        ),
        (
            f"{staff}search/search_pages.py",
            "        addresses=disclosure.list_offices_with_addresses(),\n", "", words,
        ),
        (
            f"{staff}imports/import_downloads.py",
            "has_address=disclosure.sees(SeenField.ADDRESS, each)", "has_address=True", pages,
        ),
        (
            f"{staff}figures/figures_tables.py", "if id_ in self.hidden_venues:", "if False:", pages,
        ),
        (
            "templates/staff/tours/tour.html", "{% elif stop.venue.id in hidden_venues %}",
            "{% elif False %}", pages,
        ),
        (
            f"{staff}call_centre/call_script.py",
            "if not (registration.sees_address and disclosure.sees(SeenField.ADDRESS, workshop)):",
            "if not registration.sees_address:", calls,
        ),
        (
            f"{staff}call_centre/code_page.py",
            "party.sees_address and disclosure.sees(SeenField.ADDRESS, party.workshop)",
            "party.sees_address", calls,
        ),
    ):  # fmt: skip
        yield Guard("S22", file, guard, instead, test)
