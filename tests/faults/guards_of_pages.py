"""The guards of pages, of exits and of what staff see."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    # Letters to staff.
    Guard(
        "S35", "outreach.mail.staff_letters:_name",
        "workshop.is_discreet or workshop.kind.is_discreet", "False",
        "tests/mail/test_digests.py::test_digest_names_no_person_and_no_discreet_topic",
    ),
    Guard(
        "S35", "outreach.domain.newsletter.mail_choices:CAN_BE_WRITTEN_TO",
        "StaffMember.signed_in_at.is_not(None)", "",
        "tests/mail/test_digests.py::test_only_proven_addresses_of_active_accounts_are_written_to",
    ),
    Guard(
        "S35", "outreach.domain.newsletter.mail_choices:read_token",
        "not hmac.compare_digest(signature.encode(), expected.encode())", "False",
        "tests/web/staff/test_letter_choices.py::test_link_of_another_account_or_group_is_unknown",
    ),
    Guard(
        "S35", "outreach.domain.dashboard.staff_alerts:list_of_mailing",
        "mailing.organizer_id in readers[each.workshop.office.slug]", "",
        "tests/mail/test_staff_alerts.py::test_each_reads_of_their_own_office_only",
    ),
    Guard(
        "S35", "outreach.domain.dashboard.staff_alerts:_list_new",
        "StaffAlert.made_at > now - INTERVAL", "sa.false()",
        "tests/mail/test_staff_alerts.py::test_burst_is_written_about",
    ),
    # Moves.
    Guard(
        "S36", "outreach.web.staff.calendar.move_workshop:_move",
        "form.visto.data and form.visto.data != str(workshop.sequence)", "False",
        "tests/web/staff/test_move_workshop.py::test_move_of_what_another_organizer_moved_meanwhile_is_refused",
    ),
    Guard(
        "S36", "outreach.web.staff.calendar.move_workshop:move",
        "notify_sheet.require_decision(session, [workshop], decision)", "pass",
        "tests/web/staff/test_move_workshop.py::test_workshop_with_people_asks_first_whom_to_tell",
    ),
    Guard(
        "S36", "outreach.web.staff.workshops.cancel_workshop:cancel",
        "request.form.get('visto', str(workshop.sequence)) != str(workshop.sequence)", "False",
        "tests/web/staff/test_editors_walk.py::test_cancellation_of_what_was_moved_meanwhile_is_refused",
    ),
    Guard(
        "S36", "outreach.web.staff.workshop_form.form_factory:_hash",
        "(saved, workshop.is_cancelled)", "saved",
        "tests/web/staff/test_editors_walk.py::test_edit_of_what_was_cancelled_meanwhile_is_refused",
    ),
    Guard(
        "S02", "outreach.web.middleware.response_headers:_POLICY",
        '{\'default-src\': "\'none\'", \'style-src\': "\'self\'", \'script-src\': "\'self\'", \'img-src\': "\'self\'", \'font-src\': "\'self\'", \'connect-src\': "\'self\'", \'manifest-src\': "\'self\'", \'form-action\': "\'self\'", \'base-uri\': "\'none\'", \'frame-ancestors\': "\'none\'"}',
        '{\'default-src\': "\'none\'", \'style-src\': "\'self\'", \'script-src\': "\'self\'", \'img-src\': "\'self\'", \'font-src\': "\'self\'", \'connect-src\': "\'self\'", \'manifest-src\': "\'self\'", \'form-action\': "\'self\'", \'base-uri\': "\'none\'"}',
        "tests/web/middleware/test_headers.py::test_every_response_has_the_security_headers",
    ),
    Guard(
        "S03", "templates/base.html",
        '<script src="{{ static(\'app.js\') }}" defer></script>', "<script>go()</script>",
        "tests/web/middleware/test_headers.py::test_pages_have_no_inline_code_and_no_foreign_resources",
    ),
    Guard(
        "S03", "templates/base.html",
        '<script src="{{ static(\'app.js\') }}" defer></script>', "<script>go()</script>",
        "tests/project/test_layout.py::test_templates_have_no_inline_code_or_foreign_resource",
    ),
    Guard(
        "S04", "outreach.web.middleware.response_headers:_finish",
        "g.get('is_private')", "",
        "tests/web/middleware/test_headers.py::test_private_pages_are_not_cached_and_not_indexed",
    ),
    Guard(
        "S05", "outreach.domain.registrations.models:derive_entry_token",
        "_text_of(keystore.derive_link(key, 'entry'))", "manage_token(key)",
        "tests/security/test_safety.py::test_tokens_are_stored_only_as_hashes_and_are_independent",
    ),
    Guard(
        "S05", "outreach.keystore.keystore:KeyStore.link_digest",
        "self._keyed(f'link {hashed.hex()}')", "hashed",
        "tests/security/test_safety.py::test_copy_of_the_database_with_other_keys_knows_no_link",
    ),
    Guard(
        "S14", "outreach.web.presentation.formatting:host_name",
        "workshop.is_discreet or workshop.kind.is_discreet", "False",
        "tests/web/public/test_host.py::test_discreet_workshop_names_neither_host_nor_network",
    ),
    Guard(
        "S14", "templates/base.html",
        "{{ _('Talleres') if quick_exit else brand() }}", "{{ brand() }}",
        "tests/web/public/test_host.py::test_discreet_workshop_names_neither_host_nor_network",
    ),
    Guard(
        "S38", "outreach.domain.locations.venues:Venue.is_affirmed",
        "today - self.affirmed_on <= AFFIRMED_FOR", "",
        "tests/web/public/test_safety_questions.py::test_claim_about_authorities_is_said_only_where_it_was_affirmed_within_90_days",
    ),
    Guard(
        "S38", "outreach.domain.scheduling.venue_change:change_venue",
        "venue.affirmed_on = None", "pass",
        "tests/web/public/test_safety_questions.py::test_lead_of_the_office_affirms_and_a_move_takes_it_back",
    ),
    Guard(
        "S38", "outreach.web.staff.network.venue_pages:_affirm",
        "require_permission(Permission.AFFIRM, slug)", "pass",
        "tests/web/public/test_safety_questions.py::test_lead_of_the_office_affirms_and_a_move_takes_it_back",
    ),
    Guard(
        "S38", "templates/workshops/workshop.html",
        "{% if is_ahead and not is_quiet %}", "{% if is_ahead %}",
        "tests/web/public/test_safety_questions.py::test_discreet_page_says_nothing_of_the_way",
    ),
    Guard(
        "S38", "templates/workshops/workshop.html",
        "{% set open_venue = venue if venue and not workshop.has_secret_address else none %}",
        "{% set open_venue = venue %}",
        "tests/web/public/test_safety_questions.py::test_hidden_address_of_an_ordinary_workshop_hides_the_way",
    ),
    Guard(
        "S37", "outreach.domain.network.help_lines:HelpLine.is_shown",
        "not self.region or not self.is_outdated(today)", "True",
        "tests/web/public/test_help_lines.py::test_number_that_nobody_checked_gives_way_to_the_national_line",
    ),
    Guard(
        "S06", "outreach.web.public.my_registration.cancel:ask_forget",
        "registration_page.show('erase', _load(token), clock.now())", "forget(token)",
        "tests/security/test_safety.py::test_get_requests_change_nothing",
    ),
    Guard(
        "S07", "outreach.web.middleware.error_pages:page",
        "g.other_languages_at = '/'", "pass",
        "tests/security/test_safety.py::test_all_dead_links_give_the_same_page",
    ),
    Guard(
        "S07", "outreach.domain.registrations.code_lookup:find_by_code_and_name",
        "hmac.compare_digest(_digest(stored), wanted)", "True",
        "tests/web/public/test_my_place.py::test_unknown_code_and_wrong_name_get_the_same_answer",
    ),
    Guard(
        "S07", "outreach.web.public.my_registration.recover_link:_open_by_code",
        "registration.workshop.is_discreet", "False",
        "tests/web/public/test_my_place.py::test_discreet_place_shows_neither_kind_nor_address_before_the_tap",
    ),
    Guard(
        "S07", "outreach.web.public.my_registration.recover_link:_open_by_code",
        "not is_within_tries", "",
        "tests/web/public/test_my_place.py::test_five_tries_an_hour_for_each_code_from_any_address",
    ),
    Guard(
        "S09", "outreach.web.middleware.rate_limits:_of_code_try",
        "address", "of_today(f'{address} {code}').hex()",
        "tests/web/public/test_my_place.py::test_sixty_tries_an_hour_for_each_address_whatever_the_code",
    ),
    Guard(
        "S09", "outreach.web.middleware.rate_limits:_of_code_try",
        "CODES_AN_HOUR", "CODE_TRIES_AN_HOUR",
        "tests/web/public/test_my_place.py::test_wrong_codes_of_a_stranger_do_not_close_it_for_the_neighbours",
    ),
    Guard(
        "S09", "outreach.web.middleware.rate_limits:_of_code_try",
        "(of_today(f'code {code}').hex(), CODE_TRIES_AN_HOUR)", "(address, CODES_AN_HOUR)",
        "tests/web/public/test_my_place.py::test_five_tries_an_hour_for_each_code_from_any_address",
    ),
    Guard(
        "S08", "outreach.web.middleware.failures:_route",
        "request.url_rule.rule if request.url_rule else '-'", "request.remote_addr",
        "tests/security/test_traces.py::test_error_after_the_answer_is_logged_without_link_or_form_values",
    ),
    Guard(
        "S09", "outreach.web.middleware.client_address:get_address",
        "ip_network((parsed, 64), strict=False)", "parsed",
        "tests/security/test_abuse.py::test_ipv6_addresses_of_one_network_share_a_rate_limit",
    ),
    Guard(
        "S09", "outreach.web.middleware.rate_limits:count_post",
        "count_request('malformed post', limits.malformed_posts)", "count_request('post', limits.posts)",
        "tests/security/test_abuse.py::test_malformed_posts_use_up_nothing_that_neighbours_need",
    ),
    Guard(
        "S09", "outreach.keystore.keystore:KeyStore.digest_of_today",
        "self._day[1]", "b'x'",
        "tests/security/test_abuse.py::test_rate_counters_cannot_be_linked_to_an_address_the_next_day",
    ),
    Guard(
        "S09", "outreach.web.middleware.client_address:get_address",
        "chain[-proxies].strip() if len(chain) >= proxies else found",
        "chain[0] if True else found",
        "tests/security/test_abuse.py::test_forwarded_address_counts_only_behind_trusted_proxies",
    ),
    Guard(
        "S10", "outreach.web.middleware.failures:_route",
        "request.url_rule.rule if request.url_rule else '-'", "request.path",
        "tests/security/test_traces.py::test_error_after_the_answer_is_logged_without_link_or_form_values",
    ),
    Guard(
        "S10", "outreach.web.middleware.failures:without_text",
        "_kind(error)", "str(request.form)",
        "tests/security/test_traces.py::test_error_after_the_answer_is_logged_without_link_or_form_values",
    ),
    Guard(
        "S10", "outreach.app:Application.log_exception",
        "failures.note(exc_info[1])", "super().log_exception(exc_info)",
        "tests/security/test_traces.py::test_error_after_the_answer_is_logged_without_link_or_form_values",
    ),
    Guard(
        "S10", "outreach.web.middleware.error_pages:init_app",
        "logging.getLogger(app.name).addFilter(_remove_error_text)", "logging.getLogger(app.name)",
        "tests/security/test_traces.py::test_error_after_the_answer_is_logged_without_link_or_form_values",
    ),
    Guard(
        "S11", "outreach.db.store:_prepare_sqlite.on_connect",
        "'PRAGMA secure_delete = ON'", "'PRAGMA secure_delete = OFF'",
        "tests/privacy/test_erasure.py::test_purge_leaves_no_byte_of_a_person",
    ),
    Guard(
        "S12", "outreach.privacy.erasure:erase",
        "key_store.destroy(*(row.key_id for row in rows if row.key_id is not None))", "pass",
        "tests/privacy/test_erasure.py::test_erasure_leaves_no_byte_of_a_person_at_once",
    ),
    Guard(
        "S13", "templates/workshops/ways.html",
        "{%- elif workshop.has_secret_address %}", "{%- elif false %}",
        "tests/security/test_hidden_address.py::test_hidden_address_is_on_no_public_page",
    ),
    Guard(
        "S13", "outreach.web.presentation.workshop_cards:place",
        "found.venue_name if is_public else found.venue_area or ''", "found.venue_name",
        "tests/security/test_hidden_address.py::test_hidden_address_is_on_no_public_page",
    ),
    Guard(
        "S13", "outreach.feeds.vevent:_has_public_address",
        "workshop.visibility is Visibility.PUBLIC", "True",
        "tests/security/test_hidden_address.py::test_hidden_address_is_on_no_public_page",
    ),
    Guard(
        "S13", "outreach.web.presentation.workshop_cards:_languages",
        "found.is_discreet", "",
        "tests/web/public/test_workshop_list.py::test_card_names_its_host_except_a_discreet_one",
    ),
    Guard(
        "S13", "outreach.web.presentation.workshop_cards:card",
        "'' if found.is_discreet else i18n.say(found.office_name, lang)",
        "i18n.say(found.office_name, lang)",
        "tests/web/public/test_workshop_list.py::test_card_names_its_host_except_a_discreet_one",
    ),
    Guard(
        "S13", "outreach.domain.search.search:build_conditions",
        "Workshop.is_discreet.is_(False)", "sa.true()",
        "tests/web/public/test_workshop_list.py::test_card_names_its_host_except_a_discreet_one",
    ),
    Guard(
        "S14", "outreach.web.public.search_params:SearchParams.carry",
        "not by_code[code].is_discreet", "",
        "tests/web/public/test_workshop_list.py::test_filter_to_a_discreet_kind_is_carried_nowhere",
    ),
    Guard(
        "S13", "outreach.domain.scheduling.workshop_data:get_default_visibility",
        "venue is not None and venue.is_own_room", "True",
        "tests/security/test_own_rooms.py::test_form_of_a_new_workshop_follows_the_venue_and_says_why",
    ),
    Guard(
        "S13", "outreach.domain.locations.venues:require_public_meeting_point",
        "reveals_it or (words & numbers and words & streets)", "False",
        "tests/security/test_own_rooms.py::test_meeting_point_that_tells_the_address_is_refused",
    ),
    Guard(
        "S13", "outreach.domain.workshops.models:Workshop.meeting_point",
        "is_shown", "",
        "tests/security/test_own_rooms.py::test_meeting_point_is_public_where_the_address_is_hidden",
    ),
    Guard(
        "S13", "outreach.domain.scheduling.venue_merge:_update",
        "is_elsewhere and workshop.is_discreet and is_open", "False",
        "tests/domain/scheduling/test_venue_merge.py::test_discreet_workshop_does_not_show_another_address_to_everybody",
    ),
    Guard(
        "S13", "outreach.domain.scheduling.venue_merge:_Stay.is_shown_otherwise",
        "self._published(self.place) != self._published(place)", "",
        "tests/domain/scheduling/test_venue_merge.py::test_entry_keeps_its_sequence_unless_its_place_changes",
    ),
    Guard(
        "S13", "outreach.domain.scheduling.venue_merge:_differs",
        "not venue_matching.has_same_address(before.address, after.address)", "True",
        "tests/domain/scheduling/test_venue_merge.py::test_nobody_is_notified_where_the_address_is_another_spelling",
    ),
    Guard(
        "S38", "outreach.web.staff.network.venue_pages:_find_itself",
        """if found.id != venue_id:
    raise Conflict('merged venue')""",
        """if False:
    pass""",
        "tests/web/staff/test_venue_merge_pages.py::test_old_page_of_a_merged_venue_does_not_retire_the_other",
    ),
    Guard(
        "S38", "outreach.web.staff.network.venue_merge_pages:_require_announced",
        "effect.notified > (request.form.get('told', type=int) or 0)", "False",
        "tests/web/staff/test_venue_merge_pages.py::test_more_people_are_not_notified_than_the_page_said",
    ),
    Guard(
        "S36", "outreach.web.staff.checkin.checkin_offline:upload_events",
        "workshop.is_closed_for_danger", "False",
        "tests/web/staff/test_venue_danger.py::test_phone_without_a_network_hears_of_the_closing_and_keeps_what_it_noted",
    ),
    Guard(
        "S13", "outreach.web.staff.dashboard.alert_rows:_name",
        "card.is_neutral and alert.workshop.is_discreet", "False",
        "tests/web/staff/test_approvals.py::test_alert_does_not_name_a_discreet_workshop",
    ),
    Guard(
        "S13", "outreach.domain.registrations.address_approval:compute_next_look",
        "min(_next_working_morning(workshop, since), latest)",
        "_next_working_morning(workshop, since)",
        "tests/web/staff/test_approvals.py::test_page_says_when_to_look_again",
    ),
    Guard(
        "S32", "outreach.web.staff.workshop_form.workshop_form:WorkshopForm._visibility",
        "default if self.is_unpublished else base.visibility.at_least(default)", "default",
        "tests/security/test_own_rooms.py::test_moving_never_loosens",
    ),
    Guard(
        "S14", "templates/workshops/workshop.html",
        """{% block title %}
  {% if is_quiet %}""",
        """{% block title %}
  {% if false %}""",
        "tests/security/test_discreet.py::test_discreet_workshop_page_has_no_kind_in_title_or_url",
    ),
    Guard(
        "S15", "outreach.feeds.attendee_event:write",
        "event.add('transp', 'TRANSPARENT' if is_off else 'OPAQUE')",
        "(event.add('url', f'https://x/es/t/{workshop.public_id}'), event.add('transp', 'TRANSPARENT' if is_off else 'OPAQUE'))",
        "tests/security/test_discreet.py::test_personal_calendar_entry_contains_no_manage_link",
    ),
    Guard(
        "S14", "outreach.feeds.ics_feed:write_single",
        "workshop.is_sensitive", "False",
        "tests/web/public/test_way_forms.py::test_calendar_file_of_high_sensitivity_says_appointment_and_city",
    ),
    Guard(
        "S14", "outreach.pdf.ticket_picture:is_offered",
        "not registration.workshop.is_discreet", "",
        "tests/web/public/test_way_forms.py::test_ticket_is_saved_as_a_picture_unless_discreet",
    ),
    Guard(
        "S13", "outreach.domain.workshops.models:Workshop.public_link",
        "'' if self.is_discreet or self.has_secret_address else self.live_url", "self.live_url",
        "tests/web/public/test_way_forms.py::test_open_stream_has_its_link_on_the_page_and_in_the_open_data",
    ),
    Guard(
        "S13", "outreach.domain.scheduling.workshop_service:_store",
        "workshop.moved_at is None or {'day', 'starts'} & new", "True",
        "tests/web/public/test_way_forms.py::test_moved_workshop_says_when_it_was_and_hides_that_a_hidden_place_moved",
    ),
    Guard(
        "S18", "outreach.web.forms.registration_form:PersonForm.validate_contact",
        "self.must_leave_phone and (not self._leaves_phone)", "False",
        "tests/web/public/test_way_forms.py::test_telephone_consultation_requires_a_phone",
    ),
    Guard(
        "S17", "templates/my_registration/detail.html",
        "{% block title %}{{ _('Cita')",
        "{% block title %}{{ workshop.title|localize }}{{ _('Cita')",
        "tests/security/test_discreet.py::test_personal_page_keeps_no_kind_in_browser_history",
    ),
    Guard(
        "S16", "outreach.domain.calendar.feed_query:_conditions",
        "yield sa.or_(Workshop.is_discreet.is_(False), is_named)", "pass",
        "tests/feeds/test_feed_discretion.py::test_discreet_workshop_is_only_in_feeds_of_its_kind",
    ),
    Guard(
        "S16", "outreach.domain.calendar.feed_query:_conditions",
        "yield sa.or_(Workshop.is_discreet.is_(True), is_other)", "pass",
        "tests/security/test_ratchet.py::test_neutral_code_opens_its_kind_for_ever",
    ),
    Guard(
        "S16", "outreach.feeds.vevent:title",
        "workshop.is_discreet", "False",
        "tests/feeds/test_feed_discretion.py::test_feed_of_a_discreet_kind_has_day_hour_and_city",
    ),
    Guard(
        "CAL10", "outreach.domain.calendar.change_counters:_LATER",
        '"max(excluded.changed_at, datetime(change_counter.changed_at, \'+1 second\') || \'.000000\')"',
        "'excluded.changed_at'",
        "tests/feeds/test_feed_cache.py::test_each_counted_change_is_a_second_later_than_the_one_before",
    ),
    Guard(
        "CAL05", "outreach.domain.scheduling.workshop_service:_store",
        "workshop.changed_at = max(workshop.changed_at, shown_at)", "pass",
        "tests/domain/scheduling/test_workshop_service.py::test_new_venue_is_a_later_change_than_the_last_one_of_the_former_venue",
    ),
    # Ways out.
    Guard(
        "S19", "outreach/web/scripts/quick_exit.js",
        "location.replace(exitLink.href);", "location.href = exitLink.href;",
        "tests/browser/test_quick_exit.py::test_quick_exit_replaces_the_page_in_history",
    ),
    Guard(
        "S19", "outreach/web/scripts/quick_exit.js",
        "location.replace(link.href);", "location.href = link.href;",
        "tests/browser/test_quick_exit.py::test_quick_exit_leaves_no_discreet_page_in_history",
    ),
    Guard(
        "S19", "outreach/web/scripts/quick_exit.js",
        "document.body.replaceChildren();", "",
        "tests/browser/test_quick_exit.py::test_quick_exit_blanks_the_page_at_once",
    ),
    Guard(
        "S19", "outreach/web/styles/controls.css",
        """.exit-fixed {
  position: fixed;""",
        ".exit-fixed {",
        "tests/browser/test_quick_exit.py::test_quick_exit_is_visible_at_every_scroll_position",
    ),
    Guard(
        "S20", "outreach.web.public.about:leave",
        "config().quick_exit_url or f'https://www.google.com/search?q={word}'",
        "__import__('flask').request.args.get('url') or config().quick_exit_url or f'https://www.google.com/search?q={word}'",
        "tests/security/test_safety.py::test_quick_exit_leads_only_to_the_configured_site",
    ),
    Guard(
        "S27", "outreach/web/scripts/quick_exit.js",
        "if (event.persisted) location.reload();", "",
        "tests/browser/test_quick_exit.py::test_page_restored_from_browser_cache_is_reloaded",
    ),
    Guard(
        "S28", "outreach.domain.workshops.models:Workshop.public_seats_left",
        "self.shown_seats if self.hides_seats else self.seats_left", "self.seats_left",
        "tests/security/test_discreet.py::test_seats_left_do_not_reveal_a_single_registration",
    ),
    Guard(
        "S28", "outreach.domain.search.search:PUBLIC_SEATS",
        "(HIDES_SEATS, Workshop.shown_seats)", "",
        "tests/security/test_discreet.py::test_seats_left_do_not_reveal_a_single_registration",
    ),
    Guard(
        "S28", "outreach.domain.search.search:build_conditions",
        "PUBLIC_SEATS", "Workshop.seats_left",
        "tests/web/public/test_list_counts.py::test_discreet_kind_is_counted_as_its_seats_appear",
    ),
    Guard(
        "S28", "outreach.domain.registrations.public_seats:DelayedStates.find_due",
        "self.due_at.get(key) or now + self._draw()", "now",
        "tests/domain/registrations/test_public_seats.py::test_watcher_sees_a_registration_only_after_the_delay",
    ),
    Guard(
        "CAL04", "outreach.domain.workshops.models:Workshop.get_uid_host",
        "NEUTRAL_UID_HOST if self.has_neutral_uid else host", "host",
        "tests/security/test_discreet.py::test_calendar_entries_of_a_new_discreet_workshop_do_not_name_the_site",
    ),
    Guard(
        "SEAT04", "outreach.mail.delivery:_NotificationWriter.__call__",
        "self.key_store.letter_id(notification.id, registration.id.lower())",
        "f'{notification.id}.{registration.id.lower()}'",
        "tests/mail/test_mail.py::test_message_id_leads_to_no_registration_without_the_key_store",
    ),
    Guard(
        "S29", "outreach.privacy.reconcile:IS_WITHOUT_SEAT",
        "~APPARENTLY_CONFIRMED", "",
        "tests/privacy/test_retention.py::test_party_beyond_a_share_whose_page_shows_a_seat_is_kept_as_long_as_one_with_a_seat",
    ),
    Guard(
        "S28", "outreach.web.forms.availability:_hours",
        "slot.appears_free if as_shown else slot.seats_left > 0", "slot.seats_left > 0",
        "tests/security/test_discreet.py::test_active_watcher_sees_an_hour_and_a_need_only_after_the_delay",
    ),
    Guard(
        "S28", "outreach.domain.registrations.accommodations:list_used_up",
        "as_shown", "False",
        "tests/security/test_discreet.py::test_active_watcher_sees_an_hour_and_a_need_only_after_the_delay",
    ),
    # Staff.
    Guard(
        "S23", "outreach.web.staff.workshops.attendee_list:calls",
        "notice.registration.workshop.is_discreet and (not row.is_whole)", "False",
        "tests/web/staff/test_calls.py::test_call_of_a_discreet_workshop_is_private_until_it_is_opened",
    ),
    Guard(
        "S23", "outreach.web.staff.checkin.checkin_pages:find_closed_page",
        "checkin.is_list_open(workshop, now=now)", "",
        "tests/web/staff/test_attendee_list.py::test_list_of_the_door_opens_the_day_before",
    ),
    Guard(
        "S21", "outreach.web.staff.common.guards:set_session_cookie",
        "httponly=True", "",
        "tests/accounts/test_sessions.py::test_session_cookie_is_host_only_and_http_only",
    ),
    Guard(
        "S21", "outreach.web.staff.common.guards:_guard",
        "if not who.is_proven:", "if False:",
        "tests/accounts/test_second_factor.py::test_password_alone_gives_no_access",
    ),
    Guard(
        "S21", "outreach.accounts.totp:_use_step",
        "TotpSecret.last_step < step", "",
        "tests/accounts/test_second_factor.py::test_totp_code_works_once",
    ),
    Guard(
        "S21", "outreach.accounts.totp:_use_step",
        "CodeVerdict.RIGHT if used else CodeVerdict.REPLAYED", "CodeVerdict.RIGHT",
        "tests/accounts/test_second_factor.py::test_one_code_in_eight_concurrent_browsers_signs_in_once",
    ),
    Guard(
        "S21", "outreach.accounts.totp:_count_try",
        "TotpSecret.tries < MAX_TRIES", "",
        "tests/accounts/test_second_factor.py::test_ten_wrong_codes_lock_the_second_factor_for_an_hour",
    ),
    Guard(
        "S21", "outreach.accounts.totp:_use_recovery_code",
        "not gone", "False",
        "tests/accounts/test_second_factor.py::test_recovery_codes_are_normalized_and_stored_hashed",
    ),
    Guard(
        "S21", "outreach.accounts.sessions:confirm_second_factor",
        "{'digest': digest(token), 'proven_at': now, 'seen_at': now}",
        "{'digest': signed.digest, 'proven_at': now, 'seen_at': now}",
        "tests/accounts/test_second_factor.py::test_second_factor_rotates_the_session_token",
    ),
    Guard(
        "S21", "outreach.accounts.webauthn_challenges:redeem",
        "kept if changes_one_row(session, sa.delete(Challenge).where(*is_open)) else None", "kept",
        "tests/accounts/test_passkeys.py::test_replayed_passkey_assertion_is_refused",
    ),
    Guard(
        "S21", "outreach.web.staff.common.guards:_guard",
        "rule.is_fresh and (not who.is_fresh(clock.now()))", "False",
        "tests/web/staff/test_policy.py::test_sensitive_actions_need_a_fresh_second_factor",
    ),
    Guard(
        "S22", "outreach.web.staff.common.guards:enforce",
        "not has_permission(rule.permission, ALL_OFFICES)", "False",
        "tests/web/staff/test_refusals.py::test_each_role_reads_in_the_frame_why_a_page_is_refused",
    ),
    Guard(
        "S22", "outreach.web.staff.common.refusals:_is_attested",
        "request.headers.get('Sec-Fetch-Site') == 'same-origin'", "True",
        "tests/web/staff/test_refusals.py::test_passwords_and_forms_of_unknown_origin_are_not_shown_again",
    ),
    Guard(
        "S22", "outreach.web.staff.common.refusals:_sent_fields",
        "_SECRET_FIELDS & sent.keys()", "False",
        "tests/web/staff/test_refusals.py::test_passwords_and_forms_of_unknown_origin_are_not_shown_again",
    ),
    Guard(
        "S22", "outreach.web.staff.common.guards:require_permission",
        "not has_permission(Permission.SEE, office)", "False",
        "tests/web/staff/test_policy.py::test_workshop_of_another_office_looks_nonexistent",
    ),
    # What an office lead may do to accounts.
    Guard(
        "S22", "outreach.accounts.administration:check_colleague",
        "not managed", "False",
        "tests/web/staff/test_colleagues.py::test_lead_who_lost_the_role_meanwhile_changes_nothing",
    ),
    Guard(
        "S22", "outreach.accounts.administration:check_colleague",
        "raise Refusal(ErrorCode.OWN_ACCOUNT)", "return",
        "tests/web/staff/test_colleagues.py::test_refusal_to_a_lead_says_why",
    ),
    Guard(
        "S22", "outreach.accounts.administration:check_colleague",
        "ALL_OFFICES in target or not set(target.values()) <= set(COLLEAGUE_ROLES)", "False",
        "tests/web/staff/test_colleagues.py::test_refusal_to_a_lead_says_why",
    ),
    Guard(
        "S22", "outreach.accounts.administration:check_colleague",
        "target.keys() - managed", "False",
        "tests/web/staff/test_colleagues.py::test_refusal_to_a_lead_says_why",
    ),
    Guard(
        "S22", "outreach.accounts.administration:_check_giving",
        "not staff.is_allowed(actor, Permission.COLLEAGUES, office)", "False",
        "tests/web/staff/test_colleagues.py::test_rule_of_leads_holds_below_the_pages",
    ),
    Guard(
        "S22", "outreach.accounts.administration:_check_giving",
        "role not in COLLEAGUE_ROLES", "False",
        "tests/web/staff/test_colleagues.py::test_rule_of_leads_holds_below_the_pages",
    ),
    Guard(
        "S22", "outreach.web.staff.common.guards:require_permission_at_one",
        "not any((has_permission(action, slug) for slug in seen))", "False",
        "tests/web/staff/test_policy.py::test_each_role_is_refused_other_actions_without_effect",
    ),
    Guard(
        "S23", "outreach.web.staff.workshops.attendee_list:make_tab",
        "log_workshop_action(session, workshop, 'list seen')", "pass",
        "tests/web/staff/test_policy.py::test_viewing_names_of_a_discreet_workshop_is_logged",
    ),
    Guard(
        "S23", "outreach.web.staff.checkin.checkin_pages:_log_discreet_list",
        "log_workshop_action(session, workshop, 'list seen')", "pass",
        "tests/web/staff/test_policy.py::test_viewing_names_of_a_discreet_workshop_is_logged",
    ),
    Guard(
        "S23", "templates/staff/workshops/detail_attendees.html",
        """<table class="table table-start table-fold">
        {{ table_head() }}
        <tbody>""",
        """<a href="lista.csv">CSV</a><table class="table table-start table-fold">
        {{ table_head() }}
        <tbody>""",
        "tests/web/staff/test_policy.py::test_discreet_attendee_list_cannot_be_exported",
    ),
    Guard(
        "S24", "outreach.reports.attendance_counts:suppress",
        "not small and (not withheld) and (not hidden_before)",
        "True or (not withheld and (not hidden_before))",
        "tests/reports/test_counts.py::test_small_number_cannot_be_derived",
    ),
    Guard(
        "S24", "outreach.reports.attendance_counts:_is_near",
        "any((each > 0 and (is_fixed or each < MIN_PUBLISHED) for each in differences))",
        "False and any((each > 0 and (is_fixed or each < MIN_PUBLISHED) for each in differences))",
        "tests/reports/test_month_closing.py::test_attendance_of_one_late_report_is_not_published",
    ),
    Guard(
        "S25", "outreach.web.staff.checkin.qr_landing:show",
        "_public_page()", "_public_page() + '.' * (len(token) < 9)",
        "tests/security/test_safety.py::test_qr_code_page_is_the_same_for_everybody",
    ),
)
# fmt: on
