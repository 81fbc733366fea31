"""What can become of a place, each at least once, for the demo: hours of one's own, a waiting list
and an offer, the dates of a series, sign-up that is not open yet, childcare that is used up."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.locations import venues
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Way
from outreach.domain.registrations import AccessNeed, ContactMethod, Registration, RegistrationData
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus, series
from outreach.keystore import KeyStore

OFFICE: Final = "chicago"
_HOURS: Final = ("09:00", "09:20", "10:00", "11:20", "11:40")


@dataclass
class _Making:
    """What the samples are made with."""

    session: Session
    now: datetime

    def hold(self, kind: str, days: int, **changes: Any) -> Workshop:
        """One in Chicago, so many days from now, or a day later where a clock jumps."""
        office = offices.find(self.session, OFFICE)
        day = self.now.date() + timedelta(days=days)
        plan = workshop_service.from_kind(kinds.find(self.session, kind), office, day, time(9))
        plan = replace(
            plan,
            venue=venues.find_or_create(
                self.session,
                office,
                "Centro comunitario",
                address="1805 S. Ejemplo St.",
                city=office.city,
                region=office.region,
                area="",
                zone=office.zone,
                now=self.now.replace(microsecond=0),
            ),
            **({"way": Way.PLACE, "opens_days": None} | changes),
        )
        if clock.is_skipped(plan.day, plan.starts, plan.zone):
            plan = replace(plan, day=plan.day + timedelta(days=1))
        made = self.now - timedelta(days=20)
        return workshop_service.create(
            self.session, plan, now=made, status=WorkshopStatus.PUBLISHED
        )


def add(store: Store, key_store: KeyStore, *, now: datetime) -> None:
    """Adds them to a network that is there."""
    with store.change() as session:
        making = _Making(session, now)
        hours, full, limited = _consultations(making), _full(making), _limited(making)
        _course(making)
        making.hold(
            "daca", 21, title=_said("DACA: aparta pronto", "DACA: opens soon"), opens_days=7
        )
    for number, hour in enumerate(_HOURS):
        _seat(store, key_store, hours, RegistrationData(name=f"Lupe {number + 1}", slot=hour), now)
    for someone in _small_families():
        _seat(store, key_store, limited, someone, now)
    first, *_others = [_seat(store, key_store, full, someone, now) for someone in _more_than_fit()]
    with store.change() as session:  # one gives up, and who waited longest is asked
        registrations.cancel(session, session.get_one(Registration, first), now=now)


def _consultations(making: _Making) -> Workshop:
    """Two Saturdays or so of twenty minutes each."""
    both = {
        "title": _said("Tu caso, a solas", "Your case, one to one"),
        "way": Way.SLOTS,
        "ends": time(13),
        "slot_minutes": 20,
        "slot_places": 1,
        "party_limit": 1,
    }
    making.hold("diagnostico", 16, **both)
    return making.hold("diagnostico", 9, **both)


def _full(making: _Making) -> Workshop:
    title = _said("Preguntas y respuestas", "Questions and answers")
    return making.hold("derechos", 10, title=title, capacity=4)


def _limited(making: _Making) -> Workshop:
    return making.hold(
        "derechos",
        12,
        title=_said("En familia: tus derechos", "With the family: your rights"),
        has_childcare=True,
        interpretation=Codes(["nah"]),
        support={"childcare": 2, "interpreter-nah": 4},
    )


def _course(making: _Making) -> None:
    office = offices.find(making.session, OFFICE)
    course = series.find_or_create(making.session, office, "Curso de tres días", is_joint=True)
    title = _said("Tus derechos, paso a paso", "Your rights, step by step")
    for days in (11, 18, 25):
        making.hold("derechos", days, title=title, series=course)


def _more_than_fit() -> Iterator[RegistrationData]:
    """Two parties have the four places; two more wait, and can be written to."""
    for name in ("Chayo", "Memo"):
        yield RegistrationData(name=name, people=2)
    for number, name in enumerate(("Rosa", "Luz")):
        yield RegistrationData(
            name=name,
            people=2 - number,
            contact=ContactMethod.EMAIL,
            address=f"{name.lower()}@example.org",
        )


def _small_families() -> Iterator[RegistrationData]:
    for name in ("Yoli", "Tere"):
        yield RegistrationData(name=name, people=2, needs=Codes([AccessNeed.CHILDCARE]))


def _seat(
    store: Store, key_store: KeyStore, workshop: Workshop, who: RegistrationData, now: datetime
) -> str:
    ticket = registrations.prepare(key_store, workshop, who)
    with store.change() as session:
        mine = session.merge(workshop, load=False)
        registrations.register(session, mine, who, ticket, secrets.token_hex(16), now=now)
    return ticket.id


def _said(es: str, en: str) -> dict[str, str]:
    return {"es": es, "en": en}
