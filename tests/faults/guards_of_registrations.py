"""The guards of forms, of moves and of links."""

from collections.abc import Iterator

from tests.faults.guard import Guard


def list_guards() -> Iterator[Guard]:
    yield from _of_new_links()
    yield from _of_forms()
    yield from _of_a_stolen_copy()
    yield from _of_moves()
    yield from _of_calls()


def _of_calls() -> Iterator[Guard]:
    attempts = "outreach/domain/registrations/call_attempts.py"
    page = "tests/web/staff/test_queue.py"
    rule = "tests/domain/registrations/test_call_attempts.py"
    for file, words, instead, test in (
        (
            attempts, "        if any(each.outcome is not None for each in of_today):", "        if False:",
            f"{page}::test_discreet_call_is_not_made_twice_on_one_day",
        ),
        (
            attempts, "        if any(each.organizer_id != organizer_id for each in of_today):",
            "        if False:",
            f"{page}::test_colleague_does_not_open_a_discreet_call_that_is_open",
        ),
        (
            attempts, "outcome, outcome in FINAL_OUTCOMES", "outcome, False",
            f"{page}::test_somebody_else_answered_ends_calls_for_good",
        ),
        (
            attempts, "sa.or_(other.id == Registration.id, other.joint_id == Registration.joint_id)",
            "other.id == Registration.id", f"{rule}::test_other_dates_of_a_group_are_the_same_phone",
        ),
        (
            "outreach/domain/outbox/delivery_queue.py",
            "    sa.not_(call_attempts.has_ended()),  # else another has that phone\n", "",
            f"{page}::test_somebody_else_answered_ends_calls_for_good",
        ),
        (
            "outreach/web/staff/attendees/queue_cards.py",
            "(not line.is_private or registration.id == opened)", "True",
            f"{page}::test_discreet_line_shows_nothing_of_the_person_until_it_is_opened",
        ),
        (
            "outreach/privacy/reconcile.py",
            "(Notification, CallAttempt, KeptAnswer, KeptNotification)",
            "(Notification, KeptAnswer, KeptNotification)",
            f"{rule}::test_attempts_go_with_the_person",
        ),
    ):  # fmt: skip
        yield Guard("S23", file, words, instead, test)


def _of_new_links() -> Iterator[Guard]:
    change = "outreach/web/public/my_registration/change.py"
    for promise, file, words, instead, test in (
        (
            "S05", "outreach/keystore/encryption.py",
            'f"{purpose} {renewals}" if renewals else purpose', "purpose",
            "test_new_link_replaces_link_square_and_code",
        ),
        (
            "S05", "outreach/domain/registrations/models.py",
            '    registration.entry_digest = key_store.link_digest(_hash(keystore.derive_link(key, "entry")))\n',
            "", "test_old_square_and_code_are_unknown_at_the_door",
        ),
        (
            "S05", "outreach/privacy/link_renewal.py",
            "if not link_renewals.is_of_form(", "if False and not link_renewals.is_of_form(",
            "test_form_of_somebody_else_with_the_old_link_does_not_lead_to_the_new_one",
        ),
        (
            "S05", "outreach/privacy/link_renewal.py",
            "is_put_back = began_at is None and stored < key.renewals", "is_put_back = False",
            "test_restored_database_does_not_bring_the_old_link_back",
        ),
        (
            "S05", "outreach/web/public/my_registration/new_link.py",
            "rate_limits.count_new_link(registration.joint_id or registration.id)", "pass",
            "test_three_new_links_in_a_day",
        ),
        (
            "S30", change, "rate_limits.count_contact_change(view.registration.id)",
            "rate_limits.count_contact_change(view.token)",
            "test_new_link_does_not_allow_more_contact_changes",
        ),
    ):  # fmt: skip
        yield Guard(promise, file, words, instead, f"tests/security/test_new_link.py::{test}")


def _of_forms() -> Iterator[Guard]:
    yield Guard(
        "S26", "outreach/web/forms/registration_form.py",
        "return bool(self[TRAP].data)", "return False",
        "tests/security/test_abuse.py::test_filled_honeypot_field_is_refused_and_nothing_is_saved",
    )  # fmt: skip
    sending_again = "tests/concurrency/test_sending_again.py::test_"
    yield Guard(
        "S26", "outreach/web/forms/registration_service.py",
        "if is_late or not registrations.is_of_party(existing, key, data):", "if False:",
        f"{sending_again}used_form_leads_nobody_else_to_the_registration",
    )  # fmt: skip
    yield Guard(
        "S26", "outreach/web/forms/registration_form.py",
        "return token if token.nonce == self.nonce.data else FormToken(token.age)", "return token",
        f"{sending_again}nonce_of_another_form_is_refused",
    )  # fmt: skip
    yield from _of_the_sheet()
    yield Guard(
        "S30", "outreach/web/forms/registration_form.py",
        "if looks_like_an_address(name):", "if False:",
        "tests/web/public/test_bad_input.py"
        "::test_bad_input_returns_the_form_with_an_error_and_stores_nothing",
    )  # fmt: skip
    yield Guard(
        "S26", "outreach/domain/registrations/models.py",
        "key_store.new(workshop.id, workshop.forget_on, data.address or None)",
        "key_store.new(workshop.id, workshop.forget_on, data.address or None, at_most=3)",
        "tests/security/test_transcripts.py"
        "::test_attack_sees_the_same_with_and_without_the_victim",
    )  # fmt: skip
    ratchet = "tests/security/test_ratchet.py::test_promise_to_a_registered_woman_is_kept"
    for file, words, instead, test in (
        (
            "outreach/domain/scheduling/workshop_service.py",
            "    require_not_looser(session, workshop, data)\n    if workshop.is_closed",
            "    if workshop.is_closed", ratchet,
        ),
        (
            "outreach/domain/search/listed_columns.py",
            "Workshop.is_discreet.is_(False)", "Kind.is_discreet.is_(False)", ratchet,
        ),
        (
            "outreach/web/staff/network/kind_pages.py",
            "if is_looser and not current_staff().is_fresh(now):", "if False:",
            ratchet.replace(
                "promise_to_a_registered_woman_is_kept",
                "looser_kind_needs_a_fresh_factor_and_sends_letters_to_all_admins",
            ),
        ),
    ):  # fmt: skip
        yield Guard("S32", file, words, instead, test)
    yield Guard(
        "S35", "outreach/accounts/sessions.py", "    if known:\n", "    if False:\n",
        "tests/accounts/test_staff_letters.py::test_sign_in_with_a_new_browser_sends_a_letter",
    )  # fmt: skip
    many = "tests/web/staff/test_many_contacts.py"
    yield Guard(
        "S23", "outreach/domain/workshops/models.py",
        "return self.is_discreet or self.kind.sensitivity in HIGH_SENSITIVITIES",
        "return self.is_discreet", f"{many}::test_list_of_a_sensitive_kind_is_logged",
    )  # fmt: skip
    yield Guard(
        "S23", "outreach/web/staff/common/contact_views.py",
        "if allowance is ContactAllowance.NEEDS_FACTOR:", "if False:",
        f"{many}::test_more_contacts_need_the_second_factor_and_a_letter",
    )  # fmt: skip
    limits = "tests/mail/test_recipient_limits.py"
    for promise, file, words, instead, test in (
        (
            "S30", "outreach/mail/mailings.py",
            "limited = context.address if is_limited else \"\"", "limited = \"\"",
            "test_confirmation_of_the_bulletin_counts_with_all_others",
        ),
        (
            "S30", "outreach/mail/delivery_round.py", "raise Postponed(until)", "pass",
            "test_twenty_registrations_cause_three_letters_and_a_summary",
        ),
        (
            "S30", "outreach/domain/outbox/summaries.py",
            "return counted_as is CountedAs.OF_ANYBODY", "return True",
            "test_offers_reminders_and_cancellations_are_not_delayed",
        ),
        (
            "S30", "outreach/web/public/my_registration/change.py",
            "answers.person.address and not _may_change_contact(view)", "False",
            "test_twelve_new_contacts_cause_three_letters",
        ),
        (
            "S31", "outreach/phone_numbers.py", "return is_of_country and", "return",
            "test_phones_of_other_countries_and_costs_are_refused",
        ),
        (
            "S31", "outreach/phone_numbers.py",
            "and phonenumbers.number_type(parsed) in _KINDS", "",
            "test_phones_of_other_countries_and_costs_are_refused",
        ),
        (
            "S31", "outreach/mail/text_budget.py", "else not usage.is_used_up", "else True",
            "test_texts_beyond_the_budget_wait",
        ),
        (
            "S31", "outreach/mail/text_budget.py",
            "usage.is_left_to_strangers if purse.is_of_strangers", "not usage.is_used_up if purse.is_of_strangers",
            "test_texts_beyond_the_budget_wait",
        ),
    ):  # fmt: skip
        yield Guard(promise, file, words, instead, f"{limits}::{test}")
    for words in (
        "if elapsed < SOONEST:",
        "TokenAge.GOOD if elapsed <= LATEST else TokenAge.TOO_OLD",
    ):
        yield Guard(
            "S26", "outreach/web/forms/form_token.py", words,
            "if False:" if words.startswith("if") else "TokenAge.GOOD",
            "tests/security/test_abuse.py::test_form_token_is_valid_from_two_seconds_to_twelve_hours",
        )  # fmt: skip
    yield Guard(
        "S26", "outreach/web/public/my_registration/recover_link.py",
        "if notice := email_form.notice(ABOUT):",
        'if notice := "":',
        "tests/web/public/test_recover_link.py"
        "::test_link_request_of_a_bot_returns_the_form_and_sends_no_letter",
    )  # fmt: skip
    places = "tests/web/public/test_places.py"
    for promise, file, words, instead, test in (
        (
            "S13", "outreach/domain/search/search.py",
            "return sa.case((sa.and_(is_open, own.is_not(None)), own), else_=near)",
            "return sa.func.coalesce(own, near)",
            f"{places}::test_discreet_workshop_is_as_far_as_its_area",
        ),
        (
            "S02", "outreach/web/middleware/response_headers.py",
            'if policy is PagePolicy.LOCATION and g.get("is_private"):', "if False:",
            f"{places}::test_only_the_list_may_ask_where_the_phone_is",
        ),
        (
            "S02", "templates/workshops/search_form.html",
            "{% if not quick_exit %}{{ places.locate_button() }}{% endif %}",
            "{{ places.locate_button() }}",
            f"{places}::test_discreet_filter_has_neither_suggestions_nor_position",
        ),
        (
            "S22", "outreach/domain/locations/office_places.py",
            "if row is None or row.office_id != office.id:", "if row is None:",
            "tests/domain/locations/test_geocoding.py::test_office_removes_only_its_own_names",
        ),
    ):  # fmt: skip
        yield Guard(promise, file, words, instead, test)


def _of_the_sheet() -> Iterator[Guard]:
    changes = "outreach/domain/registrations/change_notifications.py"
    sheet = "outreach/web/staff/common/notify_sheet.py"
    changes_test = "tests/domain/registrations/test_change_notifications.py"
    sheet_test = "tests/web/staff/test_notify_sheet.py"
    mailing_test = "tests/web/staff/test_mailing_sheet.py"
    writing_test = "tests/web/staff/test_writing_to_people.py"
    danger_test = "tests/web/staff/test_venue_danger.py"
    walks_test = "tests/domain/scheduling/test_notification_walks.py"
    kept = "outreach/domain/scheduling/kept_queue.py"
    undo_test = "tests/domain/scheduling/test_undo_restores.py"
    for file, words, instead, test in (
        (
            sheet, "if sheet.tells_somebody or sheet.waiting:", "if False:",
            f"{sheet_test}::test_action_shows_the_sheet_first_and_changes_nothing",
        ),
        (
            sheet, "if mode is NotifyMode.URGENT and not", "if False and not",
            f"{sheet_test}::test_urgent_asks_for_the_factor_again",
        ),
        (
            changes, "at = now + decision.hold", "at = now",
            f"{changes_test}::test_change_is_notified_after_the_hold",
        ),
        (
            changes, "elif each.due_at > now and not each.tries:", "elif False:",
            "tests/domain/registrations/test_held_reminders.py"
            "::test_reminder_is_sent_at_its_hour_once_the_workshop_is_reinstated",
        ),
        (
            "outreach/domain/scheduling/workshop_service.py",
            "if workshop.is_cancelled or is_near < NOTIFIED_CHANGES:", "if False:",
            f"{changes_test}"
            "::test_near_change_and_any_cancellation_are_never_silent",
        ),
        (
            changes, "in {NotifyMode.LATER, NotifyMode.NOBODY}", "in {NotifyMode.LATER}",
            f"{writing_test}"
            "::test_telling_nobody_needs_a_reason_and_is_withheld_where_people_must_know",
        ),
        (
            "outreach/domain/registrations/waitlist.py",
            "        change_notifications.fold_into_offer(session, party.id)\n", "",
            f"{writing_test}::test_what_was_not_sent_yet_is_folded_into_one_letter",
        ),
        (
            "outreach/domain/scheduling/undo.py",
            "if _exists(session, is_active, Registration.known_facts == workshop.facts):",
            "if False:", f"{changes_test}::test_undo_is_refused_with_its_cause",
        ),
        (
            "outreach/web/staff/bulletin/bulletin_editor.py",
            'if what == "publish" and not current_staff().is_fresh(clock.now()):', "if False:",
            f"{mailing_test}::test_publishing_and_sending_ask_for_the_factor_again",
        ),
        (
            "outreach/web/staff/bulletin/bulletin_editor.py",
            "if not issues and decision is None and subscribers.count_confirmed(session):",
            "if False:", f"{mailing_test}::test_publishing_shows_the_sheet_and_publishes_nothing",
        ),
        (
            "outreach/domain/newsletter/mailings.py",
            "Mailing.done_at.is_(None), Mailing.leased_until.is_(None), Mailing.tries == 0",
            "Mailing.done_at.is_(None)",
            f"{mailing_test}"
            "::test_undo_is_refused_after_a_letter_after_the_hold_and_after_a_correction",
        ),
        (
            "outreach/domain/newsletter/report_reminders.py",
            "if each.id not in reminded", "",
            f"{mailing_test}::test_reminders_go_to_chosen_offices_after_the_hold",
        ),
        (
            "outreach/mail/mailings.py",
            "if mailing.topic is MailingTopic.REPORT and not _is_report_late(session, mailing, now):",
            "if False:",
            "tests/mail/test_mailings.py::test_no_reminder_of_what_was_reported_during_the_hold",
        ),
        (
            "outreach/domain/scheduling/venue_merge.py",
            "        _rename_places(session, workshop, places, kept)\n", "        pass\n",
            f"{walks_test}"
            "::test_merge_within_the_hold_leaves_nobody_to_tell_of_a_change_that_is_undone",
        ),
        (
            "outreach/mail/delivery.py", " or outbox.is_repeated(session, notification):", ":",
            f"{walks_test}::test_reminder_is_not_sent_beside_a_change_that_says_the_same",
        ),
        (
            "outreach/domain/outbox/delivery_queue.py",
            "is_informed = registration.known_facts in {None, workshop.facts}",
            "is_informed = True",
            f"{walks_test}"
            "::test_reminder_is_sent_where_the_letter_of_that_day_said_something_else",
        ),
        (
            "outreach/domain/outbox/delivery_queue.py",
            "if not self._is_by_day or notification.is_urgent:", "if True:",
            "tests/domain/outbox/test_text_hours.py"
            "::test_text_of_the_night_is_sent_once_in_the_morning",
        ),
        (
            "outreach/domain/registrations/models.py",
            "return self.approved_at is not None and self.approval_hold_until is None",
            "return self.approved_at is not None",
            "tests/domain/registrations/test_approval.py"
            "::test_decision_holds_after_five_minutes_and_can_be_undone_before",
        ),
        (
            "outreach/web/staff/checkin/venue_danger.py",
            'if what in {"tell", "reopen"} and not current_staff().is_fresh(clock.now()):',
            "if False:",
            f"{danger_test}::test_telling_asks_for_the_factor_and_passes_hold_and_night",
        ),
        (
            "outreach/domain/scheduling/workshop_service.py",
            "workshop.visibility = Visibility.PHONE_ONLY", "pass",
            f"{danger_test}::test_address_is_on_no_public_page_until_it_reopens",
        ),
        (
            kept, "    _delete_made(session, change)\n", "",
            f"{undo_test}::test_letter_that_had_failed_is_not_queued_anew_by_an_undo",
        ),
        (
            kept, "    _restore_due(session, change)\n", "",
            f"{undo_test}::test_calls_that_wait_are_there_at_once_after_an_undo",
        ),
        (
            kept, "    _restore_deleted(session, change, workshop)\n", "",
            f"{undo_test}::test_undo_brings_back_the_question_that_waits_for_a_call",
        ),
        (
            kept, '    if change.changes_facts or before["sets_withheld"]:\n', "    if False:\n",
            f"{undo_test}::test_undo_keeps_a_decision_to_tell_nobody",
        ),
        (
            kept, "if not before or not is_as_before:", "if not before:",
            f"{undo_test}::test_undo_of_an_earlier_change_leaves_what_a_later_one_queued",
        ),
    ):  # fmt: skip
        yield Guard("S36", file, words, instead, test)


def _of_a_stolen_copy() -> Iterator[Guard]:
    stolen = (
        "tests/security/test_stolen_copy.py::test_backup_and_phone_without_keys_match_in_no_column"
    )
    for file, words, instead in (
        (
            "outreach/keystore/keystore.py",
            'return self._keyed(f"code {workshop} {code}")',
            'return hashlib.sha256(f"{workshop} {code}".encode()).digest()',
        ),
        (
            "outreach/domain/registrations/party_details.py",
            'return keystore.encrypt(key, text + " " * (-len(text) % PADDED_BYTES), _about(registration_id))',
            "return text.encode()",
        ),
        (
            "outreach/domain/checkin/checkin_tokens.py",
            'return key_store.digest_for("offline manifest", ref.hex())', "return ref",
        ),
    ):  # fmt: skip
        yield Guard("S33", file, words, instead, stolen)
    yield Guard(
        "S33", "outreach/db/types.py", "None if value is None else clock.hour_of(value)", "value",
        "tests/security/test_stolen_copy.py::test_backup_says_no_minute_in_which_a_person_did_something",
    )  # fmt: skip
    yield Guard(
        "S33", "outreach/domain/registrations/notifications.py", "due_at=due_at or clock.hour_of(now)",
        "due_at=due_at or now",
        "tests/domain/registrations/test_notifications.py"
        "::test_notification_that_a_person_caused_is_due_at_the_hour",
    )  # fmt: skip
    yield Guard(
        "S33", "outreach/domain/registrations/totals.py", "MIN_PLAIN: Final = 5", "MIN_PLAIN: Final = 1",
        "tests/security/test_stolen_copy.py::test_small_totals_are_not_plain",
    )  # fmt: skip
    yield Guard(
        "S33", "outreach/keystore/keystore.py",
        "session.execute(sa.update(Key).where(is_old).values(made_at=None))", "pass",
        "tests/keystore/test_keystore.py::test_minute_of_a_key_is_kept_for_an_hour",
    )  # fmt: skip
    cut = "tests/faults/test_totals_cut_short.py::"
    yield Guard(
        "S33", "outreach/domain/registrations/service.py",
        "        totals.recount(session, workshop.id)\n", "        pass\n",
        f"{cut}test_erasure_cut_after_the_key_frees_the_place_when_reconciled",
    )  # fmt: skip
    yield Guard(
        "S33", "outreach/domain/registrations/waitlist.py",
        "if not registration.is_readable:  # the person is being erased", "if False:",
        f"{cut}test_offer_passes_over_a_party_whose_key_is_gone",
    )  # fmt: skip


def _of_moves() -> Iterator[Guard]:
    moving = "outreach/domain/registrations/moving.py"
    page = "outreach/web/public/my_registration/move.py"
    of_domain, of_page = (
        "tests/domain/registrations/test_moving.py",
        "tests/web/public/test_move.py",
    )
    cut = "tests/faults/test_move_cut_short.py"
    for promise, file, words, instead, test in (
        (
            "SEAT06", moving, "        capacity.release(session, source, old)\n", "        pass\n",
            f"{of_domain}::test_move_takes_the_new_seats_and_releases_the_old_ones",
        ),
        (
            "SEAT06", moving, "    waitlist.offer_free_seats(session, source, now=now)\n", "",
            f"{of_domain}::test_freed_seat_is_offered_to_the_waitlist_of_the_old_date",
        ),
        (
            "SEAT06", moving, "    registration.code_digest = digest\n", "",
            f"{of_domain}::test_link_and_code_stay_and_the_old_door_does_not_know_the_code",
        ),
        (
            "SEAT06", moving, "        and not target.is_discreet\n", "",
            f"{of_domain}::test_discreet_workshop_takes_no_part",
        ),
        (
            "SEAT06", moving,
            "return is_ahead and has_seat and not workshop.is_discreet and",
            "return is_ahead and has_seat and", f"{of_domain}::test_discreet_workshop_takes_no_part",
        ),
        (
            "SEAT06", moving, "        and target.way in _WAYS\n", "",
            f"{of_domain}::test_date_that_is_none_for_the_party",
        ),
        (
            "SEAT06", moving, "    notifications.clear_for_move(session, registration.id)\n", "",
            f"{of_domain}::test_nothing_of_the_old_date_stays_with_the_party",
        ),
        (
            "SEAT06", "outreach/domain/checkin/checkin_events.py",
            "has_seat = is_here and party.status", "has_seat = party.status",
            f"{of_domain}::test_offline_phone_of_the_old_door_counts_the_party_as_a_walk_in",
        ),
        (
            "SEAT06", "outreach/privacy/registration_move.py",
            "    key_store.reassign(moved.key_id, moved.workshop_id, moved.forget_on)\n", "",
            f"{of_domain}::test_key_follows_the_new_workshop",
        ),
        (
            "SEAT06", "outreach/privacy/retention.py",
            "    reconcile.correct_workshops(store, key_store)\n", "",
            f"{cut}::test_purge_corrects_the_key_of_a_move_cut_before_the_key_store",
        ),
        (
            "S29", page, "if not _take_share(view, target, now) and", "if False and",
            f"{of_page}::test_move_counts_in_the_share_of_the_network",
        ),
        (
            "S30", page, "if not _is_within_limits(view):", "if False:",
            f"{of_page}::test_link_moves_ten_times_a_day",
        ),
        (
            "SEAT07", "outreach/web/public/registration.py",
            "    if language_switch.is_pressed():\n        return _show_in_language(public_id, now)\n",
            "",
            "tests/web/public/test_language_switch.py"
            "::test_form_shown_in_another_language_has_what_was_typed_and_stores_nothing",
        ),
    ):  # fmt: skip
        yield Guard(promise, file, words, instead, test)
