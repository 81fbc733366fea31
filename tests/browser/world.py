"""A small network on a real server, created once for all browser tests."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path

from sqlalchemy.orm import Session

from outreach import clock, extension_points
from outreach.accounts import passwords
from outreach.accounts.server_encryption import ServerEncryption
from outreach.cli.db import bring_up_to_date
from outreach.clock import Month
from outreach.config import Config
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import change_sessions, registrations
from outreach.domain.network import kinds, offices
from outreach.domain.network.staff import Role, RoleAssignment, StaffMember
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.imports import figures
from outreach.imports import kinds as kinds_file
from outreach.imports import offices as offices_file
from outreach.imports import workshops as workshops_file
from outreach.keystore import KeyStore, MasterKeys
from tests.browser import (
    data_alerts,
    data_bulletins,
    data_calls,
    data_doubtful,
    data_headquarters,
    data_queue,
    data_registrations,
    data_series,
    data_tours,
    data_workshop_form,
    second_factors,
)
from tests.browser.second_factors import PASSWORD
from tests.conftest import a_saturday, make_workshop, seat
from tests.support import server_process
from tests.support.ports import free_port

ANA = "ana@example.org"  # an organizer in Chicago


@dataclass(frozen=True, kw_only=True)
class World:
    """The URL of the site, and ids and tokens of its data."""

    url: str
    quick_exit: "QuickExitSite"
    plain: str  # the public id of a workshop with free seats
    full: str
    cancelled: str
    discreet: str
    past: str
    discreet_kind: str  # its public code
    seated: str  # the manage token of Rosa's registration
    waiting: str
    discreet_seated: str
    entry: str  # the entry token of Rosa's QR code
    keyring_url: str  # the key store's database
    more: Mapping[str, str]  # further ids and tokens by name, from the `make` of each data module


@contextmanager
def running(folder: Path) -> Iterator[World]:
    """Creates the network in `folder` and serves it during the block."""
    port = free_port()
    config = Config(
        data=folder / "data",
        keys=folder / "keys",
        database_url=f"sqlite:///{folder / 'data' / 'outreach.db'}",
        keyring_url=f"sqlite:///{folder / 'keys' / 'keyring.db'}",
        public_url=f"http://localhost:{port}",
        extensions=extension_points.list_installed(),
    )
    bring_up_to_date(config)
    with _quick_exit_site() as exit_site:
        world = _create_data(config, exit_site)
        with _run_server(config, port, exit_site.url):
            yield world


def _create_data(config: Config, exit_site: "QuickExitSite") -> World:
    store = Store(config.database_url)
    key_store = KeyStore(Store(config.keyring_url), MasterKeys(config.keys))
    key_store.attach(store)
    change_sessions.install(store)
    now = clock.now()
    with store.change() as session:
        _load(session, now=now)
    with store.change() as session:
        workshops = _create_workshops(session, now=now)
        women = kinds.find(session, "mujeres").public_code
        data_bulletins.make(session, Month.from_day(workshops["past"].day), PASSWORD, now=now)
        data_calls.make_agent(session)
        data_calls.make_dates(session)
        second_factors.make(session, ServerEncryption(config.secret()), now=now)
    seat(store, key_store, workshops["full"], name="Ana")
    waiting = seat(store, key_store, workshops["full"], name="Luz", people=2)
    seated = seat(store, key_store, workshops["plain"], people=2)
    discreet = seat(store, key_store, workshops["discreet"], name="Flor")
    with store.read() as session:
        keys = [
            registrations.get_key(key_store, session.merge(each))
            for each in (seated, waiting, discreet)
        ]
    more = data_registrations.make(store, key_store, now=now)
    more |= data_headquarters.make(store, workshops["plain"].public_id, ANA, now=now)
    more |= data_tours.make(store, now=now)
    more |= data_workshop_form.make(store, ANA, now=now)
    more |= data_alerts.make(store, key_store, now=now)
    more |= data_series.make(store, key_store)
    more |= data_queue.make(store, key_store, now=now)
    more |= data_doubtful.make(store, key_store, now=now)
    store.close()
    key_store.store.close()
    return World(
        url=config.public_url,
        keyring_url=config.keyring_url,
        quick_exit=exit_site,
        more=more,
        seated=registrations.derive_manage_token(keys[0]),
        waiting=registrations.derive_manage_token(keys[1]),
        discreet_seated=registrations.derive_manage_token(keys[2]),
        entry=registrations.derive_entry_token(keys[0]),
        discreet_kind=women,
        **{name: each.public_id for name, each in workshops.items()},
    )


def _load(session: Session, *, now: datetime) -> None:
    """Loads offices, kinds, January 2020 and an organizer."""
    with resources.as_file(resources.files("outreach.imports").joinpath("data")) as data:
        offices_file.load(session, offices_file.read(data / "offices.csv"), now=now)
        kinds_file.load(session, kinds_file.read(data / "taxonomy.json"), now=now)
        session.flush()
        january = workshops_file.read(
            data / "workshops-2020-01.csv", workshops_file.network(session)
        )
        workshops_file.load(session, january, now=now, is_synthetic=True)
        series = figures.list_series_codes(session)
        figures.load(session, figures.read(data / "figures-2020-01.csv", series), now=now)
    ana = StaffMember(email=ANA, password=passwords.hash_password(PASSWORD))
    ana.grants.append(RoleAssignment(office="chicago", role=Role.ORGANIZER))
    session.add(ana)


def _create_workshops(session: Session, *, now: datetime) -> dict[str, Workshop]:
    chicago, calgary = offices.find(session, "chicago"), offices.find(session, "calgary")
    rights, screening = kinds.find(session, "derechos"), kinds.find(session, "diagnostico")
    cancelled = make_workshop(
        session, chicago, kinds.find(session, "daca"), title={"es": "DACA a tiempo"}
    )
    workshop_service.cancel(session, cancelled, now=now)
    for _ in range(3):
        make_workshop(session, calgary, rights, languages=Codes(["en", "es"]))
    return {
        "plain": make_workshop(session, chicago, rights, day=a_saturday(), capacity=12),
        "full": make_workshop(
            session, chicago, rights, title={"es": "Tu caso a solas"}, capacity=1
        ),
        "cancelled": cancelled,
        "discreet": make_workshop(
            session,
            chicago,
            kinds.find(session, "mujeres"),
            title={"es": "Un espacio de confianza"},
            day=a_saturday(),
        ),
        "past": make_workshop(session, chicago, screening, day=now.date() - timedelta(days=40)),
    }


@contextmanager
def _run_server(config: Config, port: int, quick_exit_url: str) -> Iterator[None]:
    settings = {
        "OUTREACH_DATA": str(config.data),
        "OUTREACH_KEYS": str(config.keys),
        "OUTREACH_PUBLIC_URL": config.public_url,
        "OUTREACH_MAIL_FROM": "talleres@example.org",
        "OUTREACH_CONTROLLER": "Red de consulados",
        "OUTREACH_QUICK_EXIT_URL": quick_exit_url,
        "OUTREACH_EXTENSIONS": " ".join(config.extensions),
        # Each page is opened by a person with an address of their own (`conftest.opening`).
        "OUTREACH_TRUSTED_PROXIES": "1",
        "OUTREACH_VOICE_SECRET": "a-secret-of-the-gateway",
        "OUTREACH_VOICE_NUMBER": "312 555 0100",
        "OUTREACH_LIMIT_POSTS": "100000",
        "OUTREACH_LIMIT_MALFORMED_POSTS": "100000",
        "OUTREACH_LIMIT_LOOK_UPS": "100000",
        "OUTREACH_LIMIT_SIGN_INS": "100000",
    }
    with server_process.running(
        ["serve", "--port", str(port)],
        f"{config.public_url}/es/",
        settings=settings,
        log=config.data / "server.log",
    ):
        yield


class QuickExitSite:
    """The target of the quick exit: a second site that records the Referer headers."""

    def __init__(self) -> None:
        self.referers: list[str | None] = []
        self.url = ""


@contextmanager
def _quick_exit_site() -> Iterator[QuickExitSite]:
    exit_site = QuickExitSite()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/clima":
                exit_site.referers.append(self.headers.get("Referer"))
            body = b"<!doctype html><title>Clima</title><link rel=icon href=data:,><p>20 grados"
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            return None

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        exit_site.url = f"http://127.0.0.1:{server.server_port}/clima"
        threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        yield exit_site
        server.shutdown()
