"""The guards of the call centre: whose call it is, what a code tells, what is left after a call."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    Guard(
        "S33", "outreach.web.staff.call_centre.call_log:record",
        "workshop.is_discreet", "False",
        "tests/web/staff/test_call_centre.py::test_audit_log_names_no_discreet_workshop",
    ),
    Guard(
        "SEAT08", "outreach.domain.call_centre.call_holds:list_of_call",
        "CallHold.organizer_id == organizer_id", "",
        "tests/web/staff/test_call_centre.py::test_only_its_agent_opens_a_call",
    ),
    Guard(
        "SEAT08", "outreach.domain.call_centre.call_holds:list_ended",
        "Workshop.starts_at > now", "",
        "tests/web/staff/test_call_centre.py::test_who_has_come_is_not_erased",
    ),
    Guard(
        "SEAT08", "outreach.domain.call_centre.call_holds:confirm",
        "CallHold.ends_at > now", "",
        "tests/web/staff/test_call_centre.py::test_end_that_has_come_is_not_confirmed",
    ),
    Guard(
        "SEAT08", "outreach.domain.call_centre.call_holds:list_ended",
        "not (row.is_readable and row.arrived_count)", "row",
        "tests/web/staff/test_call_centre.py::test_who_was_checked_in_before_the_start_is_not_erased",
    ),
    Guard(
        "SEAT08", "outreach.web.staff.call_centre.held_page:_cut",
        "set(call.ids) - call_holds.list_texted(session, call.ids)", "set(call.ids)",
        "tests/web/staff/test_call_centre.py::test_place_whose_code_went_by_text_stays",
    ),
    Guard(
        "SEAT08", "outreach.web.public.my_registration.recover_link:_open_by_code",
        "_confirm_hold(registration.id, now)", "pass",
        "tests/web/staff/test_call_centre.py::test_who_opens_the_place_with_its_code_has_confirmed",
    ),
    Guard(
        "S29", "outreach.web.staff.call_centre.held_page:list_people",
        "party.people if party.workshop.is_discreet else party.workshop.party_limit",
        "party.workshop.party_limit",
        "tests/web/staff/test_call_centre.py::test_discreet_place_is_changed_to_fewer_people_only",
    ),
    Guard(
        "S12", "outreach.privacy.erasure:erase",
        "call_holds.delete_of(session, list(opened))", "pass",
        "tests/web/staff/test_call_centre.py::test_released_place_leaves_nothing",
    ),
    Guard(
        "SEAT08", "outreach.domain.registrations.code_lookup:find_by_code_and_name",
        "stored != UNNAMED", "",
        "tests/web/staff/test_call_centre.py::test_place_without_a_nickname_is_opened_by_no_name",
    ),
    Guard(
        "SEAT08", "outreach.web.staff.call_centre.code_page:_note_call",
        "call_holds.confirm(session, [each.id for each in found], now=now)", "pass",
        "tests/web/staff/test_call_centre.py::test_who_calls_again_with_the_code_has_confirmed",
    ),
    Guard(
        "SEAT08", "outreach.web.staff.call_centre.code_page:find_code",
        """if name:
    rate_limits.count_call_name_try(code)""",
        "pass",
        "tests/web/staff/test_call_centre.py::test_nicknames_cannot_be_tried_out",
    ),
    Guard(
        "SEAT08", "outreach.web.staff.call_centre.code_page:find_code",
        "rate_limits.count_call_look_up(current_staff().organizer_id)", "pass",
        "tests/web/staff/test_call_centre.py::test_codes_cannot_be_tried_out",
    ),
    Guard(
        "S13", "outreach.web.staff.call_centre.code_page:_say_place",
        "party.workshop.is_discreet", "",
        "tests/web/staff/test_call_centre.py::test_neither_kind_nor_address_of_a_discreet_place_is_shown",
    ),
    Guard(
        "SEAT08", "outreach.web.staff.call_centre.code_page:find_code",
        "not each.workshop.is_discreet", "",
        "tests/web/staff/test_call_centre.py::test_neither_kind_nor_address_of_a_discreet_place_is_shown",
    ),
    Guard(
        "SEAT08", "outreach.web.staff.call_centre.code_page:_cancel",
        "party.workshop.is_discreet", "False",
        "tests/web/staff/test_call_centre.py::test_discreet_place_cancelled_by_phone_still_opens_the_door",
    ),
    Guard(
        "SEAT08", "outreach.web.staff.call_centre.holding:_require_place",
        "workshop.is_discreet and (not wanted.has_consent)", "False",
        "tests/web/staff/test_call_centre.py::test_discreet_place_needs_the_consent_of_who_calls",
    ),
    Guard(
        "S22", "outreach.web.staff.common.guards:_guard",
        """if not sees_workshops():
    raise PermissionMissing(Permission.SEE)""",
        "pass",
        "tests/web/staff/test_policy.py::test_each_role_can_read_the_pages_of_the_policy_table",
    ),
)
# fmt: on
