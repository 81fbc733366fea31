"""The guards of warnings: nothing that strangers used up, and no gateway, hides who was not told."""

from collections.abc import Iterator

from tests.faults.guard import Guard


def list_guards() -> Iterator[Guard]:
    warnings, texts = (
        "tests/faults/test_warnings.py",
        "tests/web/public/test_texts_of_an_address.py",
    )
    delivery, calls = "outreach/mail/delivery.py", "outreach/domain/outbox/manual_calls.py"
    changes = "outreach/domain/registrations/change_notifications.py"
    in_queue = f"{warnings}::test_who_was_not_handed_the_warning_stands_in_the_queue"
    discreet = f"{warnings}::test_at_a_discreet_workshop_only_who_allowed_calls_is_called"
    last_day = (
        f"{warnings}::test_changes_of_the_last_day_pass_the_budget_and_others_are_called_about"
    )
    refused = f"{texts}::test_links_and_follows_beyond_it_are_refused_in_true_words"
    for promise, file, words, instead, test in (
        (
            "S31", delivery, "outbox.WARNING_TEXTS: TextPurse.WARNINGS,",
            "outbox.WARNING_TEXTS: TextPurse.OF_STAFF,",
            f"{warnings}::test_warning_passes_a_budget_that_is_used_up",
        ),
        (
            "S31", "outreach/mail/delivery_round.py",
            "return self._warnings.outbox.has_due(session, now=at)",
            "return False", f"{warnings}::test_warning_overtakes_what_waits_for_a_slow_gateway",
        ),
        (
            "S31", "outreach/mail/text_budget.py", "config.texts.a_day // STRANGERS - kept",
            "config.texts.a_day",
            f"{warnings}::test_two_hundred_texts_of_strangers_leave_the_warning_its_way",
        ),
        (
            "S31", changes, "        Workshop.expected_at > sa.bindparam(\"a_day_ago\", type_=Instant),\n",
            "", last_day,
        ),
        (
            "S31", changes, "sa.case((Registration.status.in_(STATUSES_WITH_SEATS), 0), else_=1),", "",
            f"{warnings}::test_whoever_has_a_seat_is_warned_before_the_waitlist",
        ),
        (
            "S31", "outreach/domain/outbox/delivery_queue.py",
            "    is_by_day=True,\n    instants=change_notifications.WARNING_INSTANTS,\n"
            "    max_retry_delay=FIRST_RETRY_DELAY,\n",
            "    is_by_day=True,\n    instants=change_notifications.WARNING_INSTANTS,\n",
            f"{warnings}::test_warning_is_tried_again_soon_and_ends_the_call",
        ),
        (
            "S31", calls, "sa.or_(change_notifications.IS_WARNING, _IS_LATE, _HAS_FAILED),\n)\n_GETS_TEXTS",
            "sa.or_(_IS_LATE, _HAS_FAILED),\n)\n_GETS_TEXTS", in_queue,
        ),
        (
            "S31", calls,
            '_IS_LATE: Final = Notification.due_at < sa.bindparam("waiting_since", type_=Instant)',
            "_IS_LATE: Final = sa.false()", last_day,
        ),
        (
            "S31", "outreach/web/staff/checkin/venue_danger.py", "        untold=untold,\n",
            "        untold=notify_sheet.change_notifications.NO_REACH,\n", in_queue,
        ),
        (
            "S31", "outreach/web/staff/workshops/workshop_detail.py", "        untold=untold,\n",
            "        untold=NO_REACH,\n", in_queue,
        ),
        (
            "S31", calls, "Registration.contact == ContactMethod.PHONE, call_attempts.MAY_BE_CALLED",
            "Registration.contact == ContactMethod.PHONE", discreet,
        ),
        (
            "S31", "outreach/web/forms/registration_service.py",
            "return rate_limits.count_text(networks[0].name)", "return True",
            f"{texts}::test_registrations_of_one_address_cause_a_fiftieth",
        ),
        (
            "S31", "outreach/web/public/my_registration/recover_link.py",
            "not rate_limits.count_text()", "False", refused,
        ),
        (
            "S31", "outreach/web/public/follow_pages.py", "        rate_limits.require_text()\n",
            "        pass\n", refused,
        ),
        (
            "S31", "outreach/web/public/my_registration/change.py",
            "if is_text and not rate_limits.count_text():", "if False:",
            f"{texts}::test_move_and_change_of_contact_say_and_send_nothing_beyond_it",
        ),
        (
            "S31", "outreach/web/public/my_registration/move.py",
            "return not _gets_text(registration) or rate_limits.count_text()", "return True",
            f"{texts}::test_move_and_change_of_contact_say_and_send_nothing_beyond_it",
        ),
        (
            "S31", "outreach/domain/outbox/link_recovery.py", "if len(in_one_text) > 1:", "if False:",
            f"{texts}::test_request_for_several_links_is_one_text",
        ),
        (
            "S18", "outreach/web/forms/registration_form.py",
            "return is_phone and (self.by.data != BY_TEXT or self.must_leave_phone)",
            "return is_phone", f"{texts}::test_form_says_who_takes_calls",
        ),
    ):  # fmt: skip
        yield Guard(promise, file, words, instead, test)
