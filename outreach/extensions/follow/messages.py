"""Letters and texts to people who follow workshops, and the words of push messages (S40).

No subject, text or push message names a kind, an office or a title. A letter lists day, hour and
city, and the title where the kind is of no high sensitivity; never a discreet workshop.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.message import EmailMessage
from email.utils import formataddr
from functools import partial
from typing import Final, Generic
from zoneinfo import ZoneInfo

from flask import render_template

from outreach import formats, i18n
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.locations import city_names
from outreach.domain.outbox import ClaimedMessage
from outreach.domain.workshops import DeliveryMode, Workshop
from outreach.errors import DataErased
from outreach.extensions.follow import choices, follows, matching, message_queue
from outreach.extensions.follow.follows import OpenFollow
from outreach.extensions.follow.matching import NewsMatcher, NewWorkshop
from outreach.extensions.follow.tables import (
    Follow,
    FollowChannel,
    FollowMessage,
    FollowMessageType,
)
from outreach.i18n import N_, NP_, translate, use_language
from outreach.keystore import KeyStore, sealed_rows
from outreach.mail import delivery, render, sms
from outreach.mail.delivery import LetterTransport, TextTransport
from outreach.mail.delivery_round import Outlet, Prepared, Transport, Written
from outreach.mail.message_context import mail_from
from outreach.mail.recipient_limits import RecipientLimits
from outreach.mail.sms_gateway import SmsMessage
from outreach.mail.text_budget import TextBudget, TextPurse
from outreach.whole_lists import make_each

MAX_LISTED: Final = 6  # workshops in a letter; the page of its link has all
_LINK: Final = "{link}"  # where the link stands in text that is the same for many
_STOP: Final = "{stop}"
PUSH_WORDS: Final = {
    FollowMessageType.CONFIRM: N_("Listo. Aquí te avisamos."),
    FollowMessageType.NEWS: N_("Hay fechas nuevas."),
    FollowMessageType.OPENING: N_("Ya puedes apartar."),
    FollowMessageType.SEAT: N_("Hay un lugar libre."),
    FollowMessageType.ENDING: N_("Tus avisos se acaban pronto."),
}
PUSH_TITLE: Final = NP_("push message", "Aviso")


@dataclass(frozen=True, kw_only=True, repr=False)
class FollowContext:
    """What a message is written from, looked up just before it is sent."""

    follow: OpenFollow
    message_type: FollowMessageType
    token: str
    now: datetime
    letter_id: str  # the local part of the Message-ID
    news: Sequence[NewWorkshop] = ()  # by day
    workshop: Workshop | None = None  # the one that has opened or has a seat

    @property
    def path(self) -> str:
        """The address that the message leads to, below that of the site: the workshop that it is
        about, since such a follow ends with its message; otherwise the page of the follow."""
        lang = self.follow.details.lang
        if self.workshop is not None:
            return f"/{lang}/t/{self.workshop.public_id}"
        return f"/{lang}/avisame/s/{self.token}"

    @property
    def stop_path(self) -> str:
        return f"/{self.follow.details.lang}/avisame/s/{self.token}/fin"


@dataclass
class LetterWriter:
    """Writes letters of one round; those that say the same are rendered once."""

    config: Config
    _rendered: dict[object, tuple[str, str]] = field(default_factory=dict)

    def __call__(self, context: FollowContext) -> EmailMessage:
        """Returns the letter. Needs an application context."""
        subject, body = self._render(context)
        site, lang = self.config.public_url, context.follow.details.lang
        stop = f"{site}{context.stop_path}"
        body = body.replace(_LINK, f"{site}{context.path}").replace(_STOP, stop)
        sender = formataddr((self.config.mail_name, mail_from(self.config)))
        shared = {
            "From": sender,
            "Subject": subject,
            "Content-Language": lang,
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        own = {
            "Message-ID": render.message_id(self.config, context.letter_id),
            render.UNSUBSCRIBE: f"<{stop}>",
        }
        return render.compose(
            shared, body, to=context.follow.details.recipient, own=own, at=context.now
        )

    def _render(self, context: FollowContext) -> tuple[str, str]:
        lang, zone = context.follow.details.lang, choices.find_zone(context.follow.details.choice)
        key = context.message_type, lang, zone, tuple(each.id for each in context.news)
        if key not in self._rendered:
            with use_language(lang):
                text = render_template(
                    f"follow/mail/{context.message_type}.txt",
                    lines=make_each(
                        context.news[:MAX_LISTED],
                        lambda each: describe(each, lang, zone=zone),
                        what="notices",
                    ),
                    more=max(0, len(context.news) - MAX_LISTED),
                    count=len(context.news),
                    link=_LINK,
                    stop=_STOP,
                )
            subject, _gap, body = text.strip().partition("\n")
            self._rendered[key] = subject.strip(), render.collapse_gaps(body)
        return self._rendered[key]


def describe(
    workshop: NewWorkshop, lang: str, *, zone: ZoneInfo | None, has_title: bool = False
) -> str:
    """Describes a workshop in one line: day, hour, city, and the title if that says nothing about
    whoever reads the letter, or `has_title`. `zone` is that of the reader's clock."""
    day = formats.dated(workshop.day, formats.SHORT_WEEKDAY_AND_DAY, lang)
    city = city_names.localize(workshop.city, workshop.region, lang)
    where = city if workshop.mode.has_venue else translate(_ONLINE, lang)
    if workshop.mode is DeliveryMode.HYBRID:
        where = translate(_HYBRID, lang, city=city)
    line = f"{day}, {_describe_hour(workshop, zone, lang)}, {where}"
    if workshop.is_sensitive and not has_title:
        return line
    return f"{line}: {i18n.say(workshop.title, lang)}"


def _describe_hour(workshop: NewWorkshop, zone: ZoneInfo | None, lang: str) -> str:
    """Returns the start, as «9:00 a. m.». Where one may take part from elsewhere it is said on the
    reader's clock and on that of the workshop."""
    words = formats.hour(workshop.starts, lang)
    if not workshop.mode.is_from_anywhere:
        return words
    own = formats.own_hour(workshop.starts_at.astimezone(workshop.zone), zone, lang)
    there = f"{words}, {formats.zone_name(workshop.zone, workshop.day, lang)}"
    return f"{formats.name_own_hour(own, lang)} · {there}" if own else there


_ONLINE: Final = N_("en línea")
_HYBRID: Final = N_("%(city)s o en línea")


def write_text(context: FollowContext, config: Config) -> SmsMessage:
    """Writes a text, without anything about a workshop. Needs an application context."""
    with use_language(context.follow.details.lang):
        words = render_template(
            f"follow/sms/{context.message_type}.txt",
            link=f"{config.public_url}{context.path}",
            takes_answers=config.answers.is_on,
        )
    return SmsMessage(to=context.follow.details.recipient, words=sms.plain(" ".join(words.split())))


@dataclass
class FollowWriter(Generic[Written]):
    """Looks up a claimed message and who follows, and writes it with `write`."""

    store: Store
    key_store: KeyStore
    write: Callable[[FollowContext], Written]
    _matcher: NewsMatcher | None = None

    def __call__(self, claimed: ClaimedMessage, now: datetime) -> Prepared[Written] | None:
        """Returns the message; None when the follow has ended, or there is nothing to say any
        more."""
        with self.key_store.store.read() as session:
            row = message_queue.read(session, claimed)
        if row is None:
            return None
        message, stored = row
        try:
            follow = follows.unseal(self.key_store, stored)
        except DataErased:
            return None
        context = self._look_up(message, follow, now)
        if context is None:
            return None
        # Anybody may type an address: what that causes has a limit of its own (S30).
        is_confirm = message.message_type is FollowMessageType.CONFIRM
        is_limited = is_confirm and not follow.is_confirmed
        limited = follow.details.recipient if is_limited else ""
        return Prepared(message=self.write(context), limited=limited)

    def _look_up(
        self, message: FollowMessage, follow: OpenFollow, now: datetime
    ) -> FollowContext | None:
        news: Sequence[NewWorkshop] = ()
        workshop: Workshop | None = None
        if message.message_type is FollowMessageType.CONFIRM:
            # A request of the same person was confirmed meanwhile; with push it says that it works.
            if follow.is_confirmed and follow.channel is not FollowChannel.PUSH:
                return None
        elif message.message_type is FollowMessageType.NEWS:
            news = self._list_news(message, follow, now)
            if not news:
                return None
        elif message.message_type is FollowMessageType.ENDING:
            if not matching.ends_soon(self.key_store, follow.expires_on):  # renewed meanwhile
                return None
        elif message.message_type in {FollowMessageType.OPENING, FollowMessageType.SEAT}:
            workshop = self._find_workshop(follow, now)
            if workshop is None:
                return None
        # With the time: an id may be reused once its row is deleted.
        about = f"follow {message.id}-{int(message.made_at.timestamp()):x}"
        recipient = sealed_rows.recipient_id(Follow.__tablename__, follow.id)
        return FollowContext(
            follow=follow,
            message_type=message.message_type,
            token=follows.make_token(self.key_store, follow.id),
            now=now,
            letter_id=self.key_store.letter_id(about, recipient),
            news=news,
            workshop=workshop,
        )

    def _list_news(
        self, message: FollowMessage, follow: OpenFollow, now: datetime
    ) -> Sequence[NewWorkshop]:
        """Returns what is on the public list now of what was published in the time of the
        message."""
        if self._matcher is None:
            with self.store.read() as session:
                listed = matching.list_new(
                    session, since=now - 2 * matching.OLDEST_NEWS, until=now, now=now
                )
            self._matcher = NewsMatcher(listed)
        since, until = message.news_since, message.news_until
        if since is None or until is None:
            return ()
        found = self._matcher.find(follow.details.choice, since)
        return matching.sort_by_day(each for each in found if each.published_at <= until)

    def _find_workshop(self, follow: OpenFollow, now: datetime) -> Workshop | None:
        """The workshop that somebody waits for, if what they wait for is still there."""
        with self.store.read() as session:
            workshop = workshops.find_by_id(session, follow.workshop or 0)
        if workshop is None or not matching.is_ahead(workshop, now):
            return None
        if not matching.may_follow(workshop, follow.channel):
            return None
        return workshop if matching.has_come(workshop, follow.subject, now) else None


def letter_outlets(
    store: Store, key_store: KeyStore, config: Config, transport: LetterTransport
) -> list[Outlet[ClaimedMessage, EmailMessage]]:
    """Returns the outlet of letters to those who follow."""
    return [_make_outlet(FollowChannel.LETTER, store, key_store, LetterWriter(config), transport)]


def text_outlets(
    store: Store, key_store: KeyStore, config: Config, transport: TextTransport
) -> list[Outlet[ClaimedMessage, SmsMessage]]:
    """Returns the outlet of texts to those who follow. They may use half of the day's budget,
    together with all that strangers cause: the other half is for people who have a place."""
    budget, purse = TextBudget(config, key_store), TextPurse.OF_EXTENSIONS
    write = partial(write_text, config=config)
    sending = partial(delivery.paying_texts, transport, key_store, budget, purse)
    made = _make_outlet(FollowChannel.TEXT, store, key_store, write, sending, plural="texts")
    return [replace(made, explain_wait=partial(budget.explain_wait, purse))]


def push_outlets(
    store: Store,
    key_store: KeyStore,
    write: Callable[[FollowContext], Written],
    transport: Transport[Written],
    *,
    count: int,
) -> list[Outlet[ClaimedMessage, Written]]:
    """Returns the outlets of push messages to those who follow, one for each of `count` rounds side
    by side (`deliver_in_parallel`)."""
    return [
        _make_outlet(FollowChannel.PUSH, store, key_store, write, transport, plural="pushes")
        for _number in range(count)
    ]


def _make_outlet(
    channel: FollowChannel,
    store: Store,
    key_store: KeyStore,
    write: Callable[[FollowContext], Written],
    transport: Transport[Written],
    *,
    plural: str = "letters",
) -> Outlet[ClaimedMessage, Written]:
    return Outlet(
        plural=plural,
        store=key_store.store,
        outbox=message_queue.OUTBOXES[channel],
        prepare=FollowWriter(store, key_store, write),
        transport=transport,
        limits=RecipientLimits(key_store),
    )
