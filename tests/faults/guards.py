"""Removes the guards of requirements.md one at a time and checks that their tests fail.

A test that passes whatever the code does is worth nothing. So each guard is listed here by its
source text; in a copy of the checkout the text is replaced, and the test must fail.

    python -m tests.faults.guards            all of them, as a table
    python -m tests.faults.guards S06 S19    those of some requirements
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).parents[2]
COPIED: Final = ("outreach", "templates", "tests", "pyproject.toml", "README.md")
FELL: Final = 1  # pytest's exit status for a failed test; others are other errors


@dataclass(frozen=True)
class Guard:
    promise: str
    file: str
    words: str  # in the file, exactly once
    instead: str
    test: str

    @property
    def id(self) -> str:
        return f"{self.promise}-{Path(self.file).name}-{self.test.rpartition('::')[2]}"

    @property
    def needs_a_browser(self) -> bool:
        return "/browser/" in self.test

    def without_guard(self, folder: Path) -> str:
        """The file's text without the guard. Raises Gone unless the guard occurs exactly once."""
        file = folder / self.file
        text = file.read_text() if file.is_file() else ""
        found = text.count(self.words)
        if found != 1:
            raise Gone(
                f"{self.promise}: {self.file} holds this {found} times instead of once: "
                f"{self.words!r}. Mend its row in tests/faults/guards.py."
            )
        return text.replace(self.words, self.instead)


class Gone(Exception):
    """A guard is not where the table says: correct the table, or put the guard back."""


def _guards() -> Iterator[Guard]:
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
    yield from _of_new_links()
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
            "if hmac.compare_digest(stored, wanted):", "if True:",
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
    tries = 'return of_today(client_address.get_address()).hex(), of_today(f"code {code}").hex()'
    for instead, test in (
        ('return of_today("").hex(), of_today(f"code {code}").hex()', "address_whatever_the_code"),
        ("return (of_today(client_address.get_address()).hex(),) * 2", "code_from_any_address"),
    ):
        yield Guard(
            "S09", f"{web}middleware/rate_limits.py", tries, instead,
            f"{place}::test_five_tries_an_hour_for_each_{test}",
        )  # fmt: skip
    after = "tests/security/test_traces.py::test_error_after_the_answer_is_logged_without_link_or_form_values"
    rule = 'rule = request.url_rule.rule if request.url_rule else "-"'
    yield Guard("S08", f"{web}middleware/error_pages.py", rule, "rule = request.remote_addr", after)
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
        "S09", f"{web}middleware/rate_limits.py",
        '_hit("sign-in", _per_ten_minutes(most), _of_account(account))',
        '_hit("sign-in", _per_ten_minutes(most), _of_account(""))',
        "tests/accounts/test_sessions.py"
        "::test_sign_in_attempts_are_limited_by_account_and_address",
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
        (f"{web}middleware/error_pages.py", rule, "rule = request.path"),
        (
            f"{web}middleware/error_pages.py", "return RuntimeError(kind.__name__)",
            "return RuntimeError(str(request.form))",
        ),
        ("outreach/app.py", "error_pages.log_error(exc_info[1])", "super().log_exception(exc_info)"),
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
        "S13", "templates/workshops/workshop.html", "{%- elif workshop.has_secret_address %}",
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
    approvals = "tests/web/staff/test_approvals.py"
    yield Guard(
        "S13", f"{web}staff/dashboard/alert_rows.py",
        "if alert.alert_type in APPROVALS and alert.workshop.is_discreet:", "if False:",
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
    yield Guard(
        "S17", "templates/my_registration/detail.html", "{% block title %}{{ _('Cita')",
        "{% block title %}{{ workshop.title|localize }}{{ _('Cita')",
        "tests/security/test_discreet.py::test_personal_page_keeps_no_kind_in_browser_history",
    )  # fmt: skip
    yield Guard(
        "S16", "outreach/domain/calendar/feed_query.py",
        "yield sa.or_(Workshop.is_discreet.is_(False), Workshop.kind_id.in_(discreet))", "pass",
        "tests/feeds/test_feed_discretion.py"
        "::test_discreet_workshop_is_only_in_feeds_of_its_kind",
    )  # fmt: skip
    yield Guard(
        "S16", "outreach/domain/calendar/feed_query.py",
        "yield sa.or_(Workshop.is_discreet.is_(True), Workshop.kind_id.not_in(choice.neutral))",
        "pass", "tests/security/test_ratchet.py::test_neutral_code_opens_its_kind_for_ever",
    )  # fmt: skip
    yield Guard(
        "S16", "outreach/feeds/vevent.py", "if workshop.is_discreet:", "if False:",
        "tests/feeds/test_feed_discretion.py::test_feed_of_a_discreet_kind_has_day_hour_and_city",
    )  # fmt: skip
    yield from _ways_out()
    yield from _of_staff()
    yield from _of_forms()


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
        "return self.shown_seats if self.is_discreet else self.seats_left",
        "return self.seats_left",
        "tests/security/test_discreet.py::test_seats_left_do_not_reveal_a_single_registration",
    )  # fmt: skip
    yield Guard(
        "S28", "outreach/domain/search/search.py",
        "            (Workshop.is_discreet.is_(True), Workshop.shown_seats),\n", "",
        "tests/security/test_discreet.py::test_seats_left_do_not_reveal_a_single_registration",
    )  # fmt: skip
    yield Guard(
        "S28", "outreach/domain/workshops/public_seats.py",
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
        "S28", "outreach/domain/workshops/accommodations.py",
        "        AccommodationCapacity.appears_free.is_(False)\n        if as_shown\n        else ",
        "        ", watcher,
    )  # fmt: skip


def _of_staff() -> Iterator[Guard]:
    staff = "outreach/web/staff/"
    yield Guard(
        "S23", f"{staff}workshops/attendee_list.py",
        "notice.registration.workshop.is_discreet and not row.is_whole", "False",
        "tests/web/staff/test_calls.py"
        "::test_call_of_a_discreet_workshop_is_private_until_it_is_opened",
    )  # fmt: skip
    for place in ("checkin_pages", "sheet_download"):
        yield Guard(
            "S23", f"{staff}checkin/{place}.py",
            "if not checkin.is_list_open(workshop, now=", "if checkin.is_list_open(workshop, now=",
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
    yield Guard(
        "S22", f"{staff}common/guards.py", "    if not has_permission(Permission.SEE, office):", "    if False:",
        "tests/web/staff/test_policy.py::test_workshop_of_another_office_looks_nonexistent",
    )  # fmt: skip
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
        "    return any(\n        0 < abs(number", "    return False and any(\n        0 < abs(number",
        "tests/reports/test_month_closing.py::test_attendance_of_one_late_report_is_not_published",
    )  # fmt: skip
    yield Guard(
        "S25", "outreach/web/staff/checkin/qr_landing.py",
        "return checkin_pages.person_page(token) or _public_page()",
        'return checkin_pages.person_page(token) or (_public_page() + "." * (len(token) < 9))',
        "tests/security/test_safety.py::test_qr_code_page_is_the_same_for_everybody",
    )  # fmt: skip


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
            '            entry_digest=key_store.link_digest(_hash(keystore.derive_link(key, "entry"))),\n',
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


def _of_doubtful_seats() -> Iterator[Guard]:
    for file, words, instead, test in (
        (
            "outreach/keystore/seat_shares.py",
            "connection.execute(_NAME.where(Key.id.in_(before)).values(burst=burst))", "pass",
            "test_burst_names_the_seats_that_its_network_took_before",
        ),
        (
            "outreach/keystore/keystore.py",
            "session.execute(sa.delete(SeatParty).where(SeatParty.day < self.today()))", "pass",
            "test_digest_of_the_network_goes_with_the_day",
        ),
        (
            "outreach/keystore/keystore.py", "bursts.delete_old(session, self.today())", "pass",
            "test_undecided_burst_ends_after_seven_days",
        ),
        (
            "outreach/keystore/bursts.py", "Burst.release_at > now",
            "Burst.release_at.is_not(None)", "test_undo_after_five_minutes_is_refused",
        ),
        (
            "outreach/domain/registrations/doubtful.py", "appears_confirmed=shows_seat",
            "appears_confirmed=False", "test_discreet_page_is_the_same_after_the_release",
        ),
        (
            "outreach/domain/registrations/review.py",
            "    Registration.is_released.is_(False),  # staff have looked at it\n", "",
            "test_review_of_released_parties_does_not_end_a_day_before",
        ),
        (
            "outreach/web/staff/workshops/doubtful_seats.py",
            "if any(_has_grown(each) for each in seats):", "if False:",
            "test_parties_that_staff_have_not_seen_are_not_kept",
        ),
    ):  # fmt: skip
        test = f"tests/security/test_doubtful_seats.py::{test}"
        yield Guard("S29", file, words, instead, test)
    yield Guard(
        "S29", "outreach/web/staff/checkin/checkin_offline.py",
        "if each.status in STATUSES_WITH_SEATS or each.needs_review",
        "if each.status in STATUSES_WITH_SEATS",
        "tests/web/staff/test_checkin_offline.py"
        "::test_released_party_is_found_and_counts_as_walk_ins",
    )  # fmt: skip


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
    shares = "tests/security/test_seat_share.py"
    for file, words, instead, test in (
        (
            "outreach/domain/registrations/review.py", "address=max(2, seats // 4)",
            "address=seats", "test_one_network_takes_only_its_share",
        ),
        (
            "outreach/keystore/seat_shares.py", "is_rush = bool(wide_over) and",
            "is_rush = False and", "test_one_network_takes_only_its_share",
        ),
        (
            "outreach/domain/registrations/service.py",
            "hold is not None and workshop.is_discreet", "False",
            "test_discreet_pages_are_the_same_beyond_the_share",
        ),
        (
            "outreach/web/public/my_registration/change.py",
            "more_people > 0 and not _is_within_share", "False and not _is_within_share",
            "test_more_people_count_in_the_share",
        ),
        (
            "outreach/domain/registrations/waitlist.py",
            """        Registration.status == RegistrationStatus.WAITLISTED,
        Registration.needs_review.is_(False),
    )""",
            """        Registration.status == RegistrationStatus.WAITLISTED,
    )""",
            "test_offers_pass_over_parties_for_review",
        ),
    ):  # fmt: skip
        yield Guard("S29", file, words, instead, f"{shares}::{test}")
    yield from _of_doubtful_seats()
    yield from _of_the_brake()
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
            "    require_not_looser(session, workshop, data)\n    is_discreet",
            "    is_discreet", ratchet,
        ),
        (
            "outreach/domain/search/public_listing.py",
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
        "S23", "outreach/web/staff/attendees/registration_actions.py",
        "if allowance is ContactAllowance.NEEDS_FACTOR:", "if False:",
        f"{many}::test_more_contacts_need_the_second_factor_and_a_letter",
    )  # fmt: skip
    limits = "tests/mail/test_recipient_limits.py"
    for promise, file, words, instead, test in (
        (
            "S30", "outreach/mail/delivery.py", "raise Postponed(until)", "pass",
            "test_twenty_registrations_cause_three_letters_and_a_summary",
        ),
        (
            "S30", "outreach/domain/outbox/summaries.py",
            "return is_young or notification.cause in _CAUSED_BY_ANYBODY", "return True",
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
            "S31", "outreach/mail/delivery.py", "if budget.usage().is_used_up:", "if False:",
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
            'if g.get("is_locating") and not g.get("is_private"):', 'if g.get("is_locating"):',
            f"{places}::test_only_the_list_may_ask_where_the_phone_is",
        ),
        (
            "S02", "templates/workshops/list.html",
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


def _of_the_brake() -> Iterator[Guard]:
    rates, pages = "outreach/keystore/save_rates.py", "outreach/web/forms/proof_of_work.py"
    kept = "outreach/domain/registrations/kept_seats.py"
    proof = "outreach/domain/registrations/contact_proof.py"
    rates_test, pages_test, kept_test, proof_test = (
        f"tests/{each}.py::test_"
        for each in (
            "keystore/test_save_rates", "web/public/test_proof_of_work",
            "domain/registrations/test_kept_seats", "security/test_kept_seats",
        )
    )  # fmt: skip
    for file, words, instead, test in (
        (
            rates, "len(large) >= FEW_NETWORKS or", "",
            f"{rates_test}brake_is_on_with_many_saves_of_few_networks",
        ),
        (
            rates, "min(saves, MAX_OF_NETWORK)", "saves",
            f"{rates_test}few_networks_cannot_raise_what_is_usual",
        ),
        (
            "outreach/keystore/seat_shares.py", "self._rates.count(connection, saver, now=now)",
            "pass", f"{pages_test}two_hundred_saves_of_one_address_start_the_brake_for_all",
        ),
        (
            "outreach/keystore/seat_shares.py", "return bool(row[0] < FEW_NETWORKS and",
            "return bool(", f"{pages_test}workshop_that_many_networks_fill_does_not",
        ),
        (
            "outreach/keystore/seat_shares.py", "is_rush or is_braking", "is_rush",
            f"{proof_test}networks_around_an_address_are_limited_while_the_brake_is_on",
        ),
        (
            "outreach/web/public/registration.py", "not proof_of_work.is_given(filled, now)",
            "False", f"{pages_test}post_without_a_number_gets_the_filled_form_with_a_challenge",
        ),
        (
            pages, ".get_signature(nonce)", '.get_signature("")',
            f"{pages_test}number_is_good_for_one_form_only",
        ),
        (
            pages, "    if nonce != filled.nonce.data:\n", "    if False:\n",
            f"{pages_test}wait_of_another_form_is_none",
        ),
        (
            pages, "    return ready_at <= now\n", "    return True\n",
            f"{pages_test}form_is_accepted_after_the_wait",
        ),
        (
            kept, "Workshop.seats_left - people >= _KEPT", "Workshop.seats_left >= people",
            f"{kept_test}half_of_the_seats_is_kept",
        ),
        (
            "outreach/domain/registrations/waitlist.py", "(left if is_proven else left - kept)",
            "left", f"{kept_test}freed_kept_seat_is_kept_again",
        ),
        (
            proof, "now < registration.registered_at + kept_seats.PROVE_WITHIN", "True",
            f"{kept_test}proof_comes_within_a_day",
        ),
        (
            "outreach/web/public/my_registration/responses.py",
            'if not contact_proof.is_code(request.form.get("proof", ""), view.key, view.person.address):',
            "if False:", f"{proof_test}page_after_the_registration_proves_nothing",
        ),
    ):  # fmt: skip
        yield Guard("S29", file, words, instead, test)
    yield Guard(
        "S29", "outreach/web/scripts/proof_of_work.js", "var SLICE_MS = 25;", "var SLICE_MS = 60000;",
        "tests/browser/test_proof_of_work.py::test_quick_exit_answers_during_the_work",
    )  # fmt: skip


GUARDS: Final = tuple(_guards())


class Copy:
    """A copy of the checkout in which a guard can be removed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            source, target = CHECKOUT / name, folder / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        where = self._python("-c", "import outreach; print(outreach.__file__)").stdout.strip()
        if not Path(where).is_relative_to(folder):
            raise AssertionError(f"the copy runs the code of {where}")

    def run(self, *tests: str) -> "subprocess.CompletedProcess[str]":
        """Runs these tests on the code of the copy, on SQLite."""
        return self._python("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests)

    @contextmanager
    def without(self, guard: Guard) -> Iterator[None]:
        """Removes the guard during the block. Raises Gone if it is missing."""
        without, file = guard.without_guard(self.folder), self.folder / guard.file
        whole = file.read_text()
        file.write_text(without)
        try:
            yield
        finally:
            file.write_text(whole)

    def falls(self, guard: Guard) -> str:
        """Runs the guard's test without it; returns what is wrong, or "" when the test failed."""
        with self.without(guard):
            done = self.run(guard.test)
        if done.returncode == FELL:
            return ""
        return f"{guard.test} does not need this guard ({done.returncode}):\n{done.stdout[-2000:]}"

    def _python(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        # Bytecode is keyed by second and size: it would miss two changes within a second.
        environ = os.environ | {"PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        environ.pop("OUTREACH_TEST_POSTGRESQL", None)
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=environ,
            capture_output=True,
            text=True,
        )


def main(promises: Sequence[str]) -> int:
    """Prints a line for each guard. Returns 1 if a test did not fail."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(Path(folder))
        for guard in GUARDS:
            if promises and guard.promise not in promises:
                continue
            try:
                fault = copy.falls(guard)
            except Gone as gone:
                fault = str(gone)
            wrong += bool(fault)
            outcome = "the test fell" if not fault else "NOT SEEN"
            words = " ".join(guard.words.split())
            print(
                f"{guard.promise}  {outcome}  {guard.file}: {words}\n     {guard.test}", flush=True
            )
            if fault:
                print(f"     {fault}", flush=True)
    print(f"{wrong} not seen" if wrong else "every guard is missed by its test")
    return min(1, wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
