"""Every letter and text, as people get them. `python -m tests.support.letters` prints them all."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import click
from flask import Flask

from outreach.app import create_app
from outreach.cli.db import bring_up_to_date
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Visibility
from outreach.domain.registrations import (
    ContactMethod,
    Registration,
    RegistrationStatus,
)
from outreach.domain.registrations.message_types import (
    DECLARATIONS,
    SCHEDULES,
    MessageChannel,
    NotificationType,
)
from outreach.domain.registrations.notifications import Notification
from outreach.domain.registrations.party_details import PartyDetails
from outreach.domain.registrations.staff_messages import Audience, Message, MessageTemplate
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.i18n import LANGUAGES
from outreach.mail import render, sms
from outreach.mail.message_context import MessageContext
from outreach.mail.sms_gateway import SmsMessage
from tests.conftest import a_saturday, kind, make_workshop, office

# By name: the notification type, and fields of the registration when it is sent.
CASES: dict[str, tuple[NotificationType, dict[str, Any]]] = {
    "saved": (NotificationType.REGISTERED, {}),
    "waiting": (NotificationType.WAITLISTED, {"status": RegistrationStatus.WAITLISTED}),
    "waiting, to be confirmed": (
        NotificationType.WAITLISTED,
        {"status": RegistrationStatus.WAITLISTED, "is_beyond_share": True},
    ),
    "offer": (NotificationType.OFFER, {"status": RegistrationStatus.OFFERED}),
    "seated by the staff": (NotificationType.SEAT_GRANTED, {}),
    "lapsed, at the end of the list": (
        NotificationType.OFFER_EXPIRED,
        {"status": RegistrationStatus.WAITLISTED, "lapses": 1},
    ),
    "lapsed, off the list": (
        NotificationType.OFFER_EXPIRED,
        {"status": RegistrationStatus.EXPIRED, "lapses": 2},
    ),
    "lapsed, by silence": (
        NotificationType.OFFER_EXPIRED,
        {"status": RegistrationStatus.EXPIRED},
    ),
    "moved": (NotificationType.MOVED, {}),
    "changed": (NotificationType.CHANGED, {}),
    "cancelled": (NotificationType.CANCELLED, {}),
    "reinstated": (NotificationType.REINSTATED, {}),
    "reminder": (NotificationType.REMINDER, {}),
    "confirm": (NotificationType.RECONFIRM, {"asked_at": True}),
    "approved": (NotificationType.APPROVED, {}),
    "link": (NotificationType.LINK_RECOVERY, {}),
    "summary": (NotificationType.SUMMARY, {}),
    "message, a reminder": (NotificationType.MESSAGE, {}),
    "message, a reminder to who waits": (
        NotificationType.MESSAGE,
        {"status": RegistrationStatus.WAITLISTED},
    ),
    "message, another place": (NotificationType.MESSAGE, {}),
    "message, another hour": (NotificationType.MESSAGE, {}),
    "message, what to bring": (NotificationType.MESSAGE, {}),
    "message, cancelled": (NotificationType.MESSAGE, {}),
}
# A type that has no case of its own is written to the first party that it is for.
CASES |= {
    each.value: (each, {"status": min(DECLARATIONS[each].statuses)})
    for each in set(NotificationType) - {each for each, _values in CASES.values()}
}
# The template of each message of staff.
SAYS: dict[str, MessageTemplate] = {
    "message, a reminder": MessageTemplate.REMINDER,
    "message, a reminder to who waits": MessageTemplate.REMINDER,
    "message, another place": MessageTemplate.PLACE,
    "message, another hour": MessageTemplate.HOUR,
    "message, what to bring": MessageTemplate.BRING,
    "message, cancelled": MessageTemplate.CANCELLED,
}
PARAGRAPH = {
    "es": "Entra por la puerta de atrás.",
    "en": "Come in by the back door.",
    "fr": "Entrez par la porte arrière.",
}


@dataclass(frozen=True, kw_only=True)
class RenderedMessage:
    case: str
    letter: EmailMessage
    text: SmsMessage  # without words where the message is never sent as a text


def list_cases(workshop: Workshop) -> list[str]:
    """The names of all messages that are sent about this workshop."""
    return [
        name for name, (cause, _status) in CASES.items()
        if DECLARATIONS[cause].is_sent_about(workshop)
    ]  # fmt: skip


def write_all(
    workshop: Workshop, config: Config, lang: str, *, now: datetime, wants_entry: bool = False
) -> Iterator[RenderedMessage]:
    """Every letter and text about this workshop. Needs an application context."""
    for case in list_cases(workshop):
        cause, status = CASES[case]
        registration = _registration(workshop, lang, now, status, wants_entry=wants_entry)
        status_before = workshop.status
        if cause is NotificationType.CANCELLED or SAYS.get(case) is MessageTemplate.CANCELLED:
            workshop.status = WorkshopStatus.CANCELLED
        schedule = SCHEDULES.get(cause)
        due_at = None if schedule is None else schedule.compute_due(workshop)
        context = MessageContext(
            notification=_notification(registration, cause, now, SAYS.get(case)),
            address="rosa@example.org",
            key=bytes(range(32)),
            now=due_at or now,
            calendar_host="talleres.example.org",
        )
        by_phone = replace(context, address="+13125550142")
        is_texted = MessageChannel.TEXT in DECLARATIONS[cause].channels
        yield RenderedMessage(
            case=case,
            letter=render.write(context, config),
            text=sms.write(by_phone, config) if is_texted else SmsMessage(to="", words=""),
        )
        workshop.status = status_before


def _registration(
    workshop: Workshop, lang: str, now: datetime, values: dict[str, Any], *, wants_entry: bool
) -> Registration:
    plain: dict[str, Any] = {
        "id": "0123456789ABCDEFGHJKMNPQRS",
        "workshop_id": workshop.id,
        "status": RegistrationStatus.CONFIRMED,
        "people": 1,
        "contact": ContactMethod.EMAIL,
        "may_leave_message": True,
        "wants_reminder": True,
        "wants_entry": wants_entry,
        "key_id": b"0" * 16,
        "sealed": b"",
        "manage_digest": None,
        "entry_digest": None,
        "nonce": b"",
        "registered_at": now,
        "offered_until": now + timedelta(hours=24),
    }
    values = values | ({"asked_at": now} if "asked_at" in values else {})
    registration = Registration(**(plain | values))
    registration.workshop = workshop
    registration.set_fictitious_details(PartyDetails(code="7K3Q9X", language=lang))
    return registration


def _notification(
    registration: Registration,
    cause: NotificationType,
    now: datetime,
    template: MessageTemplate | None,
) -> Notification:
    notification = Notification(
        registration_id=registration.id, cause=cause, due_at=now, made_at=now
    )
    notification.id, notification.registration = 7, registration
    if template is not None:
        notification.message = Message(
            workshop_id=registration.workshop_id, template=template, audience=Audience.ALL,
            paragraph={} if registration.workshop.is_discreet else PARAGRAPH, nonce=b"",
            organizer_id=None, made_at=now,
        )  # fmt: skip
    return notification


@click.command()
@click.option("--lang", multiple=True, default=LANGUAGES, help="Only this one.")
def show(lang: tuple[str, ...]) -> None:
    """Print every letter and text, of an ordinary and of a discreet workshop."""
    with tempfile.TemporaryDirectory() as name:
        app, workshops = _create_app(Path(name))
        config: Config = app.extensions["outreach_config"]
        with app.app_context():
            for code in lang:
                for kind, workshop in workshops.items():
                    # Wednesday noon, three days before.
                    now = workshop.starts_at - timedelta(days=3, hours=6)
                    for sent in write_all(workshop, config, code, now=now):
                        click.echo(f"=== {code} · {kind} · {sent.case}")
                        _print(sent)


def _print(sent: RenderedMessage) -> None:
    for header in ("From", "To", "Reply-To", "Subject"):
        if sent.letter[header]:
            click.echo(f"{header}: {sent.letter[header]}")
    click.echo(f"\n{sent.letter.get_content().rstrip()}\n")
    count = sms.parts(sent.text.words)
    click.echo(f"  text ({len(sent.text.words)} letters, {count}): {sent.text.words}\n")


def _create_app(folder: Path) -> tuple[Flask, dict[str, Workshop]]:
    config = Config.from_environ(
        {
            "OUTREACH_DATA": str(folder / "data"),
            "OUTREACH_PUBLIC_URL": "https://talleres.example.org",
            "OUTREACH_MAIL_FROM": "avisos@example.org",
        }
    )
    bring_up_to_date(config)
    app = create_app(config)
    store: Store = app.extensions["outreach_store"]
    with store.change() as session:
        chicago = office("chicago", "Chicago", "IL", "America/Chicago", email="chi@example.org")
        rights = kind("derechos", "Tus derechos")
        women = kind("mujeres", "Para mujeres", is_discreet=True, visibility=Visibility.REGISTERED)
        session.add_all([chicago, rights, women])
        session.flush()
        workshops = {
            each.code: make_workshop(session, chicago, each, day=a_saturday(), frees_silence=True)
            for each in (rights, women)
        }
    return app, workshops


if __name__ == "__main__":
    show()
