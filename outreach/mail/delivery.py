"""Delivers notifications: letters by SMTP or into a folder, texts through a gateway."""

import logging
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Generic

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import outbox, registrations
from outreach.domain.network import installation_settings
from outreach.domain.outbox import ClaimedMessage, NotificationReader, link_recovery, summaries
from outreach.domain.outbox.delivery_queue import NotificationOutbox
from outreach.domain.registrations import Registration
from outreach.domain.registrations.change_notifications import HOLD
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.trials import assignment
from outreach.errors import DataErased, NotFound
from outreach.keystore import KeyStore, text_exchange
from outreach.mail import render, sms, sms_gateway, smtp
from outreach.mail.delivery_errors import (
    Delayed,
    DeliveryRefused,
    DeliveryUncertain,
    Postponed,
    ServerUnavailable,
)
from outreach.mail.delivery_round import MAX_ROUND, DeliveryRound, Transport, Written
from outreach.mail.message_context import MessageContext
from outreach.mail.recipient_limits import RecipientLimits
from outreach.mail.sms_gateway import SmsMessage
from outreach.mail.text_budget import TextBudget

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
    """Runs a round of letters, warnings first, and returns how many were sent. Needs an
    application context."""
    write = partial(render.write, config=config)
    sequence = _DeliverySequence(
        store, key_store, outbox.WARNING_LETTERS, now, should_stop, warn, "letters"
    )

    def give_back(writer: _NotificationWriter[EmailMessage]) -> LetterTransport:
        return partial(giving_back, transport, writer.give_back)

    sequence.run(outbox.WARNING_LETTERS, write, give_back, should_stop)
    sequence.run(outbox.LETTERS, write, give_back, sequence.should_yield)
    return sequence.sent_count


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
    """Runs a round of texts and returns how many were sent: warnings first, whatever the day's
    budget is, then others as far as it goes. Needs an application context."""
    write = partial(sms.write, config=config)
    budget = TextBudget(config, key_store)
    sequence = _DeliverySequence(
        store, key_store, outbox.WARNING_TEXTS, now, should_stop, warn, "texts"
    )
    refusing = partial(refusing_stopped, transport, key_store)

    def count(is_of_stranger: bool) -> Callable[[_NotificationWriter[SmsMessage]], TextTransport]:
        counting = partial(counting_texts, refusing, budget, is_of_stranger=is_of_stranger)
        return lambda writer: partial(giving_back, counting, writer.give_back)

    def is_used_up() -> bool:
        is_over = budget.usage().is_used_up
        if is_over:
            warn("texts wait: OUTREACH_TEXTS_A_DAY is used up")
        return is_over or sequence.should_yield()

    def is_used_up_by_strangers() -> bool:
        is_over = not budget.usage().is_left_to_strangers
        if is_over:
            warn("texts that strangers cause wait: their half of OUTREACH_TEXTS_A_DAY is used up")
        return is_over or sequence.should_yield()

    sequence.run(outbox.WARNING_TEXTS, write, count(False), should_stop)
    sequence.run(outbox.TEXTS_OF_STAFF, write, count(False), is_used_up)
    sequence.run(outbox.TEXTS_OF_STRANGERS, write, count(True), is_used_up_by_strangers)
    return sequence.sent_count


@dataclass
class _DeliverySequence:
    """Rounds of delivery one after the other, until one is cut short. Together they take as long as
    a single one may, and end for a warning that is due: nothing else is sent before it."""

    store: Store
    key_store: KeyStore
    warnings: NotificationOutbox
    now: datetime
    should_stop: Callable[[], bool]
    warn: Callable[[str], None]
    plural: str
    sent_count: int = 0
    is_cut: bool = False

    def __post_init__(self) -> None:
        self._started = self._asked = monotonic()

    def run(
        self,
        source: NotificationOutbox,
        write: Callable[[MessageContext], Written],
        make_transport: "Callable[[_NotificationWriter[Written]], Transport[Written]]",
        should_stop: Callable[[], bool],
    ) -> None:
        if self.is_cut:
            return
        writer = _NotificationWriter(
            self.store, self.key_store, source, write, RecipientLimits(self.key_store)
        )
        delivery_round = DeliveryRound(
            self.store, source, writer, self._current_time(), should_stop, self.warn, self.plural
        )
        self.sent_count += delivery_round.run(make_transport(writer))
        self.is_cut = delivery_round.is_cut

    def should_yield(self) -> bool:
        """Whether the rounds end before the next message. Asks for warnings once a second."""
        if self.should_stop() or self._current_time() - self.now > MAX_ROUND:
            return True
        if monotonic() - self._asked < 1:
            return False
        self._asked = monotonic()
        with self.store.read() as session:
            return self.warnings.has_due(session, now=self._current_time())

    def _current_time(self) -> datetime:
        return self.now + timedelta(seconds=monotonic() - self._started)


@contextmanager
def giving_back(
    transport: Transport[Written], give_back: Callable[[], None]
) -> Iterator[Callable[[Written], None]]:
    """A transport that calls `give_back` for each message that is not sent."""
    with transport() as send_message:

        def send(message: Written) -> None:
            try:
                send_message(message)
            except (DeliveryRefused, ServerUnavailable):
                give_back()
                raise

        yield send


@contextmanager
def refusing_stopped(
    transport: TextTransport, key_store: KeyStore
) -> Iterator[Callable[[SmsMessage], None]]:
    """A transport that sends nothing to phones that answered «stop»: staff call instead (S41)."""
    with transport() as send_text:

        def send(text: SmsMessage) -> None:
            if text_exchange.is_stopped(key_store, text.to):
                raise DeliveryRefused(is_final=True)
            send_text(text)

        yield send


@contextmanager
def counting_texts(
    transport: TextTransport, budget: TextBudget, *, is_of_stranger: bool
) -> Iterator[Callable[[SmsMessage], None]]:
    """A transport that counts each text that may have been sent."""
    with transport() as send_text:

        def send(text: SmsMessage) -> None:
            try:
                send_text(text)
            except DeliveryUncertain:
                budget.count(is_of_stranger=is_of_stranger)
                raise
            budget.count(is_of_stranger=is_of_stranger)

        yield send


def explain_failure(config: Config) -> str:
    """Why letters cannot leave, as `outreach doctor` says it; empty when they can."""
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
    limits: RecipientLimits
    counted: str = ""  # the recipient of the last message, if it counts in their limit
    reader: NotificationReader = field(default_factory=NotificationReader)

    def __call__(self, claimed: ClaimedMessage, now: datetime) -> Written | None:
        """None when the personal data were erased or the notification is obsolete. Raises Delayed
        and Postponed."""
        with self.store.read() as session:
            notification = self.reader.read(session, claimed)
            if notification is None or outbox.is_over(notification, now):
                return None
            if outbox.may_be_true_again(notification):
                raise Delayed(now + HOLD)
            if outbox.is_obsolete(notification, now) or outbox.is_repeated(session, notification):
                return None
            if (send_at := self.source.compute_send_time(notification, now)) > now:
                raise Delayed(send_at)
            registration = notification.registration
            group = registrations.list_group(session, registration)
            has_entry = registration.wants_entry
            host = installation_settings.get_calendar_host(session) if has_entry else ""
            wording = assignment.get_wording(session, notification)
        try:
            key = registrations.get_key(self.key_store, registration)
            person = registrations.decrypt_person(registration, key)
        except (NotFound, DataErased):
            return None
        if not link_recovery.is_allowed(notification):
            return None
        summary: Sequence[tuple[Registration, bytes]] = ()
        unlisted = 0
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
                wording=wording,
                letter_id=self.key_store.letter_id(notification.id, registration.id.lower()),
            )
        )
        self.counted = ""
        if summaries.is_limited(notification, self.key_store, now):
            until = self.limits.count(person.address)
            if until is not None:
                raise Postponed(until)
            self.counted = person.address
        return message

    def give_back(self) -> None:
        """Takes the count of the last message back: it was not sent."""
        if self.counted:
            self.limits.give_back(self.counted)

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
