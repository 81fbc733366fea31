"""The tests of each safety requirement of requirements.md."""

from typing import Final

PROMISES: Final[dict[str, tuple[str, ...]]] = {
    "S01": ("web/middleware/test_headers.py::test_public_pages_set_no_cookie",),
    "S02": (
        "web/middleware/test_headers.py::test_every_response_has_the_security_headers",
        "web/middleware/test_headers.py::test_staff_pages_and_server_errors_have_the_security_headers",
        "web/middleware/test_headers.py::test_only_check_in_pages_may_use_the_camera_and_one_a_worker",
        "web/public/test_listening.py::test_only_pages_with_a_player_may_load_audio",
        "web/staff/test_recordings.py::test_only_this_page_may_use_the_microphone",
    ),
    "S03": (
        "web/middleware/test_headers.py::test_pages_have_no_inline_code_and_no_foreign_resources",
        "project/test_layout.py::test_templates_have_no_inline_code_or_foreign_resource",
    ),
    "S04": (
        "web/middleware/test_headers.py::test_private_pages_are_not_cached_and_not_indexed",
        "web/middleware/test_headers.py::test_pages_of_a_discreet_kind_are_not_cached",
    ),
    "S05": (
        "security/test_safety.py::test_tokens_are_stored_only_as_hashes_and_are_independent",
        "security/test_safety.py::test_copy_of_the_database_with_other_keys_knows_no_link",
        "security/test_safety.py::test_links_and_code_of_an_earlier_version_stay_and_lose_their_plain_form",
        "security/test_new_link.py::test_new_link_replaces_link_square_and_code",
        "security/test_new_link.py::test_old_link_answers_like_an_unknown_one",
        "security/test_new_link.py::test_old_square_and_code_are_unknown_at_the_door",
        "security/test_new_link.py::test_restored_database_does_not_bring_the_old_link_back",
        "security/test_new_link.py::test_old_link_stays_good_after_a_crash_between_the_two_databases",
    ),
    "S06": ("security/test_safety.py::test_get_requests_change_nothing",),
    "S07": (
        "security/test_safety.py::test_all_dead_links_give_the_same_page",
        "security/test_safety.py::test_all_dead_links_run_the_same_statements",
        "web/public/test_my_place.py::test_unknown_code_and_wrong_name_get_the_same_answer",
        "web/public/test_my_place.py"
        "::test_unknown_code_wrong_name_and_a_try_too_many_run_the_same_statements",
    ),
    "S08": ("security/test_traces.py::test_client_address_is_stored_nowhere",),
    "S09": (
        "keystore/test_keystore.py::test_rate_counters_of_yesterday_cannot_be_linked_to_an_address",
        "security/test_abuse.py::test_rate_counters_cannot_be_linked_to_an_address_the_next_day",
        "security/test_abuse.py::test_ipv6_addresses_of_one_network_share_a_rate_limit",
        "security/test_abuse.py::test_malformed_posts_use_up_nothing_that_neighbours_need",
        "security/test_abuse.py::test_posts_of_a_manage_link_are_limited_by_the_link",
        "accounts/test_sessions.py::test_sign_in_attempts_are_limited_by_account_and_address",
        "security/test_abuse.py::test_forwarded_address_counts_only_behind_trusted_proxies",
        "web/public/test_my_place.py::test_five_tries_an_hour_for_each_code_from_any_address",
        "web/public/test_my_place.py::test_five_tries_an_hour_for_each_address_whatever_the_code",
    ),
    "S10": ("security/test_traces.py::test_name_email_and_link_are_in_no_log_or_plain_column",),
    "S11": (
        "privacy/test_erasure.py::test_purge_leaves_no_byte_of_a_person",
        "privacy/test_erasure.py::test_purge_under_a_moved_clock_leaves_no_byte",
    ),
    "S12": (
        "privacy/test_erasure.py::test_erasure_leaves_no_byte_of_a_person_at_once",
        "web/public/test_my_registration.py::test_erasure_leaves_neither_key_nor_name_nor_message",
    ),
    "S13": (
        "security/test_hidden_address.py::test_hidden_address_is_on_no_public_page",
        "mail/test_mail_words.py::test_address_is_only_in_letters_to_people_who_may_read_it",
        "security/test_hidden_address.py::test_hidden_address_cannot_be_found_by_search",
        "feeds/test_feed_discretion.py::test_hidden_address_is_in_no_feed_and_no_ics_file",
        "security/test_hidden_address.py"
        "::test_moving_a_venue_behind_its_meeting_point_changes_no_public_byte",
        "security/test_own_rooms.py::test_form_of_a_new_workshop_follows_the_venue_and_says_why",
        "web/staff/test_approvals.py::test_page_says_when_to_look_again",
    ),
    "S14": (
        "security/test_discreet.py::test_discreet_workshop_page_has_no_kind_in_title_or_url",
        "security/test_discreet.py::test_calendar_entry_of_a_discreet_registration_has_only_date_and_time",
    ),
    "S15": ("security/test_discreet.py::test_personal_calendar_entry_contains_no_manage_link",),
    "S16": (
        "feeds/test_feed_discretion.py::test_discreet_workshop_is_only_in_feeds_of_its_kind",
        "feeds/test_feed_discretion.py::test_feed_of_a_discreet_kind_has_day_hour_and_city",
        "security/test_ratchet.py::test_neutral_code_opens_its_kind_for_ever",
    ),
    "S17": (
        "mail/test_mail.py::test_no_subject_names_kind_office_or_consulate",
        "mail/test_mail_words.py::test_subjects_texts_and_calendar_entries_reveal_no_kind",
        "security/test_discreet.py::test_personal_page_keeps_no_kind_in_browser_history",
    ),
    "S18": (
        "mail/test_mail.py::test_no_letter_without_an_email_address",
        "domain/registrations/test_status.py::test_registration_without_contact_gets_no_notifications",
    ),
    "S19": (
        "browser/test_quick_exit.py::test_quick_exit_replaces_the_page_in_history",
        "browser/test_quick_exit.py::test_quick_exit_leaves_no_discreet_page_in_history",
        "browser/test_quick_exit.py::test_quick_exit_works_without_javascript",
        "browser/test_quick_exit.py::test_quick_exit_is_visible_at_every_scroll_position",
    ),
    "S20": ("security/test_safety.py::test_quick_exit_leads_only_to_the_configured_site",),
    "S21": (
        "browser/test_offline_checkin.py::test_logout_sends_check_in_events_or_asks_first",
        "accounts/test_sessions.py::test_session_cookie_is_host_only_and_http_only",
        "accounts/test_sessions.py::test_session_expires_after_half_an_hour_without_requests",
        "accounts/test_sessions.py::test_active_session_expires_after_twelve_hours",
        "accounts/test_sessions.py::test_sign_out_ends_the_session_and_clears_the_browser",
        "accounts/test_second_factor.py::test_password_alone_gives_no_access",
        "accounts/test_second_factor.py::test_totp_code_works_once",
        "accounts/test_second_factor.py::test_one_code_in_eight_concurrent_browsers_signs_in_once",
        "accounts/test_totp_setup.py::test_account_without_second_factor_must_set_one_up_first",
        "accounts/test_passkeys.py::test_replayed_passkey_assertion_is_refused",
        "web/staff/test_policy.py::test_sensitive_actions_need_a_fresh_second_factor",
    ),
    "S22": ("web/staff/test_policy.py::test_workshop_of_another_office_looks_nonexistent",),
    "S23": (
        "web/staff/test_policy.py::test_discreet_attendee_list_cannot_be_exported",
        "web/staff/test_policy.py::test_viewing_names_of_a_discreet_workshop_is_logged",
        "web/staff/test_many_contacts.py::test_list_of_a_sensitive_kind_is_logged",
        "web/staff/test_attendee_list.py::test_list_of_the_door_opens_the_day_before",
        "web/staff/test_calls.py::test_call_of_a_discreet_workshop_is_private_until_it_is_opened",
        "web/staff/test_many_contacts.py::test_more_contacts_need_the_second_factor_and_a_letter",
    ),
    "S24": (
        "reports/test_counts.py::test_small_number_cannot_be_derived",
        "reports/test_suppression.py::test_no_hidden_number_can_be_derived",
        "reports/test_small_counts.py::test_no_small_count_can_be_narrowed",
        "reports/test_small_counts.py::test_rate_leaves_five_people_open",
        "reports/test_month_closing.py::test_attendance_of_one_late_report_is_not_published",
    ),
    "S25": ("security/test_safety.py::test_qr_code_page_is_the_same_for_everybody",),
    "S26": (
        "security/test_transcripts.py::test_attack_sees_the_same_with_and_without_the_victim",
        "security/test_transcripts.py::test_a_known_contact_takes_the_same_time",
        "security/test_abuse.py::test_filled_honeypot_field_is_refused_and_nothing_is_saved",
        "security/test_abuse.py::test_form_token_is_valid_from_two_seconds_to_twelve_hours",
        "security/test_abuse.py::test_party_size_is_limited_by_the_workshop",
        "security/test_abuse.py::test_one_contact_registers_any_number_of_parties",
        "concurrency/test_sending_again.py::test_used_form_leads_nobody_else_to_the_registration",
        "concurrency/test_sending_again.py::test_form_sent_five_times_at_once_with_other_names_makes_one_registration",
    ),
    "S27": ("browser/test_quick_exit.py::test_page_restored_from_browser_cache_is_reloaded",),
    "S28": (
        "security/test_discreet.py::test_seats_left_do_not_reveal_a_single_registration",
        "security/test_discreet.py::test_active_watcher_sees_an_hour_and_a_need_only_after_the_delay",
        "domain/registrations/test_public_seats.py::test_watcher_sees_a_registration_only_after_the_delay",
        "domain/registrations/test_public_seats.py::test_delay_is_random_and_at_most_an_hour",
    ),
    "S29": (
        "security/test_seat_share.py::test_one_network_takes_only_its_share",
        "security/test_seat_share.py::test_campaign_from_many_networks_fills_the_workshop",
        "security/test_seat_share.py::test_discreet_pages_are_the_same_beyond_the_share",
        "security/test_seat_share.py::test_discreet_change_is_answered_alike",
        "security/test_seat_share.py::test_more_people_count_in_the_share",
        "security/test_seat_share.py::test_offers_pass_over_parties_for_review",
        "security/test_seat_share.py::test_review_ends_a_day_before",
        "security/test_doubtful_seats.py::test_burst_names_the_seats_that_its_network_took_before",
        "security/test_doubtful_seats.py::test_nothing_leads_from_a_registration_to_a_burst_or_from_a_burst_to_an_address",
        "security/test_doubtful_seats.py::test_undecided_burst_ends_after_seven_days",
        "security/test_doubtful_seats.py::test_released_seats_go_to_the_waitlist_when_undo_is_over",
        "security/test_doubtful_seats.py::test_undo_after_five_minutes_is_refused",
        "security/test_doubtful_seats.py::test_discreet_page_is_the_same_after_the_release",
        "security/test_doubtful_seats.py::test_released_code_is_greeted_as_a_walk_in",
        "keystore/test_save_rates.py::test_brake_is_on_with_many_saves_of_few_networks",
        "web/public/test_proof_of_work.py::test_number_is_good_for_one_form_only",
        "web/public/test_proof_of_work.py::test_form_is_accepted_after_the_wait",
        "web/public/test_proof_of_work.py::test_sixty_people_behind_one_address_are_not_refused",
        "web/public/test_proof_of_work.py::test_crowd_from_many_networks_is_not_asked",
        "browser/test_proof_of_work.py::test_quick_exit_answers_during_the_work",
        "security/test_kept_seats.py::test_page_after_the_registration_proves_nothing",
        "domain/registrations/test_kept_seats.py::test_half_of_the_seats_is_kept",
    ),
    "S30": (
        "mail/test_recipient_limits.py::test_twenty_registrations_cause_three_letters_and_a_summary",
        "mail/test_recipient_limits.py::test_offers_reminders_and_cancellations_are_not_delayed",
        "mail/test_recipient_limits.py::test_twelve_new_contacts_cause_three_letters",
        "mail/test_recipient_limits.py::test_thirty_texts_to_one_phone_are_three",
        "mail/test_mail.py::test_confirmation_letter_is_sent_once_and_its_link_works",
        "domain/test_text.py::test_name_with_an_address_is_recognized",
        "domain/test_text.py::test_ordinary_name_is_no_address",
        "web/public/test_bad_input.py::test_bad_input_returns_the_form_with_an_error_and_stores_nothing",
    ),
    "S31": (
        "mail/test_recipient_limits.py::test_phones_of_other_countries_and_costs_are_refused",
        "mail/test_recipient_limits.py::test_stored_phone_that_is_not_ours_gets_no_text",
        "mail/test_recipient_limits.py::test_texts_beyond_the_budget_wait",
    ),
    "S32": (
        "security/test_ratchet.py::test_promise_to_a_registered_woman_is_kept",
        "security/test_ratchet.py::test_looser_kind_needs_a_fresh_factor_and_sends_letters_to_all_admins",
        "security/test_ratchet.py::test_new_workshops_of_a_looser_kind_are_looser",
        "security/test_own_rooms.py::test_moving_never_loosens",
    ),
    "S33": (
        "domain/registrations/test_check_in_codes.py"
        "::test_code_is_unknown_with_keys_of_another_installation",
        "domain/registrations/test_check_in_codes.py"
        "::test_code_of_an_erased_registration_finds_nobody",
        "security/test_stolen_copy.py::test_backup_and_phone_without_keys_match_in_no_column",
        "security/test_stolen_copy.py::test_backup_says_no_minute_in_which_a_person_did_something",
        "security/test_stolen_copy.py::test_small_totals_are_not_plain",
        "security/test_stolen_copy.py"
        "::test_product_with_fresh_keys_knows_no_link_code_or_square_of_a_stolen_copy",
        "db/test_sealing_of_old_rows.py::test_upgrade_encrypts_plain_rows_and_changes_nothing_else",
        "faults/test_totals_cut_short.py"
        "::test_erasure_cut_after_the_key_frees_the_place_when_reconciled",
        "privacy/test_retention.py::test_erased_row_keeps_only_its_numbers",
    ),
    "S34": ("cli/test_process.py::test_command_keeps_its_files_and_its_memory_to_itself",),
    "S35": (
        "accounts/test_staff_letters.py::test_sign_in_with_a_new_browser_sends_a_letter",
        "accounts/test_staff_letters.py::test_change_of_how_one_signs_in_sends_a_letter",
        "accounts/test_sessions.py::test_sign_in_attempts_are_limited_by_account_and_address",
    ),
    "S36": (
        "web/staff/test_notify_sheet.py::test_action_shows_the_sheet_first_and_changes_nothing",
        "web/staff/test_notify_sheet.py::test_action_is_undone_with_its_notification",
        "web/staff/test_notify_sheet.py::test_urgent_asks_for_the_factor_again",
        "domain/registrations/test_change_notifications.py::test_change_is_notified_after_the_hold",
        "domain/registrations/test_change_notifications.py"
        "::test_near_change_and_any_cancellation_are_never_silent",
        "domain/registrations/test_change_notifications.py::test_undo_is_refused_with_its_cause",
        "domain/registrations/test_change_notifications.py"
        "::test_what_people_know_is_true_whatever_happens",
    ),
    "S37": (
        "web/public/test_help_lines.py"
        "::test_number_that_nobody_checked_gives_way_to_the_national_line",
        "web/public/test_help_lines.py::test_staff_are_asked_every_90_days",
        "web/public/test_help_lines.py"
        "::test_discreet_workshop_gives_the_line_of_its_province_before_911",
    ),
    "S38": (
        "web/public/test_safety_questions.py"
        "::test_claim_about_authorities_is_said_only_where_it_was_affirmed_within_90_days",
        "web/public/test_safety_questions.py"
        "::test_lead_of_the_office_affirms_and_a_move_takes_it_back",
        "web/public/test_safety_questions.py::test_discreet_page_says_nothing_of_the_way",
    ),
    "S39": (
        "websub/test_public_addresses.py::test_address_that_only_this_server_can_reach_is_refused",
        "websub/test_public_addresses.py"
        "::test_other_spelling_of_this_machine_is_refused_before_anything_is_sent",
        "websub/test_public_addresses.py::test_no_setting_permits_this_machine",
        "websub/test_hub.py::test_topic_that_is_no_public_feed_is_refused_with_one_sentence",
        "websub/test_hub.py::test_callback_that_does_not_echo_the_challenge_gets_nothing",
        "websub/test_hub.py::test_pushed_feed_has_no_street_no_venue_and_no_free_text",
        "websub/test_hub.py::test_workshop_is_pushed_a_day_after_it_was_published",
    ),
    "S40": (
        "web/public/test_follow_pages.py"
        "::test_single_kind_of_high_sensitivity_is_not_stored_with_an_address",
        "web/public/test_follow_pages.py::test_no_place_finer_than_a_county_is_stored",
        "web/public/test_follow_pages.py"
        "::test_discreet_and_unlisted_workshops_are_announced_to_nobody",
        "web/public/test_follow_pages.py::test_discreet_and_unlisted_workshops_cannot_be_followed",
        "web/public/test_follow_pages.py::test_answer_is_the_same_for_who_follows_already",
        "web/public/test_follow_pages.py::test_endpoint_that_is_no_push_service_is_refused",
        "web/public/test_follow_pages.py::test_push_message_is_encrypted_for_the_browser_and_signed",
        "security/test_follows.py::test_nothing_of_who_follows_is_readable_in_any_file",
        "security/test_follows.py::test_nothing_is_left_of_who_ended_it",
        "security/test_follows.py::test_no_backup_has_anything_of_who_follows",
        "security/test_follows.py::test_no_subject_text_or_letter_reveals_a_kind",
        "security/test_follows.py::test_log_has_nothing_of_who_follows",
    ),
    "S41": (
        "answers/test_adapters.py::test_forged_request_is_refused",
        "answers/test_adapters.py::test_request_is_taken_once",
        "answers/test_conversation.py::test_place_ends_only_when_the_digits_come_back",
        "answers/test_conversation.py"
        "::test_phone_of_a_discreet_place_gets_what_an_unknown_one_gets",
        "answers/test_conversation.py::test_stop_ends_all_texts_and_the_staff_call",
        "answers/test_conversation.py::test_forged_senders_do_not_make_us_write_to_somebody",
        "answers/test_fuzzed_answers.py::test_no_answer_ends_the_place_of_another_person",
        "answers/test_fuzzed_answers.py"
        "::test_nothing_of_a_number_is_left_when_its_person_is_erased",
    ),
}
