"""The guards of invitations, of the sign-in and of what an account sees of contacts."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    Guard(
        "S09", "outreach.web.middleware.rate_limits:_of_account",
        "of_today(f'account {account.lower()}')[:2].hex() if account else ''", "''",
        "tests/accounts/test_sign_in_limits.py::test_invented_accounts_shut_nobody_out",
    ),
    Guard(
        "S09", "outreach.web.middleware.rate_limits:count_sign_in",
        "_hit('sign-in', _per_ten_minutes(most), _of_account(account, browser))", "pass",
        "tests/accounts/test_sign_in_limits.py::test_password_is_still_guessed_ten_times_only",
    ),
    Guard(
        "S09", "outreach.web.middleware.rate_limits:_of_account",
        "browser", "",
        "tests/accounts/test_sign_in_limits.py::test_known_browser_is_never_shut_out_by_the_tries_of_others",
    ),
    Guard(
        "S09", "outreach.web.staff.auth.login:sign_in",
        "rate_limits.is_wrong_password_logged()", "True",
        "tests/accounts/test_sign_in_limits.py::test_invented_accounts_do_not_fill_the_audit_log",
    ),
    Guard(
        "S09", "outreach.web.staff.auth.login:sign_in",
        "rate_limits.is_wrong_password_logged()",
        "who is not None and rate_limits.is_wrong_password_logged()",
        "tests/accounts/test_sign_in_limits.py::test_account_that_does_not_exist_gets_the_same_answers",
    ),
    Guard(
        "S09", "outreach.web.staff.auth.known_browser:find",
        "not hmac.compare_digest(mark.encode(), _sign(named).encode())", "False",
        "tests/accounts/test_sign_in_limits.py::test_cookie_is_for_staff_pages_only_and_cannot_be_made",
    ),
    Guard(
        "S09", "outreach.web.staff.auth.known_browser:find",
        "f'browser of {organizer_id}' if is_recent else ''", "f'browser of {organizer_id}'",
        "tests/accounts/test_sign_in_limits.py::test_browser_is_known_for_thirty_days",
    ),
    Guard(
        "S09", "outreach.web.staff.auth.known_browser:find",
        "organizer_id", "named",
        "tests/accounts/test_sign_in_limits.py::test_signing_in_again_gives_no_more_guesses",
    ),
    Guard(
        "S01", "outreach.web.staff.auth.known_browser:remember",
        "'/org'", "'/'",
        "tests/accounts/test_sign_in_limits.py::test_cookie_is_for_staff_pages_only_and_cannot_be_made",
    ),
    Guard(
        "S35", "outreach.web.staff.network.staff_accounts:choose_letter_key",
        "not (is_undeliverable(last_letter) and request.form.get('do') == 'link')",
        "request.form.get('do') != 'link'",
        "tests/accounts/test_invitation_letters.py::test_only_the_mailbox_gets_the_link",
    ),
    Guard(
        "S35", "outreach.web.staff.network.staff_accounts:choose_letter_key",
        "has_permission(Permission.NETWORK, ALL_OFFICES)", "True",
        "tests/accounts/test_invitation_letters.py::test_without_mail_an_admin_hands_over_the_link_and_a_lead_does_not",
    ),
    Guard(
        "S35", "outreach.accounts.administration:invite",
        "mailings.report_new_account(session, now=now)", "pass",
        "tests/accounts/test_invitation_letters.py::test_admins_read_a_line_for_each_new_account",
    ),
    Guard(
        "S23", "outreach.web.staff.common.contact_views:count_view",
        "staff.find_allowance_owner(session, who.organizer_id, now=now)", "who.organizer_id",
        "tests/web/staff/test_many_contacts.py::test_inviter_and_invited_share_one_allowance",
    ),
    Guard(
        "S23", "outreach.domain.network.staff:find_allowance_owner",
        "_MAX_INVITERS", "1",
        "tests/web/staff/test_many_contacts.py::test_inviter_and_invited_share_one_allowance",
    ),
    Guard(
        "S23", "outreach.domain.network.staff:find_allowance_owner",
        "StaffMember.invited_at > now - SHARED_ALLOWANCE", "sa.true()",
        "tests/web/staff/test_many_contacts.py::test_allowance_is_shared_for_thirty_days",
    ),
    Guard(
        "S23", "outreach.web.staff.common.contact_views:count_call",
        "is_urgent", "",
        "tests/web/staff/test_many_contacts.py::test_calls_that_cannot_wait_are_logged_and_not_counted",
    ),
    Guard(
        "S23", "outreach.web.staff.common.contact_views:_is_urgent_call",
        "workshop.is_closed_for_danger or is_same_day", "True",
        "tests/web/staff/test_many_contacts.py::test_calls_that_cannot_wait_are_logged_and_not_counted",
    ),
)
# fmt: on
