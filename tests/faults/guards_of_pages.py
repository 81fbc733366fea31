"""The guards of pages, of exits and of what staff see."""

from collections.abc import Iterator

from tests.faults.guard import Guard


def list_guards() -> Iterator[Guard]:
    yield from _of_letters_to_staff()
    yield from _of_moves()
    web = "outreach/web/"
    yield Guard(
        "S02", f"{web}middleware/response_headers.py", """    "frame-ancestors": "'none'",\n""", "",
        "tests/web/middleware/test_headers.py::test_every_response_has_the_security_headers",
    )  # fmt: skip
    script = "<script src=\"{{ static('app.js') }}\" defer></script>"
    for test in (
        "tests/web/middleware/test_headers.py::test_pages_have_no_inline_code_and_no_foreign_resources",
        "tests/project/test_layout.py::test_templates_have_no_inline_code_or_foreign_resource",
    ):
        yield Guard("S03", "templates/base.html", script, "<script>go()</script>", test)
    yield Guard(
        "S04", f"{web}middleware/response_headers.py",
        'if g.get("is_private") or response.status_code >= 400:',
        "if response.status_code >= 400:",
        "tests/web/middleware/test_headers.py::test_private_pages_are_not_cached_and_not_indexed",
    )  # fmt: skip
    yield Guard(
        "S05", "outreach/domain/registrations/models.py",
        'return _text_of(keystore.derive_link(key, "entry"))', "return manage_token(key)",
        "tests/security/test_safety.py::test_tokens_are_stored_only_as_hashes_and_are_independent",
    )  # fmt: skip
    yield Guard(
        "S05", "outreach/keystore/keystore.py",
        'return self._keyed(f"link {hashed.hex()}")', "return hashed",
        "tests/security/test_safety.py"
        "::test_copy_of_the_database_with_other_keys_knows_no_link",
    )  # fmt: skip
    host = "tests/web/public/test_host.py::test_discreet_workshop_names_neither_host_nor_network"
    yield Guard(
        "S14", f"{web}presentation/formatting.py",
        "if workshop.is_discreet or workshop.kind.is_discreet:", "if False:", host,
    )  # fmt: skip
    yield Guard(
        "S14",
        "templates/base.html",
        "{{ _('Talleres') if quick_exit else brand() }}",
        "{{ brand() }}",
        host,
    )
    questions = "tests/web/public/test_safety_questions.py::"
    for file, words, instead, test in (
        (
            "outreach/domain/locations/venues.py",
            "return self.affirmed_on is not None and today - self.affirmed_on <= AFFIRMED_FOR",
            "return self.affirmed_on is not None",
            "test_claim_about_authorities_is_said_only_where_it_was_affirmed_within_90_days",
        ),
        (
            "outreach/domain/scheduling/venue_change.py",
            "venue.affirmed_on = None",
            "pass",
            "test_lead_of_the_office_affirms_and_a_move_takes_it_back",
        ),
        (
            "outreach/web/staff/network/venue_pages.py",
            "require_permission(Permission.AFFIRM, slug)",
            "pass",
            "test_lead_of_the_office_affirms_and_a_move_takes_it_back",
        ),
        (
            "templates/workshops/workshop.html",
            "{% if is_ahead and not is_quiet %}",
            "{% if is_ahead %}",
            "test_discreet_page_says_nothing_of_the_way",
        ),
        (
            "templates/workshops/workshop.html",
            "{% set open_venue = venue if venue and not workshop.has_secret_address else none %}",
            "{% set open_venue = venue %}",
            "test_hidden_address_of_an_ordinary_workshop_hides_the_way",
        ),
    ):
        yield Guard("S38", file, words, instead, f"{questions}{test}")
    yield Guard(
        "S37", "outreach/domain/network/help_lines.py",
        "return not self.region or not self.is_outdated(today)", "return True",
        "tests/web/public/test_help_lines.py"
        "::test_number_that_nobody_checked_gives_way_to_the_national_line",
    )  # fmt: skip
    yield Guard(
        "S06", f"{web}public/my_registration/cancel.py",
        'return registration_page.show("erase", _load(token), clock.now())', "return forget(token)",
        "tests/security/test_safety.py::test_get_requests_change_nothing",
    )  # fmt: skip
    yield Guard(
        "S07", f"{web}middleware/error_pages.py", 'g.other_languages_at = "/"', "",
        "tests/security/test_safety.py::test_all_dead_links_give_the_same_page",
    )  # fmt: skip
    place = "tests/web/public/test_my_place.py"
    for file, words, instead, test in (
        (
            "outreach/domain/registrations/code_lookup.py",
            "is_same = hmac.compare_digest(_digest(stored), wanted)", "is_same = True",
            "test_unknown_code_and_wrong_name_get_the_same_answer",
        ),
        (
            f"{web}public/my_registration/recover_link.py", "if registration.workshop.is_discreet:",
            "if False:", "test_discreet_place_shows_neither_kind_nor_address_before_the_tap",
        ),
        (
            f"{web}public/my_registration/recover_link.py", "or not is_within_tries", "",
            "test_five_tries_an_hour_for_each_code_from_any_address",
        ),
    ):  # fmt: skip
        yield Guard("S07", file, words, instead, f"{place}::{test}")
    limits = f"{web}middleware/rate_limits.py"
    for words, instead, test in (
        (
            "(address, CODES_AN_HOUR),", '(of_today(f"{address} {code}").hex(), CODES_AN_HOUR),',
            "test_sixty_tries_an_hour_for_each_address_whatever_the_code",
        ),
        (
            "(address, CODES_AN_HOUR),", "(address, CODE_TRIES_AN_HOUR),",
            "test_wrong_codes_of_a_stranger_do_not_close_it_for_the_neighbours",
        ),
        (
            'of_today(f"code {code}").hex(), CODE_TRIES_AN_HOUR', "address, CODES_AN_HOUR",
            "test_five_tries_an_hour_for_each_code_from_any_address",
        ),
    ):  # fmt: skip
        yield Guard("S09", limits, words, instead, f"{place}::{test}")
    after = "tests/security/test_traces.py::test_error_after_the_answer_is_logged_without_link_or_form_values"
    rule = 'rule = request.url_rule.rule if request.url_rule else "-"'
    yield Guard("S08", f"{web}middleware/failures.py", rule, "rule = request.remote_addr", after)
    yield Guard(
        "S09", f"{web}middleware/client_address.py",
        "ip_network((parsed, 64), strict=False)", "parsed",
        "tests/security/test_abuse.py::test_ipv6_addresses_of_one_network_share_a_rate_limit",
    )  # fmt: skip
    yield Guard(
        "S09", f"{web}middleware/rate_limits.py",
        '_count("malformed post", limits.malformed_posts)', '_count("post", limits.posts)',
        "tests/security/test_abuse.py::test_malformed_posts_use_up_nothing_that_neighbours_need",
    )  # fmt: skip
    yield Guard(
        "S09", "outreach/keystore/keystore.py", "hmac.new(self._day[1], text",
        'hmac.new(b"x", text',
        "tests/security/test_abuse.py::test_rate_counters_cannot_be_linked_to_an_address_the_next_day",
    )  # fmt: skip
    yield Guard(
        "S09", f"{web}middleware/client_address.py",
        "chain[-proxies].strip() if len(chain) >= proxies",
        "chain[0] if True",
        "tests/security/test_abuse.py::test_forwarded_address_counts_only_behind_trusted_proxies",
    )  # fmt: skip
    for file, words, instead in (
        (f"{web}middleware/failures.py", rule, "rule = request.path"),
        (
            f"{web}middleware/failures.py", "return RuntimeError(_kind(error))",
            "return RuntimeError(str(request.form))",
        ),
        ("outreach/app.py", "failures.note(exc_info[1])", "super().log_exception(exc_info)"),
        (f"{web}middleware/error_pages.py", ".addFilter(_remove_error_text)", ""),
    ):  # fmt: skip
        yield Guard("S10", file, words, instead, after)
    yield Guard(
        "S11", "outreach/db/store.py", "PRAGMA secure_delete = ON", "PRAGMA secure_delete = OFF",
        "tests/privacy/test_erasure.py::test_purge_leaves_no_byte_of_a_person",
    )  # fmt: skip
    yield Guard(
        "S12", "outreach/privacy/erasure.py",
        "key_store.destroy(*(row.key_id for row in rows if row.key_id is not None))", "pass",
        "tests/privacy/test_erasure.py::test_erasure_leaves_no_byte_of_a_person_at_once",
    )  # fmt: skip
    address = "tests/security/test_hidden_address.py::test_hidden_address_is_on_no_public_page"
    yield Guard(
        "S13", "templates/workshops/ways.html", "{%- elif workshop.has_secret_address %}",
        "{%- elif false %}", address,
    )  # fmt: skip
    yield Guard(
        "S13", f"{web}presentation/workshop_cards.py",
        'found.venue_name if is_public else found.venue_area or ""',
        "found.venue_name", address,
    )  # fmt: skip
    yield Guard(
        "S13", "outreach/feeds/vevent.py", "return workshop.visibility is Visibility.PUBLIC and",
        "return True and", address,
    )  # fmt: skip
    listed = "tests/web/public/test_workshop_list.py::test_"
    yield Guard(
        "S13", f"{web}presentation/workshop_cards.py",
        "if not found.interpretation or found.is_discreet:", "if not found.interpretation:",
        f"{listed}card_names_its_host_except_a_discreet_one",
    )  # fmt: skip
    yield Guard(
        "S13", f"{web}presentation/workshop_cards.py",
        'host="" if found.is_discreet else', "host=",
        f"{listed}card_names_its_host_except_a_discreet_one",
    )  # fmt: skip
    yield Guard(
        "S13", "outreach/domain/search/search.py",
        "is_open = Workshop.is_discreet.is_(False)\n        spoken", "is_open = sa.true()\n        spoken",
        f"{listed}card_names_its_host_except_a_discreet_one",
    )  # fmt: skip
    yield Guard(
        "S14", f"{web}public/search_params.py",
        "and not by_code[code].is_discreet", "",
        f"{listed}filter_to_a_discreet_kind_is_carried_nowhere",
    )  # fmt: skip
    rooms = "tests/security/test_own_rooms.py"
    yield Guard(
        "S13", "outreach/domain/scheduling/workshop_data.py",
        "is_own_room = venue is not None and venue.is_own_room", "is_own_room = True",
        f"{rooms}::test_form_of_a_new_workshop_follows_the_venue_and_says_why",
    )  # fmt: skip
    yield Guard(
        "S13", "outreach/domain/locations/venues.py",
        "if reveals_it or (words & numbers and words & streets):", "if False:",
        f"{rooms}::test_meeting_point_that_tells_the_address_is_refused",
    )  # fmt: skip
    yield Guard(
        "S13", "outreach/domain/workshops/models.py",
        "return self.venue.meeting_point if self.venue is not None and is_shown else {}",
        "return self.venue.meeting_point if self.venue is not None else {}",
        f"{rooms}::test_meeting_point_is_public_where_the_address_is_hidden",
    )  # fmt: skip
    merging = "tests/domain/scheduling/test_venue_merge.py"
    for file, words, instead, test in (
        (
            "outreach/domain/scheduling/venue_merge.py",
            "if is_elsewhere and workshop.is_discreet and is_open:",
            "if False:",
            "discreet_workshop_does_not_show_another_address_to_everybody",
        ),
        (
            "outreach/domain/scheduling/venue_merge.py",
            "return is_public and self._published(self.place) != self._published(place)",
            "return is_public",
            "entry_keeps_its_sequence_unless_its_place_changes",
        ),
        (
            "outreach/domain/scheduling/venue_merge.py",
            "return not venue_matching.has_same_address(before.address, after.address)",
            "return True",
            "nobody_is_notified_where_the_address_is_another_spelling",
        ),
    ):
        yield Guard("S13", file, words, instead, f"{merging}::test_{test}")
    merge_pages = "tests/web/staff/test_venue_merge_pages.py::test_"
    yield Guard(
        "S38", f"{web}staff/network/venue_pages.py",
        'if found.id != venue_id:\n        raise Conflict("merged venue")', "if False:\n        pass",
        f"{merge_pages}old_page_of_a_merged_venue_does_not_retire_the_other",
    )  # fmt: skip
    yield Guard(
        "S38", f"{web}staff/network/venue_merge_pages.py",
        'if effect.notified > (request.form.get("told", type=int) or 0):', "if False:",
        f"{merge_pages}more_people_are_not_notified_than_the_page_said",
    )  # fmt: skip
    yield Guard(
        "S36", f"{web}staff/checkin/checkin_offline.py", "if workshop.is_closed_for_danger:",
        "if False:",
        "tests/web/staff/test_venue_danger.py"
        "::test_phone_without_a_network_hears_of_the_closing_and_keeps_what_it_noted",
    )  # fmt: skip
    approvals = "tests/web/staff/test_approvals.py"
    yield Guard(
        "S13", f"{web}staff/dashboard/alert_rows.py",
        "if alert.alert_type in NEUTRAL and alert.workshop.is_discreet:", "if False:",
        f"{approvals}::test_alert_does_not_name_a_discreet_workshop",
    )  # fmt: skip
    yield Guard(
        "S13", "outreach/domain/registrations/address_approval.py",
        "at = min(_next_working_morning(workshop, since), latest)",
        "at = _next_working_morning(workshop, since)",
        f"{approvals}::test_page_says_when_to_look_again",
    )  # fmt: skip
    yield Guard(
        "S32", "outreach/web/staff/workshop_form/workshop_form.py",
        "return default if self.is_unpublished else base.visibility.at_least(default)",
        "return default", f"{rooms}::test_moving_never_loosens",
    )  # fmt: skip
    yield Guard(
        "S14", "templates/workshops/workshop.html", "{% block title %}\n  {% if is_quiet %}",
        "{% block title %}\n  {% if false %}",
        "tests/security/test_discreet.py"
        "::test_discreet_workshop_page_has_no_kind_in_title_or_url",
    )  # fmt: skip
    yield Guard(
        "S15", "outreach/feeds/attendee_event.py", 'event.add("transp",',
        'event.add("url", f"https://x/es/t/{workshop.public_id}"), event.add("transp",',
        "tests/security/test_discreet.py::test_personal_calendar_entry_contains_no_manage_link",
    )  # fmt: skip
    forms = "tests/web/public/test_way_forms.py"
    yield Guard(
        "S14", "outreach/feeds/ics_feed.py",
        "is_neutral = workshop.is_sensitive and not", "is_neutral = False and not",
        f"{forms}::test_calendar_file_of_high_sensitivity_says_appointment_and_city",
    )  # fmt: skip
    yield Guard(
        "S14", "outreach/pdf/ticket_picture.py", "return not registration.workshop.is_discreet and",
        "return", f"{forms}::test_ticket_is_saved_as_a_picture_unless_discreet",
    )  # fmt: skip
    yield Guard(
        "S13", "outreach/domain/workshops/models.py",
        'return "" if self.is_discreet or self.has_secret_address else self.live_url',
        "return self.live_url",
        f"{forms}::test_open_stream_has_its_link_on_the_page_and_in_the_open_data",
    )  # fmt: skip
    yield Guard(
        "S13", "outreach/domain/scheduling/workshop_service.py",
        'if workshop.moved_at is None or {"day", "starts"} & new:', "if True:",
        f"{forms}::test_moved_workshop_says_when_it_was_and_hides_that_a_hidden_place_moved",
    )  # fmt: skip
    yield Guard(
        "S18", f"{web}forms/registration_form.py",
        "if self.must_leave_phone and not self._leaves_phone:", "if False:",
        f"{forms}::test_telephone_consultation_requires_a_phone",
    )  # fmt: skip
    yield Guard(
        "S17", "templates/my_registration/detail.html", "{% block title %}{{ _('Cita')",
        "{% block title %}{{ workshop.title|localize }}{{ _('Cita')",
        "tests/security/test_discreet.py::test_personal_page_keeps_no_kind_in_browser_history",
    )  # fmt: skip
    yield Guard(
        "S16", "outreach/domain/calendar/feed_query.py",
        "yield sa.or_(Workshop.is_discreet.is_(False), is_named)", "pass",
        "tests/feeds/test_feed_discretion.py"
        "::test_discreet_workshop_is_only_in_feeds_of_its_kind",
    )  # fmt: skip
    yield Guard(
        "S16", "outreach/domain/calendar/feed_query.py",
        "yield sa.or_(Workshop.is_discreet.is_(True), is_other)",
        "pass", "tests/security/test_ratchet.py::test_neutral_code_opens_its_kind_for_ever",
    )  # fmt: skip
    yield Guard(
        "S16", "outreach/feeds/vevent.py", "if workshop.is_discreet:", "if False:",
        "tests/feeds/test_feed_discretion.py::test_feed_of_a_discreet_kind_has_day_hour_and_city",
    )  # fmt: skip
    yield Guard(
        "CAL10", "outreach/domain/calendar/change_counters.py",
        "max(excluded.changed_at, datetime(change_counter.changed_at, '+1 second') || '.000000')",
        "excluded.changed_at",
        "tests/feeds/test_feed_cache.py"
        "::test_each_counted_change_is_a_second_later_than_the_one_before",
    )  # fmt: skip
    yield Guard(
        "CAL05", "outreach/domain/scheduling/workshop_service.py",
        "workshop.changed_at = max(workshop.changed_at, shown_at)", "pass",
        "tests/domain/scheduling/test_workshop_service.py"
        "::test_new_venue_is_a_later_change_than_the_last_one_of_the_former_venue",
    )  # fmt: skip
    yield from _ways_out()
    yield from _of_staff()


def _ways_out() -> Iterator[Guard]:
    script, tests = "outreach/web/scripts/quick_exit.js", "tests/browser/test_quick_exit.py"
    yield Guard(
        "S19", script, "location.replace(exitLink.href);", "location.href = exitLink.href;",
        f"{tests}::test_quick_exit_replaces_the_page_in_history",
    )  # fmt: skip
    yield Guard(
        "S19", script, "location.replace(link.href);", "location.href = link.href;",
        f"{tests}::test_quick_exit_leaves_no_discreet_page_in_history",
    )  # fmt: skip
    yield Guard(
        "S19", script, "document.body.replaceChildren();", "",
        f"{tests}::test_quick_exit_blanks_the_page_at_once",
    )  # fmt: skip
    yield Guard(
        "S19", "outreach/web/styles/controls.css", ".exit-fixed {\n  position: fixed;", ".exit-fixed {",
        f"{tests}::test_quick_exit_is_visible_at_every_scroll_position",
    )  # fmt: skip
    yield Guard(
        "S20", "outreach/web/public/about.py", "target = config().quick_exit_url or",
        'target = __import__("flask").request.args.get("url") or config().quick_exit_url or',
        "tests/security/test_safety.py::test_quick_exit_leads_only_to_the_configured_site",
    )  # fmt: skip
    yield Guard(
        "S27", script, "if (event.persisted) location.reload();", "",
        f"{tests}::test_page_restored_from_browser_cache_is_reloaded",
    )  # fmt: skip
    yield Guard(
        "S28", "outreach/domain/workshops/models.py",
        "return self.shown_seats if self.hides_seats else self.seats_left",
        "return self.seats_left",
        "tests/security/test_discreet.py::test_seats_left_do_not_reveal_a_single_registration",
    )  # fmt: skip
    yield Guard(
        "S28", "outreach/domain/search/search.py",
        "    (HIDES_SEATS, Workshop.shown_seats),\n", "",
        "tests/security/test_discreet.py::test_seats_left_do_not_reveal_a_single_registration",
    )  # fmt: skip
    yield Guard(
        "S28", "outreach/domain/search/search.py",
        "sa.or_(Workshop.way == Way.OPEN, PUBLIC_SEATS > 0)",
        "sa.or_(Workshop.way == Way.OPEN, Workshop.seats_left > 0)",
        "tests/web/public/test_list_counts.py"
        "::test_discreet_kind_is_counted_as_its_seats_appear",
    )  # fmt: skip
    yield Guard(
        "S28", "outreach/domain/registrations/public_seats.py",
        "self.due_at.get(key) or now + self._draw()", "now",
        "tests/domain/registrations/test_public_seats.py"
        "::test_watcher_sees_a_registration_only_after_the_delay",
    )  # fmt: skip
    yield Guard(
        "CAL04", "outreach/domain/workshops/models.py",
        "return NEUTRAL_UID_HOST if self.has_neutral_uid else host", "return host",
        "tests/security/test_discreet.py"
        "::test_calendar_entries_of_a_new_discreet_workshop_do_not_name_the_site",
    )  # fmt: skip
    yield Guard(
        "SEAT04", "outreach/mail/delivery.py",
        "self.key_store.letter_id(notification.id, registration.id.lower())",
        'f"{notification.id}.{registration.id.lower()}"',
        "tests/mail/test_mail.py"
        "::test_message_id_leads_to_no_registration_without_the_key_store",
    )  # fmt: skip
    yield Guard(
        "S29", "outreach/privacy/reconcile.py", "    ~APPARENTLY_CONFIRMED,\n", "",
        "tests/privacy/test_retention.py::test_party_beyond_a_share_whose_page_shows_a_seat"
        "_is_kept_as_long_as_one_with_a_seat",
    )  # fmt: skip
    watcher = "tests/security/test_discreet.py"
    watcher += "::test_active_watcher_sees_an_hour_and_a_need_only_after_the_delay"
    yield Guard(
        "S28", "outreach/web/forms/availability.py",
        "slot.appears_free if as_shown else slot.seats_left > 0", "slot.seats_left > 0", watcher,
    )  # fmt: skip
    yield Guard(
        "S28", "outreach/domain/registrations/accommodations.py", "    if as_shown:", "    if False:",
        watcher,
    )  # fmt: skip


def _of_staff() -> Iterator[Guard]:
    staff = "outreach/web/staff/"
    yield Guard(
        "S23", f"{staff}workshops/attendee_list.py",
        "notice.registration.workshop.is_discreet and not row.is_whole", "False",
        "tests/web/staff/test_calls.py"
        "::test_call_of_a_discreet_workshop_is_private_until_it_is_opened",
    )  # fmt: skip
    yield Guard(
        "S23", f"{staff}checkin/checkin_pages.py",
        "if checkin.is_list_open(workshop, now=now) and ", "if ",
        "tests/web/staff/test_attendee_list.py::test_list_of_the_door_opens_the_day_before",
    )  # fmt: skip
    yield Guard(
        "S21", f"{staff}common/guards.py", "httponly=True, samesite", "samesite",
        "tests/accounts/test_sessions.py::test_session_cookie_is_host_only_and_http_only",
    )  # fmt: skip
    second = "tests/accounts/test_second_factor.py::test_"
    yield Guard(
        "S21", f"{staff}common/guards.py", "    if not who.is_proven:\n", "    if False:\n",
        f"{second}password_alone_gives_no_access",
    )  # fmt: skip
    for words, instead, test in (
        (
            ".where(TotpSecret.organizer_id == totp.organizer_id, TotpSecret.last_step < step)",
            ".where(TotpSecret.organizer_id == totp.organizer_id)",
            "totp_code_works_once",
        ),
        (
            "return CodeVerdict.RIGHT if used else CodeVerdict.REPLAYED", "return CodeVerdict.RIGHT",
            "one_code_in_eight_concurrent_browsers_signs_in_once",
        ),
        (
            ".where(is_own, TotpSecret.tries < MAX_TRIES)", ".where(is_own)",
            "ten_wrong_codes_lock_the_second_factor_for_an_hour",
        ),
        (
            "    if not gone:\n", "    if False:\n",
            "recovery_codes_are_normalized_and_stored_hashed",
        ),
    ):  # fmt: skip
        yield Guard("S21", "outreach/accounts/totp.py", words, instead, second + test)
    yield Guard(
        "S21", "outreach/accounts/sessions.py", '{"digest": digest(token), "proven_at": now,',
        '{"digest": signed.digest, "proven_at": now,',
        f"{second}second_factor_rotates_the_session_token",
    )  # fmt: skip
    yield Guard(
        "S21", "outreach/accounts/webauthn_challenges.py",
        "return kept if changes_one_row(session, sa.delete(Challenge).where(*is_open)) else None",
        "return kept",
        "tests/accounts/test_passkeys.py::test_replayed_passkey_assertion_is_refused",
    )  # fmt: skip
    yield Guard(
        "S21", f"{staff}common/guards.py",
        "    if rule.is_fresh and not who.is_fresh(clock.now()):\n",
        "    if False:\n",
        "tests/web/staff/test_policy.py::test_sensitive_actions_need_a_fresh_second_factor",
    )  # fmt: skip
    refused = "tests/web/staff/test_refusals.py::"
    yield Guard(
        "S22", f"{staff}common/guards.py",
        "if not has_permission(rule.permission, ALL_OFFICES):", "if False:",
        f"{refused}test_each_role_reads_in_the_frame_why_a_page_is_refused",
    )  # fmt: skip
    yield Guard(
        "S22", f"{staff}common/refusals.py",
        'return request.headers.get("Sec-Fetch-Site") == "same-origin"', "return True",
        f"{refused}test_passwords_and_forms_of_unknown_origin_are_not_shown_again",
    )  # fmt: skip
    yield Guard(
        "S22", f"{staff}common/refusals.py",
        '_SECRET_FIELDS & sent.keys()', "False",
        f"{refused}test_passwords_and_forms_of_unknown_origin_are_not_shown_again",
    )  # fmt: skip
    yield Guard(
        "S22", f"{staff}common/guards.py", "    if not has_permission(Permission.SEE, office):", "    if False:",
        "tests/web/staff/test_policy.py::test_workshop_of_another_office_looks_nonexistent",
    )  # fmt: skip
    yield from _of_colleagues()
    for file in ("workshops/attendee_list.py", "checkin/checkin_pages.py"):
        yield Guard(
            "S23", staff + file, 'log_workshop_action(session, workshop, "list seen")', "pass",
            "tests/web/staff/test_policy.py::test_viewing_names_of_a_discreet_workshop_is_logged",
        )  # fmt: skip
    table = '<table class="table table-start table-fold">\n{0}{{{{ table_head() }}}}\n{0}<tbody>'.format(
        " " * 14
    )
    yield Guard(
        "S23", "templates/staff/workshops/detail.html",
        table, f'<a href="lista.csv">CSV</a>{table}',
        "tests/web/staff/test_policy.py::test_discreet_attendee_list_cannot_be_exported",
    )  # fmt: skip
    yield Guard(
        "S24", "outreach/reports/attendance_counts.py",
        "is_safe = (not small and", "is_safe = (True or",
        "tests/reports/test_counts.py::test_small_number_cannot_be_derived",
    )  # fmt: skip
    yield Guard(
        "S24", "outreach/reports/attendance_counts.py",
        "    return any(each > 0 and", "    return False and any(each > 0 and",
        "tests/reports/test_month_closing.py::test_attendance_of_one_late_report_is_not_published",
    )  # fmt: skip
    yield Guard(
        "S25", "outreach/web/staff/checkin/qr_landing.py",
        "return checkin_pages.person_page(token) or _public_page()",
        'return checkin_pages.person_page(token) or (_public_page() + "." * (len(token) < 9))',
        "tests/security/test_safety.py::test_qr_code_page_is_the_same_for_everybody",
    )  # fmt: skip


def _of_moves() -> Iterator[Guard]:
    file, tests = (
        "outreach/web/staff/calendar/move_workshop.py",
        "tests/web/staff/test_move_workshop.py",
    )
    yield Guard(
        "S36", file, "if form.visto.data and form.visto.data != str(workshop.sequence):", "if False:",
        f"{tests}::test_move_of_what_another_organizer_moved_meanwhile_is_refused",
    )  # fmt: skip
    yield Guard(
        "S36", file, "notify_sheet.require_decision(session, [workshop], decision)", "pass",
        f"{tests}::test_workshop_with_people_asks_first_whom_to_tell",
    )  # fmt: skip
    walk = "tests/web/staff/test_editors_walk.py"
    yield Guard(
        "S36", "outreach/web/staff/workshops/cancel_workshop.py",
        'if request.form.get("visto", str(workshop.sequence)) != str(workshop.sequence):',
        "if False:",
        f"{walk}::test_cancellation_of_what_was_moved_meanwhile_is_refused",
    )  # fmt: skip
    yield Guard(
        "S36", "outreach/web/staff/workshop_form/form_factory.py",
        "repr((saved, workshop.is_cancelled))",
        "repr(saved)",
        f"{walk}::test_edit_of_what_was_cancelled_meanwhile_is_refused",
    )  # fmt: skip


def _of_letters_to_staff() -> Iterator[Guard]:
    digest, alert = "tests/mail/test_digests.py::", "tests/mail/test_staff_alerts.py::"
    link = "tests/web/staff/test_letter_choices.py::"
    for file, words, instead, test in (
        (
            "outreach/mail/staff_letters.py",
            "if workshop.is_discreet or workshop.kind.is_discreet:", "if False:",
            f"{digest}test_digest_names_no_person_and_no_discreet_topic",
        ),
        (
            "outreach/domain/newsletter/mail_choices.py",
            "StaffMember.disabled_at.is_(None), StaffMember.signed_in_at.is_not(None)",
            "StaffMember.disabled_at.is_(None)",
            f"{digest}test_only_proven_addresses_of_active_accounts_are_written_to",
        ),
        (
            "outreach/domain/newsletter/mail_choices.py",
            "if not hmac.compare_digest(signature.encode(), expected.encode()):", "if False:",
            f"{link}test_link_of_another_account_or_group_is_unknown",
        ),
        (
            "outreach/domain/dashboard/staff_alerts.py",
            "and mailing.organizer_id in readers[each.workshop.office.slug]", "",
            f"{alert}test_each_reads_of_their_own_office_only",
        ),
        (
            "outreach/domain/dashboard/staff_alerts.py",
            ".where(StaffAlert.made_at > now - INTERVAL)", ".where(sa.false())",
            f"{alert}test_burst_is_written_about",
        ),
    ):  # fmt: skip
        yield Guard("S35", file, words, instead, test)


def _of_colleagues() -> Iterator[Guard]:
    """What an office lead may do to accounts."""
    tests = "tests/web/staff/test_colleagues.py::test_"
    for words, instead, test in (
        (
            "    if not managed:\n",
            "    if False:\n",
            "lead_who_lost_the_role_meanwhile_changes_nothing",
        ),
        ("raise Refusal(ErrorCode.OWN_ACCOUNT)\n", "return\n", "refusal_to_a_lead_says_why"),
        (
            "if ALL_OFFICES in target or not set(target.values()) <= set(COLLEAGUE_ROLES):",
            "if False:",
            "refusal_to_a_lead_says_why",
        ),
        ("    if target.keys() - managed:\n", "    if False:\n", "refusal_to_a_lead_says_why"),
        (
            "if not staff.is_allowed(actor, Permission.COLLEAGUES, office):",
            "if False:",
            "rule_of_leads_holds_below_the_pages",
        ),
        ("if role not in COLLEAGUE_ROLES:", "if False:", "rule_of_leads_holds_below_the_pages"),
    ):
        yield Guard("S22", "outreach/accounts/administration.py", words, instead, tests + test)
    yield Guard(
        "S22", "outreach/web/staff/common/guards.py",
        "if not any(has_permission(action, slug) for slug in seen):", "if False:",
        "tests/web/staff/test_policy.py::test_each_role_is_refused_other_actions_without_effect",
    )  # fmt: skip
