"""The bytes of feeds are reproducible, and change only if something shown in the feed changes."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import datetime, time, timedelta
from itertools import product
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from werkzeug.test import EnvironBuilder

from outreach import clock
from outreach.config import Config
from outreach.db.base import Base
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import change_sessions, workshops
from outreach.domain.calendar.feed_query import NETWORK, UnknownFilter
from outreach.domain.network import installation_settings, kinds, offices
from outreach.domain.network.kinds import Visibility, Way
from outreach.domain.scheduling import network_changes, workshop_service
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.feeds.server import Feeds
from outreach.feeds.shared_feeds import SharedFeeds
from outreach.imports import offices as offices_file
from outreach.imports.offices import OfficeRow
from tests.calendar_readers import rules
from tests.conftest import LONG_AGO, kind, make_workshop, office, venue
from tests.runner import shifted_clock
from tests.support.environment import where
from tests.support.feed_reader import feed, utc_today

pytestmark = pytest.mark.any_database

HOST: Final = "talleres.example.org"
LANGUAGES: Final = ("es", "fr")


class Feed(NamedTuple):
    office: str | None
    lang: str
    kinds: tuple[str, ...]


FEEDS: Final = [
    Feed(*each)
    for each in product(
        (None, "chicago", "calgary"),
        LANGUAGES,
        ((), ("derechos",), ("daca",), ("mujeres",), ("daca", "mujeres")),
    )
]


def all_feeds(store: Store) -> dict[Feed, bytes]:
    return {each: feed(store, each.office, each.lang, kind_codes=each.kinds) for each in FEEDS}


def address_of(each: Feed) -> str:
    kinds_asked = "&".join(f"tipo={code}" for code in each.kinds)
    return f"/{each.lang}/cal/{each.office or NETWORK}.ics?{kinds_asked}"


def fill(store: Store) -> None:
    """Stores two offices, three kinds, and workshops of several days, modes and statuses."""
    with store.change() as session:
        chicago = office("chicago", "Chicago", "IL", "America/Chicago")
        calgary = office("calgary", "Calgary", "AB", "America/Edmonton", country="CA")
        rights, daca = kind("derechos", "Tus derechos"), kind("daca", "DACA", position=2)
        women = kind("mujeres", "Mujeres", position=3, is_discreet=True, public_code="K7QX")
        session.add_all((chicago, calgary, rights, daca, women))
        session.flush()
        # Several workshops start at the same time, so that only their UIDs order them.
        for each_office, each_kind in product((chicago, calgary), (rights, daca, women)):
            make_workshop(session, each_office, each_kind)
            make_workshop(session, each_office, each_kind, day=utc_today() + timedelta(days=110))
        workshop = make_workshop(session, chicago, rights, title={"es": "Año nuevo, «ñ»; 🎉 " * 9})
        workshop_service.cancel(session, workshop, now=clock.now())
        make_workshop(session, chicago, rights, mode=DeliveryMode.VIDEO_CALL, venue=None)


def hold_in_chicago(store: Store) -> str:
    """The public id of a new workshop, the one that EDITS change."""
    with store.change() as session:
        chicago, rights = offices.find(session, "chicago"), kinds.find(session, "derechos")
        return make_workshop(session, chicago, rights, languages=Codes(["es"])).public_id


@pytest.fixture
def other_store(empty_databases: Path, tmp_path: Path) -> Iterator[Store]:
    """Another installation, on SQLite."""
    shutil.copy(empty_databases / "outreach.db", tmp_path / "beside.db")
    other = Store(f"sqlite:///{tmp_path / 'beside.db'}")
    change_sessions.install(other)
    with other.change() as session:
        installation_settings.set_calendar_host(session, HOST)
    yield other
    other.close()


def test_the_same_workshops_in_another_database_give_the_same_bytes(
    store: Store, other_store: Store
) -> None:
    """The copied rows have other ids and another order."""
    fill(other_store)
    with other_store.read() as old, store.change() as new:
        for name in ("office", "kind", "venue", "workshop"):
            table = Base.metadata.tables[name]
            rows = [dict(row) for row in old.execute(sa.select(table)).mappings()]
            for row in rows:
                for key in ("id", "office_id", "kind_id", "venue_id"):
                    if row.get(key) is not None:
                        row[key] = 1000 - row[key]
            new.execute(sa.insert(table), rows[::-1])
    assert all_feeds(store) == all_feeds(other_store)


@pytest.mark.long
def test_other_processes_in_other_places_write_the_same_bytes(
    config: Config, store: Store, tmp_path: Path
) -> None:
    fill(store)
    query = Feed(None, "fr", ("daca", "derechos"))
    bodies = []
    for number, (zone, locale) in enumerate((("Asia/Tokyo", "C"), ("America/Lima", "C.UTF-8"))):
        environ = {
            "PATH": os.environ["PATH"],
            **shifted_clock.inherited(),
            "PYTHONHASHSEED": str(number + 1),
            "TZ": zone,
            "LC_ALL": locale,
            **where(config),
            "OUTREACH_PUBLIC_URL": "https://talleres.example.org",
            "OUTREACH_PHONE": "800 555 0100",
        }
        arguments = ["feed", "--lang", query.lang, *(f"--kind={code}" for code in query.kinds)]
        process = subprocess.run(
            [sys.executable, "-m", "outreach.cli", *arguments], env=environ, capture_output=True
        )
        assert process.returncode == 0, process.stderr.decode()
        bodies.append(process.stdout)
    today = clock.now().date()
    expected = feed(store, query.office, query.lang, today=today, kind_codes=query.kinds)
    assert bodies == [expected, expected]


class Edit(NamedTuple):
    """An edit and the feeds that show it: those of these offices with any of these kinds. A feed
    without a kind has all kinds but the discreet ones."""

    apply: Callable[["Scene"], Any]
    offices: tuple[str, ...]
    kinds: tuple[str, ...]

    def is_shown_by(self, each: Feed) -> bool:
        query = each.kinds or ("derechos", "daca")
        where = self.offices if each.office is None else {each.office} & {*self.offices}
        return bool(where) and bool({*query} & {*self.kinds})


class Scene:
    """A workshop in Chicago with its offices and kinds, at a given time."""

    def __init__(self, session: Session, public_id: str, now: datetime) -> None:
        self.session, self.now = session, now
        self.workshop = workshops.find(session, public_id)
        self.chicago = offices.find(session, "chicago")
        self.calgary = offices.find(session, "calgary")
        self.rights, self.daca, self.women = (
            kinds.find(session, code) for code in ("derechos", "daca", "mujeres")
        )

    def change(self, **changes: Any) -> None:
        data = replace(workshop_service.get_data(self.workshop), **changes)
        workshop_service.change(self.session, self.workshop, data, now=self.now)

    def move_venue(self) -> None:
        venue = self.workshop.venue
        assert venue is not None
        venue.address, venue.changed_at = "200 W. Otra St.", self.now

    def change_phone(self) -> None:
        self.calgary.phone, self.calgary.changed_at = "403 555 0199", self.now

    def rename_kind(self) -> None:
        self.daca.short_name, self.daca.changed_at = {"es": "DACA joven"}, self.now

    def make_discreet(self) -> None:
        self.change(kind=self.women, visibility=Visibility.REGISTERED)

    def make_plain(self) -> None:
        self.change(kind=self.rights, visibility=Visibility.PUBLIC)

    def draft(self) -> None:
        make_workshop(
            self.session, self.chicago, self.rights, status=WorkshopStatus.DRAFT, now=self.now
        )

    def take_seats(self) -> None:
        self.workshop.seats_left -= 3


NOTHING: Final[tuple[str, ...]] = ()
CHICAGO: Final = ("chicago",)
BOTH: Final = ("chicago", "calgary")
EDITS: Final[Mapping[str, Edit]] = {
    "a workshop of another office": Edit(
        lambda s: make_workshop(s.session, s.calgary, s.daca, now=s.now), ("calgary",), ("daca",)
    ),
    "a draft": Edit(Scene.draft, NOTHING, NOTHING),
    "a facilitator": Edit(lambda s: s.change(facilitator="Ana"), NOTHING, NOTHING),
    "another hour": Edit(lambda s: s.change(starts=time(17)), CHICAGO, ("derechos",)),
    "a new title": Edit(lambda s: s.change(title={"es": "Con café"}), CHICAGO, ("derechos",)),
    "the address of its venue": Edit(Scene.move_venue, CHICAGO, ("derechos",)),
    "another venue": Edit(
        lambda s: s.change(venue=venue(s.session, s.chicago, "Parroquia")), CHICAGO, ("derechos",)
    ),
    "cancelled": Edit(
        lambda s: workshop_service.cancel(s.session, s.workshop, now=s.now), CHICAGO, ("derechos",)
    ),
    "reinstated": Edit(
        lambda s: workshop_service.reinstate(s.session, s.workshop, now=s.now),
        CHICAGO,
        ("derechos",),
    ),
    "another kind": Edit(lambda s: s.change(kind=s.daca), CHICAGO, ("derechos", "daca")),
    "discreet": Edit(Scene.make_discreet, CHICAGO, ("daca", "mujeres")),
    "a change while discreet": Edit(
        lambda s: s.change(day=s.workshop.day + timedelta(days=1)), CHICAGO, ("mujeres",)
    ),
    "not discreet again": Edit(Scene.make_plain, CHICAGO, ("derechos", "mujeres")),
    "another office": Edit(lambda s: s.change(office=s.calgary), BOTH, ("derechos",)),
    "the phone of an office": Edit(
        Scene.change_phone, ("calgary",), ("derechos", "daca", "mujeres")
    ),
    "the name of a kind": Edit(Scene.rename_kind, BOTH, ("daca",)),
    "unlisted": Edit(lambda s: s.change(way=Way.UNLISTED), ("calgary",), ("derechos",)),
    "a change while unlisted": Edit(
        lambda s: s.change(title={"es": "Entre nosotros"}), NOTHING, NOTHING
    ),
    "listed again": Edit(lambda s: s.change(way=Way.PLACE), ("calgary",), ("derechos",)),
    "seats taken": Edit(Scene.take_seats, NOTHING, NOTHING),
}  # fmt: skip


def test_each_change_alters_exactly_the_feeds_that_show_it(store: Store) -> None:
    fill(store)
    public_id, now = hold_in_chicago(store), LONG_AGO + timedelta(days=1)
    before = all_feeds(store)
    assert all_feeds(store) == before
    for name, edit in EDITS.items():
        now += timedelta(hours=1)
        with store.change() as session:
            scene = Scene(session, public_id, now)
            edit.apply(scene)
            session.flush()
            public_id = scene.workshop.public_id
        after = all_feeds(store)
        altered = {each for each in FEEDS if after[each] != before[each]}
        assert altered == {each for each in FEEDS if edit.is_shown_by(each)}, name
        before = after


def set_discretion(session: Session, code: str, *, is_discreet: bool, now: datetime) -> None:
    found = kinds.find(session, code)
    values = {
        "is_discreet": is_discreet,
        "visibility": Visibility.REGISTERED,
        "retention_days": found.retention_days,
    }
    network_changes.change_kind(session, found, values, now=now)


def pass_code_on(session: Session, now: datetime) -> None:
    """Gives the code of a kind to a new one, so that addresses with it mean another feed."""
    former = kinds.find(session, "derechos")
    former.code = former.public_code = "otros"
    former.changed_at = now
    session.flush()
    session.add(kind("derechos", "Nuevos derechos", position=9))


CHANGES_OF_THE_NETWORK: Final[Mapping[str, Callable[[Session, datetime], Any]]] = {
    "a kind becomes discreet": lambda session, now: set_discretion(
        session, "daca", is_discreet=True, now=now
    ),
    "a kind is discreet no longer": lambda session, now: set_discretion(
        session, "mujeres", is_discreet=False, now=now
    ),
    "a code is passed on": pass_code_on,
    "an office is added": lambda session, _now: session.add(
        office("austin", "Austin", "TX", "America/Chicago")
    ),
    "all workshops are deleted": lambda session, _now: session.execute(sa.delete(Workshop)),
}


@pytest.mark.thorough
def test_processes_with_feeds_in_memory_answer_as_a_new_one_after_each_change(
    config: Config, store: Store
) -> None:
    fill(store)
    public_id, now = hold_in_chicago(store), LONG_AGO + timedelta(days=1)
    shared = SharedFeeds()
    feeds, other = (Feeds(config, store, {}, shared=shared) for _ in range(2))
    # The first is another address of the women's feed until their kind is discreet no longer.
    asked = [Feed(None, "es", ("K7QX",)), *FEEDS]

    def answer(whose: Feeds, each: Feed) -> tuple[str, dict[str, str], bytes] | str:
        environ = EnvironBuilder(path=address_of(each)).get_environ()
        try:
            status, headers, body = whose.answer(environ)
        except UnknownFilter as error:
            return str(error)
        found = dict(headers)
        del found["Last-Modified"]  # two processes may date unchanged bytes differently
        return status, found, body

    for name in (*EDITS, *CHANGES_OF_THE_NETWORK):
        for each in asked:
            answer(feeds, each)
        now += timedelta(hours=1)
        with store.change() as session:
            if name in EDITS:
                scene = Scene(session, public_id, now)
                EDITS[name].apply(scene)
                session.flush()
                public_id = scene.workshop.public_id
            else:
                CHANGES_OF_THE_NETWORK[name](session, now)
        fresh = Feeds(config, store, {})
        for each in asked:
            assert answer(feeds, each) == answer(fresh, each), (name, each)
            assert answer(other, each) == answer(fresh, each), (name, each)


@pytest.mark.parametrize("is_office_first", [True, False])
def test_changes_within_one_second_raise_last_modified(
    store: Store, *, is_office_first: bool
) -> None:
    """Phones update an event only if LAST-MODIFIED, which has whole seconds, is later."""
    fill(store)
    now = LONG_AGO + timedelta(days=1)
    with store.change() as session:
        workshop = make_workshop(
            session, offices.find(session, "calgary"), kinds.find(session, "derechos")
        )
    modified = []
    for is_office in (is_office_first, not is_office_first):
        now += timedelta(milliseconds=300)
        with store.change() as session:
            scene = Scene(session, workshop.public_id, now)
            if is_office:
                row = {each.name: getattr(scene.calgary, each.name) for each in fields(OfficeRow)}
                offices_file.load(
                    session, [replace(OfficeRow(**row), phone="403 555 0199")], now=now
                )
            else:
                scene.change(title={"es": "Con café"})
        entries = rules.check(feed(store, "calgary"))
        modified.append(entries[f"taller-{workshop.uid}@{HOST}"].value("LAST-MODIFIED"))
    assert modified[1] > modified[0]
