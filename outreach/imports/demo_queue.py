"""Adds what waits for the staff of the demo's office: their queue has something of each sort."""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.domain.checkin import checkin
from outreach.domain.network.kinds import Visibility
from outreach.domain.registrations import (
    ContactMethod,
    Registration,
    RegistrationData,
    reconfirmation,
)
from outreach.domain.registrations.change_notifications import NotifyDecision, NotifyMode
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.scheduling import workshop_service
from outreach.domain.text import code
from outreach.domain.workshops import Workshop
from outreach.imports.demo_registrations import SampleFactory, register_party
from outreach.keystore import KeyStore


@dataclass(frozen=True)
class _Waiting:
    """The workshops that somebody or something waits at."""

    to_approve: Workshop
    to_call: Workshop
    to_confirm: Workshop
    to_notify: Workshop
    to_report: Workshop


def add(store: Store, key_store: KeyStore, *, now: datetime) -> None:
    """Adds workshops of the next and last days at Chicago, with people who registered some days
    ago. The offices and kinds must exist."""
    with store.change() as session:
        waiting = _publish(SampleFactory(session, now))

    def register(workshop: Workshop, days: int, party: RegistrationData) -> str:
        return register_party(store, key_store, workshop, party, now - timedelta(days=days))

    for days, name in ((2, "Nena"), (1, "Alma R.")):
        register(waiting.to_approve, days, _by_phone(name, 150 + days))
    for number, name in enumerate(("Lalo", "Flor")):
        register(waiting.to_call, 6, _by_phone(name, 160 + number, people=1 + number))
    lost = register(waiting.to_call, 6, _by_mail("Beto"))
    register(waiting.to_confirm, 6, _by_phone("Doña Chelo", 170))
    for name in ("Lety", "Memo"):
        register(waiting.to_notify, 6, _by_mail(name))
    came = [
        register(waiting.to_report, 8, RegistrationData(name=name, people=2))
        for name in ("Chayo", "Toño", "Yoli")
    ]
    with store.change() as session:
        _confirm_in_time(session, waiting, now)
        _make_wait(session, waiting, now)
        _lose_letter(session, lost, now)
        for registration_id in came[:2]:
            checkin.mark_arrived(session, session.get_one(Registration, registration_id), 2)


def _publish(factory: SampleFactory) -> _Waiting:
    return _Waiting(
        to_approve=factory.publish(
            "mujeres",
            6,
            title={"es": "Un espacio de confianza", "en": "A space you can trust"},
            visibility=Visibility.APPROVED,
        ),
        to_call=factory.publish(
            "daca", 5, title={"es": "DACA: renueva a tiempo", "en": "DACA: renew on time"}
        ),
        to_confirm=factory.publish(
            "derechos",
            3,
            title={"es": "Qué hacer si te detienen", "en": "What to do if you are stopped"},
            confirm_days=5,
        ),
        to_notify=factory.publish(
            "finanzas", 13, title={"es": "Cuida tu dinero", "en": "Take care of your money"}
        ),
        to_report=factory.publish(
            "derechos", -3, title={"es": "Conoce tus derechos", "en": "Know your rights"}
        ),
    )


def _confirm_in_time(session: Session, waiting: _Waiting, now: datetime) -> None:
    """Marks all confirmations as sent a day ago: one that leaves later would say the new hour."""
    of_parties = sa.select(Registration.id).where(
        Registration.workshop_id.in_([waiting.to_call.id, waiting.to_notify.id])
    )
    session.execute(
        sa.update(Notification)
        .where(Notification.registration_id.in_(of_parties))
        .values(done_at=now - timedelta(days=1))
    )


def _make_wait(session: Session, waiting: _Waiting, now: datetime) -> None:
    """Changes the hour of two workshops: at one nobody has called yet, at the other nobody has
    decided to tell people. At a third, people are asked whether they are still coming."""
    modes = ((waiting.to_call, NotifyMode.NOTIFY), (waiting.to_notify, NotifyMode.LATER))
    for workshop, mode in modes:
        decision = NotifyDecision(mode, batch=code(20))  # the sheet shows what changed
        stored = session.get_one(Workshop, workshop.id)
        data = workshop_service.get_data(stored)
        later = replace(data, starts=time(10, 30), ends=time(14))
        workshop_service.change(session, stored, later, now=now, decision=decision)
    asked = session.get_one(Workshop, waiting.to_confirm.id)
    reconfirmation.request_reconfirmation(session, asked, now=now)


def _lose_letter(session: Session, registration_id: str, now: datetime) -> None:
    """Marks the letter about the new hour as one that came back."""
    session.execute(
        sa.update(Notification)
        .where(
            Notification.registration_id == registration_id,
            Notification.cause == NotificationType.CHANGED,
        )
        .values(done_at=now, is_dead=True)
    )


def _by_phone(name: str, number: int, people: int = 1) -> RegistrationData:
    address = f"+1312555{number:04d}"  # 0100 to 0199 are reserved for fiction
    return RegistrationData(name=name, people=people, contact=ContactMethod.PHONE, address=address)


def _by_mail(name: str) -> RegistrationData:
    address = f"{name.lower()}@example.org"
    return RegistrationData(name=name, contact=ContactMethod.EMAIL, address=address)
