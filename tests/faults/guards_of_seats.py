"""The guards of seats: shares of networks, their review, doubtful seats, and tickets for others."""

from collections.abc import Iterator

from tests.faults.guard import Guard


def list_guards() -> Iterator[Guard]:
    yield from _of_doubtful_seats()
    yield from _of_shares()


def _of_doubtful_seats() -> Iterator[Guard]:
    for file, words, instead, test in (
        (
            "outreach/keystore/seat_shares.py",
            "connection.execute(_NAME.where(Key.id.in_(before)).values(burst=burst))", "pass",
            "test_burst_names_the_seats_that_its_network_took_before",
        ),
        (
            "outreach/keystore/keystore.py",
            "for table in (DayKey, SeatShare, SeatParty):", "for table in (DayKey,):",
            "test_digest_of_the_network_goes_with_the_day",
        ),
        (
            "outreach/keystore/keystore.py", "bursts.delete_old(session, self.today())", "pass",
            "test_undecided_burst_ends_after_seven_days",
        ),
        (
            "outreach/keystore/bursts.py", "Burst.due_at > now",
            "Burst.due_at.is_not(None)", "test_undo_after_five_minutes_is_refused",
        ),
        (
            "outreach/domain/registrations/doubtful.py", "appears_confirmed=shows_seat",
            "appears_confirmed=False", "test_discreet_page_is_the_same_after_the_release",
        ),
        (
            "outreach/domain/registrations/review.py",
            "    Registration.is_released.is_(False),\n", "",
            "test_review_seats_no_released_party",
        ),
        (
            "outreach/web/staff/workshops/doubtful_seats.py",
            "if any(_has_grown(each) for each in seats):", "if False:",
            "test_parties_that_staff_have_not_seen_are_not_decided",
        ),
    ):  # fmt: skip
        test = f"tests/security/test_doubtful_seats.py::{test}"
        yield Guard("S29", file, words, instead, test)
    yield Guard(
        "S29", "outreach/web/staff/checkin/checkin_offline.py",
        "if each.status in STATUSES_WITH_SEATS or each.is_beyond_share",
        "if each.status in STATUSES_WITH_SEATS",
        "tests/web/staff/test_checkin_offline.py"
        "::test_released_party_is_found_and_counts_as_walk_ins",
    )  # fmt: skip


def _of_shares() -> Iterator[Guard]:
    """Of each bound of a share, of the review, and of what veiled pages must not show."""
    review, shares = "outreach/domain/registrations/review.py", "outreach/keystore/seat_shares.py"
    sharing = "outreach/domain/registrations/ticket_sharing.py"
    waitlist = "outreach/domain/registrations/waitlist.py"
    reviews = "test_seat_review.py::"
    any_speed = "test_network_takes_only_its_share_at_any_speed"
    veiled = "test_veiled_pages_are_the_same_within_beyond_and_after_the_review"
    for file, words, instead, test in (
        (review, "address=max(2, seats // 4)", "address=seats", any_speed),
        (review, "site=max(4, seats * 2 // 5)", "site=seats", any_speed),
        (review, "provider=max(4, seats // 2)", "provider=seats", any_speed),
        (
            shares, "and not seats == people <= self.first_party", "",
            "test_party_of_four_is_all_that_an_address_gets_of_eight_seats",
        ),
        (
            shares, "seats == people <= self.first_party", "seats == people",
            "test_party_above_four_has_no_share_of_its_own",
        ),
        (
            review, "first_party=0 if workshop.has_slots else 4", "first_party=4",
            "test_hours_of_consultations_are_counted_without_a_bonus",
        ),
        (
            review, 'return f"course {workshop.series_id}" if is_course else str(workshop.id)',
            "return str(workshop.id)", "test_course_has_one_share_for_all_its_dates",
        ),
        (
            "outreach/keystore/keystore.py", "(self._now() - COUNTING_DAY_BEGINS).date()",
            "self.today()", "test_counting_day_begins_at_ten_utc",
        ),
        (
            review, "is_within = party.people <= left_of_rule and keeps_half",
            "is_within = keeps_half", "test_bounds_of_the_review_at_every_size",
        ),
        (
            review, "is_within = party.people <= left_of_rule and keeps_half",
            "is_within = party.people <= left_of_rule",
            f"{reviews}test_each_run_gets_a_seat_before_another_gets_two",
        ),
        (
            review, "select(Registration.workshop_id, Registration.registered_at)",
            "select(Registration.workshop_id, sa.func.min(Registration.registered_at))",
            f"{reviews}test_who_came_on_the_last_day_is_reviewed_before_who_came_the_evening_before",
        ),
        (
            review, "seats // 4 - _count_seated(session, workshop)", "seats // 4",
            f"{reviews}test_review_gives_a_quarter_over_all_days",
        ),
        (
            review, "for party in _alternate(due, bursts):", "for party in due:",
            f"{reviews}test_each_run_gets_a_seat_before_another_gets_two",
        ),
        (
            review, "            party.is_released = True\n", "            pass\n",
            f"{reviews}test_who_is_left_gets_no_offer_and_stands_behind_all",
        ),
        (
            waitlist,
            """        Registration.status == RegistrationStatus.WAITLISTED,
        Registration.is_beyond_share.is_(False),
    )""",
            """        Registration.status == RegistrationStatus.WAITLISTED,
    )""",
            f"{reviews}test_who_is_left_gets_no_offer_and_stands_behind_all",
        ),
        (
            review, "if party.slot is None or party.appears_confirmed or", "if party.slot is None or",
            f"{reviews}test_released_party_of_a_discreet_hour_is_not_offered_another",
        ),
        (
            "outreach/domain/registrations/service.py",
            "appears_confirmed=hold is not None and workshop.is_sensitive",
            "appears_confirmed=hold is not None and workshop.is_discreet", veiled,
        ),
        (
            "outreach/web/public/my_registration/change.py",
            "if self.workshop.is_sensitive:", "if self.workshop.is_discreet:",
            "test_veiled_change_is_answered_alike",
        ),
        (
            "outreach/web/public/my_registration/move.py", "and not target.is_sensitive:", "and True:",
            "test_move_within_a_sensitive_kind_is_answered_alike",
        ),
        (
            "templates/my_registration/waitlisted.html",
            "{% set has_turn = not is_beyond and not workshop.is_sensitive %}",
            "{% set has_turn = not is_beyond and not is_quiet %}",
            "test_veiled_full_workshop_tells_no_position",
        ),
        (
            "outreach/web/public/my_registration/change.py",
            "more_people > 0 and not _is_within_share", "False and not _is_within_share",
            "test_more_people_count_in_the_share",
        ),
        (
            "outreach/web/public/registration.py",
            "elif filled.is_trapped or not token.nonce:", "else:",
            "test_form_with_errors_costs_nobody_anything",
        ),
    ):  # fmt: skip
        file_and_test = test if "::" in test else f"test_seat_share.py::{test}"
        yield Guard("S29", file, words, instead, f"tests/security/{file_and_test}")
    for words, instead, test in (
        (
            ".values(sharing=TicketSharing.GIVEN)", ".values(sharing=TicketSharing.OPEN)",
            "test_ticket_registers_one_other_party_beyond_the_share",
        ),
        (
            "if taken + people > (workshop.capacity + workshop.overbooked) // 4:",
            "if False:", "test_ticket_registers_one_other_party_beyond_the_share",
        ),
        (
            "        Registration.workshop_id == workshop.id,\n", "",
            "test_ticket_of_one_workshop_helps_at_no_other",
        ),
        (
            "        and not registration.workshop.is_sensitive\n", "",
            "test_veiled_tickets_offer_nobody_another_place",
        ),
        (
            "or people > MAX_PEOPLE:", "or False:", "test_ticket_is_for_four_people_at_most",
        ),
    ):  # fmt: skip
        yield Guard(
            "S29", sharing, words, instead, f"tests/security/test_ticket_sharing.py::{test}"
        )
    yield Guard(
        "S29", review, "if each.key_id not in decided]", "]",
        "tests/security/test_doubtful_seats.py::test_review_leaves_a_decided_burst_to_the_decision",
    )  # fmt: skip
    yield Guard(
        "S29", review, "phone_line=max(2, seats * 2 // 5)", "phone_line=seats",
        "tests/web/public/test_phone_line.py::test_all_callers_together_take_two_fifths",
    )  # fmt: skip
    yield Guard(
        "S28", "outreach/domain/workshops/models.py",
        "return self.shown_seats if self.hides_seats else", "return self.shown_seats if self.is_discreet else",
        "tests/security/test_seat_share.py::test_veiled_pages_do_not_count_the_seats",
    )  # fmt: skip
