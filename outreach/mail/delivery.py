"""Sends what is due: letters, and texts where a gateway is set.

Each is taken for some minutes, then its key and its person are looked up, then it is written, sent
and marked. So nobody is written to who was forgotten before their turn came, several workers never
send the same one, and what was sent when a worker was killed goes out once more at most.
"""

import logging
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Final, Generic, TypeVar

import sqlalchemy as sa

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import outbox, registrations
from outreach.domain.network import installation_settings
from outreach.domain.outbox import ClaimedMessage, DeliveryChannel
from outreach.errors import Forgotten, NotFound
from outreach.keystore import KeyStore
from outreach.mail import render, sms, sms_gateway, smtp
from outreach.mail.delivery_errors import DeliveryRefused, DeliveryUncertain, ServerUnavailable
from outreach.mail.message_context import MessageContext
from outreach.mail.sms_gateway import SmsMessage

log = logging.getLogger(__name__)

Written = TypeVar("Written")
Send = Callable[[EmailMessage], None]
Post = Callable[[], AbstractContextManager[Send]]
SendText = Callable[[SmsMessage], None]
TextPost = Callable[[], AbstractContextManager[SendText]]

ROUND: Final = timedelta(seconds=60)  # then others have their turn: offers, the purge


def post(config: Config) -> Post | None:
    """How letters leave: by SMTP, into a folder, or, with neither set, not at all (None)."""
    if config.smtp_url:
        return partial(smtp.line, config)
    folder = config.mail_folder
    return None if folder is None else partial(_into, folder)


def text_post(config: Config) -> TextPost | None:
    """How texts leave; None without a gateway: then who left a phone is called."""
    return partial(sms_gateway.line, config.texts) if config.texts.url else None


def deliver(
    store: Store,
    key_store: KeyStore,
    config: Config,
    post: Post,
    *,
    now: datetime,
    is_over: Callable[[], bool] = lambda: False,
    tell: Callable[[str], None] = log.warning,
) -> int:
    """Sends the letters that are due and says how many went out. Needs an application context.

    A round ends after a minute, when the server is away (which `tell` is told), or when `is_over`
    says so."""
    write = partial(render.write, config=config)
    return _Round(store, key_store, DeliveryChannel.LETTER, write, now, is_over, tell).run(post)


def deliver_texts(
    store: Store,
    key_store: KeyStore,
    config: Config,
    post: TextPost,
    *,
    now: datetime,
    is_over: Callable[[], bool] = lambda: False,
    tell: Callable[[str], None] = log.warning,
) -> int:
    """The same for texts."""
    write = partial(sms.write, config=config)
    return _Round(store, key_store, DeliveryChannel.TEXT, write, now, is_over, tell).run(post)


def fault(config: Config) -> str:
    """What keeps letters from leaving, as `doctor` says it; empty when nothing does."""
    if not config.smtp_url:
        return "" if config.mail_folder else "letters wait: set OUTREACH_SMTP_URL"
    try:
        with smtp.line(config):
            return ""
    except ServerUnavailable as error:
        return f"letters wait: {error}"


Settle = Callable[[sa.Connection], None]  # writes down how a try ended


@dataclass
class _Round(Generic[Written]):
    store: Store
    key_store: KeyStore
    route: DeliveryChannel
    write: Callable[[MessageContext], Written]
    now: datetime
    is_over: Callable[[], bool]
    tell: Callable[[str], None]
    sent: int = 0
    is_cut: bool = False

    def __post_init__(self) -> None:
        self._began = monotonic()
        self._reader = outbox.Reader()

    def run(self, post: Callable[[], AbstractContextManager[Callable[[Written], None]]]) -> int:
        with self.store.read() as session:
            if not outbox.has_due(session, self.route, now=self.now):
                return 0
        try:
            with post() as send:  # before anything is taken: a server that is away costs no try
                self._send_all(send)
        except ServerUnavailable as error:
            self.tell(f"{self.route}s wait: {error}")
        return self.sent

    def _send_all(self, send: Callable[[Written], None]) -> None:
        taken: ClaimedMessage | None = None
        settle: Settle = _nothing
        while True:
            # One transaction a letter: what came of the last one, and the next one's lease.
            with self.store.change_rows() as connection:
                settle(connection)
                taken = None if self._has_ended() else self._take(connection, taken)
            if taken is None:
                return
            settle = self._deal_with(taken, send)

    def _take(
        self, connection: sa.Connection, last: ClaimedMessage | None
    ) -> ClaimedMessage | None:
        return outbox.claim(connection, self.route, now=self._moment(), after=last)

    def _deal_with(self, taken: ClaimedMessage, send: Callable[[Written], None]) -> Settle:
        try:
            written = self._written(taken)
        except Exception as error:
            # Only this one cannot be written. The kind of error only: its text might name someone.
            log.error("notice %s cannot be written: %s", taken.notice_id, type(error).__name__)
            return self._refused(taken, DeliveryRefused(is_final=False))
        if written is None:
            return partial(outbox.discard, taken=taken)
        try:
            send(written)
        except DeliveryRefused as refusal:
            return self._refused(taken, refusal)
        except DeliveryUncertain:
            return partial(outbox.mark_uncertain, taken=taken, now=self._moment())
        except ServerUnavailable as error:
            self.tell(f"{self.route}s wait: {error}")
            self.is_cut = True
            return partial(outbox.release, taken=taken)
        self.sent += 1
        return partial(outbox.mark_done, taken=taken, now=self._moment())

    def _refused(self, taken: ClaimedMessage, refusal: DeliveryRefused) -> Settle:
        self.is_cut = self.is_cut or refusal.ends_round
        return partial(
            outbox.mark_refused, taken=taken, now=self._moment(), is_final=refusal.is_final
        )

    def _written(self, taken: ClaimedMessage) -> Written | None:
        """None when there is nobody left to tell, or nothing."""
        now = self._moment()
        with self.store.read() as session:
            notice = self._reader.read(session, taken)
            if notice is None or outbox.is_obsolete(notice, now):
                return None
            others = registrations.group(session, notice.registration)
            wants_entry = notice.registration.wants_entry
            host = installation_settings.calendar_host(session) if wants_entry else ""
        try:
            key = registrations.key_of(self.key_store, notice.registration)
            person = registrations.decrypt_person(notice.registration, key)
        except (NotFound, Forgotten):
            return None
        matter = MessageContext(
            notice=notice, person=person, key=key, now=now, joint=others, calendar_host=host
        )
        return self.write(matter)

    def _moment(self) -> datetime:
        return self.now + timedelta(seconds=monotonic() - self._began)

    def _has_ended(self) -> bool:
        return self.is_cut or self.is_over() or self._moment() - self.now > ROUND


def _nothing(_connection: sa.Connection) -> None:
    """Of the first letter of a round: there was none before it."""


@contextmanager
def _into(folder: Path) -> Iterator[Send]:
    """For a demo: each letter is a file that a mail program opens."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def send(letter: EmailMessage) -> None:
        # Closed to everybody else, in a folder that somebody may have made for all to read too.
        new = os.open(
            folder / f"{secrets.token_hex(8)}.eml", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600
        )
        with os.fdopen(new, "wb") as file:
            file.write(render.as_bytes(letter))

    yield send
