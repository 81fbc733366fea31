"""Two networks in one process, each with a word in its texts that the other has nowhere."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Flask
from werkzeug.test import Client, TestResponse

from outreach import clock, network_profile
from outreach.accounts import sessions
from outreach.app import create_network_apps
from outreach.config import Config
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.network import installation_settings
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore, MasterKeys
from outreach.network_profile import NetworkProfile, use_profile
from outreach.web.middleware.network_dispatch import NetworkDispatcher
from tests.conftest import COMPILED_TEMPLATES, close_app, kind, make_workshop, office, seat, venue
from tests.support.limits import UNLIMITED
from tests.support.staff_client import employ, enrol

NORTH, SOUTH = "north", "south"
EMAIL = "ana@example.org"  # each has an account with it


@dataclass
class NetworkUnderTest:
    """One of the two. `word` is in every text of it and in no text of the other."""

    config: Config
    word: str
    app: Flask
    workshop: Workshop
    registration: Registration
    link: str  # the path of the person's own page
    cookie: str  # EMAIL's session

    @property
    def store(self) -> Store:
        store: Store = self.app.extensions["outreach_store"]
        return store

    @property
    def key_store(self) -> KeyStore:
        key_store: KeyStore = self.app.extensions["outreach_key_store"]
        return key_store

    def dump(self) -> bytes:
        """All rows of its two databases."""
        return dump(self.store) + dump(self.key_store.store)


@dataclass
class NetworkScene:
    north: NetworkUnderTest
    south: NetworkUnderTest
    dispatcher: NetworkDispatcher

    def ask(
        self, network: NetworkUnderTest | str, path: str, *, method: str = "GET", **given: Any
    ) -> TestResponse:
        """What the process answers; instead of a network there may be any `Host`."""
        host = network if isinstance(network, str) else network.config.host
        headers = {"Host": host, **given.pop("headers", {})}
        client = Client(self.dispatcher, use_cookies=False)
        return client.open(path, method=method, headers=headers, **given)


@contextmanager
def opened(config: Config, second_config: Config, **changes: Any) -> Iterator[NetworkScene]:
    """Fills the databases of both, and makes their applications. `changes` are settings of both."""
    north = _name(config, NORTH, "Zarzal", **changes)
    south = _name(
        second_config,
        SOUTH,
        "Quebracho",
        countries=("MX",),
        home_country="",
        locales=("es_ES", "en_GB", "fr_FR"),
        vocabulary="",
        **changes,
    )
    network_profile.set_for_process(None)
    apps: tuple[Flask, ...] = ()
    with ExitStack() as stack:
        stack.callback(network_profile.set_for_process, NetworkProfile())
        apps = create_network_apps([north, south])
        for app in apps:
            app.jinja_env.bytecode_cache = COMPILED_TEMPLATES
            stack.callback(close_app, app)
        one, other = (
            _furnish(app, place)
            for app, place in zip(apps, (("IL", "US"), ("MX-JAL", "MX")), strict=True)
        )
        yield NetworkScene(one, other, NetworkDispatcher(apps))


def dump(store: Store) -> bytes:
    """All rows of a database as text."""
    with store.engine.connect() as connection:
        return b"".join(
            f"{name} {row!r}\n".encode()
            for name in sorted(sa.inspect(connection).get_table_names())
            for row in sorted(
                map(repr, connection.exec_driver_sql(f'SELECT * FROM "{name}"').fetchall())
            )
        )


def write_files(folder: Path, *configs: Config) -> dict[str, str]:
    """Writes the files of networks for commands. Returns the environment that they need."""
    folder.mkdir(exist_ok=True)
    for config in configs:
        variables = {
            "DATA": config.data,
            "KEYS": config.keys,
            "DATABASE_URL": config.database_url,
            "KEYRING_URL": config.keyring_url,
            "PUBLIC_URL": config.public_url,
            "MAIL_FROM": config.mail_from,
            "CONTROLLER": config.controller,
            "SECRET_KEY": config.secret_key,
            "METRICS_TOKEN": config.metrics_token,
            "COUNTRIES": " ".join(config.countries),
            "HOME_COUNTRY": config.home_country,
            "LOCALES": " ".join(config.locales),
            "VOCABULARY": config.vocabulary or "general",
            "EXTENSIONS": " ".join(config.extensions),
        }
        lines = [f"OUTREACH_{name}='{value}'\n" for name, value in variables.items()]
        (folder / f"{config.name}.env").write_text("".join(lines))
    return {"OUTREACH_NETWORKS": str(folder)}


def _name(config: Config, name: str, word: str, **changes: Any) -> Config:
    plain: dict[str, Any] = {
        "name": name,
        "public_url": f"http://{name}.example.org",
        "brand": f"Red {word}",
        "controller": f"Responsable {word}",
        "contact": f"{word.lower()}@example.org",
        "metrics_token": f"{name}-metrics-token-of-tests",
        "limits": UNLIMITED,
    }
    return replace(config, **(plain | changes))


def _furnish(app: Flask, place: tuple[str, str]) -> NetworkUnderTest:
    config: Config = app.extensions["outreach_config"]
    store: Store = app.extensions["outreach_store"]
    key_store = KeyStore(app.extensions["outreach_key_store"].store, MasterKeys(config.keys))
    word, now = config.brand.removeprefix("Red "), clock.now()
    region, country = place
    with use_profile(config.profile):
        with store.change() as session:
            installation_settings.set_calendar_host(session, config.host)
            where = office("chicago", word, region, "America/Chicago", country=country)
            where.name = {"es": f"Oficina {word}", "en": f"Office {word}"}
            where.zone = ZoneInfo("America/Chicago")
            sort = kind("derechos", f"Derechos {word}", countries=Codes([country]))
            sort.description = {"es": f"Para qué sirve {word}."}
            session.add_all([where, sort])
        with store.change() as session:
            workshop = make_workshop(
                session,
                where,
                sort,
                title={each: f"Taller {word} ({each})" for each in ("es", "en", "fr")},
                summary={"es": f"De qué trata {word}."},
                venue=venue(session, session.merge(where), f"Sala {word}", address=f"1 {word} St."),
            )
        registration = seat(
            store,
            key_store,
            workshop,
            name=f"Persona {word}",
            contact=ContactMethod.EMAIL,
            address=f"persona@{word.lower()}.example",
        )
        account = employ(store, EMAIL, Role.ADMIN, ALL_OFFICES)
        enrol(app, store)
        with store.change() as session:
            cookie = sessions.start(session, account, now=now, proven_at=now)
        key = registrations.get_key(key_store, registration)
        link = f"/es/r/{registrations.derive_manage_token(key)}"
    return NetworkUnderTest(config, word, app, workshop, registration, link, cookie)
