"""Test data: what waits in the queue, a change whose people are told of it, and a workshop that is
closed for danger."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Visibility, Way
from outreach.domain.registrations import ContactMethod
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import a_saturday, make_workshop, seat


def make(store: Store, key_store: KeyStore, *, now: datetime) -> dict[str, str]:
    """Returns public ids of workshops by the names that tests use."""
    with store.change() as session:
        waiting, later = _hold_discreet(session), _hold_later(session)
        soon = _hold_soon(session, "Con la puerta abierta", now)
        dangerous = _hold_soon(session, "Con la puerta cerrada", now)
    for name in ("Nadia", "Alma"):
        seat(
            store, key_store, waiting, name=name,
            contact=ContactMethod.PHONE, address="+13125550177",
        )  # fmt: skip
    for workshop in (later, soon, dangerous):
        seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@ejemplo.com")
        seat(
            store, key_store, workshop, name="Luz",
            contact=ContactMethod.PHONE, address="+13125550142",
        )  # fmt: skip
    with store.change() as session:
        workshop_service.close_for_danger(session, session.get_one(Workshop, dangerous.id), now=now)
    return {
        "to approve": waiting.public_id,
        "hour to change": later.public_id,
        "soon": soon.public_id,
        "closed for danger": dangerous.public_id,
    }


def _hold_discreet(session: Session) -> Workshop:
    chicago, kind = offices.find(session, "chicago"), kinds.find(session, "mujeres")
    title = {"es": "A solas"}
    day = a_saturday() + timedelta(days=5)
    return make_workshop(
        session, chicago, kind, title=title, day=day, visibility=Visibility.APPROVED
    )


def _hold_later(session: Session) -> Workshop:
    chicago, kind = offices.find(session, "chicago"), kinds.find(session, "derechos")
    day = a_saturday() + timedelta(days=9)
    return make_workshop(session, chicago, kind, title={"es": "Cambia de hora"}, day=day)


def _hold_soon(session: Session, title: str, now: datetime) -> Workshop:
    """A workshop that starts in three hours: its entry can be closed for danger."""
    chicago, kind = offices.find(session, "chicago"), kinds.find(session, "derechos")
    start = now.astimezone(chicago.zone).replace(minute=0) + timedelta(hours=3)
    return make_workshop(
        session,
        chicago,
        kind,
        title={"es": title},
        day=start.date(),
        starts=start.time().replace(second=0, microsecond=0),
        ends=(start + timedelta(hours=1)).time().replace(second=0, microsecond=0),
        way=Way.UNLISTED,
    )
