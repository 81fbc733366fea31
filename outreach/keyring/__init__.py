"""One key for each registration, kept apart from what it opens.

The main database and every copy of it hold only sealed names. The ring holds the keys, is never
archived, and forgets a person by losing their key: every old copy goes blind at that moment.
The ring knows no domain: a workshop is a number to it, a person an HMAC of their address.
"""

from outreach.keyring.masters import Masters
from outreach.keyring.ring import Ask, Keyring, TooManyDue
from outreach.keyring.rows import Asked, Attempt, DayKey, JournalMark, Key, RingBase
from outreach.keyring.sealing import derive, seal, unseal

__all__ = [
    "Ask",
    "Asked",
    "Attempt",
    "DayKey",
    "JournalMark",
    "Key",
    "Keyring",
    "Masters",
    "RingBase",
    "TooManyDue",
    "derive",
    "seal",
    "unseal",
]
