"""The guards of what staff see of people and of hidden addresses: each place where the table is
asked."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    Guard(
        "S22", "outreach.domain.disclosure.who_sees:find_moment",
        "now >= checkin_events.checkin_ends_at(workshop)", "False",
        "tests/web/staff/test_disclosure.py::test_window_is_that_of_the_door",
    ),
    Guard(
        "S22", "outreach.domain.disclosure.who_sees:find_moment",
        """if not checkin.is_list_open(workshop, now=now):
    return Moment.BEFORE""",
        "pass",
        "tests/web/staff/test_disclosure.py::test_window_is_that_of_the_door",
    ),
    Guard(
        "S22", "outreach.domain.disclosure.who_sees:sees",
        "not workshop.has_secret_address", "",
        "tests/web/staff/test_disclosure.py::test_every_page_shows_what_the_table_permits",
    ),
    Guard(
        "S22", "outreach.domain.disclosure.who_sees:sees",
        "is_acting", "",
        "tests/web/staff/test_attendee_list.py::test_contacts_are_hidden_until_shown_one_by_one",
    ),
    Guard(
        "S22", "outreach.web.staff.common.disclosure:read_people",
        """if not sees(SeenField.NAMES, workshop):
    return {}""",
        "pass",
        "tests/web/staff/test_disclosure.py::test_code_tells_the_door_a_name_in_the_window_only",
    ),
    Guard(
        "S22", "outreach.web.staff.common.workshop_labels:place",
        "venue is not None and isinstance(workshop, Workshop) and (not sees_address(workshop))",
        "venue is not None and False",
        "tests/web/staff/test_disclosure.py::test_every_page_shows_what_the_table_permits",
    ),
    Guard(
        "S22", "outreach.web.staff.common.workshop_labels:_row",
        "sees_contact", "",
        "tests/web/staff/test_attendee_list.py::test_contacts_are_hidden_until_shown_one_by_one",
    ),
    Guard(
        "S22", "templates/staff/workshops/detail_facts.html",
        "{% if not words.sees_address(w) %}", "{% if False %}",
        "tests/web/staff/test_disclosure.py::test_every_page_shows_what_the_table_permits",
    ),
    Guard(
        "S22", "outreach.web.staff.workshops.detail_sections:count",
        "_needs(workshop, everyone) if sees_needs else []", "_needs(workshop, everyone)",
        "tests/web/staff/test_disclosure.py::test_every_page_shows_what_the_table_permits",
    ),
    Guard(
        "S22", "outreach.web.staff.workshops.attendee_list:make_tab",
        "not disclosure.sees(SeenField.NAMES, workshop)", "False",
        "tests/web/staff/test_attendee_list.py::test_list_of_the_door_opens_the_day_before",
    ),
    Guard(
        "S22", "outreach.web.staff.workshops.workshop_actions:_read_facts",
        "context.sees_names", "",
        "tests/web/staff/test_disclosure.py::test_door_closes_for_its_role_at_the_end_of_the_day_after",
    ),
    Guard(
        "S22", "outreach.web.staff.checkin.checkin_pages:find_closed_page",
        "disclosure.sees(field, workshop)", "",
        "tests/web/staff/test_disclosure.py::test_door_closes_for_its_role_at_the_end_of_the_day_after",
    ),
    Guard(
        "S22", "outreach.web.staff.checkin.checkin_pages:check_in",
        "not disclosure.sees(SeenField.NAMES, workshop)", "False",
        "tests/web/staff/test_disclosure.py::test_door_closes_for_its_role_at_the_end_of_the_day_after",
    ),
    Guard(
        "S22", "outreach.web.staff.checkin.checkin_pages:person_page",
        """if not disclosure.sees(SeenField.NAMES, workshop):
    return _closed_page(workshop, now)""",
        "pass",
        "tests/web/staff/test_disclosure.py::test_square_of_a_person_opens_in_the_window_only",
    ),
    Guard(
        "S22", "outreach.web.staff.checkin.checkin_pages:mark_person",
        "response.status_code in {404, 409}", "response.status_code == 404",
        "tests/web/staff/test_disclosure.py::test_square_of_a_person_opens_in_the_window_only",
    ),
    Guard(
        "S22", "outreach.web.staff.checkin.sheet_download:sheet",
        "SeenField.LISTS", "SeenField.NAMES",
        "tests/web/staff/test_disclosure.py::test_door_closes_for_its_role_at_the_end_of_the_day_after",
    ),
    Guard(
        "S22", "outreach.web.staff.attendees.attendee_download:export",
        "not disclosure.sees(SeenField.LISTS, workshop)", "False",
        "tests/web/staff/test_policy.py::test_discreet_attendee_list_cannot_be_exported",
    ),
    Guard(
        "S22", "outreach.web.staff.calendar.calendar_pages:list_workshops",
        "addresses=disclosure.list_offices_with_addresses()", "",
        "tests/web/staff/test_disclosure.py::test_hidden_venue_is_not_found_by_its_words",
    ),
    Guard(
        "S22", "outreach.domain.dashboard.agenda:AgendaQuery.conditions",
        "self.shows_venue", "",
        "tests/web/staff/test_disclosure.py::test_hidden_venue_is_not_found_by_its_words",
    ),
    Guard(
        "S22", "outreach.domain.dashboard.agenda:list_keys",
        "sa.case((query.shows_venue, sa.func.coalesce(Venue.name, '')), else_='')",
        "sa.func.coalesce(Venue.name, '')",
        "tests/web/staff/test_disclosure.py::test_hidden_venue_is_not_found_by_its_words",
    ),
    Guard(
        "S22", "outreach.web.staff.calendar.calendar_pages:_read_scope",
        "known is None or chosen[0].slug in known", "",
        "tests/web/staff/test_disclosure.py::test_every_page_shows_what_the_table_permits",
    ),
    Guard(
        "S22", "outreach.web.staff.calendar.calendar_pages:_show_calendar",
        "[each for each in everything if workshop_labels.sees_address(each)]", "everything",
        "tests/web/staff/test_disclosure.py::test_clash_does_not_tell_a_hidden_venue_by_a_public_one",
    ),
    Guard(
        "S22", "outreach.web.staff.calendar.calendar_grid:venue_lanes",
        """if not workshop_labels.sees_address(entry.workshop):
    continue""",
        "pass",
        "tests/web/staff/test_disclosure.py::test_every_page_shows_what_the_table_permits",
    ),
    Guard(
        "S22", "outreach.web.staff.search.search_pages:_find",
        "addresses=disclosure.list_offices_with_addresses()", "",
        "tests/web/staff/test_disclosure.py::test_hidden_venue_is_not_found_by_its_words",
    ),
    Guard(
        "S22", "outreach.web.staff.imports.import_downloads:export",
        "disclosure.sees(SeenField.ADDRESS, each)", "True",
        "tests/web/staff/test_disclosure.py::test_every_page_shows_what_the_table_permits",
    ),
    Guard(
        "S22", "outreach.web.staff.figures.figures_tables:RowNames._venue_name",
        "id_ in self.hidden_venues", "False",
        "tests/web/staff/test_disclosure.py::test_every_page_shows_what_the_table_permits",
    ),
    Guard(
        "S22", "templates/staff/tours/tour.html",
        "{% elif stop.venue.id in hidden_venues %}", "{% elif False %}",
        "tests/web/staff/test_disclosure.py::test_every_page_shows_what_the_table_permits",
    ),
    Guard(
        "S22", "outreach.web.staff.call_centre.call_script:_say_place",
        "disclosure.sees(SeenField.ADDRESS, workshop)", "",
        "tests/web/staff/test_disclosure.py::test_call_centre_says_where_a_hidden_address_is_read",
    ),
    Guard(
        "S22", "outreach.web.staff.call_centre.code_page:_say_place",
        "disclosure.sees(SeenField.ADDRESS, party.workshop)", "",
        "tests/web/staff/test_disclosure.py::test_call_centre_says_where_a_hidden_address_is_read",
    ),
)
# fmt: on
