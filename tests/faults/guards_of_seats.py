"""The guards of seats: shares of networks, their review, doubtful seats, and tickets for others."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    # Doubtful seats.
    Guard(
        "S29", "outreach.keystore.seat_shares:SeatShares._begin",
        "connection.execute(_NAME.where(Key.id.in_(before)).values(burst=burst))", "pass",
        "tests/security/test_doubtful_seats.py::test_burst_names_the_seats_that_its_network_took_before",
    ),
    Guard(
        "S29", "outreach.keystore.keystore:KeyStore.tidy",
        "(DayKey, SeatShare, SeatParty)", "(DayKey,)",
        "tests/security/test_doubtful_seats.py::test_digest_of_the_network_goes_with_the_day",
    ),
    Guard(
        "S29", "outreach.keystore.keystore:KeyStore.tidy",
        "bursts.delete_old(session, self.today())", "pass",
        "tests/security/test_doubtful_seats.py::test_undecided_burst_ends_after_seven_days",
    ),
    Guard(
        "S29", "outreach.keystore.bursts:undo",
        "Burst.due_at > now", "Burst.due_at.is_not(None)",
        "tests/security/test_doubtful_seats.py::test_undo_after_five_minutes_is_refused",
    ),
    Guard(
        "S29", "outreach.domain.registrations.doubtful:_release",
        "appears_confirmed=shows_seat", "appears_confirmed=False",
        "tests/security/test_doubtful_seats.py::test_discreet_page_is_the_same_after_the_release",
    ),
    Guard(
        "S29", "outreach.domain.registrations.review:IS_FOR_REVIEW",
        "Registration.is_released.is_(False)", "",
        "tests/security/test_doubtful_seats.py::test_review_seats_no_released_party",
    ),
    Guard(
        "S29", "outreach.web.staff.workshops.doubtful_seats:decide_doubtful",
        "any((_has_grown(each) for each in seats))", "False",
        "tests/security/test_doubtful_seats.py::test_parties_that_staff_have_not_seen_are_not_decided",
    ),
    Guard(
        "S29", "outreach.web.staff.checkin.checkin_offline:manifest",
        "each.is_beyond_share", "",
        "tests/web/staff/test_checkin_offline.py::test_released_party_is_found_and_counts_as_walk_ins",
    ),
    # Each bound of a share, of the review, and of what veiled pages must not show.
    Guard(
        "S29", "outreach.domain.registrations.review:compute_share",
        "max(2, seats // 4)", "seats",
        "tests/security/test_seat_share.py::test_network_takes_only_its_share_at_any_speed",
    ),
    Guard(
        "S29", "outreach.domain.registrations.review:compute_share",
        "max(4, seats * 2 // 5)", "seats",
        "tests/security/test_seat_share.py::test_network_takes_only_its_share_at_any_speed",
    ),
    Guard(
        "S29", "outreach.domain.registrations.review:compute_share",
        "max(4, seats // 2)", "seats",
        "tests/security/test_seat_share.py::test_network_takes_only_its_share_at_any_speed",
    ),
    Guard(
        "S29", "outreach.keystore.seat_shares:Share.is_exceeded",
        "not seats == people <= self.first_party", "",
        "tests/security/test_seat_share.py::test_party_of_four_is_all_that_an_address_gets_of_eight_seats",
    ),
    Guard(
        "S29", "outreach.keystore.seat_shares:Share.is_exceeded",
        "seats == people <= self.first_party", "seats == people",
        "tests/security/test_seat_share.py::test_party_above_four_has_no_share_of_its_own",
    ),
    Guard(
        "S29", "outreach.domain.registrations.review:compute_share",
        "0 if workshop.has_slots else 4", "4",
        "tests/security/test_seat_share.py::test_hours_of_consultations_are_counted_without_a_bonus",
    ),
    Guard(
        "S29", "outreach.domain.registrations.review:name_subject",
        "f'course {workshop.series_id}' if is_course else str(workshop.id)", "str(workshop.id)",
        "tests/security/test_seat_share.py::test_course_has_one_share_for_all_its_dates",
    ),
    Guard(
        "S29", "outreach.keystore.keystore:KeyStore.counting_day",
        "(self._now() - COUNTING_DAY_BEGINS).date", "self.today",
        "tests/security/test_seat_share.py::test_counting_day_begins_at_ten_utc",
    ),
    Guard(
        "S29", "outreach.domain.registrations.review:run",
        "party.people <= left_of_rule", "",
        "tests/security/test_seat_share.py::test_bounds_of_the_review_at_every_size",
    ),
    Guard(
        "S29", "outreach.domain.registrations.review:run",
        "keeps_half", "",
        "tests/security/test_seat_review.py::test_each_run_gets_a_seat_before_another_gets_two",
    ),
    Guard(
        "S29", "outreach.domain.registrations.review:list_workshops_due",
        "Registration.registered_at", "sa.func.min(Registration.registered_at)",
        "tests/security/test_seat_review.py::test_who_came_on_the_last_day_is_reviewed_before_who_came_the_evening_before",
    ),
    Guard(
        "S29", "outreach.domain.registrations.review:run",
        "seats // 4 - _count_seated(session, workshop)", "seats // 4",
        "tests/security/test_seat_review.py::test_review_gives_a_quarter_over_all_days",
    ),
    Guard(
        "S29", "outreach.domain.registrations.review:run",
        "_alternate(due, bursts)", "due",
        "tests/security/test_seat_review.py::test_each_run_gets_a_seat_before_another_gets_two",
    ),
    Guard(
        "S29", "outreach.domain.registrations.review:run",
        "party.is_released = True", "pass",
        "tests/security/test_seat_review.py::test_who_is_left_gets_no_offer_and_stands_behind_all",
    ),
    Guard(
        "S29", "outreach.domain.registrations.waitlist:_WAITING",
        "Registration.is_beyond_share.is_(False)", "",
        "tests/security/test_seat_review.py::test_who_is_left_gets_no_offer_and_stands_behind_all",
    ),
    Guard(
        "S29", "outreach.domain.registrations.review:_find_nearest",
        "party.appears_confirmed", "",
        "tests/security/test_seat_review.py::test_released_party_of_a_discreet_hour_is_not_offered_another",
    ),
    Guard(
        "S29", "outreach.domain.registrations.service:put_under_review",
        "workshop.is_sensitive", "workshop.is_discreet",
        "tests/security/test_seat_share.py::test_veiled_pages_are_the_same_within_beyond_and_after_the_review",
    ),
    Guard(
        "S29", "outreach.web.public.my_registration.change:ChangeForm.most_people",
        "self.workshop.is_sensitive", "self.workshop.is_discreet",
        "tests/security/test_seat_share.py::test_veiled_change_is_answered_alike",
    ),
    Guard(
        "S29", "outreach.web.public.my_registration.move:move",
        "not target.is_sensitive", "True",
        "tests/security/test_seat_share.py::test_move_within_a_sensitive_kind_is_answered_alike",
    ),
    Guard(
        "S29", "templates/my_registration/waitlisted.html",
        "{% set has_turn = not is_beyond and not workshop.is_sensitive %}",
        "{% set has_turn = not is_beyond and not is_quiet %}",
        "tests/security/test_seat_share.py::test_veiled_full_workshop_tells_no_position",
    ),
    Guard(
        "S29", "outreach.web.public.my_registration.change:change",
        "more_people > 0 and (not _is_within_share(view, more_people))",
        "False and (not _is_within_share(view, more_people))",
        "tests/security/test_seat_share.py::test_more_people_count_in_the_share",
    ),
    Guard(
        "S29", "outreach.web.public.registration:_save",
        """if filled.is_trapped or not token.nonce:
    rate_limits.count_post(is_well_formed=False)""",
        "rate_limits.count_post(is_well_formed=False)",
        "tests/security/test_seat_share.py::test_form_with_errors_costs_nobody_anything",
    ),
    Guard(
        "S29", "outreach.domain.registrations.ticket_sharing:use",
        "TicketSharing.GIVEN", "TicketSharing.OPEN",
        "tests/security/test_ticket_sharing.py::test_ticket_registers_one_other_party_beyond_the_share",
    ),
    Guard(
        "S29", "outreach.domain.registrations.ticket_sharing:use",
        "taken + people > (workshop.capacity + workshop.overbooked) // 4", "False",
        "tests/security/test_ticket_sharing.py::test_ticket_registers_one_other_party_beyond_the_share",
    ),
    Guard(
        "S29", "outreach.domain.registrations.ticket_sharing:use",
        "Registration.workshop_id == workshop.id", "",
        "tests/security/test_ticket_sharing.py::test_ticket_of_one_workshop_helps_at_no_other",
    ),
    Guard(
        "S29", "outreach.domain.registrations.ticket_sharing:is_offered",
        "not registration.workshop.is_sensitive", "",
        "tests/security/test_ticket_sharing.py::test_veiled_tickets_offer_nobody_another_place",
    ),
    Guard(
        "S29", "outreach.domain.registrations.ticket_sharing:use",
        "people > MAX_PEOPLE", "False",
        "tests/security/test_ticket_sharing.py::test_ticket_is_for_four_people_at_most",
    ),
    Guard(
        "S29", "outreach.domain.registrations.review:run",
        "each.key_id not in decided", "",
        "tests/security/test_doubtful_seats.py::test_review_leaves_a_decided_burst_to_the_decision",
    ),
    Guard(
        "S29", "outreach.domain.registrations.review:compute_share",
        "max(2, seats * 2 // 5)", "seats",
        "tests/web/public/test_phone_line.py::test_all_callers_together_take_two_fifths",
    ),
    Guard(
        "S28", "outreach.domain.workshops.models:Workshop.public_seats_left",
        "self.hides_seats", "self.is_discreet",
        "tests/security/test_seat_share.py::test_veiled_pages_do_not_count_the_seats",
    ),
)
# fmt: on
