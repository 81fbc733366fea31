"""One key for each registration, kept apart from what it opens.

The main database and every copy of it hold only sealed names. The ring holds the keys, is never
archived, and forgets a person by losing their key: every old copy goes blind at that moment.
The ring knows no domain: a workshop is a number to it, a person an HMAC of their address.
"""

from outreach.keystore.encryption import decrypt, derive, encrypt
from outreach.keystore.keystore import KeyRequest, KeyStore, TooManyDue
from outreach.keystore.master_keys import MasterKeys
from outreach.keystore.models import (
    AuditAnchor,
    DayKey,
    Key,
    KeyStoreBase,
    LinkRequest,
    RateCounter,
)

__all__ = [
    "AuditAnchor",
    "DayKey",
    "Key",
    "KeyRequest",
    "KeyStore",
    "KeyStoreBase",
    "LinkRequest",
    "MasterKeys",
    "RateCounter",
    "TooManyDue",
    "decrypt",
    "derive",
    "encrypt",
]
