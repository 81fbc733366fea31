"""Writes and sends the replies that wait, each by its place as it is when it is sent.

A reply goes out at any hour, since somebody just wrote; at most once, since they can write again.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from flask import render_template

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
from outreach.mail.delivery_errors import DeliveryRefused, DeliveryUncertain, ServerUnavailable
from outreach.mail.sms_gateway import SmsMessage
from outreach.mail.text_budget import TextBudget

log = logging.getLogger(__name__)

RETRY_AFTER: Final = timedelta(minutes=1)  # while the gateway is away; for REPLY_LIFETIME
MAX_REPLIES: Final = 200  # of one round
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


def deliver(
    store: Store,
    key_store: KeyStore,
    config: Config,
    *,
    now: datetime,
    should_stop: Callable[[], bool] = lambda: False,
    warn: Callable[[str], None] = log.warning,
) -> int:
    """Sends the replies that wait and returns how many. Needs an application context."""
    budget, sent = TextBudget(config, key_store), 0
    for _number in range(MAX_REPLIES):
        if should_stop():
            break
        reply = text_exchange.take_reply(key_store, now=now)
        if reply is None:
            break
        text = _write(store, key_store, config, reply, now)
        gateway = (
            config.whatsapp.gateway(config.texts.countries) if _is_whatsapp(reply) else config.texts
        )
        if text is None or not gateway.url:
            continue
        if not _is_whatsapp(reply) and not _has_text_left(budget, reply):
            warn("replies to texts are dropped: their part of OUTREACH_TEXTS_A_DAY is used up")
            continue
        try:
            if not _send(gateway, text):
                continue
        except ServerUnavailable as error:
            warn(f"replies to texts wait: {error}")
            text_exchange.add_reply(key_store, reply, now=now + RETRY_AFTER)
            break
        sent += 1
        if not _is_whatsapp(reply):
            budget.count(is_of_stranger=not _is_of_stop(reply))
    if sent:
        key_store.store.truncate_log()
    return sent


def _send(gateway: Texts, text: SmsMessage) -> bool:
    """Whether it was sent, or may have been, which costs as much. Raises ServerUnavailable where it
    has to be sent again."""
    try:
        with sms_gateway.connect(gateway) as send:
            send(text)
    except DeliveryRefused as refusal:
        if refusal.is_final:
            return False
        raise ServerUnavailable("the gateway refuses texts for now") from None
    except DeliveryUncertain:
        pass
    return True


def _has_text_left(budget: TextBudget, reply: QueuedReply) -> bool:
    usage = budget.usage()
    is_left = not usage.is_used_up
    return is_left and (_is_of_stop(reply) or usage.is_left_to_strangers)


def _is_of_stop(reply: QueuedReply) -> bool:
    """Whether it is counted apart (`text_limits.count_stop_reply`)."""
    return reply.words.get("name") == ReplyName.STOPPED


def _is_whatsapp(reply: QueuedReply) -> bool:
    return reply.words.get("channel") == WHATSAPP


def _write(
    store: Store, key_store: KeyStore, config: Config, reply: QueuedReply, now: datetime
) -> SmsMessage | None:
    """None where what it is about is no more."""
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
    """The words of a reply, in one part of the GSM alphabet. Needs an application context."""
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
