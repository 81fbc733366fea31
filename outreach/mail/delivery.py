"""Delivers notifications: letters by SMTP or into a folder, texts through a gateway."""

import logging
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Generic

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import outbox, registrations
from outreach.domain.network import installation_settings
from outreach.domain.outbox import ClaimedMessage, NotificationReader, OutboxTable
from outreach.errors import DataErased, NotFound
from outreach.keystore import KeyStore
from outreach.mail import render, sms, sms_gateway, smtp
from outreach.mail.delivery_errors import ServerUnavailable
from outreach.mail.delivery_round import DeliveryRound, Transport, Written
from outreach.mail.message_context import MessageContext
from outreach.mail.sms_gateway import SmsMessage

log = logging.getLogger(__name__)

LetterTransport = Transport[EmailMessage]
TextTransport = Transport[SmsMessage]


def letter_transport(config: Config) -> LetterTransport | None:
    """SMTP, a folder, or None when neither is configured."""
    if config.smtp_url:
        return partial(smtp.connect, config)
    folder = config.mail_folder
    return None if folder is None else partial(_write_to, folder)


def text_transport(config: Config) -> TextTransport | None:
    """None without a gateway: then staff call those who left a phone number."""
    return partial(sms_gateway.connect, config.texts) if config.texts.url else None


def deliver(
    store: Store,
    key_store: KeyStore,
    config: Config,
    transport: LetterTransport,
    *,
    now: datetime,
    should_stop: Callable[[], bool] = lambda: False,
    warn: Callable[[str], None] = log.warning,
) -> int:
    """Runs a round of letters (`DeliveryRound.run`) and returns how many were sent.

    Needs an application context."""
    write = partial(render.write, config=config)
    return _round(outbox.LETTERS, store, key_store, write, now, should_stop, warn).run(transport)


def deliver_texts(
    store: Store,
    key_store: KeyStore,
    config: Config,
    transport: TextTransport,
    *,
    now: datetime,
    should_stop: Callable[[], bool] = lambda: False,
    warn: Callable[[str], None] = log.warning,
) -> int:
    """Runs a round of texts and returns how many were sent. Needs an application context."""
    write = partial(sms.write, config=config)
    delivery_round = _round(outbox.TEXTS, store, key_store, write, now, should_stop, warn)
    delivery_round.plural = "texts"
    return delivery_round.run(transport)


def explain_failure(config: Config) -> str:
    """Why letters cannot leave, as `outreach doctor` says it; empty when they can."""
    if not config.smtp_url:
        return "" if config.mail_folder else "letters wait: set OUTREACH_SMTP_URL"
    try:
        with smtp.connect(config):
            return ""
    except ServerUnavailable as error:
        return f"letters wait: {error}"


def _round(
    table: OutboxTable,
    store: Store,
    key_store: KeyStore,
    write: Callable[[MessageContext], Written],
    now: datetime,
    should_stop: Callable[[], bool],
    warn: Callable[[str], None],
) -> DeliveryRound[Written]:
    writer = _NotificationWriter(store, key_store, write)
    return DeliveryRound(store, table, writer, now, should_stop, warn)


@dataclass
class _NotificationWriter(Generic[Written]):
    """Looks up a claimed notification and its person, and writes its message."""

    store: Store
    key_store: KeyStore
    write: Callable[[MessageContext], Written]
    reader: NotificationReader = field(default_factory=NotificationReader)

    def __call__(self, claimed: ClaimedMessage, now: datetime) -> Written | None:
        """None when the personal data were erased or the notification is obsolete."""
        with self.store.read() as session:
            notification = self.reader.read(session, claimed)
            if notification is None or outbox.is_obsolete(notification, now):
                return None
            registration = notification.registration
            group = registrations.list_group(session, registration)
            has_entry = registration.wants_entry
            host = installation_settings.get_calendar_host(session) if has_entry else ""
        try:
            key = registrations.get_key(self.key_store, registration)
            person = registrations.decrypt_person(registration, key)
        except (NotFound, DataErased):
            return None
        return self.write(
            MessageContext(
                notification=notification,
                address=person.address,
                key=key,
                now=now,
                group=group,
                calendar_host=host,
            )
        )


@contextmanager
def _write_to(folder: Path) -> Iterator[Callable[[EmailMessage], None]]:
    """A transport for demonstrations: writes each letter as an `.eml` file."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def send(letter: EmailMessage) -> None:
        # Mode 600: the folder may have been made readable for others.
        descriptor = os.open(
            folder / f"{secrets.token_hex(8)}.eml", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600
        )
        with os.fdopen(descriptor, "wb") as file:
            file.write(render.as_bytes(letter))

    yield send
