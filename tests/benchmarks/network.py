"""Creates networks of any size by inserting workshops directly into SQLite.

The office `same` has the same workshops in all networks, so that its feed has the same bytes and
only the other rows differ. The office `thousand` has a feed of a thousand events.

Each office is in a city of its own: those of the packaged offices, then the largest towns. All are
given the zone of Chicago, so that one day and hour mean the same instant everywhere.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from outreach import clock
from outreach.cli.db import bring_up_to_date
from outreach.clock import Month
from outreach.config import Config
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import change_sessions
from outreach.domain.locations import gazetteer
from outreach.domain.network import installation_settings
from outreach.domain.workshops import Workshop
from outreach.domain.workshops.models import make_workshop_text
from outreach.imports import packaged
from tests.benchmarks.million import ZONE
from tests.conftest import LONG_AGO, kind, office, venue

HOST: Final = "talleres.example.org"
OFFICES: Final = 59
KINDS: Final = 21
SAME: Final = 300
THOUSAND: Final = 1000
MODES: Final = ("presencial", "virtual_sala", "telefonico")


@dataclass(frozen=True)
class Network:
    environ: dict[str, str]
    database: str


class City(NamedTuple):
    city: str
    region: str
    country: str
    latitude: float
    longitude: float


def list_cities(count: int) -> list[City]:
    """Chicago, the other cities of the packaged offices, and then the largest other towns."""
    rows = [
        City(row.city, row.region, row.country, row.latitude, row.longitude)
        for row in packaged.read_offices()
    ]
    towns = sorted(gazetteer.load().towns(), key=lambda each: -each.population)
    rows.sort(key=lambda each: each.city != "Chicago")
    rows += [City(each.name, each.region, each.country, *each.position) for each in towns]
    by_name = {(each.city, each.region): each for each in reversed(rows)}
    return list(dict.fromkeys(by_name[each.city, each.region] for each in rows))[:count]


def spread_recent(number: int) -> int:
    """Days from today of one of the others: two thirds are within the weeks of the network's feed,
    the rest in the five years before."""
    return number % 140 - 25 if number % 3 else -(number % 1800) - 31


def network(
    folder: Path,
    *,
    same: int = SAME,
    thousand: int = 0,
    others: int,
    offices: int = OFFICES,
    spread: Callable[[int], int] = spread_recent,
) -> Network:
    """Creates a database with that many workshops."""
    environ = {
        "OUTREACH_DATA": str(folder / "data"),
        "OUTREACH_KEYS": str(folder / "keys"),
        "OUTREACH_PUBLIC_URL": f"https://{HOST}",
        "OUTREACH_CONTROLLER": "bench",
    }
    config = Config.from_environ(environ)
    bring_up_to_date(config)
    store = Store(config.database_url, is_durable=False)
    change_sessions.install(store)
    with store.change() as session:
        installation_settings.set_calendar_host(session, HOST)
        names = ["same", "thousand", *(f"office-{number}" for number in range(2, offices))]
        made = [
            office(
                name, city.city, city.region, "America/Chicago", country=city.country,
                latitude=city.latitude, longitude=city.longitude,
            )
            for name, city in zip(names, list_cities(offices), strict=True)
        ]  # fmt: skip
        kinds = [kind(f"kind-{n}", "Tus derechos", position=n) for n in range(KINDS)]
        session.add_all([*made, *kinds])
        session.flush()
        places = [venue(session, each).id for each in made]
        ids = [each.id for each in made], [each.id for each in kinds], places
    with store.change() as session:
        connection = session.connection()
        rows = _rows(clock.now().date(), same, thousand, others, *ids, spread)
        while batch := list(islice(rows, 10_000)):
            connection.execute(sa.insert(Workshop.__table__), batch)  # type: ignore[arg-type]  # it is a Table
    with store.read() as session:
        session.execute(sa.text("ANALYZE"))
    store.close()
    return Network(environ, config.database_url)


def _rows(
    today: date,
    same: int,
    thousand: int,
    others: int,
    offices: list[int],
    kinds: list[int],
    venues: list[int],
    spread: Callable[[int], int],
) -> Iterator[dict[str, Any]]:
    def row(number: int, which: int, day: date) -> dict[str, Any]:
        mode = MODES[number // 2 % 3] if number % 2 else MODES[0]
        where = venues[which] if mode == MODES[0] else None
        return _row(number, day, offices[which], kinds[number % KINDS], where, mode)

    for number in range(same):
        yield row(number, 0, today + timedelta(days=number - 60))
    for number in range(thousand):
        yield row(1_000 + number, 1, today + timedelta(days=number % 400 - 60))
    for number in range(others):
        day = today + timedelta(days=spread(number))
        yield row(10_000 + number, 2 + number % (len(offices) - 2), day)


def _row(
    number: int, day: date, office_id: int, kind_id: int, venue_id: int | None, mode: str
) -> dict[str, Any]:
    hour = 9 + number % 10
    starts_at = datetime.combine(day, time(hour), ZONE).astimezone(UTC)
    code = hashlib.sha256(str(number).encode()).hexdigest().upper()  # compresses as a real one
    title = {"es": "Conoce tus derechos", "en": "Know your rights", "fr": "Vos droits"}
    return {
        "public_id": code[:10], "uid": code[10:30], "external_id": None,
        "is_synthetic": False, "office_id": office_id, "kind_id": kind_id, "venue_id": venue_id,
        "title": title, "search_text": make_workshop_text(title, code[:10]),
        "summary": {"es": "Qué decir, qué no firmar y a quién llamar si te detienen."},
        "bring": {}, "mode": mode, "way": "place", "visibility": "public",
        "languages": Codes([("es", "en", "fr")[number % 3]]), "interpretation": Codes(),
        "has_childcare": False, "facilitator": "", "phone": "", "online_url": "", "zone": ZONE,
        "day": day, "starts": time(hour), "ends": time(hour + 2), "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=2), "month": Month.from_day(day).number,
        "status": "published", "capacity": 40, "seats_left": 40, "party_limit": 4,
        "has_waiting_list": True, "retention_days": 30, "has_reminders": True, "walk_ins": 0,
        "head_count": None, "sequence": 0, "created_at": LONG_AGO, "changed_at": LONG_AGO,
        "published_at": LONG_AGO, "cancelled_at": None, "is_discreet": False, "shown_seats": 11,
        "shown_used_up": Codes(), "support": {},
    }  # fmt: skip
