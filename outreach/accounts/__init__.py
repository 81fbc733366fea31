"""Staff sign-in: passwords, sessions, invitations; and the calendars of their phones. argon2-cffi
does the cryptography; what is ours is policy: when, how often, once. Whatever works once is a
conditional change that finds one row.
"""

from outreach.accounts import access, calendars, invitations, passwords, sessions

__all__ = ["access", "calendars", "invitations", "passwords", "sessions"]
