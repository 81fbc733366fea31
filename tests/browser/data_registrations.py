"""Test data: registrations in each state: with a time slot, offered, expired, to be reconfirmed, in
a series."""

import secrets
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Visibility, Way
from outreach.domain.newsletter import subscribers
from outreach.domain.registrations import ContactMethod, Registration, reconfirmation, waitlist
from outreach.domain.registrations.notifications import Notification
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import DeliveryMode, Workshop
from outreach.domain.workshops import series as all_series
from outreach.keystore import KeyStore
from tests.conftest import a_saturday, make_workshop, registration_data, seat, tomorrow, venue
from tests.support.arrivals import store_arrival


def make(store: Store, key_store: KeyStore, *, now: datetime) -> dict[str, str]:
    """Returns public ids of workshops and tokens of registrations, by the names that tests use."""
    with store.change() as session:
        workshops = _create_workshops(session)
    for hour in ("09:00", "09:20", "10:00", "11:20", "14:00", "15:20"):
        seat(store, key_store, workshops["slots"], name="Ana", slot=hour)
    seat(store, key_store, workshops["full slots"], name="Ana", slot="09:00")
    registrations_by_name = {
        "slot seated": seat(store, key_store, workshops["slots"], slot="10:40"),
        "offered": _register_with_offer(store, key_store, workshops["offers"], now),
        "expired": _register_with_expired_offer(
            store, key_store, workshops["expiring offers"], now
        ),
        "to reconfirm": _register_with_reconfirmation(
            store, key_store, workshops["reconfirmed"], now
        ),
        "group": _register_group(
            store,
            key_store,
            [workshops["series"], workshops["second date"], workshops["third date"]],
            now,
        ),
        "e-mail contact": seat(
            store, key_store, workshops["limited"], needs=Codes(["childcare"]), **ROSA
        ),
        "phone contact": seat(store, key_store, workshops["with approval"], **LUZ),
        "discreet offered": _register_with_offer(
            store, key_store, workshops["discreet offers"], now
        ),
        "discreet waiting": seat(store, key_store, workshops["discreet offers"], people=4),
    }
    for name in ("one", "two"):
        offer = _create_workshop(store, f"offer {name}", capacity=2)
        question = _create_workshop(store, f"reconfirmation {name}", confirm_days=14)
        registrations_by_name[f"offer {name}"] = _register_with_offer(store, key_store, offer, now)
        registrations_by_name[f"reconfirmation {name}"] = _register_with_reconfirmation(
            store, key_store, question, now
        )
    registrations_by_name |= {
        "called": seat(store, key_store, workshops["consultation"], **LUZ, slot="09:20"),
        "in video call": seat(store, key_store, workshops["video call"], **ROSA),
        "in hybrid": seat(store, key_store, workshops["hybrid"], people=2),
    }
    _move(store, workshops["moved"], now)
    _request_calls(store, key_store, workshops["calls"], now)
    for contact in (LUZ, ROSA):  # for whom a change that is undone is held
        seat(store, key_store, workshops["to change and undo"], **contact)
    _check_in_some(store, key_store, workshops["started"])
    seat(store, key_store, workshops["tomorrow"], people=2)
    with store.read() as session:
        tokens = {
            name: registrations.derive_manage_token(
                registrations.get_key(key_store, session.merge(each))
            )
            for name, each in registrations_by_name.items()
        }
    tokens |= {
        "subscribed": _subscribe(store, key_store, "rosa@ejemplo.com", now, is_confirmed=True),
        "unconfirmed subscriber": _subscribe(store, key_store, "luz@ejemplo.com", now),
    }
    return {name: each.public_id for name, each in workshops.items()} | tokens


def _subscribe(
    store: Store, key_store: KeyStore, address: str, now: datetime, *, is_confirmed: bool = False
) -> str:
    """Returns the token of a newsletter subscription, confirmed if `is_confirmed`."""
    subscription = subscribers.prepare(key_store, address, "es")
    with store.change() as session:
        subscribers.keep(session, subscription, now=now).confirmed_at = (
            now if is_confirmed else None
        )
    return subscribers.token(subscription.key)


ROSA: dict[str, Any] = {"contact": ContactMethod.EMAIL, "address": "rosa@ejemplo.com"}
LUZ: dict[str, Any] = {"name": "Luz", "contact": ContactMethod.PHONE, "address": "+13125550142"}


# A workshop with long texts, for the pictures of its flyer.
_FLYER_DETAILS: dict[str, Any] = {
    "title": {"es": "Conoce tus derechos", "en": "Know your rights"},
    "summary": {
        "es": "Qué hacer si un agente de migración toca a tu puerta o te para en la calle.",
        "en": "What to do if an immigration agent knocks on your door or stops you in the street.",
    },
    "starts": time(10),
    "ends": time(12),
    "languages": Codes(["es", "en"]),
    "interpretation": Codes(["nah"]),
    "has_childcare": True,
    "phone": "312 555 0142",
}


def _create_workshops(session: Session) -> dict[str, Workshop]:
    chicago = offices.find(session, "chicago")
    rights, screening = kinds.find(session, "derechos"), kinds.find(session, "diagnostico")
    women = kinds.find(session, "mujeres")
    saturday = a_saturday()
    hours: dict[str, Any] = {
        "way": Way.SLOTS,
        "starts": time(9),
        "ends": time(16),
        "slot_minutes": 20,
        "title": {"es": "Diagnóstico migratorio"},
    }
    door: dict[str, Any] = {"day": tomorrow(chicago), "way": Way.UNLISTED, "capacity": 12}
    course: dict[str, Any] = {
        "series": all_series.find_or_create(session, chicago, "Los sábados", is_joint=True),
        "title": {"es": "Tus derechos, paso a paso"},
    }

    def at(kind: kinds.Kind, days: int, **changes: Any) -> Workshop:
        return make_workshop(
            session, chicago, kind, **({"day": saturday + timedelta(days=days)} | changes)
        )

    return {
        "slots": at(screening, 0, **hours),
        "other slots": at(screening, 4, **hours),
        "more slots": at(rights, 7, **hours),
        "full slots": at(rights, 2, **(hours | {"ends": time(10), "slot_minutes": 60})),
        "offers": at(screening, 1, capacity=2, title={"es": "Diagnóstico migratorio"}),
        "discreet offers": at(women, 1, capacity=2, title={"es": "Un espacio de confianza"}),
        "expiring offers": at(screening, 2, capacity=1, title={"es": "Tu caso a solas"}),
        "reconfirmed": at(rights, 0, confirm_days=14, frees_silence=True),
        "series": at(rights, 0, **course),
        "second date": at(rights, 7, **course),
        "third date": at(rights, 14, **course),
        "not open yet": at(rights, 7, opens_days=2),
        "limited": at(
            rights,
            3,
            has_childcare=True,
            interpretation=Codes(["nah", "mxt"]),
            support={"childcare": 1, "interpreter-nah": 2},
        ),
        "with approval": at(
            women, 3, visibility=Visibility.APPROVED, title={"es": "Con confianza"}
        ),
        "calls": at(rights, 4, confirm_days=14, title={"es": "Con llamadas"}),
        "to change and undo": at(rights, 5, title={"es": "Con cambios"}),
        "started": make_workshop(
            session, chicago, rights, day=clock.now().date() - timedelta(days=1), capacity=3
        ),
        # The list of the door opens the day before; these are in no public list.
        "tomorrow": make_workshop(session, chicago, rights, **door),
        "discreet tomorrow": make_workshop(session, chicago, women, **door),
        "by phone": at(
            rights, 1, way=Way.PHONE, phone="312 555 0142", title={"es": "Llámanos primero"}
        ),
        "consultation": at(
            rights,
            2,
            **(hours | {"ends": time(12), "title": {"es": "Habla por teléfono"}}),
            mode=DeliveryMode.PHONE_BANK,
            venue=None,
        ),
        "video call": at(
            rights,
            2,
            mode=DeliveryMode.VIDEO_CALL,
            venue=None,
            online_url="https://sala.example/1",
            title={"es": "Resuelve tus dudas"},
        ),
        "live": at(
            rights,
            2,
            mode=DeliveryMode.LIVE_STREAM,
            venue=None,
            way=Way.OPEN,
            live_url="https://vivo.example/1",
            title={"es": "Qué hacer si tocan a tu puerta"},
        ),
        "hybrid": at(
            rights,
            2,
            mode=DeliveryMode.HYBRID,
            online_url="https://sala.example/1",
            title={"es": "Paso a paso"},
        ),
        "moved": at(rights, 8, title={"es": "Ahora es otro día"}),
        "without registration": at(rights, 1, way=Way.OPEN, title={"es": "Puertas abiertas"}),
        "unlisted": at(rights, 1, way=Way.UNLISTED, title={"es": "Solo con enlace"}),
        "flyer": at(rights, 14, **_FLYER_DETAILS, venue=venue(session, chicago, is_step_free=True)),
    }


def _create_workshop(store: Store, title: str, **changes: Any) -> Workshop:
    """A workshop that a test may change."""
    with store.change() as session:
        chicago, kind = offices.find(session, "chicago"), kinds.find(session, "derechos")
        return make_workshop(
            session, chicago, kind, title={"es": title}, day=a_saturday(), **changes
        )


def _move(store: Store, workshop: Workshop, now: datetime) -> None:
    """Moves a published workshop to the next day."""
    with store.change() as session:
        moved = session.get_one(Workshop, workshop.id)
        data = workshop_service.get_data(moved)
        data = replace(data, day=data.day + timedelta(days=1))
        workshop_service.change(session, moved, data, now=now)


def _register_with_offer(
    store: Store, key_store: KeyStore, workshop: Workshop, now: datetime
) -> Registration:
    """Returns a waitlisted registration for two that got an offer when the first two cancelled."""
    first = seat(store, key_store, workshop, name="Ana", people=2)
    second = seat(store, key_store, workshop, people=2)
    with store.change() as session:
        registration = session.get_one(Registration, first.id)
        registrations.cancel(session, registration, now=now - timedelta(hours=10, minutes=8))
    return second


def _register_with_expired_offer(
    store: Store, key_store: KeyStore, workshop: Workshop, now: datetime
) -> Registration:
    """Returns a registration whose second offer expired."""
    first = seat(store, key_store, workshop, name="Ana")
    second = seat(store, key_store, workshop)
    with store.change() as session:
        registrations.cancel(session, session.get_one(Registration, first.id), now=now)
        for hours in (25, 50):
            current = session.get_one(Workshop, workshop.id)
            waitlist.expire_offers(session, current, now=now + timedelta(hours=hours))
    return second


def _register_with_reconfirmation(
    store: Store, key_store: KeyStore, workshop: Workshop, now: datetime
) -> Registration:
    """Returns a registration of a month ago with a reconfirmation requested today."""
    long_ago = now - timedelta(days=30)
    registration = seat(store, key_store, workshop, now=long_ago, people=2, **ROSA)
    with store.change() as session:
        reconfirmation.request_reconfirmation(
            session, session.get_one(Workshop, workshop.id), now=now
        )
    return registration


def _request_calls(store: Store, key_store: KeyStore, workshop: Workshop, now: datetime) -> None:
    """Queues two reconfirmations that need a manual call: for a phone contact, and for an
    undelivered letter."""
    long_ago = now - timedelta(days=30)
    seat(store, key_store, workshop, now=long_ago, **LUZ)
    rosa = seat(store, key_store, workshop, now=long_ago, needs=Codes(["step_free"]), **ROSA)
    with store.change() as session:
        reconfirmation.request_reconfirmation(
            session, session.get_one(Workshop, workshop.id), now=now
        )
        for notice in session.scalars(
            sa.select(Notification).where(Notification.registration_id == rosa.id)
        ):
            notice.is_dead, notice.done_at = True, now


def _check_in_some(store: Store, key_store: KeyStore, workshop: Workshop) -> None:
    """Checks in one person of a confirmed party of three; two parties are waitlisted."""
    before = workshop.starts_at - timedelta(days=1)
    first = seat(store, key_store, workshop, name="Ana", people=3, now=before)
    seat(store, key_store, workshop, name="Luz", now=before)
    seat(store, key_store, workshop, name="Iván", people=2, now=before + timedelta(minutes=1))
    with store.change() as session:
        store_arrival(session, session.get_one(Registration, first.id), 1)


def _register_group(
    store: Store, key_store: KeyStore, dates: list[Workshop], now: datetime
) -> Registration:
    rosa = registration_data()
    made = [(each, registrations.prepare(key_store, each, rosa)) for each in dates]
    with store.change() as session:
        registrations.register_group(session, made, rosa, secrets.token_hex(16), now=now)
        return session.get_one(Registration, made[0][1].id)
