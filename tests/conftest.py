"""Fixtures and builders of all tests. A test with a database runs on SQLite and on PostgreSQL.

`OUTREACH_TEST_POSTGRESQL` is the address of a server for the tests (tests/run starts one). Without
it, and with --quick, only SQLite is used.
"""

import gc
import itertools
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from outreach import clock, extension, extension_points, migrations
from outreach.app import create_app
from outreach.config import Config
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import change_sessions, registrations
from outreach.domain.locations.venues import Venue
from outreach.domain.network import installation_settings
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration, RegistrationData
from outreach.domain.scheduling import workshop_service
from outreach.domain.scheduling.workshop_data import WorkshopData
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore, MasterKeys
from outreach.migrations import Database
from outreach.migrations.models import KEY_STORE, MAIN
from tests.support import own_clock, route_cache, sample, statement_cache
from tests.support.compiled_templates import CompiledTemplates
from tests.support.limits import UNLIMITED

if TYPE_CHECKING:
    from tests.support.public_urls import FurnishedSite

SERVER = os.environ.get("OUTREACH_TEST_POSTGRESQL", "")
DATABASES = ["sqlite", "postgresql"] if SERVER else ["sqlite"]
Thing = TypeVar("Thing")
route_cache.compile_once()
statement_cache.compile_once()
COMPILED_TEMPLATES = CompiledTemplates()
# Files with a test of three minutes and more.
LONGEST = frozenset(
    {
        "test_calendars_generated.py",
        "test_editors_walk.py",
        "test_fuzz.py",
        "test_notification_walks.py",
        "test_random_walks.py",
        "test_undo_restores.py",
        "test_year.py",
    }
)
LONG_AGO = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
# Random names met, and ten digits in a row looked like a phone number.
VENUE_NUMBERS = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--one-case", metavar="SEED", help="Run one case of each test, by a seed.")
    parser.addoption(
        "--without-repeats",
        metavar="SEED",
        help="Run a test that is the same on either database on one, or with one case on another.",
    )
    parser.addoption("--part", metavar="K/N", help="Run the files of a part only, as 1/2.")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Iterator[None]:
    """Marks the tests that need PostgreSQL, for -m; keeps what the options of a shorter run
    choose; and leaves the longest tests at the front of the random order: at the end of a run no
    process is to wait for another's."""
    first = {item for item in items if _takes_minutes(item)}
    for item in items:
        if own_clock.has_own_clock(item):
            item.add_marker(pytest.mark.own_clock)
        if _needs_postgresql(item):
            item.add_marker(pytest.mark.postgresql)
            if _is_alike_on_both(item):
                item.add_marker(pytest.mark.long)
    yield
    if (seed := config.getoption("one_case")) is not None:
        _keep(config, items, sample.one_case_of_each(items, seed))
    if (seed := config.getoption("without_repeats")) is not None:
        walks = {item for item in first if item.path.name in LONGEST}
        _keep(config, items, sample.without_repeats(items, walks, seed))
    if (part := config.getoption("part")) is not None:
        _keep(config, items, sample.in_part(items, part))
    items.sort(key=lambda item: _priority(item, is_long=item in first))


def _keep(config: pytest.Config, items: list[pytest.Item], kept: set[pytest.Item]) -> None:
    config.hook.pytest_deselected(items=[each for each in items if each not in kept])
    items[:] = [each for each in items if each in kept]


def _priority(item: pytest.Item, *, is_long: bool) -> int:
    """0 to 3, in which order tests run: the longest, other long ones, the browser, the rest."""
    if is_long:
        return 0 if item.path.name in LONGEST else 1
    return 2 if "browser" in item.path.parts else 3


def _takes_minutes(item: pytest.Item) -> bool:
    """Whether the test is marked `long` in its file, outside of the browser and of the guards, of
    which there are hundreds that take seconds."""
    is_of_many = "browser" in item.path.parts or item.path.name == "test_guards.py"
    return not is_of_many and item.get_closest_marker("long") is not None


def _needs_postgresql(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    has_parameter = callspec is not None and callspec.params.get("config") == "postgresql"
    return has_parameter or "postgresql_server" in getattr(item, "fixturenames", ())


def _is_alike_on_both(item: pytest.Item) -> bool:
    """Whether the test gives the same result on either database: the plain run then runs it on
    SQLite only. A test of simultaneous requests (`races`) does not, whatever its file says."""
    is_marked = item.get_closest_marker("any_database") is not None
    return is_marked and item.get_closest_marker("races") is None


def pytest_collection_finish() -> None:
    """Excludes the imported modules from garbage collection, which took a fifth of the time."""
    gc.set_threshold(20_000, 20, 20)
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Collects the garbage of a file's tests, and excludes what is left: the compiled statements
    and templates that the next files use too."""
    yield
    if nextitem is None or nextitem.path != item.path:
        gc.collect()
        gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Refuses processes to a test that is said to be the same at any instant."""
    with own_clock.guarded(item):
        return (yield)


@pytest.fixture(scope="session")
def empty_databases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrated SQLite files, made once and copied for each test. `tests.faults.guards`, whose
    runs are one test each, names a folder in which the next run finds them."""
    shared = os.environ.get("OUTREACH_TEST_EMPTY_DATABASES")
    folder = Path(shared) if shared else tmp_path_factory.mktemp("empty")
    if shared and folder.is_dir():
        return folder
    folder.mkdir(exist_ok=True)
    migrate(f"sqlite:///{folder / 'outreach.db'}", f"sqlite:///{folder / 'keyring.db'}")
    return folder


def migrate(main: str, key_store: str) -> None:
    """Makes the tables of the core and of all installed extensions in two databases."""
    for base, url in ((Database.MAIN, main), (Database.KEY_STORE, key_store)):
        migrations.upgrade(base, url, extensions=extension_points.list_installed())


class Pair:
    """Two migrated databases of PostgreSQL, main and key store.

    Tests use them in turn and empty them between: creating them takes a hundred times as long."""

    def __init__(self) -> None:
        self.name = f"test_{secrets.token_hex(6)}"
        self.main, self.key_store = f"{SERVER}/{self.name}", f"{SERVER}/{self.name}_ring"
        self.make()

    def make(self) -> None:
        with _server() as server:
            for each in (self.name, f"{self.name}_ring"):
                server.execute(sa.text(f"CREATE DATABASE {each}"))
        migrate(self.main, self.key_store)
        self._open = [
            (sa.create_engine(url, pool_pre_ping=True), _list_tables(base, core))
            for url, base, core in (
                (self.main, Database.MAIN, MAIN),
                (self.key_store, Database.KEY_STORE, KEY_STORE),
            )
        ]

    def drop(self) -> None:
        self.rest()
        with _server() as server:
            for each in (self.name, f"{self.name}_ring"):
                server.execute(sa.text(f"DROP DATABASE {each} WITH (FORCE)"))

    def rest(self) -> None:
        """Closes the connections, for a test that needs exclusive access."""
        for engine, _ in self._open:
            engine.dispose()

    def empty(self) -> None:
        try:
            for engine, tables in self._open:
                _delete_all(engine, tables)
        except sa.exc.DBAPIError:  # a test may have changed the schema
            self.drop()
            self.make()


# A table that was never analyzed has -1 in reltuples, an index 0.
FORGET_STATISTICS = (
    "DELETE FROM pg_statistic WHERE starelid >= 16384",  # the first that is no system catalog
    "UPDATE pg_class SET relpages = 0, reltuples = CASE relkind WHEN 'r' THEN -1 ELSE 0 END"
    " WHERE oid >= 16384 AND (relkind = 'i' AND reltuples > 0 OR relkind = 'r' AND reltuples >= 0)",
)


def _list_tables(base: Database, core: sa.MetaData) -> list[sa.Table]:
    """The tables of the core and of installed extensions, in an order to delete their rows."""
    of_extensions = extension.list_tables(extension_points.list_installed(), base).values()
    return [each for some in (*of_extensions, core) for each in reversed(some.sorted_tables)]


def _delete_all(engine: sa.Engine, tables: Sequence[sa.Table]) -> None:
    """Deletes all rows and what ANALYZE found out of them, which would change the plans of later
    tests, and resets the sequences; in one round trip, since every test ends so."""
    name = engine.dialect.identifier_preparer.format_table
    steps = [
        "PERFORM set_config('lock_timeout', '5s', true)",
        *(f"DELETE FROM {name(table)}" for table in tables),
        "PERFORM setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'",
        *FORGET_STATISTICS,
    ]
    with engine.begin() as connection:
        connection.execute(sa.text(f"DO $$ BEGIN {'; '.join(steps)}; END $$"))


@pytest.fixture(scope="session")
def postgresql_server() -> None:
    """Skips a test of PostgreSQL where there is no server: with --quick, or when pytest was started
    by hand. tests/run, and so CI, always has one."""
    if not SERVER:
        pytest.skip("OUTREACH_TEST_POSTGRESQL names no server; tests/run starts one")


@pytest.fixture(scope="session")
def pair(postgresql_server: None) -> Iterator[Pair]:
    made = Pair()
    yield made
    made.drop()


@pytest.fixture(params=DATABASES)
def config(
    request: pytest.FixtureRequest, empty_databases: Path, tmp_path: Path
) -> Iterator[Config]:
    """Settings of an installation with empty, migrated databases."""
    data, keys = tmp_path / "data", tmp_path / "keys"
    data.mkdir()
    keys.mkdir(mode=0o700)
    plain = Config(
        data=data,
        keys=keys,
        database_url=f"sqlite:///{data / 'outreach.db'}",
        keyring_url=f"sqlite:///{keys / 'keyring.db'}",
        public_url="http://localhost:8000",
        mail_from="talleres@example.org",
        controller="Red de consulados",
        secret_key="only for tests",
        extensions=extension_points.list_installed(),
    )
    if request.param == "sqlite":
        for folder, name in ((data, "outreach.db"), (keys, "keyring.db")):
            (folder / name).write_bytes((empty_databases / name).read_bytes())
        yield plain
        return
    pair: Pair = request.getfixturevalue("pair")
    yield replace(plain, database_url=pair.main, keyring_url=pair.key_store)
    pair.empty()


@pytest.fixture(scope="session")
def second_pair(postgresql_server: None) -> Iterator[Pair]:
    """Of a second network, where a test has two."""
    made = Pair()
    yield made
    made.drop()


@pytest.fixture
def elsewhere(postgresql_server: None) -> Iterator[Pair]:
    """Two databases of PostgreSQL for one test, which may leave anything in them."""
    made = Pair()
    made.rest()
    yield made
    made.drop()


@pytest.fixture
def second_config(
    request: pytest.FixtureRequest, config: Config, empty_databases: Path, tmp_path: Path
) -> Iterator[Config]:
    """Settings of another network, with its own folders and databases of the same kind."""
    folders = data, keys = tmp_path / "second data", tmp_path / "second keys"
    for folder, name in zip(folders, ("outreach.db", "keyring.db"), strict=True):
        folder.mkdir(mode=0o700)
        (folder / name).write_bytes((empty_databases / name).read_bytes())
    own = replace(config, data=data, keys=keys, secret_key="only for tests of a second network")
    if not config.is_postgresql:
        main, key_store = (f"sqlite:///{data / 'outreach.db'}", f"sqlite:///{keys / 'keyring.db'}")
        yield replace(own, database_url=main, keyring_url=key_store)
        return
    pair: Pair = request.getfixturevalue("second_pair")
    yield replace(own, database_url=pair.main, keyring_url=pair.key_store)
    pair.empty()


@pytest.fixture
def store(config: Config, key_store: KeyStore) -> Iterator[Store]:
    store = Store(config.database_url)
    key_store.attach(store)
    change_sessions.install(store)
    with store.change() as session:
        installation_settings.set_calendar_host(session, "talleres.example.org")
    yield store
    store.close()


@pytest.fixture
def key_store(config: Config) -> Iterator[KeyStore]:
    store = Store(config.keyring_url)
    yield KeyStore(store, MasterKeys(config.keys))
    store.close()


@pytest.fixture
def make_app(config: Config, store: Store) -> Iterator[Callable[..., Flask]]:
    """Makes applications on the same databases; keyword arguments change settings."""
    made: list[Flask] = []

    def make(**changes: Any) -> Flask:
        app = create_app(replace(config, **changes))
        app.jinja_env.bytecode_cache = COMPILED_TEMPLATES
        made.append(app)
        return app

    yield make
    for app in made:
        close_app(app)


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client(use_cookies=True)


@pytest.fixture
def chicago(store: Store) -> Office:
    return _saved(store, office("chicago", "Chicago", "IL", "America/Chicago"))


@pytest.fixture
def calgary(store: Store) -> Office:
    return _saved(store, office("calgary", "Calgary", "AB", "America/Edmonton", country="CA"))


@pytest.fixture
def rights(store: Store) -> Kind:
    return _saved(store, kind("derechos", "Tus derechos"))


@pytest.fixture
def women(store: Store) -> Kind:
    return _saved(
        store,
        kind(
            "mujeres",
            "Para mujeres",
            is_discreet=True,
            public_code="K7QX",
            sign="women",
            pictogram="flower",
            neutral_title={"es": "Taller", "en": "Workshop", "fr": "Atelier"},
            retention_days=7,
            visibility=Visibility.REGISTERED,
            has_reminders=False,
        ),
    )


@pytest.fixture
def furnished_site(
    make_app: Callable[..., Flask],
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    women: Kind,
) -> "FurnishedSite":
    """A site with workshops and registrations of every sort, and with rate limits out of reach."""
    from tests.support.public_urls import furnished  # which builds with the functions below

    app = make_app(limits=UNLIMITED)
    return furnished(app, store, key_store, chicago, rights, women)


def office(
    slug: str, city: str, region: str, zone: str, *, country: str = "US", **changes: Any
) -> Office:
    plain: dict[str, Any] = {
        "slug": slug,
        "name": {"es": f"Consulado en {city}", "en": f"Consulate in {city}"},
        "rank": "general_consulate",
        "city": city,
        "region": region,
        "country": country,
        "zone": ZoneInfo(zone),
        "latitude": 41.88,
        "longitude": -87.63,
        "was_open_in_january_2020": True,
        "phone": "312 555 0142",
        "changed_at": LONG_AGO,
    }
    return Office(**(plain | changes))


def kind(code: str, name: str, **changes: Any) -> Kind:
    plain: dict[str, Any] = {
        "code": code,
        "position": 1,
        "is_core": True,
        "name": {"es": name},
        "short_name": {"es": name},
        "description": {"es": "Qué derechos tienes y qué hacer si te detienen."},
        "sensitivity": "medium",
        "is_discreet": False,
        "public_code": code,
        "countries": Codes(["US", "CA"]),
        "sign": "rights",
        "pictogram": "balance",
        "colour": "#1b5ea6",
        "minutes": 90,
        "capacity": 40,
        "party_limit": 4,
        "way": Way.PLACE,
        "slot_minutes": None,
        "retention_days": 30,
        "visibility": Visibility.PUBLIC,
        "has_reminders": True,
        "bring": {"es": "Nada. No necesitas identificación ni papeles."},
        "changed_at": LONG_AGO,
    }
    return Kind(**(plain | changes))


def venue(
    session: Session, office: Office, name: str = "Biblioteca de Pilsen", **changes: Any
) -> Venue:
    plain: dict[str, Any] = {
        "office": session.merge(office, load=False),
        "name": name,
        "address": "1805 S. Ejemplo St.",
        "city": office.city,
        "region": office.region,
        "area": "Zona de Pilsen",
        "zone": office.zone,
        "near_latitude": office.latitude,
        "near_longitude": office.longitude,
        "changed_at": LONG_AGO,
    }
    made = Venue(**(plain | changes))
    session.add(made)
    session.flush()
    return made


def make_workshop(session: Session, office: Office, kind: Kind, **changes: Any) -> Workshop:
    """A published workshop next week, 18:00 to 20:00; `changes` name what the test is about.

    `status` and `now` go to `workshop_service.create`, everything else to `WorkshopData`."""
    office, kind = session.merge(office, load=False), session.merge(kind, load=False)
    now = changes.pop("now", LONG_AGO)
    status = changes.pop("status", WorkshopStatus.PUBLISHED)
    plain: dict[str, Any] = {
        "office": office,
        "kind": kind,
        "zone": office.zone,
        "day": clock.now().date() + timedelta(days=7),
        "starts": time(18, 0),
        "ends": time(20, 0),
        "title": {"es": "Conoce tus derechos", "en": "Know your rights", "fr": "Vos droits"},
        "summary": {"es": "Qué decir, qué no firmar y a quién llamar."},
        "capacity": 20,
        "visibility": kind.visibility,
        "retention_days": kind.retention_days,
        "has_reminders": kind.has_reminders,
    }
    plain |= changes
    if "venue" not in plain:
        plain["venue"] = venue(session, office, name=f"Biblioteca {next(VENUE_NUMBERS):06x}")
    return workshop_service.create(session, WorkshopData(**plain), now=now, status=status)


def registration_data(**changes: Any) -> RegistrationData:
    return replace(RegistrationData(name="Rosa"), **changes)


def seat(
    store: Store,
    key_store: KeyStore,
    workshop: Workshop,
    *,
    now: datetime | None = None,
    **changes: Any,
) -> Registration:
    """Registers a person, Rosa by default, as the form does."""
    data = registration_data(**changes)
    sealed = registrations.prepare(key_store, workshop, data)
    with store.change() as session:
        registrations.register(
            session, workshop, data, sealed, secrets.token_hex(16), now=now or clock.now()
        )
        return session.get_one(Registration, sealed.id)


def tomorrow(office: Office) -> date:
    """The day after today at an office: a workshop then is ahead, and its door's list is open."""
    return clock.now().astimezone(office.zone).date() + timedelta(days=1)


def a_saturday() -> date:
    """The Saturday of next week or, on a weekend, of the week after."""
    today = clock.now().date()
    return today + timedelta(days=(5 - today.weekday()) % 7 + 7)


def _saved(store: Store, thing: Thing) -> Thing:
    with store.change() as session:
        session.add(thing)
    return thing


def close_app(app: Flask) -> None:
    app.extensions["outreach_store"].close()
    app.extensions["outreach_key_store"].store.close()
    app.extensions["outreach_attempts"].close()


def _server() -> Any:
    engine = sa.create_engine(
        f"{SERVER}/postgres", isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    return engine.connect()
