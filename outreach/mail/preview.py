"""Previews messages: the letter that a fictitious person would get."""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Final

from outreach import i18n
from outreach.clock import Month
from outreach.config import Config
from outreach.domain.newsletter.mailings import Mailing, MailingTopic
from outreach.domain.outbox.messaging import PLACES
from outreach.domain.registrations import (
    ContactMethod,
    Registration,
    RegistrationStatus,
    derive_manage_token,
)
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.registrations.party_details import PartyDetails
from outreach.domain.registrations.staff_messages import Message
from outreach.domain.roster.models import RosterLetterType, RosterRole
from outreach.domain.workshops import Workshop
from outreach.mail import mailings, render, roster_letters
from outreach.mail.mailings import MailingContext
from outreach.mail.message_context import MessageContext

_KEY: Final = bytes(32)  # the key of the fictitious person
_ADDRESS: Final = "rosa@ejemplo.com"
_TOKEN: Final = "0" * 43  # the token of a fictitious subscriber


@dataclass(frozen=True)
class MessagePreview:
    subject: str
    body: str


def of_message(
    workshop: Workshop, message: Message, lang: str, config: Config, *, now: datetime, link: str
) -> MessagePreview:
    """The letter in one language, with the text `link` in place of the personal link. Needs an
    application context."""
    registration = _registration(workshop, PLACES[message.audience][0], lang, now)
    return _render(registration, NotificationType.MESSAGE, lang, config, now, link, message)


def of_change(
    workshop: Workshop,
    cause: NotificationType,
    lang: str,
    config: Config,
    *,
    now: datetime,
    link: str,
) -> MessagePreview:
    """Returns, as `of_message` does, the letter that tells somebody with a place about a change of
    a workshop."""
    registration = _registration(workshop, RegistrationStatus.CONFIRMED, lang, now)
    return _render(registration, cause, lang, config, now, link)


def of_roster_change(
    workshop: Workshop, role: RosterRole, lang: str, config: Config, *, link: str
) -> MessagePreview:
    """The letter that asks a roster member again after a change, or tells them of a cancellation.
    Needs an application context."""
    letter_type = RosterLetterType.CANCELLED if workshop.is_cancelled else RosterLetterType.ASK
    subject, body = roster_letters.render_words(
        workshop, letter_type, role, lang, config, links=(link, link), is_again=True
    )
    return MessagePreview(subject, body)


def of_bulletin(
    month: Month, edition: int, text: str, lang: str, config: Config, *, now: datetime, link: str
) -> MessagePreview:
    """The letter of a bulletin to a subscriber, with `text` as its content and `link` in place of
    the personal link. Needs an application context."""
    mailing = Mailing(
        topic=MailingTopic.BULLETIN, month=month.number, edition=edition, made_at=now, due_at=now
    )
    context = MailingContext(
        mailing=mailing, address=_ADDRESS, lang=lang, now=now, token=_TOKEN, bulletin=text
    )
    letter = mailings.write(context, config)
    own = f"{config.public_url}/{lang}/boletin/s/{_TOKEN}/baja"
    return MessagePreview(str(letter["Subject"]), _text(letter).replace(own, link).strip())


def of_reminder(month: Month, lang: str, config: Config, *, now: datetime) -> MessagePreview:
    """The letter that reminds staff of the reports of a month. Needs an application context."""
    mailing = Mailing(topic=MailingTopic.REPORT, month=month.number, made_at=now, due_at=now)
    context = MailingContext(mailing=mailing, address=_ADDRESS, lang=lang, now=now)
    letter = mailings.write(context, config)
    return MessagePreview(str(letter["Subject"]), _text(letter).strip())


def of_offer(
    workshop: Workshop, lang: str, config: Config, *, now: datetime, until: datetime, link: str
) -> MessagePreview:
    """Returns, as `of_message` does, the letter that offers a seat until an instant to somebody who
    waits."""
    registration = _registration(workshop, RegistrationStatus.OFFERED, lang, now)
    registration.offered_until = until
    return _render(registration, NotificationType.OFFER, lang, config, now, link)


def _render(
    registration: Registration,
    cause: NotificationType,
    lang: str,
    config: Config,
    now: datetime,
    link: str,
    message: Message | None = None,
) -> MessagePreview:
    notification = Notification(
        registration_id=registration.id, cause=cause, due_at=now, made_at=now
    )
    notification.id, notification.registration, notification.message = 0, registration, message
    with i18n.use_language(lang):
        letter = render.write(
            MessageContext(notification=notification, address=_ADDRESS, key=_KEY, now=now), config
        )
    own = f"{config.public_url}/{lang}/r/{derive_manage_token(_KEY)}"
    return MessagePreview(str(letter["Subject"]), _text(letter).replace(own, link).strip())


def _registration(
    workshop: Workshop, status: RegistrationStatus, lang: str, now: datetime
) -> Registration:
    """A fictitious registration; it belongs to no session."""
    registration = Registration(
        id="0" * 26,
        workshop_id=workshop.id,
        status=status,
        people=1,
        contact=ContactMethod.EMAIL,
        may_leave_message=False,
        wants_reminder=False,
        key_id=None,
        sealed=None,
        manage_digest=None,
        entry_digest=None,
        nonce=b"",
        registered_at=now,
    )
    registration.workshop = workshop
    registration.set_fictitious_details(PartyDetails(code="7K3Q9X", language=lang))
    return registration


def _text(letter: EmailMessage) -> str:
    payload = letter.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode("utf-8")
