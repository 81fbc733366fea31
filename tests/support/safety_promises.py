"""The tests of each safety requirement of requirements.md."""

from typing import Final

PROMISES: Final[dict[str, tuple[str, ...]]] = {
    "S01": ("web/middleware/test_headers.py::test_public_pages_set_no_cookie",),
    "S02": (
        "web/middleware/test_headers.py::test_every_response_has_the_security_headers",
        "web/middleware/test_headers.py::test_staff_pages_and_server_errors_have_the_security_headers",
        "web/middleware/test_headers.py::test_only_the_offline_check_in_may_use_a_worker_and_the_camera",
    ),
    "S03": (
        "web/middleware/test_headers.py::test_pages_have_no_inline_code_and_no_foreign_resources",
        "project/test_layout.py::test_templates_have_no_inline_code_or_foreign_resource",
    ),
    "S04": (
        "web/middleware/test_headers.py::test_private_pages_are_not_cached_and_not_indexed",
        "web/middleware/test_headers.py::test_pages_of_a_discreet_kind_are_not_cached",
    ),
    "S05": ("security/test_safety.py::test_tokens_are_stored_only_as_hashes_and_are_independent",),
    "S06": ("security/test_safety.py::test_get_requests_change_nothing",),
    "S07": (
        "security/test_safety.py::test_all_dead_links_give_the_same_page",
        "security/test_safety.py::test_all_dead_links_run_the_same_statements",
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
    ),
    "S14": (
        "security/test_discreet.py::test_discreet_workshop_page_has_no_kind_in_title_or_url",
        "security/test_discreet.py::test_calendar_entry_of_a_discreet_registration_has_only_date_and_time",
    ),
    "S15": ("security/test_discreet.py::test_personal_calendar_entry_contains_no_manage_link",),
    "S16": (
        "feeds/test_feed_discretion.py::test_discreet_workshop_is_only_in_feeds_of_its_kind",
        "feeds/test_feed_discretion.py::test_feed_of_a_discreet_kind_has_day_hour_and_city",
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
    ),
    "S24": (
        "reports/test_counts.py::test_small_number_cannot_be_derived",
        "reports/test_suppression.py::test_no_hidden_number_can_be_derived",
        "reports/test_month_closing.py::test_attendance_of_one_late_report_is_not_published",
    ),
    "S25": ("security/test_safety.py::test_qr_code_page_is_the_same_for_everybody",),
    "S26": (
        "security/test_abuse.py::test_filled_honeypot_field_is_refused_and_nothing_is_saved",
        "security/test_abuse.py::test_form_token_is_valid_from_two_seconds_to_twelve_hours",
        "security/test_abuse.py::test_party_size_is_limited_by_the_workshop",
        "security/test_abuse.py::test_one_contact_registers_any_number_of_parties",
        "concurrency/test_sending_again.py::test_used_form_leads_nobody_else_to_the_registration",
        "concurrency/test_sending_again.py::test_form_sent_five_times_at_once_with_other_names_makes_one_registration",
    ),
    "S27": ("browser/test_quick_exit.py::test_page_restored_from_browser_cache_is_reloaded",),
    "S28": ("security/test_discreet.py::test_seats_left_do_not_reveal_a_single_registration",),
    "S29": (
        "security/test_seat_share.py::test_one_network_takes_only_its_share",
        "security/test_seat_share.py::test_campaign_from_many_networks_fills_the_workshop",
        "security/test_seat_share.py::test_discreet_pages_are_the_same_beyond_the_share",
        "security/test_seat_share.py::test_discreet_change_is_answered_alike",
        "security/test_seat_share.py::test_more_people_count_in_the_share",
        "security/test_seat_share.py::test_offers_pass_over_parties_for_review",
        "security/test_seat_share.py::test_review_ends_a_day_before",
    ),
    "S30": (
        "domain/test_text.py::test_name_with_an_address_is_recognized",
        "domain/test_text.py::test_ordinary_name_is_no_address",
        "web/public/test_bad_input.py::test_bad_input_returns_the_form_with_an_error_and_stores_nothing",
    ),
    "S34": ("cli/test_process.py::test_command_keeps_its_files_and_its_memory_to_itself",),
}
