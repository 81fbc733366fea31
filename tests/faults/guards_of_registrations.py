"""The guards of forms, of moves and of links."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    # New links.
    Guard(
        "S05", "outreach.keystore.encryption:derive_link",
        "f'{purpose} {renewals}' if renewals else purpose", "purpose",
        "tests/security/test_new_link.py::test_new_link_replaces_link_square_and_code",
    ),
    Guard(
        "S05", "outreach.domain.registrations.models:store_links",
        "registration.entry_digest = key_store.link_digest(_hash(keystore.derive_link(key, 'entry')))",
        "pass",
        "tests/security/test_new_link.py::test_old_square_and_code_are_unknown_at_the_door",
    ),
    Guard(
        "S05", "outreach.privacy.link_renewal:find_renewed",
        "not link_renewals.is_of_form(key_store, registration.key_id, _form(key_store, nonce))",
        "False and (not link_renewals.is_of_form(key_store, registration.key_id, _form(key_store, nonce)))",
        "tests/security/test_new_link.py::test_form_of_somebody_else_with_the_old_link_does_not_lead_to_the_new_one",
    ),
    Guard(
        "S05", "outreach.privacy.link_renewal:_reconcile",
        "began_at is None and stored < key.renewals", "False",
        "tests/security/test_new_link.py::test_restored_database_does_not_bring_the_old_link_back",
    ),
    Guard(
        "S05", "outreach.web.public.my_registration.new_link:renew_link",
        "rate_limits.count_new_link(registration.joint_id or registration.id)", "pass",
        "tests/security/test_new_link.py::test_three_new_links_in_a_day",
    ),
    Guard(
        "S30", "outreach.web.public.my_registration.change:_may_change_contact",
        "view.registration.id", "view.token",
        "tests/security/test_new_link.py::test_new_link_does_not_allow_more_contact_changes",
    ),
    # Forms.
    Guard(
        "S26", "outreach.web.forms.registration_form:RegistrationForm.is_trapped",
        "bool(self[TRAP].data)", "False",
        "tests/security/test_abuse.py::test_filled_honeypot_field_is_refused_and_nothing_is_saved",
    ),
    Guard(
        "S26", "outreach.web.forms.registration_service:get_key_of_repeated",
        "is_late or not registrations.is_of_party(existing, key, data)", "False",
        "tests/concurrency/test_sending_again.py::test_used_form_leads_nobody_else_to_the_registration",
    ),
    Guard(
        "S26", "outreach.web.forms.registration_form:RegistrationForm.read_token",
        "token if token.nonce == self.nonce.data else FormToken(token.age)", "token",
        "tests/concurrency/test_sending_again.py::test_nonce_of_another_form_is_refused",
    ),
    # The sheet.
    Guard(
        "S36", "outreach.web.staff.common.notify_sheet:require_decision",
        "sheet.tells_somebody or sheet.waiting", "False",
        "tests/web/staff/test_notify_sheet.py::test_action_shows_the_sheet_first_and_changes_nothing",
    ),
    Guard(
        "S36", "outreach.web.staff.common.notify_sheet:read_decision",
        "mode is NotifyMode.URGENT", "False",
        "tests/web/staff/test_notify_sheet.py::test_urgent_asks_for_the_factor_again",
    ),
    Guard(
        "S36", "outreach.domain.registrations.change_notifications:compute_due",
        "now + decision.undo_window", "now",
        "tests/domain/registrations/test_change_notifications.py::test_change_is_notified_after_the_hold",
    ),
    Guard(
        "S36", "outreach.domain.registrations.change_notifications:_follow_holds",
        "each.due_at > now and (not each.tries)", "False",
        "tests/domain/registrations/test_held_reminders.py::test_reminder_is_sent_at_its_hour_once_the_workshop_is_reinstated",
    ),
    Guard(
        "S36", "outreach.domain.scheduling.workshop_service:notify",
        "workshop.is_cancelled or is_near < NOTIFIED_CHANGES", "False",
        "tests/domain/registrations/test_change_notifications.py::test_near_change_and_any_cancellation_are_never_silent",
    ),
    Guard(
        "S36", "outreach.domain.registrations.change_notifications:NotifyDecision.delays_offers",
        "NotifyMode.NOBODY", "",
        "tests/web/staff/test_writing_to_people.py::test_telling_nobody_needs_a_reason_and_is_withheld_where_people_must_know",
    ),
    Guard(
        "S36", "outreach.domain.registrations.waitlist:make_offer",
        "change_notifications.fold_into_offer(session, party.id)", "pass",
        "tests/web/staff/test_writing_to_people.py::test_what_was_not_sent_yet_is_folded_into_one_letter",
    ),
    Guard(
        "S36", "outreach.domain.scheduling.undo:_require_unknown",
        "_exists(session, is_active, Registration.known_facts == workshop.facts)", "False",
        "tests/domain/registrations/test_change_notifications.py::test_undo_is_refused_with_its_cause",
    ),
    Guard(
        "S36", "outreach.web.staff.bulletin.bulletin_editor:update",
        "what == 'publish' and (not current_staff().is_fresh(clock.now()))", "False",
        "tests/web/staff/test_mailing_sheet.py::test_publishing_and_sending_ask_for_the_factor_again",
    ),
    Guard(
        "S36", "outreach.web.staff.bulletin.bulletin_editor:_publish",
        "not issues and decision is None and subscribers.count_confirmed(session)", "False",
        "tests/web/staff/test_mailing_sheet.py::test_publishing_shows_the_sheet_and_publishes_nothing",
    ),
    Guard(
        "S36", "outreach.domain.newsletter.mailings:_IS_UNTRIED",
        "sa.and_(Mailing.done_at.is_(None), Mailing.leased_until.is_(None), Mailing.tries == 0)",
        "sa.and_(Mailing.done_at.is_(None))",
        "tests/web/staff/test_mailing_sheet.py::test_undo_is_refused_after_a_letter_after_the_hold_and_after_a_correction",
    ),
    Guard(
        "S36", "outreach.domain.newsletter.report_reminders:_find_office_reach",
        "each.id not in reminded", "",
        "tests/web/staff/test_mailing_sheet.py::test_reminders_go_to_chosen_offices_after_the_hold",
    ),
    Guard(
        "S36", "outreach.mail.mailings:_MailingWriter.__call__",
        "mailing.topic is MailingTopic.REPORT and (not _is_report_late(session, mailing, now))",
        "False",
        "tests/mail/test_mailings.py::test_no_reminder_of_what_was_reported_during_the_hold",
    ),
    Guard(
        "S36", "outreach.domain.scheduling.venue_merge:merge",
        "_rename_places(session, workshop, places, kept)", "pass",
        "tests/domain/scheduling/test_notification_walks.py::test_merge_within_the_hold_leaves_nobody_to_tell_of_a_change_that_is_undone",
    ),
    Guard(
        "S36", "outreach.mail.delivery:_NotificationWriter.__call__",
        "outbox.is_repeated(session, notification)", "",
        "tests/domain/scheduling/test_notification_walks.py::test_reminder_is_not_sent_beside_a_change_that_says_the_same",
    ),
    Guard(
        "S36", "outreach.domain.outbox.delivery_queue:is_repeated",
        "registration.known_facts in {None, workshop.facts}", "True",
        "tests/domain/scheduling/test_notification_walks.py::test_reminder_is_sent_where_the_letter_of_that_day_said_something_else",
    ),
    Guard(
        "S36", "outreach.domain.outbox.delivery_queue:NotificationOutbox.compute_send_time",
        "not is_by_day or notification.is_urgent", "True",
        "tests/domain/outbox/test_text_hours.py::test_text_of_the_night_is_sent_once_in_the_morning",
    ),
    Guard(
        "S30", "outreach.mail.delivery:_NotificationWriter._fold",
        "not is_day or is_stopped or not self.can_be_stopped", "False",
        "tests/mail/test_reminders.py::test_no_reminder_by_text_where_no_answer_comes_back",
    ),
    Guard(
        "S30", "outreach.domain.outbox.reminder_folds:list_of_day",
        "len(unanswered) >= MAX_UNANSWERED", "False",
        "tests/mail/test_reminders.py::test_thirty_registrations_of_a_number_that_never_answered_remind_of_two",
    ),
    Guard(
        "S30", "outreach.domain.outbox.reminder_folds:_is_alike",
        "Workshop.is_discreet.is_(own.workshop.is_discreet)", "sa.true()",
        "tests/mail/test_reminders.py::test_ordinary_and_discreet_reminders_are_never_one_message",
    ),
    Guard(
        "S36", "outreach.domain.registrations.models:Registration.is_approved",
        "self.approval_undo_until is None", "",
        "tests/domain/registrations/test_approval.py::test_decision_holds_after_five_minutes_and_can_be_undone_before",
    ),
    Guard(
        "S36", "outreach.web.staff.checkin.venue_danger:act_on_danger",
        "what in {'tell', 'reopen'} and (not current_staff().is_fresh(clock.now()))", "False",
        "tests/web/staff/test_venue_danger.py::test_telling_asks_for_the_factor_and_passes_hold_and_night",
    ),
    Guard(
        "S36", "outreach.domain.scheduling.workshop_service:close_for_danger",
        "workshop.visibility = Visibility.PHONE_ONLY", "pass",
        "tests/web/staff/test_venue_danger.py::test_address_is_on_no_public_page_until_it_reopens",
    ),
    Guard(
        "S36", "outreach.domain.scheduling.kept_queue:restore",
        "_delete_made(session, change)", "pass",
        "tests/domain/scheduling/test_undo_restores.py::test_letter_that_had_failed_is_not_queued_anew_by_an_undo",
    ),
    Guard(
        "S36", "outreach.domain.scheduling.kept_queue:restore",
        "_restore_due(session, change)", "pass",
        "tests/domain/scheduling/test_undo_restores.py::test_calls_that_wait_are_there_at_once_after_an_undo",
    ),
    Guard(
        "S36", "outreach.domain.scheduling.kept_queue:restore",
        "_restore_deleted(session, change, workshop)", "pass",
        "tests/domain/scheduling/test_undo_restores.py::test_undo_brings_back_the_question_that_waits_for_a_call",
    ),
    Guard(
        "S36", "outreach.domain.scheduling.kept_queue:restore",
        "change.changes_facts or before['sets_withheld']", "False",
        "tests/domain/scheduling/test_undo_restores.py::test_undo_keeps_a_decision_to_tell_nobody",
    ),
    Guard(
        "S36", "outreach.domain.scheduling.kept_queue:restore",
        "not is_as_before", "",
        "tests/domain/scheduling/test_undo_restores.py::test_undo_of_an_earlier_change_leaves_what_a_later_one_queued",
    ),
    Guard(
        "S30", "outreach.web.forms.registration_form:PersonForm.validate_name",
        "looks_like_an_address(name)", "False",
        "tests/web/public/test_bad_input.py::test_bad_input_returns_the_form_with_an_error_and_stores_nothing",
    ),
    Guard(
        "S26", "outreach.domain.registrations.models:prepare",
        "key_store.new(workshop.id, workshop.forget_on, data.address or None)",
        "key_store.new(workshop.id, workshop.forget_on, data.address or None, at_most=3)",
        "tests/security/test_transcripts.py::test_attack_sees_the_same_with_and_without_the_victim",
    ),
    Guard(
        "S32", "outreach.domain.scheduling.workshop_service:_require_changeable",
        "require_not_looser(session, workshop, data)", "pass",
        "tests/security/test_ratchet.py::test_promise_to_a_registered_woman_is_kept",
    ),
    Guard(
        "S32", "outreach.domain.search.listed_columns:IS_LISTED",
        "Workshop.is_discreet", "Kind.is_discreet",
        "tests/security/test_ratchet.py::test_promise_to_a_registered_woman_is_kept",
    ),
    Guard(
        "S32", "outreach.web.staff.network.kind_pages:update_kind",
        "is_looser and (not current_staff().is_fresh(now))", "False",
        "tests/security/test_ratchet.py::test_looser_kind_needs_a_fresh_factor_and_sends_letters_to_all_admins",
    ),
    Guard(
        "S35", "outreach.accounts.sessions:_remember",
        "if known:", "if False:",
        "tests/accounts/test_staff_letters.py::test_sign_in_with_a_new_browser_sends_a_letter",
    ),
    Guard(
        "S23", "outreach.domain.workshops.models:Workshop.is_sensitive",
        "self.kind.sensitivity in HIGH_SENSITIVITIES", "",
        "tests/web/staff/test_many_contacts.py::test_list_of_a_sensitive_kind_is_logged",
    ),
    Guard(
        "S23", "outreach.web.staff.common.contact_views:count_view",
        "allowance is ContactAllowance.NEEDS_FACTOR", "False",
        "tests/web/staff/test_many_contacts.py::test_more_contacts_need_the_second_factor_and_a_letter",
    ),
    Guard(
        "S30", "outreach.mail.mailings:_MailingWriter.__call__",
        "context.address if is_limited else ''", "''",
        "tests/mail/test_recipient_limits.py::test_confirmation_of_the_bulletin_counts_with_all_others",
    ),
    Guard(
        "S30", "outreach.mail.delivery_round:_DeliveryRound._count",
        "raise Postponed(until)", "pass",
        "tests/mail/test_recipient_limits.py::test_twenty_registrations_cause_three_letters_and_a_summary",
    ),
    Guard(
        "S30", "outreach.domain.outbox.summaries:is_limited",
        "counted_as is CountedAs.OF_ANYBODY", "True",
        "tests/mail/test_recipient_limits.py::test_offers_reminders_and_cancellations_are_not_delayed",
    ),
    Guard(
        "S30", "outreach.web.public.my_registration.change:change",
        "has_new_contact and answers.person.address and (not _may_change_contact(view))",
        "has_new_contact and False",
        "tests/mail/test_recipient_limits.py::test_twelve_new_contacts_cause_three_letters",
    ),
    Guard(
        "S31", "outreach.phone_numbers:is_reachable",
        "is_of_country", "",
        "tests/mail/test_recipient_limits.py::test_phones_of_other_countries_and_costs_are_refused",
    ),
    Guard(
        "S31", "outreach.phone_numbers:is_reachable",
        "phonenumbers.number_type(parsed) in _KINDS", "",
        "tests/mail/test_recipient_limits.py::test_phones_of_other_countries_and_costs_are_refused",
    ),
    Guard(
        "S31", "outreach.mail.text_budget:TextBudget.explain_wait",
        "not usage.is_used_up", "True",
        "tests/mail/test_recipient_limits.py::test_texts_beyond_the_budget_wait",
    ),
    Guard(
        "S31", "outreach.mail.text_budget:TextBudget.explain_wait",
        "usage.is_left_to_strangers", "not usage.is_used_up",
        "tests/mail/test_recipient_limits.py::test_texts_beyond_the_budget_wait",
    ),
    Guard(
        "S26", "outreach.web.forms.form_token:_age",
        "elapsed < SOONEST", "False",
        "tests/security/test_abuse.py::test_form_token_is_valid_from_two_seconds_to_twelve_hours",
    ),
    Guard(
        "S26", "outreach.web.forms.form_token:_age",
        "TokenAge.GOOD if elapsed <= LATEST else TokenAge.TOO_OLD", "TokenAge.GOOD",
        "tests/security/test_abuse.py::test_form_token_is_valid_from_two_seconds_to_twelve_hours",
    ),
    Guard(
        "S26", "outreach.web.public.my_registration.recover_link:_request_link",
        "email_form.notice(ABOUT)", "''",
        "tests/web/public/test_recover_link.py::test_link_request_of_a_bot_returns_the_form_and_sends_no_letter",
    ),
    Guard(
        "S13", "outreach.domain.search.search:_position",
        "sa.case((sa.and_(is_open, own.is_not(None)), own), else_=near)",
        "sa.func.coalesce(own, near)",
        "tests/web/public/test_places.py::test_discreet_workshop_is_as_far_as_its_area",
    ),
    Guard(
        "S02", "outreach.web.middleware.response_headers:_security_headers",
        "policy is PagePolicy.LOCATION and g.get('is_private')", "False",
        "tests/web/public/test_places.py::test_only_the_list_may_ask_where_the_phone_is",
    ),
    Guard(
        "S02", "templates/workshops/search_form.html",
        "{% if not quick_exit %}{{ places.locate_button() }}{% endif %}",
        "{{ places.locate_button() }}",
        "tests/web/public/test_places.py::test_discreet_filter_has_neither_suggestions_nor_position",
    ),
    Guard(
        "S22", "outreach.domain.locations.office_places:remove",
        "row.office_id != office.id", "",
        "tests/domain/locations/test_geocoding.py::test_office_removes_only_its_own_names",
    ),
    # A stolen copy.
    Guard(
        "S33", "outreach.keystore.keystore:KeyStore.code_digest",
        "self._keyed(f'code {workshop} {code}')",
        "hashlib.sha256(f'{workshop} {code}'.encode()).digest()",
        "tests/security/test_stolen_copy.py::test_backup_and_phone_without_keys_match_in_no_column",
    ),
    Guard(
        "S33", "outreach.domain.registrations.party_details:encrypt",
        "keystore.encrypt(key, text + ' ' * (-len(text) % PADDED_BYTES), _about(registration_id))",
        "text.encode()",
        "tests/security/test_stolen_copy.py::test_backup_and_phone_without_keys_match_in_no_column",
    ),
    Guard(
        "S33", "outreach.domain.checkin.checkin_tokens:digest_reference",
        "key_store.digest_for('offline manifest', ref.hex())", "ref",
        "tests/security/test_stolen_copy.py::test_backup_and_phone_without_keys_match_in_no_column",
    ),
    Guard(
        "S33", "outreach.db.types:Hour.process_bind_param",
        "None if value is None else clock.hour_of(value)", "value",
        "tests/security/test_stolen_copy.py::test_backup_says_no_minute_in_which_a_person_did_something",
    ),
    Guard(
        "S33", "outreach.domain.registrations.notifications:enqueue",
        "clock.hour_of(now)", "now",
        "tests/domain/registrations/test_notifications.py::test_notification_that_a_person_caused_is_due_at_the_hour",
    ),
    Guard(
        "S33", "outreach.domain.registrations.totals:MIN_PLAIN",
        "5", "1",
        "tests/security/test_stolen_copy.py::test_small_totals_are_not_plain",
    ),
    Guard(
        "S33", "outreach.keystore.keystore:KeyStore.tidy",
        "session.execute(sa.update(Key).where(is_old).values(made_at=None))", "pass",
        "tests/keystore/test_keystore.py::test_minute_of_a_key_is_kept_for_an_hour",
    ),
    Guard(
        "S33", "outreach.domain.registrations.service:cancel",
        "totals.recount(session, workshop.id)", "pass",
        "tests/faults/test_totals_cut_short.py::test_erasure_cut_after_the_key_frees_the_place_when_reconciled",
    ),
    Guard(
        "S33", "outreach.domain.registrations.waitlist:offer_free_seats",
        "not registration.is_readable", "False",
        "tests/faults/test_totals_cut_short.py::test_offer_passes_over_a_party_whose_key_is_gone",
    ),
    # Moves.
    Guard(
        "SEAT06", "outreach.domain.registrations.moving:move",
        "capacity.release(session, source, old)", "pass",
        "tests/domain/registrations/test_moving.py::test_move_takes_the_new_seats_and_releases_the_old_ones",
    ),
    Guard(
        "SEAT06", "outreach.domain.registrations.moving:move",
        "waitlist.offer_free_seats(session, source, now=now)", "pass",
        "tests/domain/registrations/test_moving.py::test_freed_seat_is_offered_to_the_waitlist_of_the_old_date",
    ),
    Guard(
        "SEAT06", "outreach.domain.registrations.moving:_store",
        "registration.code_digest = digest", "pass",
        "tests/domain/registrations/test_moving.py::test_link_and_code_stay_and_the_old_door_does_not_know_the_code",
    ),
    Guard(
        "SEAT06", "outreach.domain.registrations.moving:can_receive",
        "not target.is_discreet", "",
        "tests/domain/registrations/test_moving.py::test_discreet_workshop_takes_no_part",
    ),
    Guard(
        "SEAT06", "outreach.domain.registrations.moving:is_movable",
        "not workshop.is_discreet", "",
        "tests/domain/registrations/test_moving.py::test_discreet_workshop_takes_no_part",
    ),
    Guard(
        "SEAT06", "outreach.domain.registrations.moving:can_receive",
        "target.way in _WAYS", "",
        "tests/domain/registrations/test_moving.py::test_date_that_is_none_for_the_party",
    ),
    Guard(
        "SEAT06", "outreach.domain.registrations.moving:move",
        "notifications.clear_for_move(session, registration.id)", "pass",
        "tests/domain/registrations/test_moving.py::test_nothing_of_the_old_date_stays_with_the_party",
    ),
    Guard(
        "SEAT06", "outreach.domain.checkin.checkin_events:_EventMerge._update_party",
        "is_here", "",
        "tests/domain/registrations/test_moving.py::test_offline_phone_of_the_old_door_counts_the_party_as_a_walk_in",
    ),
    Guard(
        "SEAT06", "outreach.privacy.registration_move:move",
        "key_store.reassign(moved.key_id, moved.workshop_id, moved.forget_on)", "pass",
        "tests/domain/registrations/test_moving.py::test_key_follows_the_new_workshop",
    ),
    Guard(
        "SEAT06", "outreach.privacy.retention:purge",
        "reconcile.correct_workshops(store, key_store)", "pass",
        "tests/faults/test_move_cut_short.py::test_purge_corrects_the_key_of_a_move_cut_before_the_key_store",
    ),
    Guard(
        "S29", "outreach.web.public.my_registration.move:move",
        "not _take_share(view, target, now)", "False",
        "tests/web/public/test_move.py::test_move_counts_in_the_share_of_the_network",
    ),
    Guard(
        "S30", "outreach.web.public.my_registration.move:move",
        "not _is_within_limits(view)", "False",
        "tests/web/public/test_move.py::test_link_moves_ten_times_a_day",
    ),
    Guard(
        "SEAT07", "outreach.web.public.registration:save",
        """if language_switch.is_pressed():
    return _show_in_language(public_id, now)""",
        "pass",
        "tests/web/public/test_language_switch.py::test_form_shown_in_another_language_has_what_was_typed_and_stores_nothing",
    ),
    # Calls.
    Guard(
        "S23", "outreach.domain.registrations.call_attempts:CallHistory.find_block",
        "any((each.outcome is not None for each in of_today))", "False",
        "tests/web/staff/test_queue.py::test_discreet_call_is_not_made_twice_on_one_day",
    ),
    Guard(
        "S23", "outreach.domain.registrations.call_attempts:CallHistory.find_block",
        "any((each.organizer_id != organizer_id for each in of_today))", "False",
        "tests/web/staff/test_queue.py::test_colleague_does_not_open_a_discreet_call_that_is_open",
    ),
    Guard(
        "S23", "outreach.domain.registrations.call_attempts:_set_outcome",
        "outcome in FINAL_OUTCOMES", "False",
        "tests/web/staff/test_queue.py::test_somebody_else_answered_ends_calls_for_good",
    ),
    Guard(
        "S23", "outreach.domain.registrations.call_attempts:has_ended",
        "sa.or_(other.id == Registration.id, other.joint_id == Registration.joint_id)",
        "other.id == Registration.id",
        "tests/domain/registrations/test_call_attempts.py::test_other_dates_of_a_group_are_the_same_phone",
    ),
    Guard(
        "S23", "outreach.domain.outbox.delivery_queue:_GETS_TEXTS",
        "sa.not_(call_attempts.has_ended())", "",
        "tests/web/staff/test_queue.py::test_somebody_else_answered_ends_calls_for_good",
    ),
    Guard(
        "S23", "outreach.web.staff.attendees.queue_cards:is_shown",
        "not line.is_private or registration.id == opened", "True",
        "tests/web/staff/test_queue.py::test_discreet_line_shows_nothing_of_the_person_until_it_is_opened",
    ),
    Guard(
        "S23", "outreach.privacy.reconcile:_TABLES_OF_PEOPLE",
        "CallAttempt", "",
        "tests/domain/registrations/test_call_attempts.py::test_attempts_go_with_the_person",
    ),
)
# fmt: on
