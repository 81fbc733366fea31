"""One key for each registration, kept apart from what it opens.

The main database and every copy of it hold only sealed names. The key store holds the keys and is
never archived; deleting a key makes every old copy of a registration unreadable (decision 0021).
It knows no domain: a workshop is a number to it, a person an HMAC of their contact. May import `db`
and the modules at the root. Open `keystore` first.

Against who takes all seats (S29): `seat_shares.py` counts the seats that a network took at a
workshop, in a transaction of its own. A party beyond the share of its network is a row with
`is_beyond_share`, and `bursts.py` knows of which burst it is. The counts may be lost in a power
cut; a party whose burst is lost is then a burst by itself.
"""

from outreach.keystore.encryption import (
    RegistrationKey,
    decrypt,
    derive,
    derive_link,
    encrypt,
)
from outreach.keystore.keystore import Keeper, KeyRequest, KeyStore, TooManyDue, of_session
from outreach.keystore.master_keys import MasterKeys
from outreach.keystore.models import (
    AuditAnchor,
    Burst,
    BurstDecision,
    DayKey,
    Key,
    KeyStoreBase,
    LinkRequest,
    RateCounter,
    ReceivedText,
    SeatParty,
    SeatShare,
    TextChallenge,
    TextReply,
    TextStop,
)

__all__ = [
    "AuditAnchor",
    "Burst",
    "BurstDecision",
    "DayKey",
    "Keeper",
    "Key",
    "KeyRequest",
    "KeyStore",
    "KeyStoreBase",
    "LinkRequest",
    "MasterKeys",
    "RateCounter",
    "ReceivedText",
    "RegistrationKey",
    "SeatParty",
    "SeatShare",
    "TextChallenge",
    "TextReply",
    "TextStop",
    "TooManyDue",
    "decrypt",
    "derive",
    "derive_link",
    "encrypt",
    "of_session",
]
