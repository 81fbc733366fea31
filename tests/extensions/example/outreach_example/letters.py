"""The letter that thanks a guest."""

from datetime import datetime
from email.message import EmailMessage
from typing import Final

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.outbox import ClaimedMessage, OutboxTable
from outreach.errors import DataErased
from outreach.keystore import KeyStore, sealed_rows
from outreach.mail import render
from outreach.mail.delivery import LetterTransport
from outreach.mail.delivery_round import Outlet, Prepared
from outreach.mail.message_context import mail_from
from outreach.mail.recipient_limits import RecipientLimits
from outreach_example import guests
from outreach_example.tables import Guest, GuestLetter

OUTBOX: Final = OutboxTable(GuestLetter, "reason")


class LetterWriter:
    def __init__(self, key_store: KeyStore, config: Config) -> None:
        self.key_store, self.config = key_store, config

    def __call__(self, claimed: ClaimedMessage, now: datetime) -> Prepared[EmailMessage] | None:
        """Returns the letter; None where the guest is gone."""
        with self.key_store.store.read() as session:
            row = session.get(GuestLetter, claimed.id)
            guest = None if row is None else session.get(Guest, row.guest_id)
        if guest is None:
            return None
        try:
            name, email = guests.open_guest(self.key_store, guest)
        except DataErased:
            return None
        recipient = sealed_rows.recipient_id(Guest.__tablename__, guest.id)
        letter_id = self.key_store.letter_id(claimed.id, recipient)
        own = {"Message-ID": render.message_id(self.config, letter_id)}
        shared = {"From": mail_from(self.config), "Subject": "Gracias"}
        letter = render.compose(shared, f"Gracias, {name}.\n", to=email, own=own, at=now)
        return Prepared(message=letter, limited=email)


def make_outlets(
    _store: Store, key_store: KeyStore, config: Config, transport: LetterTransport
) -> list[Outlet[ClaimedMessage, EmailMessage]]:
    return [
        Outlet(
            plural="letters",
            store=key_store.store,
            outbox=OUTBOX,
            prepare=LetterWriter(key_store, config),
            transport=transport,
            limits=RecipientLimits(key_store),
        )
    ]
