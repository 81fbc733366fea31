"""Adds the demo's samples of each course a registration can take.

Time slots, a waitlist with an offer, the dates of a series, a registration that opens later and
childcare that is used up.
"""

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
from outreach.domain.scheduling import workshop_data, workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus, series
from outreach.keystore import KeyStore

OFFICE: Final = "chicago"
_SLOT_STARTS: Final = ("09:00", "09:20", "10:00", "11:20", "11:40")


@dataclass
class SampleFactory:
    """Publishes sample workshops of one office."""

    session: Session
    now: datetime

    def publish(self, kind: str, days: int, **changes: Any) -> Workshop:
        """Publishes a workshop at nine, `days` from now, or a day later if the clock skips that
        hour."""
        office = offices.find(self.session, OFFICE)
        day = self.now.date() + timedelta(days=days)
        data = workshop_data.from_kind(kinds.find(self.session, kind), office, day, time(9))
        data = replace(
            data,
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
        data = workshop_data.fit_visibility(data)
        if clock.is_skipped(data.day, data.starts, data.zone):
            data = replace(data, day=data.day + timedelta(days=1))
        created_at = self.now - timedelta(days=20)
        return workshop_service.create(
            self.session, data, now=created_at, status=WorkshopStatus.PUBLISHED
        )


def add(store: Store, key_store: KeyStore, *, now: datetime) -> None:
    """Adds sample workshops and registrations. The offices and kinds must exist."""
    with store.change() as session:
        factory = SampleFactory(session, now)
        consultations, full = _consultations(factory), _full_workshop(factory)
        with_accommodations = _workshop_with_limited_accommodations(factory)
        _course_in_series(factory)
        factory.publish(
            "daca", 21, title=_translations("DACA: aparta pronto", "DACA: opens soon"), opens_days=7
        )
    for number, slot_start in enumerate(_SLOT_STARTS):
        party = RegistrationData(name=f"Lupe {number + 1}", slot=slot_start)
        register_party(store, key_store, consultations, party, now)
    for party in _families():
        register_party(store, key_store, with_accommodations, party, now)
    first, *_ = [
        register_party(store, key_store, full, party, now) for party in _parties_beyond_capacity()
    ]
    with store.change() as session:  # a cancellation creates the offer
        registrations.cancel(session, session.get_one(Registration, first), now=now)


def _consultations(factory: SampleFactory) -> Workshop:
    """Publishes two workshops with slots of twenty minutes; returns the earlier one."""
    values = {
        "title": _translations("Tu caso, a solas", "Your case, one to one"),
        "way": Way.SLOTS,
        "ends": time(13),
        "slot_minutes": 20,
        "slot_places": 1,
        "party_limit": 1,
    }
    factory.publish("diagnostico", 16, **values)
    return factory.publish("diagnostico", 9, **values)


def _full_workshop(factory: SampleFactory) -> Workshop:
    title = _translations("Preguntas y respuestas", "Questions and answers")
    return factory.publish("derechos", 10, title=title, capacity=4)


def _workshop_with_limited_accommodations(factory: SampleFactory) -> Workshop:
    return factory.publish(
        "derechos",
        12,
        title=_translations("En familia: tus derechos", "With the family: your rights"),
        has_childcare=True,
        interpretation=Codes(["nah"]),
        support={"childcare": 2, "interpreter-nah": 4},
    )


def _course_in_series(factory: SampleFactory) -> None:
    office = offices.find(factory.session, OFFICE)
    course = series.find_or_create(factory.session, office, "Curso de tres días", is_joint=True)
    title = _translations("Tus derechos, paso a paso", "Your rights, step by step")
    for days in (11, 18, 25):
        factory.publish("derechos", days, title=title, series=course)


def _parties_beyond_capacity() -> Iterator[RegistrationData]:
    """Returns two parties that fill four seats, and two for the waitlist, which have an e-mail
    address."""
    for name in ("Chayo", "Memo"):
        yield RegistrationData(name=name, people=2)
    for number, name in enumerate(("Rosa", "Luz")):
        yield RegistrationData(
            name=name,
            people=2 - number,
            contact=ContactMethod.EMAIL,
            address=f"{name.lower()}@example.org",
        )


def _families() -> Iterator[RegistrationData]:
    for name in ("Yoli", "Tere"):
        yield RegistrationData(name=name, people=2, needs=Codes([AccessNeed.CHILDCARE]))


def register_party(
    store: Store, key_store: KeyStore, workshop: Workshop, party: RegistrationData, now: datetime
) -> str:
    """Registers a party at that instant; returns the id of the registration."""
    sealed = registrations.prepare(key_store, workshop, party)
    with store.change() as session:
        stored_workshop = session.merge(workshop, load=False)
        registrations.register(
            session, stored_workshop, party, sealed, secrets.token_hex(16), now=now
        )
    return sealed.id


def _translations(es: str, en: str) -> dict[str, str]:
    return {"es": es, "en": en}
