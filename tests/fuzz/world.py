"""The network that is fuzzed: created once and copied for every few hundred requests, since they
cancel workshops, end sessions and close offices."""

import gc
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import time, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy.orm import Session

from outreach import clock, extension_points
from outreach.accounts import sessions, totp
from outreach.accounts.server_encryption import ServerEncryption
from outreach.accounts.sessions import StaffSession
from outreach.app import create_app
from outreach.clock import Month
from outreach.config import Config
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import change_sessions, registrations
from outreach.domain.checkin import checkin_tokens
from outreach.domain.locations.venues import Venue
from outreach.domain.network import installation_settings, kinds, offices, staff
from outreach.domain.network.kinds import Visibility
from outreach.domain.network.staff import ALL_OFFICES, Role, StaffMember
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.scheduling import tours
from outreach.domain.scheduling.tours import TourStopData
from outreach.domain.workshops import Workshop
from outreach.domain.workshops.partners import Partner, PartnerKind, Speaker
from outreach.domain.workshops.tour_stops import TourStop
from outreach.imports import demo
from outreach.keystore import KeyStore, MasterKeys
from outreach.reports import month_report
from tests.conftest import close_app, make_workshop, migrate, seat
from tests.support.limits import UNLIMITED
from tests.support.staff_client import HASHED, SECRET

HOME: Final = "calgary"  # the office of the staff visitors
OTHER: Final = "chicago"  # the office whose people they must never see
# Names and addresses that occur nowhere else.
OTHERS_NAME, OTHERS_EMAIL = "Canariajena", "canariajena@ejemplo.com"
OURS_NAME, OURS_EMAIL = "Canariapropia", "canariapropia@ejemplo.com"
HIDDEN: Final = "77 Calle Canariaoculta"
VISITORS: Final = ("anonymous", "door", "reader", "organizer", "admin")
SIGNS: Final = "only for tests"
_NUMBERS: Final = count(1)  # numbers the copies


@dataclass(frozen=True)
class Base:
    """An installation that is only copied."""

    config: Config
    folder: Path
    cookies: Mapping[str, str]  # each visitor's session
    ids: Mapping[str, tuple[str, ...]]  # ids in addresses and forms, by sort
    door_pass: str
    server: str = ""  # PostgreSQL's, where there is one

    @contextmanager
    def opened(self) -> Iterator["Site"]:
        """Opens a copy of the installation for the block."""
        with self.copied() as config, self.served(create_app(config)) as site:
            yield site

    @contextmanager
    def copied(self) -> Iterator[Config]:
        """The settings of a copy, which is deleted at the end of the block."""
        number = next(_NUMBERS)
        config = self._copied(number)
        try:
            yield config
        finally:
            self._forget(config, number)
            gc.collect()

    @contextmanager
    def served(self, app: Flask) -> Iterator["Site"]:
        """The site of a copy, by its application, whose connections are closed at the end."""
        app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(self.folder / "templates"))
        app.testing = False
        site = Site(self, app)
        try:
            site.begin()
            yield site
        finally:
            close_app(app)

    def _copied(self, number: int) -> Config:
        data, keys = self.folder / f"data{number}", self.folder / f"keys{number}"
        shutil.copytree(self.config.data, data)
        shutil.copytree(self.config.keys, keys)
        copied = replace(
            self.config,
            data=data,
            keys=keys,
            database_url=f"sqlite:///{data / 'outreach.db'}",
            keyring_url=f"sqlite:///{keys / 'keyring.db'}",
        )
        if not self.server:
            return copied
        urls = {}
        with _of_server(self.server) as server:
            for what, url in (
                ("main", self.config.database_url),
                ("ring", self.config.keyring_url),
            ):
                name = url.rpartition("/")[2]
                server.execute(sa.text(f"CREATE DATABASE {name}_{number} TEMPLATE {name}"))
                urls[what] = f"{self.server}/{name}_{number}"
        return replace(copied, database_url=urls["main"], keyring_url=urls["ring"])

    def _forget(self, config: Config, number: int) -> None:
        shutil.rmtree(config.data)
        shutil.rmtree(config.keys)
        if self.server:
            with _of_server(self.server) as server:
                for url in (config.database_url, config.keyring_url):
                    name = url.rpartition("/")[2]
                    server.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


class Site:
    """A copy under test, and its visitors."""

    def __init__(self, base: Base, app: Flask) -> None:
        self.base, self.app = base, app
        self.store: Store = app.extensions["outreach_store"]
        self.client: FlaskClient = app.test_client(use_cookies=False)
        self.tokens: dict[str, str] = {}  # form tokens by visitor

    def begin(self) -> None:
        """Renews the sessions that were made with the base."""
        now = clock.now()
        with self.store.change() as session:
            fresh = {"started_at": now, "seen_at": now, "proven_at": now}
            session.execute(sa.update(StaffSession).values(**fresh))
        with self.store.read() as session:
            for who, cookie in self.base.cookies.items():
                found = sessions.find(session, cookie, now=now)
                assert found is not None, who
                self.tokens[who] = found[0].form_token

    def headers(self, who: str) -> dict[str, str]:
        cookie = self.base.cookies.get(who)
        return {"Cookie": f"__Host-staff={cookie}"} if cookie else {}

    def is_in(self, who: str) -> bool:
        """Whether the visitor's session still exists, if they have one."""
        if who not in self.base.cookies:
            return True
        with self.store.read() as session:
            return sessions.find(session, self.base.cookies[who], now=clock.now()) is not None


@contextmanager
def made(folder: Path, server: str = "") -> Iterator[Base]:
    """Makes the network for the block, on SQLite or on a PostgreSQL server."""
    config = _config(folder, server)
    migrate(config.database_url, config.keyring_url)
    store = Store(config.database_url)
    key_store = KeyStore(Store(config.keyring_url), MasterKeys(config.keys))
    key_store.attach(store)
    change_sessions.install(store)
    try:
        cookies, ids, door_pass = _furnish(store, key_store)
        store.truncate_log()
        key_store.store.truncate_log()
    finally:
        store.close()
        key_store.store.close()
    (folder / "templates").mkdir()
    try:
        yield Base(config, folder, cookies, ids, door_pass, server)
    finally:
        if server:
            with _of_server(server) as connection:
                for url in (config.database_url, config.keyring_url):
                    name = url.rpartition("/")[2]
                    connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


def _config(folder: Path, server: str) -> Config:
    data, keys = folder / "data", folder / "keys"
    data.mkdir()
    keys.mkdir(mode=0o700)
    main, key_store = f"sqlite:///{data / 'outreach.db'}", f"sqlite:///{keys / 'keyring.db'}"
    if server:
        name = f"fuzz_{secrets.token_hex(4)}"
        with _of_server(server) as connection:
            for each in (name, f"{name}_ring"):
                connection.execute(sa.text(f"CREATE DATABASE {each}"))
        main, key_store = f"{server}/{name}", f"{server}/{name}_ring"
    return Config(
        data=data,
        keys=keys,
        database_url=main,
        keyring_url=key_store,
        public_url="http://localhost:8000",
        mail_from="talleres@example.org",
        controller="Red de consulados",
        secret_key=SIGNS,
        limits=UNLIMITED,
        extensions=extension_points.list_installed(),
    )


def _of_server(server: str) -> Any:
    engine = sa.create_engine(
        f"{server}/postgres", isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    return engine.connect()


def _furnish(
    store: Store, key_store: KeyStore
) -> tuple[dict[str, str], dict[str, tuple[str, ...]], str]:
    """Loads the demo, adds what it lacks, and registers people whose data must not leak."""
    now = clock.now()
    with store.change() as session:
        installation_settings.set_calendar_host(session, "talleres.example.org")
    demo.fill(store, key_store, now=now)
    today = clock.now().date()
    with store.change() as session:
        here, there = offices.find(session, HOME), offices.find(session, OTHER)
        rights, women = kinds.find(session, "derechos"), kinds.find(session, "mujeres")
        ours = make_workshop(
            session, here, rights, day=today, starts=time(23, 50), ends=time(23, 55)
        )
        theirs = make_workshop(session, there, rights)
        secret = make_workshop(session, there, women, visibility=Visibility.PHONE_ONLY)
        assert secret.venue is not None
        secret.venue.address = HIDDEN
        for office in (here, there):
            _partners_and_tour(session, office)
        month_report.close(session, Month(2020, 1), now=now)
        session.flush()
        ids: dict[str, tuple[str, ...]] = {
            "workshop": (ours.public_id, theirs.public_id, secret.public_id)
        }
    registration = seat(
        store, key_store, ours, name=OURS_NAME, contact=ContactMethod.EMAIL, address=OURS_EMAIL
    )
    for workshop in (theirs, secret):
        seat(
            store,
            key_store,
            workshop,
            name=OTHERS_NAME,
            contact=ContactMethod.EMAIL,
            address=OTHERS_EMAIL,
        )
    nobody = seat(store, key_store, ours, name="Rosa")
    cookies = _employ(store)
    with store.change() as session:
        workshop = session.get_one(Workshop, ours.id)
        admin = session.scalars(
            sa.select(StaffMember.id).where(StaffMember.email.like("admin@%"))
        ).one()
        door_pass = checkin_tokens.issue(session, workshop, admin, {}, now=now)
    with store.read() as session:
        key = registrations.get_key(key_store, session.get_one(Registration, nobody.id))
        ids |= {
            "token": (registrations.derive_manage_token(key),),
            "entry": (registrations.derive_entry_token(key),),
            "registration": (nobody.id, registration.id),
            "any workshop": tuple(session.scalars(sa.select(Workshop.public_id).limit(400))),
            "office": (HOME, OTHER, "montreal"),
            "kind": ("derechos", "mujeres", "daca", women.public_code),
            "month": ("2020-01", str(Month.from_day(today)), "2020-02"),
            **{
                table.__tablename__: tuple(
                    str(each) for each in session.scalars(sa.select(table.id).limit(9))
                )
                for table in (Venue, Partner, Speaker, tours.Tour, TourStop, StaffMember)
            },
        }
    return cookies, ids, door_pass


def _partners_and_tour(session: Session, office: Any) -> None:
    partner = Partner(
        office_id=office.id, name="Casa Sur", kind=PartnerKind.CIVIL_SOCIETY, is_shown=True
    )
    session.add(Speaker(office_id=office.id, name="Lic. Mora", partner=partner, is_shown=False))
    tour = tours.add(session, office, "Ruta", secrets.token_urlsafe(16), now=clock.now())
    stop_data = TourStopData(
        day=clock.now().date() + timedelta(days=30),
        starts=time(9),
        ends=time(15),
        city=office.city,
        region=office.region,
        venue=None,
        kinds=Codes(["derechos"]),
    )
    tours.add_stop(session, tour, stop_data, now=clock.now())


def _employ(store: Store) -> dict[str, str]:
    """Makes a session for each role; the admin's role is for all offices."""
    roles = {
        "door": Role.DOOR,
        "reader": Role.READER,
        "organizer": Role.ORGANIZER,
        "admin": Role.ADMIN,
    }
    now, cookies = clock.now(), {}
    with store.change() as session:
        for who, role in roles.items():
            where = ALL_OFFICES if role is Role.ADMIN else HOME
            someone = staff.add(session, f"{who}@example.org", role, (where,))
            someone.password = HASHED
            session.flush()
            totp.store_secret(session, someone.id, SECRET, ServerEncryption(SIGNS), now=now)
            cookies[who] = sessions.start(session, someone.id, now=now, proven_at=now)
    return cookies
