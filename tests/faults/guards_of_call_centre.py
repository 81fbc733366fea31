"""The guards of the call centre: whose call it is, what a code tells, what is left after a call."""

from collections.abc import Iterator

from tests.faults.guard import Guard


def list_guards() -> Iterator[Guard]:
    calls, policy = "tests/web/staff/test_call_centre.py::", "tests/web/staff/test_policy.py::"
    holds, page = (
        "outreach/domain/call_centre/call_holds.py", "outreach/web/staff/call_centre/code_page.py",
    )  # fmt: skip
    for promise, file, words, instead, test in (
        (
            "S33", "outreach/web/staff/call_centre/call_log.py", "    if workshop.is_discreet:\n", "    if False:\n",
            f"{calls}test_audit_log_names_no_discreet_workshop",
        ),
        (
            "SEAT08", holds, "            CallHold.organizer_id == organizer_id,\n            # A call",
            "            # A call", f"{calls}test_only_its_agent_opens_a_call",
        ),
        (
            "SEAT08", holds, "CallHold.ends_at <= now, Workshop.starts_at > now", "CallHold.ends_at <= now",
            f"{calls}test_who_has_come_is_not_erased",
        ),
        (
            "SEAT08", holds, "CallHold.registration_id.in_(registration_ids), CallHold.ends_at > now)",
            "CallHold.registration_id.in_(registration_ids))",
            f"{calls}test_end_that_has_come_is_not_confirmed",
        ),
        (
            "SEAT08", holds, "if not (row.is_readable and row.arrived_count)", "if row",
            f"{calls}test_who_was_checked_in_before_the_start_is_not_erased",
        ),
        (
            "SEAT08", "outreach/web/staff/call_centre/held_page.py",
            "set(call.ids) - call_holds.list_texted(session, call.ids)", "set(call.ids)",
            f"{calls}test_place_whose_code_went_by_text_stays",
        ),
        (
            "SEAT08", "outreach/web/public/my_registration/recover_link.py",
            "    _confirm_hold(registration.id, now)\n", "",
            f"{calls}test_who_opens_the_place_with_its_code_has_confirmed",
        ),
        (
            "S29", "outreach/web/staff/call_centre/held_page.py",
            "party.people if party.workshop.is_discreet else", "",
            f"{calls}test_discreet_place_is_changed_to_fewer_people_only",
        ),
        (
            "S12", "outreach/privacy/erasure.py", "        call_holds.delete_of(session, list(opened))\n", "",
            f"{calls}test_released_place_leaves_nothing",
        ),
        (
            "SEAT08", "outreach/domain/registrations/code_lookup.py",
            "if is_same and stored != UNNAMED:", "if is_same:",
            f"{calls}test_place_without_a_nickname_is_opened_by_no_name",
        ),
        (
            "SEAT08", page, "        call_holds.confirm(session, [each.id for each in found], now=now)\n", "",
            f"{calls}test_who_calls_again_with_the_code_has_confirmed",
        ),
        (
            "SEAT08", page, "    if name:\n        rate_limits.count_call_name_try(code)\n", "",
            f"{calls}test_nicknames_cannot_be_tried_out",
        ),
        (
            "SEAT08", page, "    rate_limits.count_call_look_up(current_staff().organizer_id)\n", "",
            f"{calls}test_codes_cannot_be_tried_out",
        ),
        (
            "S13", page, "if venue is None or party.workshop.is_discreet:", "if venue is None:",
            f"{calls}test_neither_kind_nor_address_of_a_discreet_place_is_shown",
        ),
        (
            "SEAT08", page, " for each in found if not each.workshop.is_discreet]", " for each in found]",
            f"{calls}test_neither_kind_nor_address_of_a_discreet_place_is_shown",
        ),
        (
            "SEAT08", page, "    if party.workshop.is_discreet:\n        with store()", "    if False:\n        with store()",
            f"{calls}test_discreet_place_cancelled_by_phone_still_opens_the_door",
        ),
        (
            "SEAT08", "outreach/web/staff/call_centre/holding.py",
            "    if workshop.is_discreet and not wanted.has_consent:\n", "    if False:\n",
            f"{calls}test_discreet_place_needs_the_consent_of_who_calls",
        ),
        (
            "S22", "outreach/web/staff/common/guards.py",
            "        if not sees_workshops():\n            raise PermissionMissing(Permission.SEE)\n", "",
            f"{policy}test_each_role_can_read_the_pages_of_the_policy_table",
        ),
    ):  # fmt: skip
        yield Guard(promise, file, words, instead, test)
