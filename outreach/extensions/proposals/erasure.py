"""Erases proposals: when somebody says so, and after 30 days, also while none can be made."""

from datetime import datetime
from typing import Final

from outreach.config import Config
from outreach.db.store import Store
from outreach.extensions.proposals import proposals
from outreach.keystore import Keeper, KeyStore
from outreach.privacy import mail_folder


def erase(store: Store, key_store: KeyStore, config: Config, proposal_id: bytes) -> None:
    """Erases a proposal, and the letter about it in the mail folder."""
    proposals.erase(key_store, proposal_id)
    mail_folder.delete_expired(store, key_store, config.mail_folder)


def purge(_store: Store, key_store: KeyStore, _now: datetime) -> int:
    return proposals.purge(key_store)


KEEPER: Final = Keeper(
    noun="proposals",
    held="proposals of workshops, with who answers for them",
    count=lambda _store, key_store: proposals.count_stored(key_store),
    count_due=lambda _store, key_store, _now: proposals.count_expired(key_store),
    purge=purge,
)
