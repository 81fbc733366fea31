"""The guards of invitations, of the sign-in and of what an account sees of contacts."""

from collections.abc import Iterator

from tests.faults.guard import Guard

_LIMITS = "outreach/web/middleware/rate_limits.py"
_AUTH = "outreach/web/staff/auth/"
_ACCOUNTS = "outreach/web/staff/network/staff_accounts.py"
_SIGN_IN = "tests/accounts/test_sign_in_limits.py::"
_LETTERS = "tests/accounts/test_invitation_letters.py::"
_MANY = "tests/web/staff/test_many_contacts.py::"


def list_guards() -> Iterator[Guard]:
    for promise, file, words, instead, test in (
        (
            "S09", _LIMITS,
            'number = of_today(f"account {account.lower()}")[:2].hex() if account else ""',
            'number = ""', f"{_SIGN_IN}test_invented_accounts_shut_nobody_out",
        ),
        (
            "S09", _LIMITS,
            '_hit("sign-in", _per_ten_minutes(most), _of_account(account, browser))', "pass",
            f"{_SIGN_IN}test_password_is_still_guessed_ten_times_only",
        ),
        (
            "S09", _LIMITS, "browser or client_address.get_address()",
            "client_address.get_address()",
            f"{_SIGN_IN}test_known_browser_is_never_shut_out_by_the_tries_of_others",
        ),
        (
            "S09", f"{_AUTH}login.py", "if rate_limits.is_wrong_password_logged():", "if True:",
            f"{_SIGN_IN}test_invented_accounts_do_not_fill_the_audit_log",
        ),
        (
            "S09", f"{_AUTH}login.py", "if rate_limits.is_wrong_password_logged():",
            "if who is not None and rate_limits.is_wrong_password_logged():",
            f"{_SIGN_IN}test_account_that_does_not_exist_gets_the_same_answers",
        ),
        (
            "S09", f"{_AUTH}known_browser.py",
            "not hmac.compare_digest(mark.encode(), _sign(named).encode())", "False",
            f"{_SIGN_IN}test_cookie_is_for_staff_pages_only_and_cannot_be_made",
        ),
        (
            "S09", f"{_AUTH}known_browser.py",
            'return f"browser of {organizer_id}" if is_recent else ""',
            'return f"browser of {organizer_id}"',
            f"{_SIGN_IN}test_browser_is_known_for_thirty_days",
        ),
        (
            "S09", f"{_AUTH}known_browser.py",
            'return f"browser of {organizer_id}" if is_recent else ""',
            'return f"browser of {named}" if is_recent else ""',
            f"{_SIGN_IN}test_signing_in_again_gives_no_more_guesses",
        ),
        (
            "S01", f"{_AUTH}known_browser.py", 'path="/org"', 'path="/"',
            f"{_SIGN_IN}test_cookie_is_for_staff_pages_only_and_cannot_be_made",
        ),
        (
            "S35", _ACCOUNTS,
            'if can_send and not (is_undeliverable(last_letter) and request.form.get("do") == "link"):',
            'if can_send and request.form.get("do") != "link":',
            f"{_LETTERS}test_only_the_mailbox_gets_the_link",
        ),
        (
            "S35", _ACCOUNTS, "    if has_permission(Permission.NETWORK, ALL_OFFICES):\n        return None\n    if can_send:",
            "    if True:\n        return None\n    if can_send:",
            f"{_LETTERS}test_without_mail_an_admin_hands_over_the_link_and_a_lead_does_not",
        ),
        (
            "S35", "outreach/accounts/administration.py",
            "    mailings.report_new_account(session, now=now)", "    pass",
            f"{_LETTERS}test_admins_read_a_line_for_each_new_account",
        ),
        (
            "S23", "outreach/web/staff/common/contact_views.py",
            "owner_id = staff.find_allowance_owner(session, who.organizer_id, now=now)",
            "owner_id = who.organizer_id",
            f"{_MANY}test_inviter_and_invited_share_one_allowance",
        ),
        (
            "S23", "outreach/domain/network/staff.py", "for _step in range(_MAX_INVITERS):",
            "for _step in range(1):", f"{_MANY}test_inviter_and_invited_share_one_allowance",
        ),
        (
            "S23", "outreach/domain/network/staff.py",
            "StaffMember.invited_at > now - SHARED_ALLOWANCE", "sa.true()",
            f"{_MANY}test_allowance_is_shared_for_thirty_days",
        ),
        (
            "S23", "outreach/web/staff/common/contact_views.py",
            "return is_urgent or count_view()", "return count_view()",
            f"{_MANY}test_calls_that_cannot_wait_are_logged_and_not_counted",
        ),
        (
            "S23", "outreach/web/staff/common/contact_views.py",
            "return workshop.is_closed_for_danger or is_same_day", "return True",
            f"{_MANY}test_calls_that_cannot_wait_are_logged_and_not_counted",
        ),
    ):  # fmt: skip
        yield Guard(promise, file, words, instead, test)
