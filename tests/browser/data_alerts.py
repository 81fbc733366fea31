"""Test data: a workshop with a sent staff message, and workshops that cause alerts."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.domain.network import kinds, offices
from outreach.domain.outbox import messaging
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.staff_messages import Audience, MessageTemplate
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from tests.conftest import a_saturday, make_workshop, seat

BACK_DOOR = {"es": "La entrada es por la puerta de atrás, junto al estacionamiento."}


def make(store: Store, key_store: KeyStore, *, now: datetime) -> dict[str, str]:
    """Returns public ids of workshops and the id of the message, by the names that tests use."""
    with store.change() as session:
        messaged, discreet = _hold(session), _hold_discreet(session)
        spare = _hold(session), _hold(session)  # tests may change these
        overcrowded, cancelled = _hold_overcrowded(session), _hold_cancelled(session)
        _hold_without_report(session, now)
    seat(
        store,
        key_store,
        messaged,
        contact=ContactMethod.EMAIL,
        address="rosa@ejemplo.com",
        people=2,
    )
    seat(
        store, key_store, messaged, name="Luz", contact=ContactMethod.PHONE, address="+13125550142"
    )
    seat(
        store, key_store, messaged, name="Güero", contact=ContactMethod.PHONE,
        address="+13125550118", may_leave_message=True,
    )  # fmt: skip
    seat(store, key_store, messaged, name="Beto")
    seat(store, key_store, spare[0], contact=ContactMethod.EMAIL, address="rosa@ejemplo.com")
    seat(
        store, key_store, spare[0], name="Luz", contact=ContactMethod.PHONE, address="+13125550142"
    )
    seat(
        store, key_store, discreet, name="Flor", contact=ContactMethod.PHONE, address="+13125550142"
    )
    for name in ("Ana", "Iván", "Paty"):
        seat(store, key_store, overcrowded, name=name, people=3)
    seat(
        store,
        key_store,
        cancelled,
        name="Inés",
        contact=ContactMethod.PHONE,
        address="+13125550163",
    )
    with store.change() as session:
        workshop_service.cancel(session, session.get_one(Workshop, cancelled.id), now=now)
        message, _is_new = messaging.send(
            session, session.get_one(Workshop, messaged.id), MessageTemplate.PLACE, Audience.ALL,
            BACK_DOOR, "once", organizer_id=None, now=now,
        )  # fmt: skip
        number = str(message.id)
    return {
        "messaged": messaged.public_id,
        "discreet by phone": discreet.public_id,
        "message": number,
        "without message": spare[0].public_id,
        "for phone registrations": spare[1].public_id,
    }


def _hold(session: Session) -> Workshop:
    chicago, kind = offices.find(session, "chicago"), kinds.find(session, "derechos")
    return make_workshop(session, chicago, kind, title={"es": "Con aviso"}, day=a_saturday())


def _hold_discreet(session: Session) -> Workshop:
    chicago, kind = offices.find(session, "chicago"), kinds.find(session, "mujeres")
    return make_workshop(session, chicago, kind, title={"es": "En confianza"}, day=a_saturday())


def _hold_overcrowded(session: Session) -> Workshop:
    chicago, kind = offices.find(session, "chicago"), kinds.find(session, "diagnostico")
    workshop = make_workshop(session, chicago, kind, capacity=3, title={"es": "Todos esperan"})
    assert workshop.venue is not None
    workshop.venue.capacity = 40
    return workshop


def _hold_cancelled(session: Session) -> Workshop:
    chicago, kind = offices.find(session, "chicago"), kinds.find(session, "derechos")
    make_workshop(session, chicago, kind, title={"es": "Por publicar"}, status=WorkshopStatus.DRAFT)
    return make_workshop(session, chicago, kind, title={"es": "Ya no se hace"})


def _hold_without_report(session: Session, now: datetime) -> None:
    chicago, kind = offices.find(session, "chicago"), kinds.find(session, "daca")
    day = now.date() - timedelta(days=3)
    make_workshop(session, chicago, kind, day=day, title={"es": "DACA: renovación"})
