"""One key for each registration, kept apart from what it opens.

The main database and every copy of it hold only sealed names. The ring holds the keys, is never
archived, and forgets a person by losing their key: every old copy goes blind at that moment.
The ring knows no domain: a workshop is a number to it, a person an HMAC of their address.
"""

from outreach.keystore.encryption import derive, seal, unseal
from outreach.keystore.keystore import Ask, Keyring, TooManyDue
from outreach.keystore.master_keys import Masters
from outreach.keystore.models import Asked, Attempt, DayKey, JournalMark, Key, RingBase

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
