"""The outlets of notifications: letters by SMTP or into a folder, texts through a gateway."""

import logging
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Final, Generic

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import outbox, registrations
from outreach.domain.network import installation_settings
from outreach.domain.outbox import (
    ClaimedMessage,
    NotificationReader,
    link_recovery,
    reminder_folds,
    summaries,
)
from outreach.domain.outbox.delivery_queue import NotificationOutbox
from outreach.domain.registrations import Registration, text_hours
from outreach.domain.registrations.message_types import DECLARATIONS
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.errors import DataErased, NotFound
from outreach.keystore import KeyStore, text_exchange
from outreach.mail import render, sms, sms_gateway, smtp
from outreach.mail.delivery_errors import (
    AlreadySaid,
    Delayed,
    DeliveryRefused,
    DeliveryUncertain,
    ServerUnavailable,
)
from outreach.mail.delivery_round import Outlet, Prepared, Transport, Written
from outreach.mail.message_context import MessageContext
from outreach.mail.recipient_limits import RecipientLimits
from outreach.mail.sms_gateway import SmsMessage
from outreach.mail.text_budget import TextBudget, TextPurse

log = logging.getLogger(__name__)

_OF_ANOTHER_WORKER: Final = timedelta(minutes=1)  # then what it is sending is sent
LetterTransport = Transport[EmailMessage]
TextTransport = Transport[SmsMessage]


def letter_transport(config: Config) -> LetterTransport | None:
    """Returns the transport of letters: SMTP or a folder; None when neither is configured."""
    if config.smtp_url:
        return partial(smtp.connect, config)
    folder = config.mail_folder
    return None if folder is None else partial(_write_to, folder)


def text_transport(config: Config) -> TextTransport | None:
    """Returns the transport of texts; None without a gateway: then staff call those who left a
    phone number."""
    return partial(sms_gateway.connect, config.texts) if config.texts.url else None


def letter_outlets(
    store: Store, key_store: KeyStore, config: Config, transport: LetterTransport
) -> list[Outlet[ClaimedMessage, EmailMessage]]:
    """Returns the outlets of letters of notifications: that of warnings comes first."""
    write = partial(render.write, config=config)
    return [
        _make_outlet("letters", store, key_store, each, write, transport, can_be_stopped=True)
        for each in (outbox.WARNING_LETTERS, outbox.LETTERS)
    ]


def text_outlets(
    store: Store, key_store: KeyStore, config: Config, transport: TextTransport
) -> list[Outlet[ClaimedMessage, SmsMessage]]:
    """Returns the outlets of texts of notifications: warnings first, whatever the day's budget is,
    then others as far as it goes."""
    write = partial(sms.write, config=config)
    budget = TextBudget(config, key_store)
    purses = {
        outbox.WARNING_TEXTS: TextPurse.WARNINGS,
        outbox.TEXTS_OF_STAFF: TextPurse.OF_STAFF,
        outbox.TEXT_REMINDERS: TextPurse.OF_REMINDERS,
        outbox.TEXTS_OF_STRANGERS: TextPurse.OF_STRANGERS,
    }
    outlets = []
    for source, purse in purses.items():
        sending = partial(paying_texts, transport, key_store, budget, purse)
        made = _make_outlet(
            "texts", store, key_store, source, write, sending, can_be_stopped=config.answers.is_on
        )
        outlets.append(replace(made, explain_wait=partial(budget.explain_wait, purse)))
    return outlets


def _make_outlet(
    plural: str,
    store: Store,
    key_store: KeyStore,
    source: NotificationOutbox,
    write: Callable[[MessageContext], Written],
    transport: Transport[Written],
    *,
    can_be_stopped: bool,
) -> Outlet[ClaimedMessage, Written]:
    return Outlet(
        plural=plural,
        store=store,
        outbox=source,
        prepare=_NotificationWriter(store, key_store, source, write, can_be_stopped=can_be_stopped),
        transport=transport,
        limits=RecipientLimits(key_store),
    )


@contextmanager
def paying_texts(
    transport: TextTransport, key_store: KeyStore, budget: TextBudget, purse: TextPurse
) -> Iterator[Callable[[SmsMessage], None]]:
    """Yields a transport that counts each text that may have been sent. It sends nothing to phones
    that answered «stop»: staff call instead (S41)."""
    with transport() as send_text:

        def send(text: SmsMessage) -> None:
            if text_exchange.is_stopped(key_store, text.to):
                raise DeliveryRefused(is_final=True)
            try:
                send_text(text)
            except DeliveryUncertain:
                budget.count(purse)
                raise
            budget.count(purse)

        yield send


def explain_failure(config: Config) -> str:
    """Returns why letters cannot leave, as `outreach doctor` says it; empty when they can."""
    if not config.smtp_url:
        return "" if config.mail_folder else "letters wait: set OUTREACH_SMTP_URL"
    try:
        with smtp.connect(config):
            return ""
    except ServerUnavailable as error:
        return f"letters wait: {error}"


@dataclass
class _NotificationWriter(Generic[Written]):
    """Looks up a claimed notification and its person, and writes its message."""

    store: Store
    key_store: KeyStore
    source: NotificationOutbox
    write: Callable[[MessageContext], Written]
    can_be_stopped: bool  # by its recipient: by an answer, or on the page of its link
    reader: NotificationReader = field(default_factory=NotificationReader)

    def __call__(self, claimed: ClaimedMessage, now: datetime) -> Prepared[Written] | None:
        """Returns the message of a notification; None when the personal data were erased or it is
        obsolete. Raises AlreadySaid and Delayed."""
        with self.store.read() as session:
            notification = self.reader.read(session, claimed)
            if notification is None or outbox.is_over(notification, now):
                return None
            if outbox.may_be_true_again(notification):
                raise Delayed(now + UNDO_WINDOW)
            if outbox.is_obsolete(notification, now) or outbox.is_repeated(session, notification):
                return None
            if (send_at := self.source.compute_send_time(notification, now)) > now:
                raise Delayed(send_at)
            registration = notification.registration
            group = registrations.list_group(session, registration)
            has_entry = registration.wants_entry
            host = installation_settings.get_calendar_host(session) if has_entry else ""
        try:
            key = registrations.get_key(self.key_store, registration)
            person = registrations.decrypt_person(registration, key)
        except (NotFound, DataErased):
            return None
        if not link_recovery.is_allowed(notification):
            return None
        summary: Sequence[tuple[Registration, bytes]] = ()
        unlisted = 0
        if DECLARATIONS[notification.cause].is_reminder:
            summary = self._fold(notification, person.address, now)
            if not summary:
                return None
        if notification.cause is NotificationType.SUMMARY:
            summary, unlisted = self._summarize(notification, person.address, now)
            if not summary:
                return None
        message = self.write(
            MessageContext(
                notification=notification,
                address=person.address,
                key=key,
                now=now,
                group=group,
                calendar_host=host,
                summary=summary,
                unlisted=unlisted,
                letter_id=self.key_store.letter_id(notification.id, registration.id.lower()),
            )
        )
        is_limited = summaries.is_limited(notification, self.key_store, now)
        return Prepared(message=message, limited=person.address if is_limited else "")

    def _fold(
        self, reminder: Notification, address: str, now: datetime
    ) -> Sequence[tuple[Registration, bytes]]:
        """The registrations that a reminder tells of, with their keys; none if it is not sent.
        Raises AlreadySaid and Delayed."""
        is_day = text_hours.is_daytime(reminder.registration.workshop, now)
        is_stopped = text_exchange.is_stopped(self.key_store, address)
        if not is_day or is_stopped or not self.can_be_stopped:
            return ()
        key_ids = self.key_store.find(address)
        keys = self.key_store.get_all(key_ids)
        with self.store.read() as session:
            found = reminder_folds.list_of_day(session, key_ids, reminder, now=now)
            if found and reminder_folds.is_repeated_today(session, key_ids, reminder, now=now):
                raise AlreadySaid
            if found and reminder_folds.is_being_sent(session, key_ids, reminder, now=now):
                raise Delayed(now + _OF_ANOTHER_WORKER)
        return [(each, keys[each.key_id]) for each in found if each.key_id in keys]

    def _summarize(
        self, notification: Notification, address: str, now: datetime
    ) -> tuple[Sequence[tuple[Registration, bytes]], int]:
        """The registrations of the recipient with their keys, none if they were listed already; and
        how many more there are than one message lists."""
        key_ids = self.key_store.find(address)
        keys = self.key_store.get_all(key_ids)
        with self.store.read() as session:
            if summaries.has_been_sent(session, key_ids, notification):
                return (), 0
            found = summaries.list_registrations(session, key_ids, notification, now=now)
            total = summaries.count_registrations(session, key_ids, notification, now=now)
        listed = [(each, keys[each.key_id]) for each in found if each.key_id in keys]
        return listed, total - len(found)


@contextmanager
def _write_to(folder: Path) -> Iterator[Callable[[EmailMessage], None]]:
    """Yields a transport for demonstrations, which writes each letter as an `.eml` file."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def send(letter: EmailMessage) -> None:
        # Mode 600: the folder may have been made readable for others.
        descriptor = os.open(
            folder / f"{secrets.token_hex(8)}.eml", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600
        )
        with os.fdopen(descriptor, "wb") as file:
            file.write(render.as_bytes(letter))

    yield send
