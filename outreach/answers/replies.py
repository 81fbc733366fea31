"""Writes and sends the replies that wait, each by its place as it is when it is sent.

A reply goes out at any hour, since somebody just wrote; at most once, since they can write again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import sqlalchemy as sa
from flask import render_template
from sqlalchemy.orm import Session

from outreach.answers import conversation
from outreach.answers.adapters import WHATSAPP
from outreach.answers.conversation import ReplyName
from outreach.config import Config, Texts
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.registrations import Registration
from outreach.errors import DataErased, NotFound
from outreach.i18n import use_language
from outreach.keystore import KeyStore, text_exchange
from outreach.keystore.text_exchange import QueuedReply
from outreach.mail import sms, sms_gateway
from outreach.mail.delivery_errors import (
    DeliveryDropped,
    DeliveryRefused,
    DeliveryUncertain,
    ServerUnavailable,
)
from outreach.mail.delivery_round import Outlet, Prepared
from outreach.mail.recipient_limits import RecipientLimits
from outreach.mail.sms_gateway import SmsMessage
from outreach.mail.text_budget import TextBudget, TextPurse

RETRY_AFTER: Final = timedelta(minutes=1)  # while the gateway is away; for REPLY_LIFETIME
MAX_REPLIES: Final = 200  # in one round
_NEEDING_PLACE: Final = frozenset(
    {
        ReplyName.CONFIRMED,
        ReplyName.ACCEPTED,
        ReplyName.TOO_LATE,
        ReplyName.DIGITS,
        ReplyName.WRONG_DIGITS,
        ReplyName.NO_MORE_DIGITS,
        ReplyName.WHERE,
    }
)


@dataclass(frozen=True, kw_only=True, repr=False)
class PreparedReply:
    """A reply that is written, and the gateway that sends it."""

    text: SmsMessage
    gateway: Texts
    purse: TextPurse | None  # None: it costs no text


@dataclass
class ReplyOutbox:
    """The replies of the key store. One that is claimed is deleted, so each is sent at most once:
    who gets none can write again."""

    key_store: KeyStore
    taken: int = 0  # in this round
    claimed_at: datetime | None = None  # when the last one was taken

    def has_due(self, session: Session, *, now: datetime) -> bool:
        return session.execute(text_exchange.find_due_reply(now)).first() is not None

    def claim(
        self, connection: sa.Connection, *, now: datetime, after: QueuedReply | None = None
    ) -> QueuedReply | None:
        """Takes the reply that waits longest, whatever was claimed before; at most MAX_REPLIES."""
        if self.taken >= MAX_REPLIES:
            return None
        self.taken, self.claimed_at = self.taken + 1, now
        return text_exchange.take_reply(connection, self.key_store, now=now)

    def release(self, connection: sa.Connection, claimed: QueuedReply) -> None:
        """Queues a reply again, since there was no gateway to try."""
        assert self.claimed_at is not None
        later = self.claimed_at + RETRY_AFTER
        text_exchange.insert_reply(connection, self.key_store, claimed, now=later)

    def delay(self, connection: sa.Connection, claimed: QueuedReply, until: datetime) -> None:
        """Queues a reply again, to be sent from `until` on."""
        text_exchange.insert_reply(connection, self.key_store, claimed, now=until)

    postpone = delay

    def discard(self, connection: sa.Connection, claimed: QueuedReply) -> None:
        """Does nothing: the reply was deleted when it was claimed."""

    def mark_done(self, connection: sa.Connection, claimed: QueuedReply, now: datetime) -> None:
        """Does nothing: the reply was deleted when it was claimed."""

    mark_uncertain = mark_done

    def mark_refused(
        self, connection: sa.Connection, claimed: QueuedReply, now: datetime, *, is_final: bool
    ) -> None:
        """Does nothing: the reply was deleted when it was claimed."""


def text_outlets(
    store: Store, key_store: KeyStore, config: Config
) -> list[Outlet[QueuedReply, PreparedReply]]:
    """Returns the outlets of replies to texts, and to messages of WhatsApp."""
    budget = TextBudget(config, key_store)

    def prepare(reply: QueuedReply, now: datetime) -> Prepared[PreparedReply] | None:
        text = _write(store, key_store, config, reply, now)
        is_whatsapp = reply.words.get("channel") == WHATSAPP
        gateway = config.whatsapp.gateway(config.texts.countries) if is_whatsapp else config.texts
        if text is None or not gateway.url:
            return None
        purse = None
        if not is_whatsapp:
            purse = TextPurse.OF_STOP_REPLIES if _is_of_stop(reply) else TextPurse.OF_REPLIES
            if reason := budget.explain_wait(purse):
                raise DeliveryDropped(reason)
        return Prepared(message=PreparedReply(text=text, gateway=gateway, purse=purse))

    return [
        Outlet(
            plural="replies to texts",
            store=key_store.store,
            outbox=ReplyOutbox(key_store),
            prepare=prepare,
            transport=partial(_connect, key_store, budget),
            limits=RecipientLimits(key_store),
        )
    ]


@contextmanager
def _connect(key_store: KeyStore, budget: TextBudget) -> Iterator[Callable[[PreparedReply], None]]:
    """Yields a transport to the gateway of each reply. Where one refuses for now, replies wait."""
    sent = 0

    def send(reply: PreparedReply) -> None:
        nonlocal sent
        try:
            with sms_gateway.connect(reply.gateway) as send_text:
                send_text(reply.text)
        except DeliveryRefused as refusal:
            if refusal.is_final:
                raise
            raise ServerUnavailable("the gateway refuses texts for now") from None
        except DeliveryUncertain:  # it may have been sent, and costs as much
            pass
        sent += 1
        if reply.purse is not None:
            budget.count(reply.purse)

    yield send
    if sent:
        key_store.store.truncate_log()


def _is_of_stop(reply: QueuedReply) -> bool:
    """Whether a reply answers a «stop», which is counted apart (`text_limits.count_stop_reply`)."""
    return reply.words.get("name") == ReplyName.STOPPED


def _write(
    store: Store, key_store: KeyStore, config: Config, reply: QueuedReply, now: datetime
) -> SmsMessage | None:
    """Writes a reply; returns None where the place that it is about is gone."""
    name, language = ReplyName(reply.words["name"]), str(reply.words["language"])
    registration, link = None, ""
    if name in _NEEDING_PLACE:
        with store.read() as session:
            registration = conversation.find_place(session, key_store, reply, now=now)
        if registration is None:
            return None
        try:
            key = registrations.get_key(key_store, registration)
            registration.open_with(key)
        except (NotFound, DataErased):
            return None
        token = registrations.derive_manage_token(key)
        link = f"{config.public_url}/{language}/r/{token}"
    digits = ""
    if name is ReplyName.DIGITS and reply.key_id is not None:
        digits = text_exchange.read_digits(key_store, reply.number, reply.key_id, now=now)
        if not digits:
            return None
    words = write(
        name, config, language, registration=registration, link=link, digits=digits, now=now
    )
    return SmsMessage(to=reply.number, words=words)


def write(
    name: ReplyName,
    config: Config,
    language: str,
    *,
    registration: Registration | None,
    link: str,
    digits: str,
    now: datetime,
) -> str:
    """Writes the words of a reply, in one part of the GSM alphabet. Needs an application
    context."""
    address = _find_address(registration) if name is ReplyName.WHERE else ""
    values = {"registration": registration, "link": link, "digits": digits, "today": now.date()}
    with use_language(language):
        for street in dict.fromkeys((address, "")):  # one that is too long is left out
            words = render_template(
                f"sms/replies/{name}.txt",
                **values,
                address=street,
                phone=config.phone,
                home=f"{config.public_url}/{language}/",
            )
            plain = sms.plain(" ".join(words.split()))
            if sms.parts(plain) == 1:
                break
    return plain


def _find_address(registration: Registration | None) -> str:
    """The street of the venue, for who may read it; none of a sensitive kind, whose address may say
    what it is, and none on line."""
    if registration is None or not registration.sees_address:
        return ""
    workshop = registration.workshop
    is_there = registration.channel == "venue" and workshop.venue is not None
    if workshop.is_sensitive or not is_there or workshop.venue is None:
        return ""
    return workshop.venue.address
