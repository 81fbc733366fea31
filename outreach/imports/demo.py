"""Creates the demo data.

Offices, kinds and the workshops of January 2020 come from the files of the package. Upcoming
workshops and registrations are generated from today's date, with a fixed random seed.
"""

import json
import random
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.accounts import passwords, totp
from outreach.accounts.server_encryption import ServerEncryption
from outreach.db.base import Words
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.locations import venues
from outreach.domain.locations.venues import Venue
from outreach.domain.network import kinds, offices, staff
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role, RoleAssignment, StaffMember
from outreach.domain.registrations import AccessNeed, ContactMethod, RegistrationData
from outreach.domain.scheduling import workshop_data, workshop_service
from outreach.domain.scheduling.workshop_data import WorkshopData
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus, time_slots
from outreach.imports import demo_queue, demo_registrations, demo_roster, figures, workshops
from outreach.imports import kinds as kinds_file
from outreach.imports import offices as offices_file
from outreach.keystore import KeyStore

DATA: Final = resources.files("outreach.imports").joinpath("data")
PASSWORD: Final = "cuatro palabras de prueba"  # noqa: S105 - public: `outreach demo` prints it
SECRETS: Final = {  # public: `outreach demo` prints them
    "elena@example.org": "DEMO5ELENA5DEMO5ELENA5DEMO5ELENA",
    "ana@example.org": "DEMO2ANA2ANA2DEMO2ANA2ANA2DEMO22",
    "tomas@example.org": "DEMO3TOMAS3DEMO3TOMAS3DEMO3TOMAS",
    "ivan@example.org": "DEMO4IVAN4IVAN4DEMO4IVAN4IVAN444",
}
ACCOUNTS: Final = {
    "elena@example.org": (Role.ADMIN, ALL_OFFICES),
    "ana@example.org": (Role.LEAD, "chicago"),
    "tomas@example.org": (Role.DOOR, "chicago"),
    "ivan@example.org": (Role.READER, ALL_OFFICES),
}
_NAMES: Final = {
    "elena@example.org": "Elena Cruz",
    "ana@example.org": "Ana Robles",
    "tomas@example.org": "Tomás Vega",
    "ivan@example.org": "Iván Mora",
}
_WORKSHOPS_PER_OFFICE: Final = 2
NICKNAMES: Final = (
    "Rosa", "Beto", "Doña Chelo", "Alma R.", "Flor", "Esteban", "Lupe", "Chayo", "Memo", "Toño",
    "Nena", "Lety", "Paco", "Tere", "Chava", "Mago", "Pepe", "Yoli", "Nacho", "Concha",
)  # fmt: skip
_VENUES: Final = (
    "Biblioteca pública", "Salón parroquial", "Centro comunitario", "Consulado, sala B",
    "Escuela primaria", "Centro de salud",
)  # fmt: skip
_TITLES: Final[dict[str, tuple[Words, ...]]] = {
    "derechos": (
        {"es": "Conoce tus derechos", "en": "Know your rights", "fr": "Connaissez vos droits"},
        {
            "es": "Qué hacer si te detienen",
            "en": "What to do if you are stopped",
            "fr": "Quoi faire si on vous arrête",
        },
    ),
    "diagnostico": (
        {
            "es": "Diagnóstico migratorio: revisa tus opciones",
            "en": "Immigration screening: know your options",
            "fr": "Évaluation migratoire\u00a0: vos options",
        },
    ),
    "daca": (
        {"es": "DACA: renueva a tiempo", "en": "DACA: renew on time", "fr": "DACA : à temps"},
    ),
    "mujeres": (
        {
            "es": "Un espacio de confianza",
            "en": "A space you can trust",
            "fr": "Un espace de confiance",
        },
    ),
    "ciudadania": (
        {"es": "Camino a la ciudadanía", "en": "Path to citizenship", "fr": "Vers la citoyenneté"},
    ),
    "finanzas": (
        {"es": "Cuida tu dinero", "en": "Take care of your money", "fr": "Soignez votre argent"},
    ),
}
_DAYTIME: Final = (time(8), time(18))  # when a consultation of three hours may start
_AFTERNOON: Final = time(16)
_HOURS: Final = (
    time(9),
    time(10),
    time(11),
    time(13),
    time(16),
    time(17, 30),
    time(18),
    time(18, 30),
)


def fill(store: Store, key_store: KeyStore, *, now: datetime) -> bool:
    """Fills an empty database. Returns False, and changes nothing, if there are offices already."""
    with store.read() as session:
        if session.scalar(sa.select(Office.id).limit(1)) is not None:
            return False
    with store.change() as session:
        _load_files(session, now)
        _add_accounts(session)
    with store.change() as session:
        created = list(_create_workshops(session, now))
    _add_registrations(store, key_store, created, now)
    demo_registrations.add(store, key_store, now=now)
    demo_queue.add(store, key_store, now=now)
    demo_roster.add(store, key_store, now=now)
    return True


def sign_ins(
    store: Store, key: ServerEncryption, *, now: datetime
) -> Iterator[tuple[str, str, str]]:
    """The e-mail address, TOTP secret and current code of each demo account.

    Enrolls those without a second factor: new ones, and those that lost it in the demo.
    """
    for email, secret in SECRETS.items():
        with store.change() as session:
            staff_member = staff.find(session, email)
            if staff_member is None:
                continue
            if not totp.is_enrolled(session, staff_member.id):
                totp.store_secret(session, staff_member.id, secret, key, now=now)
                session.flush()
            stored_secret = totp.secret_of(session, staff_member.id, key) or ""
            code = totp.next_code(session, staff_member.id, key, now=now)
        yield email, stored_secret, code


_PHONE: Final = "312 555 0142"  # 555-0100 to 555-0199 are reserved for fiction


def _load_files(session: Session, now: datetime) -> None:
    with resources.as_file(DATA) as folder:
        offices_file.load(session, offices_file.read(folder / "offices.csv"), now=now)
        for office in offices.list_offices(session):
            office.phone = office.phone or _PHONE  # the file has no telephone numbers
        kinds_file.load(session, kinds_file.read(folder / "taxonomy.json"), now=now)
        session.flush()
        rows = workshops.read(folder / "workshops-2020-01.csv", workshops.network(session))
        workshops.load(session, rows, now=now, is_synthetic=True)
        series = figures.list_series_codes(session)
        figures.load(session, figures.read(folder / "figures-2020-01.csv", series), now=now)


def _add_accounts(session: Session) -> None:
    stored = passwords.hash_password(PASSWORD)
    for email, (role, office) in ACCOUNTS.items():
        staff_member = StaffMember(email=email, name=_NAMES[email], password=stored)
        staff_member.grants.append(RoleAssignment(office=office, role=role))
        session.add(staff_member)


def _create_workshops(session: Session, now: datetime) -> Iterator[Workshop]:
    """Creates the sample workshops, random workshops at each open office, one that starts soon and
    a draft."""
    rng = random.Random(2026)  # noqa: S311 - reproducible, not a secret
    by_code = {kind.code: kind for kind in kinds.list_kinds(session)}
    by_slug = {office.slug: office for office in offices.list_open_offices(session, now.date())}
    with resources.as_file(DATA / "sample-workshops.json") as path:
        samples: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    for sample in samples:
        office, kind = by_slug[sample["office"]], by_code[sample["kind"]]
        data = _sample_workshop(session, sample, office, kind, _random_day(now, rng))
        yield _publish(session, data, now)
    for office in by_slug.values():
        for _ in range(8 if office.slug == "chicago" else _WORKSHOPS_PER_OFFICE):
            codes = [c for c in _TITLES if office.country in by_code[c].countries]
            weights = [30, 18, 20, 14, 4, 4][: len(codes)]
            kind = by_code[rng.choices(codes, weights)[0]]
            yield _publish(session, _random_workshop(session, office, kind, rng, now), now)
    for soon in _starting_soon(session, by_slug, by_code["diagnostico"], now):
        yield _publish(session, soon, now)
    draft = replace(
        _random_workshop(session, by_slug["chicago"], by_code["daca"], rng, now),
        day=now.date() + timedelta(days=9),
    )
    yield workshop_service.create(session, draft, now=now)


def _sample_workshop(
    session: Session, sample: dict[str, Any], office: Office, kind: Kind, day: date
) -> WorkshopData:
    starts = datetime.fromisoformat(sample["starts_local"]).time()
    mode = DeliveryMode(sample["format"])
    data = workshop_data.from_kind(kind, office, day, starts)
    ends = (datetime.combine(day, starts, UTC) + timedelta(minutes=sample["minutes"])).time()
    data = replace(
        data,
        title=sample["title"],
        summary={"es": sample["summary_es"]},
        bring={"es": sample["bring_es"]} if sample["bring_es"] else data.bring,
        ends=ends,
        mode=mode,
        way=Way(sample["way"]),
        capacity=sample["capacity"] or kind.capacity,
        languages=Codes(sample["languages"]),
        has_childcare=sample["childcare"],
        venue=_sample_venue(session, office, sample) if mode.has_venue else None,
    )
    return workshop_data.spread_over_slots(workshop_data.fit_visibility(data))


def _sample_venue(session: Session, office: Office, sample: dict[str, Any]) -> Venue:
    """Returns the venue of a sample. Some offices hold workshops outside their own state, on
    another clock: Atlanta's in Nashville."""
    return _venue(
        session,
        office,
        sample["venue"],
        sample["city"],
        region=sample["region"],
        zone=ZoneInfo(sample["timezone"]),
    )


def _random_workshop(
    session: Session, office: Office, kind: Kind, rng: random.Random, now: datetime
) -> WorkshopData:
    data = workshop_data.from_kind(kind, office, _random_day(now, rng), rng.choice(_HOURS))
    is_online = rng.random() < 0.08 and not kind.is_discreet
    data = replace(
        data,
        title=rng.choice(_TITLES[kind.code]),
        capacity=rng.choice((12, 20, 30, 40)),
        mode=DeliveryMode.VIDEO_CALL if is_online else DeliveryMode.IN_PERSON,
        venue=None if is_online else _venue(session, office, rng.choice(_VENUES), office.city),
        languages=Codes(["es", "fr"] if office.slug == "montreal" else ["es"]),
        interpretation=Codes(["mxt"] if rng.random() < 0.1 else []),
        has_childcare=rng.random() < 0.25,
    )
    return workshop_data.spread_over_slots(workshop_data.fit_visibility(data))


def _starting_soon(
    session: Session, by_slug: Mapping[str, Office], kind: Kind, now: datetime
) -> Iterator[WorkshopData]:
    """The data of workshops for trying the check-in."""
    zones = {slug: office.zone for slug, office in by_slug.items()}
    for slug, start in starts_soon(zones, now).items():
        office = by_slug[slug]
        data = workshop_data.from_kind(kind, office, start.date(), time(start.hour))
        venue = _venue(session, office, "Consulado, sala B", office.city)
        title = _TITLES["diagnostico"][0]
        yield replace(data, title=title, capacity=35, venue=venue, way=Way.PLACE, party_limit=4)


def starts_soon(zones: Mapping[str, ZoneInfo], now: datetime) -> dict[str, datetime]:
    """Returns, by slug of the office, when a workshop for trying the check-in starts: within two
    hours in Chicago. Where that would be at night, it is there in the next afternoon, and one
    within two hours is at an office where it is day, if there is one."""
    soon = {slug: (now + timedelta(hours=2)).astimezone(zone) for slug, zone in zones.items()}
    by_day = [slug for slug in soon if _DAYTIME[0] <= soon[slug].time() < _DAYTIME[1]]
    if "chicago" in by_day:
        return {"chicago": soon["chicago"]}
    here = now.astimezone(zones["chicago"])
    afternoon = here.date() + timedelta(days=here.time() >= _AFTERNOON)
    start = datetime.combine(afternoon, _AFTERNOON, zones["chicago"])
    return {"chicago": start} | {slug: soon[slug] for slug in by_day[:1]}


def _venue(
    session: Session,
    office: Office,
    name: str,
    city: str,
    *,
    region: str = "",
    zone: ZoneInfo | None = None,
) -> Venue:
    """The venue of that name, created if there is none, in the office's state and zone unless
    others are given. No city has a street «Ejemplo»."""
    address = f"{len(name) * 100 + 5} S. Ejemplo St."
    venue = venues.find_or_create(
        session,
        office,
        name,
        address=address,
        city=city,
        region=region or office.region,
        area="",
        zone=zone or office.zone,
        now=clock.now().replace(microsecond=0),
    )
    venue.is_step_free = len(name) % 2 == 0
    venue.is_own_room = name.startswith("Consulado")
    return venue


def _publish(session: Session, data: WorkshopData, now: datetime) -> Workshop:
    if clock.is_skipped(data.day, data.starts, data.zone):
        data = replace(data, day=data.day + timedelta(days=1))
    return workshop_service.create(
        session, data, now=now - timedelta(days=20), status=WorkshopStatus.PUBLISHED
    )


def _add_registrations(
    store: Store, key_store: KeyStore, created: Sequence[Workshop], now: datetime
) -> None:
    """Registers parties for every fourth workshop, for some beyond its capacity, and cancels every
    25th workshop."""
    rng = random.Random(59)  # noqa: S311 - reproducible, not a secret
    open_workshops = [each for each in created if each.is_open(now) and each.capacity <= 40]
    for number, workshop in enumerate(open_workshops):
        if number % 4:
            continue
        share = (1.2, 0.9, 0.5, 0.3)[number // 4 % 4]
        parties = [
            _random_party(rng, workshop) for _ in range(round(workshop.capacity * share / 1.6))
        ]
        sealed_registrations = [
            registrations.prepare(key_store, workshop, each) for each in parties
        ]
        with store.change() as session:
            stored_workshop = session.merge(workshop, load=False)
            for party, sealed in zip(parties, sealed_registrations, strict=True):
                party = replace(party, slot=_first_free_slot(session, stored_workshop, party))
                registrations.register(
                    session, stored_workshop, party, sealed, secrets.token_hex(16), now=now
                )
    with store.change() as session:
        for workshop in open_workshops[2::25]:
            workshop_service.cancel(session, session.merge(workshop, load=False), now=now)


def _first_free_slot(session: Session, workshop: Workshop, party: RegistrationData) -> str:
    """The start of the first time slot with enough seats; empty if the workshop has no slots."""
    for slot in time_slots.list_slots(session, workshop) if workshop.has_slots else ():
        session.refresh(slot)
        if slot.seats_left >= party.people:
            return f"{time_slots.get_start(workshop, slot.minute):%H:%M}"
    return ""


def _random_party(rng: random.Random, workshop: Workshop) -> RegistrationData:
    name = rng.choice(NICKNAMES)
    contact = rng.choice((ContactMethod.NONE, ContactMethod.EMAIL, ContactMethod.PHONE))
    if workshop.is_discreet:
        contact = ContactMethod.NONE
    address = {
        ContactMethod.NONE: "",
        ContactMethod.EMAIL: f"persona{rng.randrange(10**6)}@example.org",
        ContactMethod.PHONE: f"+1312555{rng.randrange(100, 200):04d}",
    }[contact]
    return RegistrationData(
        name=name,
        people=min(workshop.party_limit, rng.choice((1, 1, 1, 2, 2, 3))),
        contact=contact,
        address=address,
        needs=Codes(
            [AccessNeed.CHILDCARE] if workshop.has_childcare and rng.random() < 0.2 else []
        ),
    )


def _random_day(now: datetime, rng: random.Random) -> date:
    """A day in the next twelve weeks; near days and Saturdays are more likely."""
    day = now.date() + timedelta(days=1 + int(84 * rng.random() ** 1.6))
    if rng.random() < 0.35:
        day += timedelta(days=(5 - day.weekday()) % 7)
    return day
