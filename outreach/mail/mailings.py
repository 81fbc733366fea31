"""Letters that belong to no registration, written and sent: plain text, to one person each. Those
to subscribers can be stopped with one click, in the mail program too (RFC 8058).

They leave as notices do (`mail/delivery.py`): taken, looked up, written, sent, marked.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import formataddr
from functools import partial
from time import monotonic

import sqlalchemy as sa
from flask import render_template
from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.newsletter import bulletins, mailings, subscribers
from outreach.domain.newsletter.mailings import ClaimedMailing, Mailing, MailingTopic
from outreach.domain.newsletter.subscribers import Subscriber
from outreach.domain.reporting import missing_reports
from outreach.domain.workshops import Workshop
from outreach.errors import Forgotten
from outreach.i18n import gettext as _
from outreach.i18n import use_language
from outreach.keystore import KeyStore
from outreach.mail import render
from outreach.mail.delivery import ROUND, Post, Send
from outreach.mail.delivery_errors import DeliveryRefused, DeliveryUncertain, ServerUnavailable
from outreach.mail.message_context import mail_from
from outreach.reports import bulletin_data, bulletin_text

log = logging.getLogger(__name__)

STAFF_LANGUAGE = "es"
Settle = Callable[[sa.Connection], None]  # writes down how a try ended


@dataclass(frozen=True, kw_only=True, repr=False)
class MailingContext:
    """All that a letter is made from, looked up a moment before it is sent."""

    circular: Mailing
    address: str
    lang: str
    now: datetime
    token: str = ""  # of a subscriber's link
    bulletin: str = ""  # its text
    missing: Sequence[Workshop] = ()  # of which nobody said how they went

    @property
    def month(self) -> Month:
        return Month.from_number(self.circular.month or 0)


def write(matter: MailingContext, config: Config) -> EmailMessage:
    """The letter. Needs an application context."""
    circular = matter.circular
    home = f"{config.public_url}/{matter.lang}/boletin"
    stop = f"{home}/s/{matter.token}/baja"
    with use_language(matter.lang):
        said = render_template(
            f"mail/mailing_{circular.topic}.txt",
            month=matter.month.first if circular.month else None,
            is_corrected=(circular.edition or 1) > 1,
            bulletin=matter.bulletin,
            missing=matter.missing,
            link=_link(matter, config),
            stop=stop,
        )
        sender = formataddr((config.mail_name, mail_from(config)))
        list_name = _("Boletín")
    subject, _gap, body = said.strip().partition("\n")
    shared = {"From": sender, "Subject": subject.strip()}
    # An id may be given again once its row is gone. Short: a folded one confuses some programs.
    about = f"{circular.id}-{int(circular.made_at.timestamp()):x}"
    own = {"Message-ID": render.message_id(config, about, circular.whose)}
    if matter.token:
        own |= {render.UNSUBSCRIBE: f"<{stop}>"}
        shared |= {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    if circular.topic is MailingTopic.BULLETIN:
        host = mail_from(config).partition("@")[2]
        shared |= {"List-Id": f"{list_name} <boletin.{host}>", "Precedence": "list"}
    return render.compose(shared, body, to=matter.address, own=own, at=matter.now)


def _link(matter: MailingContext, config: Config) -> str:
    """The one link of the letters whose text brings none along."""
    if matter.circular.topic is MailingTopic.ATTENDANCE:
        return f"{config.public_url}/org/"
    if matter.circular.topic is MailingTopic.REPORT:
        return f"{config.public_url}/org/mes/{matter.month}"
    return f"{config.public_url}/{matter.lang}/boletin/s/{matter.token}"


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
    return _Round(store, key_store, config, now, is_over, tell).run(post)


@dataclass
class _Round:
    store: Store
    key_store: KeyStore
    config: Config
    now: datetime
    is_over: Callable[[], bool]
    tell: Callable[[str], None]
    sent: int = 0
    is_cut: bool = False
    # The text of an edition is the same for all who read its language.
    texts: dict[tuple[int, int, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._began = monotonic()

    def run(self, post: Post) -> int:
        with self.store.read() as session:
            if not mailings.has_due(session, now=self.now):
                return 0
        try:
            with post() as send:  # before anything is taken: a server that is away costs no try
                self._send_all(send)
        except ServerUnavailable as error:
            self.tell(f"letters wait: {error}")
        return self.sent

    def _send_all(self, send: Send) -> None:
        taken: ClaimedMailing | None = None
        settle: Settle = _nothing
        while True:
            # One transaction a letter: what came of the last one, and the next one's lease.
            with self.store.change_rows() as connection:
                settle(connection)
                taken = (
                    None
                    if self._has_ended()
                    else mailings.claim(connection, now=self._moment(), after=taken)
                )
            if taken is None:
                return
            settle = self._deal_with(taken, send)

    def _deal_with(self, taken: ClaimedMailing, send: Send) -> Settle:
        try:
            letter = self._written(taken)
        except Exception as error:
            # Only this one cannot be written. The kind of error only: its text might name someone.
            log.error("circular %s cannot be written: %s", taken.id, type(error).__name__)
            return self._refused(taken, DeliveryRefused(is_final=False))
        if letter is None:
            return partial(mailings.discard, taken=taken)
        try:
            send(letter)
        except DeliveryRefused as refusal:
            return self._refused(taken, refusal)
        except DeliveryUncertain:
            return partial(mailings.mark_uncertain, taken=taken, now=self._moment())
        except ServerUnavailable as error:
            self.tell(f"letters wait: {error}")
            self.is_cut = True
            return partial(mailings.release, taken=taken)
        self.sent += 1
        return partial(mailings.mark_done, taken=taken, now=self._moment())

    def _refused(self, taken: ClaimedMailing, refusal: DeliveryRefused) -> Settle:
        self.is_cut = self.is_cut or refusal.ends_round
        return partial(
            mailings.mark_refused, taken=taken, now=self._moment(), is_final=refusal.is_final
        )

    def _written(self, taken: ClaimedMailing) -> EmailMessage | None:
        """None when there is nobody left to tell, or nothing."""
        with self.store.read() as session:
            circular = mailings.read(session, taken)
            if circular is None:
                return None
            text = self._bulletin(session, circular)
            missing = self._missing(session, circular)
        try:
            matter = replace(self._matter(circular, text), missing=missing)
        except Forgotten:
            return None
        return write(matter, self.config)

    def _matter(self, circular: Mailing, text: str) -> MailingContext:
        """Raises Forgotten."""
        subscriber, organizer, now = circular.subscriber, circular.organizer, self._moment()
        if subscriber is None:
            assert organizer is not None
            return MailingContext(
                circular=circular, address=organizer.email, lang=STAFF_LANGUAGE, now=now
            )
        key = self.key_store.get(subscriber.key_id)
        return MailingContext(
            circular=circular,
            address=subscribers.address(subscriber, key),
            lang=subscriber.lang,
            now=now,
            token=subscribers.token(key),
            bulletin=text,
        )

    def _missing(self, session: Session, circular: Mailing) -> Sequence[Workshop]:
        if circular.topic is not MailingTopic.ATTENDANCE or circular.organizer is None:
            return ()
        return missing_reports.of_organizer(session, circular.organizer.id, now=self._moment())

    def _bulletin(self, session: Session, circular: Mailing) -> str:
        subscriber: Subscriber | None = circular.subscriber
        if circular.topic is not MailingTopic.BULLETIN or subscriber is None:
            return ""
        number, edition = circular.month or 0, circular.edition or 0
        about = number, edition, subscriber.lang
        if about not in self.texts:
            month = Month.from_number(number)
            found = bulletins.find(session, month, edition)
            document = bulletin_data.document(session, month, now=self._moment(), edition=found)
            self.texts[about] = bulletin_text.as_text(
                document, subscriber.lang, self.config.public_url, longest=None
            )
        return self.texts[about]

    def _moment(self) -> datetime:
        return self.now + timedelta(seconds=monotonic() - self._began)

    def _has_ended(self) -> bool:
        return self.is_cut or self.is_over() or self._moment() - self.now > ROUND


def _nothing(_connection: sa.Connection) -> None:
    """Of the first letter of a round: there was none before it."""
