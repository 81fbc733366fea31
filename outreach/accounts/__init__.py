"""Staff sign-in: passwords, codes, passkeys, sessions, invitations and another provider's word; and
the calendars of their phones. argon2-cffi, pyotp, fido2 and joserfc do the cryptography; what is
ours is policy: when, how often, once. Whatever works once is a conditional change that finds one
row.
"""

from outreach.accounts import (
    calendar_tokens,
    credentials,
    interrupted_forms,
    invitations,
    passkeys,
    passwords,
    sessions,
    totp,
    webauthn_challenges,
)

__all__ = [
    "calendar_tokens",
    "credentials",
    "interrupted_forms",
    "invitations",
    "passkeys",
    "passwords",
    "sessions",
    "totp",
    "webauthn_challenges",
]
