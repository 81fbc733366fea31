"""Loading venues, and their file as staff download it."""

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.locations import venues
from outreach.domain.locations.venues import Entrance, Venue
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.scheduling import venue_change
from outreach.imports import venues as venue_files
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat, venue
from tests.support.loading import done, run
from tests.support.staff_client import employ, signed_in_as

pytestmark = pytest.mark.any_database

TEXTS = {
    "access": {"es": "Toca el timbre", "en": "Ring the bell"},
    "meeting_point": {"es": "Frente a la fuente"},
    "landmark": {"es": "La puerta azul", "fr": "La porte bleue"},
    "transit": {"es": "-Línea rosa, 18th", "en": "Pink Line, 18th"},
    "checkpoint": {"es": "Retén de la carretera 35, «km 29»"},
}


def say_all(store: Store, office: Office) -> int:
    """A venue of which everything is said; its id."""
    with store.change() as session:
        there = venue(
            session, office, "Centro «Las Américas», salón 2", entrance=Entrance.GUARD,
            area="Pilsen",
            latitude=41.8579123456, longitude=-87.6, capacity=40, is_step_free=True, **TEXTS,
        )  # fmt: skip
        session.flush()
        return there.id


def details(store: Store) -> list[dict[str, Any]]:
    with store.read() as session:
        found = session.scalars(sa.select(Venue).order_by(Venue.name)).all()
        return [{name: getattr(each, name) for name in venues.DETAIL_FIELDS} for each in found]


def download(app: Flask, store: Store, office: Office) -> bytes:
    ana = signed_in_as(app, store, employ(store))
    answer = ana.get(f"/org/sedes/{office.slug}/sedes.csv")
    assert answer.status_code == 200
    body: bytes = answer.data
    return body


def write(path: Path, *rows: dict[str, str]) -> Path:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(out.getvalue(), encoding="utf-8")
    return path


ROW = {
    "office": "chicago", "name": "Biblioteca", "city": "Chicago", "region": "IL",
    "timezone": "America/Chicago",
}  # fmt: skip


def test_downloaded_venues_are_loaded_as_they_were(
    app: Flask, config: Config, store: Store, chicago: Office, tmp_path: Path
) -> None:
    number = say_all(store, chicago)
    path = tmp_path / "sedes.csv"
    path.write_bytes(download(app, store, chicago))
    before = details(store)
    assert "0 new, 0 changed, 1 as they were" in done(run(config, "load", "venues", path)).stdout
    with store.change() as session:
        session.delete(session.get_one(Venue, number))
    assert "1 new" in done(run(config, "load", "venues", path)).stdout
    assert details(store) == before
    with store.read() as session:
        entries = session.execute(sa.select(AuditEntry.action, AuditEntry.office)).all()
    assert ("venues brought in", "chicago") in [tuple(each) for each in entries]


def test_row_changes_what_it_says_and_nothing_else(
    config: Config, store: Store, chicago: Office, tmp_path: Path
) -> None:
    say_all(store, chicago)
    [before] = details(store)
    row = ROW | {name: str(before[name]) for name in ("name", "address", "city", "region")}
    file = write(tmp_path / "a.csv", row | {"landmark_es": "La puerta roja", "entrance": "id"})
    assert "1 changed" in done(run(config, "load", "venues", file)).stdout
    changed = {"landmark": {"es": "La puerta roja"}, "entrance": "id"}
    assert details(store) == [before | changed]
    assert "1 as they were" in done(run(config, "load", "venues", file)).stdout
    dry = write(tmp_path / "b.csv", row | {"transit_es": "Camión 9"})
    assert "Nothing was changed" in done(run(config, "load", "venues", dry, "--dry-run")).stdout
    assert details(store) == [before | changed]


def test_own_room_is_what_the_file_says(
    config: Config, store: Store, chicago: Office, tmp_path: Path
) -> None:
    with store.change() as session:
        session.merge(chicago).address = "204 S. Ashland Ave."
    at_office = ROW | {"address": "204 S. Ashland Ave."}
    file = write(tmp_path / "a.csv", at_office | {"own_room": "false"})
    for _ in range(2):
        done(run(config, "load", "venues", file))
        assert [each["is_own_room"] for each in details(store)] == [False]
    other = ROW | {"name": "Salón", "address": "204 S. Ashland Ave.", "own_room": ""}
    done(run(config, "load", "venues", write(tmp_path / "b.csv", other)))
    assert [each["is_own_room"] for each in details(store)] == [False, True]


def test_who_has_a_seat_is_notified_of_another_time_zone(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind, tmp_path: Path
) -> None:
    with store.change() as session:
        there = venue(session, chicago, "Biblioteca", address="")
        workshop = make_workshop(session, chicago, rights, venue=there)
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    file = write(tmp_path / "a.csv", ROW | {"timezone": "America/Denver"})
    done(run(config, "load", "venues", file))
    with store.read() as session:
        causes = session.scalars(sa.select(Notification.cause)).all()
    assert NotificationType.CHANGED in causes


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"office": "nowhere"}, "load offices first"),
        ({"name": ""}, "is missing"),
        ({"entrance": "wall"}, "write one of"),
        ({"own_room": "quizá"}, "write true or false"),
        ({"capacity": "0"}, "from 1 to 100000"),
        ({"latitude": "-87.65", "longitude": "41.85"}, "far from the office"),
        ({"latitude": "41.85", "longitude": ""}, "write degrees"),
        ({"landmark_es": "x" * 201}, "longer than 200"),
        ({"address": "1805 S. Ejemplo", "meeting_point_es": "En 1805 Ejemplo"}, "line 2"),
    ],
)
def test_wrong_cell_is_named_and_nothing_is_loaded(
    config: Config, store: Store, chicago: Office, tmp_path: Path, changes: dict[str, str],
    fault: str,
) -> None:  # fmt: skip
    result = run(config, "load", "venues", write(tmp_path / "a.csv", ROW | changes))
    assert result.exit_code == 2
    assert fault in result.stderr
    assert details(store) == []


def test_venue_that_stands_twice_in_a_file_is_refused(
    config: Config, store: Store, chicago: Office, tmp_path: Path
) -> None:
    result = run(config, "load", "venues", write(tmp_path / "a.csv", ROW, ROW))
    assert result.exit_code == 2
    assert "is on line 2 too" in result.stderr


def test_file_has_a_column_for_all_that_an_office_says_of_a_venue(
    store: Store, chicago: Office
) -> None:
    """A new field of a venue needs its column."""
    names = {"timezone": "zone", "step_free": "is_step_free", "own_room": "is_own_room"}
    plain = {each.rpartition("_")[0] if each[-3:] in {"_es", "_en", "_fr"} else each
             for each in venue_files.COLUMNS}  # fmt: skip
    assert {names.get(each, each) for each in plain} == {*venues.DETAIL_FIELDS, "office"}
    say_all(store, chicago)
    with store.change() as session:
        [found] = session.scalars(sa.select(Venue))
        data = venue_files._get_data(found)
        same = venue_change.change_venue(session, found, replace(data), now=clock.now())
    assert not same.new
