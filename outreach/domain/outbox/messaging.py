"""Messages of staff to the people of a workshop: which are allowed, to whom, sent once."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import network_profile
from outreach.db.base import Words
from outreach.domain.registrations import (
    ACTIVE_STATUSES,
    ContactMethod,
    Registration,
    capacity,
    notifications,
)
from outreach.domain.registrations import RegistrationStatus as Place
from outreach.domain.registrations.models import APPARENTLY_CONFIRMED, digest
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.registrations.staff_messages import Audience, Message, MessageTemplate
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.errors import ErrorCode, Refusal

MAX_PARAGRAPH: Final = 500  # characters
MIN_INTERVAL: Final = timedelta(minutes=10)  # between two equal messages
# The others repeat what the registration's page shows.
_ADDS_INFORMATION: Final = frozenset(
    {MessageTemplate.PLACE, MessageTemplate.HOUR, MessageTemplate.BRING}
)
_LINK: Final = re.compile(
    r"://|@|\bwww\.|\b[\w-]+\.(com|org|net|mx|gob|gov|edu|info|io|ly|gl|me|co|ca|us|app)\b",
    re.IGNORECASE,
)
PLACES: Final[Mapping[Audience, tuple[Place, ...]]] = {
    Audience.ALL: ACTIVE_STATUSES,
    Audience.CONFIRMED: (Place.CONFIRMED,),
    Audience.WAITLISTED: (Place.WAITLISTED, Place.OFFERED),
}
_IN_AUDIENCE: Final[Mapping[Audience, sa.ColumnElement[bool]]] = {
    Audience.ALL: Registration.status.in_(PLACES[Audience.ALL]),
    Audience.CONFIRMED: APPARENTLY_CONFIRMED,
    Audience.WAITLISTED: sa.and_(
        Registration.status.in_(PLACES[Audience.WAITLISTED]), sa.not_(APPARENTLY_CONFIRMED)
    ),
}


def templates_of(workshop: Workshop) -> tuple[MessageTemplate, ...]:
    """Returns the templates that fit the workshop as it is now."""
    if workshop.is_cancelled:
        return (MessageTemplate.CANCELLED,)
    if workshop.is_discreet:  # «what to bring» would reveal the kind
        return (MessageTemplate.REMINDER, MessageTemplate.PLACE, MessageTemplate.HOUR)
    return (
        MessageTemplate.REMINDER,
        MessageTemplate.PLACE,
        MessageTemplate.HOUR,
        MessageTemplate.BRING,
    )


def require_open(workshop: Workshop, *, now: datetime) -> None:
    """Raises Refusal when the workshop is not public, or is over."""
    if workshop.status not in {WorkshopStatus.PUBLISHED, WorkshopStatus.CANCELLED}:
        raise Refusal(ErrorCode.MESSAGE_NEEDS_PUBLISHED)
    if workshop.has_ended(now):
        raise Refusal(ErrorCode.MESSAGE_TOO_LATE)


def check(
    workshop: Workshop, template: MessageTemplate, paragraph: Words, *, now: datetime
) -> None:
    """Raises Refusal when this message cannot be sent."""
    require_open(workshop, now=now)
    if template not in templates_of(workshop):
        raise Refusal(ErrorCode.MESSAGE_WITHOUT_REASON)
    if paragraph and workshop.is_discreet:
        raise Refusal(ErrorCode.MESSAGE_TEXT_NOT_ALLOWED)
    check_paragraph(paragraph)
    if template is MessageTemplate.BRING and not (workshop.bring or paragraph):
        raise Refusal(ErrorCode.MESSAGE_WITHOUT_BRING)


def check_paragraph(paragraph: Mapping[str, str]) -> None:
    """Raises Refusal when no message may have this text, by language."""
    if any(len(text) > MAX_PARAGRAPH for text in paragraph.values()):
        raise Refusal(ErrorCode.MESSAGE_TOO_LONG, most=MAX_PARAGRAPH)
    if any(_LINK.search(text) for text in paragraph.values()):
        raise Refusal(ErrorCode.MESSAGE_WITH_LINK)
    if paragraph and network_profile.current().main_language not in paragraph:
        raise Refusal(ErrorCode.MESSAGE_WITHOUT_SPANISH)


def send(
    session: Session,
    workshop: Workshop,
    template: MessageTemplate,
    audience: Audience,
    paragraph: Words,
    nonce: str,
    *,
    organizer_id: int | None,
    now: datetime,
) -> tuple[Message, bool]:
    """Queues the message for each person of the audience with contact details; returns it, and
    whether it is new: a form that is submitted twice (same nonce) makes one message.

    Raises Refusal as `check` does, when an equal message was sent within MIN_INTERVAL, and when it
    would reach nobody."""
    check(workshop, template, paragraph, now=now)
    capacity.lock(session, workshop)  # serializes two equal requests
    sent = session.scalar(sa.select(Message).where(Message.nonce == digest(nonce)))
    if sent is not None:
        return sent, False
    if _was_just_sent(session, workshop, template, audience, paragraph, now):
        raise Refusal(ErrorCode.MESSAGE_SENT_TWICE)
    registration_ids = session.scalars(
        _select_audience(workshop, audience)
        .where(Registration.contact != ContactMethod.NONE)
        .with_only_columns(Registration.id)
    ).all()
    if not registration_ids:
        raise Refusal(ErrorCode.MESSAGE_REACHES_NOBODY)
    message = Message(
        workshop_id=workshop.id,
        template=template,
        audience=audience,
        paragraph=dict(paragraph),
        nonce=digest(nonce),
        organizer_id=organizer_id,
        made_at=now,
    )
    session.add(message)
    session.flush()
    for registration_id in registration_ids:
        notifications.enqueue(
            session, registration_id, NotificationType.MESSAGE, now=now, message_id=message.id
        )
    return message, True


def reach(session: Session, workshop: Workshop, audience: Audience) -> Mapping[ContactMethod, int]:
    """Counts the registrations of the audience by contact method."""
    rows = session.execute(
        _select_audience(workshop, audience)
        .with_only_columns(Registration.contact, sa.func.count())
        .group_by(Registration.contact)
    )
    return dict.fromkeys(ContactMethod, 0) | {row[0]: row[1] for row in rows}


def find(session: Session, workshop: Workshop, number: str) -> Message | None:
    """Finds the message about that workshop with this id, as text from an address; None if
    there is none.
    """
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return None
    message = session.get(Message, int(number))
    return message if message is not None and message.workshop_id == workshop.id else None


def list_messages_to(session: Session, registration: Registration) -> Sequence[Message]:
    """Returns the messages to people of this registration's status since it was made, newest first.

    The registration's page shows them to people without contact details.
    """
    workshop = registration.workshop
    since = {"workshop": registration.workshop_id, "since": registration.registered_at}
    messages = session.scalars(_MESSAGES_SINCE, since)
    return [
        message
        for message in messages
        if registration.apparent_status in PLACES[message.audience]
        and message.is_of_cancelled == workshop.is_cancelled
        and (message.paragraph or message.template in _ADDS_INFORMATION)
    ]


_MESSAGES_SINCE: Final = (
    sa.select(Message)
    .where(
        Message.workshop_id == sa.bindparam("workshop"), Message.made_at >= sa.bindparam("since")
    )
    .order_by(Message.id.desc())
)


def _select_audience(workshop: Workshop, audience: Audience) -> sa.Select[Registration]:
    return sa.select(Registration).where(
        Registration.workshop_id == workshop.id, _IN_AUDIENCE[audience]
    )


def _was_just_sent(
    session: Session,
    workshop: Workshop,
    template: MessageTemplate,
    audience: Audience,
    paragraph: Words,
    now: datetime,
) -> bool:
    recent = session.scalars(
        sa.select(Message).where(
            Message.workshop_id == workshop.id,
            Message.template == template,
            Message.audience == audience,
            Message.made_at > now - MIN_INTERVAL,
        )
    )
    return any(each.paragraph == dict(paragraph) for each in recent)
