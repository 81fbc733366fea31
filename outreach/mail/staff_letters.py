"""Writes the letters to staff that they may turn off: the morning's digest, and alerts.

Numbers, days and hours: no name and no contact of a person, and of a discreet workshop neither kind
nor place. Each has a link that turns it off without a sign-in, for mail programs too (RFC 8058).
The words are in `templates/mail/staff`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from email.message import EmailMessage
from email.utils import formataddr
from typing import Any, Final

from flask import render_template
from sqlalchemy.orm import Session

from outreach import i18n, network_profile
from outreach.config import Config
from outreach.domain.dashboard import digests, staff_alerts
from outreach.domain.dashboard.digests import Digest
from outreach.domain.dashboard.pending_items import DIGEST_SORTS
from outreach.domain.dashboard.staff_alerts import StaffAlert, StaffAlertType
from outreach.domain.network.staff import StaffMember
from outreach.domain.newsletter import mail_choices
from outreach.domain.newsletter.mail_choices import LetterGroup
from outreach.domain.newsletter.mailings import Mailing, MailingTopic
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore, bursts
from outreach.mail import render
from outreach.mail.message_context import mail_from

QUEUE_PATH: Final = "/org/por-atender"


@dataclass(frozen=True, kw_only=True)
class DoorLine:
    """What the digest says of a workshop of today. `name` is empty for a discreet one."""

    starts: time
    name: str = ""
    taken: int = 0
    seats: int = 0  # 0: they are not said


@dataclass(frozen=True, kw_only=True)
class AlertLine:
    """What a letter says of an alert. `name` is empty for a discreet workshop."""

    alert_type: StaffAlertType
    day: date
    starts: time
    name: str
    city: str


@dataclass(frozen=True, kw_only=True, repr=False)
class StaffLetterData:
    """What the letter of a mailing is written from."""

    address: str
    token: str  # in the link that turns it off
    language: str
    digest: Digest | None = None
    alerts: Sequence[StaffAlert] = ()


def gather(
    session: Session, key_store: KeyStore, config: Config, mailing: Mailing, *, now: datetime
) -> StaffLetterData | None:
    """Returns what the letter says now; None where it has nothing to say any more, and for a digest
    of another day."""
    staff_member = mailing.organizer
    if staff_member is None:
        return None
    known = bursts.list_bursts(key_store.store, key_store.today())
    if mailing.topic is MailingTopic.ALERT:
        found = staff_alerts.list_of_mailing(session, mailing, known, now=now)
        token = _token(key_store, staff_member, LetterGroup.ALERTS)
        return (
            StaffLetterData(
                address=staff_member.email,
                token=token,
                language=staff_member.language,
                alerts=found,
            )
            if found
            else None
        )
    morning = digests.find_morning(session, staff_member.id, now=now)
    if morning is None or mailing.made_at.astimezone(morning.zone).date() != morning.day:
        return None
    has_texts = bool(config.texts.url)
    digest = digests.compute(session, morning, bursts=known, has_texts=has_texts, now=now)
    if digest.is_empty:
        return None
    token = _token(key_store, staff_member, LetterGroup.DIGEST)
    return StaffLetterData(
        address=staff_member.email, token=token, language=staff_member.language, digest=digest
    )


def write(data: StaffLetterData, config: Config, *, letter_id: str, now: datetime) -> EmailMessage:
    """Writes the letter. Needs an application context."""
    stop = f"{config.public_url}/org/correo/{data.token}/baja"
    values: dict[str, Any] = {
        "base": config.public_url,
        "link": f"{config.public_url}{QUEUE_PATH}",
        "account": f"{config.public_url}/org/cuenta#correos",
        "stop": stop,
    }
    html = ""
    with i18n.use_language(data.language):
        if data.digest is None:
            types = sorted({each.alert_type.value for each in data.alerts})
            alerts = [_describe_alert(each) for each in data.alerts]
            text = render_template("mail/staff/alert.txt", alerts=alerts, types=types, **values)
        else:
            values |= _digest_values(data.digest)
            text = render_template("mail/staff/digest.txt", **values)
            html = render_template("mail/staff/digest.html", **values)
    subject, _gap, body = text.strip().partition("\n")
    shared = {
        "From": formataddr((config.mail_name, mail_from(config))),
        "Subject": subject.strip(),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    own = {
        "Message-ID": render.message_id(config, letter_id),
        render.UNSUBSCRIBE: f"<{stop}>",
    }
    letter = render.compose(shared, body, to=data.address, own=own, at=now)
    if html:
        letter.add_alternative(html, subtype="html")
    return letter


def _digest_values(digest: Digest) -> dict[str, Any]:
    # What waits first, then what is news. Each with the page that has it.
    items: list[tuple[str, int, str]] = [
        *((sort, digest.waiting.get(sort, 0), f"{QUEUE_PATH}?ver={sort}") for sort in DIGEST_SORTS),
        ("months", len(digest.months), "/org/mes"),
        ("new_parties", digest.new_parties, "/org/talleres"),
        ("full", digest.full, "/org/talleres"),
    ]
    return {
        "digest": digest,
        "items": [each for each in items if each[1]],
        "colours": network_profile.current().brand.light,
        "doors": [_describe_door(each) for each in digest.doors],
    }


def _name(workshop: Workshop) -> str:
    """The name of its kind; empty for a discreet one."""
    if workshop.is_discreet or workshop.kind.is_discreet:
        return ""
    return i18n.say(workshop.kind.short_name, i18n.current())


def _describe_alert(alert: StaffAlert) -> AlertLine:
    workshop = alert.workshop
    return AlertLine(
        alert_type=alert.alert_type,
        day=workshop.day,
        starts=workshop.starts,
        name=_name(workshop),
        city=workshop.office.city,
    )


def _describe_door(workshop: Workshop) -> DoorLine:
    name = _name(workshop)
    if not name:
        return DoorLine(starts=workshop.starts)
    return DoorLine(
        starts=workshop.starts,
        name=name,
        taken=workshop.taken_seats,
        seats=workshop.capacity if workshop.takes_places else 0,
    )


def _token(key_store: KeyStore, staff_member: StaffMember, group: LetterGroup) -> str:
    return mail_choices.make_token(key_store, staff_member, group)
