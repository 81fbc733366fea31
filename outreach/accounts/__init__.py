"""Staff sign-in: passwords, TOTP codes, passkeys, OpenID Connect, sessions, invitations, calendars.

argon2-cffi, pyotp, fido2 and joserfc do the cryptography. This package decides when a credential
counts, how often it may be tried, and that it counts once: each use is an UPDATE or DELETE that
must find one row. May import `domain`, `keystore` and `db`. Start with `sessions`.
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
