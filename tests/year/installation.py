"""The installation that lives a year: its offices, accounts, venues and its worker.

It is one process on SQLite. Letters go to a mail server and texts to a gateway, both real and on
loopback; whoever lives the days moves the clock.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date
from functools import partial
from pathlib import Path
from typing import Any, Final

import time_machine
from flask import Flask

from outreach import clock, extension_points
from outreach.app import create_app
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network import installation_settings
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.imports import packaged
from outreach.keystore import KeyStore
from outreach.maintenance.leader import Leader
from outreach.maintenance.worker import Worker
from tests.conftest import COMPILED_TEMPLATES, close_app, migrate
from tests.support.gateway_server import Gateway, serve_gateway
from tests.support.limits import UNLIMITED
from tests.support.ports import free_port
from tests.support.smtp_server import Postman, serve_mail
from tests.support.staff_client import employ, signed_in_as
from tests.support.text_conversation import settings as text_settings
from tests.year.browser import Browser, Watch

FIRST_DAY: Final = date(2027, 12, 20)
DAYS: Final = 400  # with 29 February 2028, to 22 January 2029
# An office in each time zone of the network, with venues in the other zones of its district: the
# border, Arizona, Hawaii, Newfoundland, Saskatchewan.
OFFICES: Final = {
    "chicago": ("America/Chicago", "America/Indiana/Knox"),
    "boise": ("America/Boise", "America/Los_Angeles"),
    "detroit": ("America/Detroit",),
    "indianapolis": ("America/Indiana/Indianapolis", "America/Chicago"),
    "nueva-york": ("America/New_York",),
    "nogales": ("America/Phoenix",),
    "el-paso": ("America/Denver",),
    "san-francisco": ("America/Los_Angeles", "Pacific/Honolulu"),
    "san-juan": ("America/Puerto_Rico",),
    "montreal": ("America/Toronto", "America/St_Johns", "America/Halifax"),
    "calgary": ("America/Edmonton", "America/Regina"),
    "vancouver": ("America/Vancouver",),
}
# Titles, streets and names that nobody may read who does not have to, of discreet workshops.
CANARY: Final = "Zafiro"
SECRET_STREET: Final = "Granate"


@dataclass
class Installation:
    app: Flask
    worker: Worker
    postman: Postman
    gateway: Gateway
    staff: dict[str, int]  # ids of accounts: admin, door, reader, caller, and one for each office

    @property
    def store(self) -> Store:
        found: Store = self.app.extensions["outreach_store"]
        return found

    @property
    def key_store(self) -> KeyStore:
        found: KeyStore = self.app.extensions["outreach_key_store"]
        return found

    def sign_in(self, name: str, watch: Watch) -> Browser:
        """The browser of an account, with a second factor shown just now."""
        signed_in = signed_in_as(self.app, self.store, self.staff[name])
        client = self.app.test_client(use_cookies=False)
        return Browser(client, watch, "10.255.0.1", signed_in.headers, signed_in.form_token)

    def visit(self, watch: Watch, address: str) -> Browser:
        client = self.app.test_client(use_cookies=False)
        headers = {"User-Agent": "Mozilla/5.0 Firefox/140.0", "Accept-Encoding": "identity"}
        return Browser(client, watch, address, headers)


@contextmanager
def installed(folder: Path) -> Iterator[Installation]:
    """The installation on its first day. The clock has to be there already."""
    with serve_mail(Postman(free_port())) as postman, serve_gateway() as gateway:
        app = create_app(_make_config(folder, postman, gateway))
        app.jinja_env.bytecode_cache = COMPILED_TEMPLATES
        try:
            made = Installation(app, _employ_worker(app), postman, gateway, {})
            _furnish(made)
            yield made
        finally:
            close_app(app)


def _employ_worker(app: Flask) -> Worker:
    """It leads by the database's clock, which nobody moves."""
    now = time_machine.escape_hatch.datetime.datetime.now
    return Worker(app, make_leader=partial(Leader, now=lambda: now(UTC)))


def _make_config(folder: Path, postman: Postman, gateway: Gateway) -> Config:
    data, keys = folder / "data", folder / "keys"
    data.mkdir(parents=True)
    keys.mkdir(mode=0o700)
    texts: dict[str, Any] = text_settings(gateway)
    config = Config(
        data=data,
        keys=keys,
        database_url=f"sqlite:///{data / 'outreach.db'}",
        keyring_url=f"sqlite:///{keys / 'keyring.db'}",
        public_url="http://localhost:8000",
        mail_from="talleres@example.org",
        controller="Red de consulados",
        secret_key="only for a year",
        phone="312 555 0142",
        smtp_url=f"smtp://127.0.0.1:{postman.port}",
        smtp_seconds=5,
        limits=UNLIMITED,
        extensions=extension_points.list_installed(),
        **texts,
    )
    migrate(config.database_url, config.keyring_url)
    return config


def _furnish(made: Installation) -> None:
    store = made.store
    made.staff["admin"] = employ(store, "admin@example.org", Role.ADMIN, ALL_OFFICES)
    with store.change() as session:
        now = clock.now()
        installation_settings.set_calendar_host(session, "talleres.example.org")
        packaged.load_offices(session, set(OFFICES), made.staff["admin"], now=now)
        packaged.load_kinds(session, made.staff["admin"], now=now)
    made.staff["reader"] = employ(store, "reader@example.org", Role.READER, ALL_OFFICES)
    made.staff["caller"] = employ(store, "caller@example.org", Role.CALLER, ALL_OFFICES)
    made.staff["door"] = employ(store, "door@example.org", Role.DOOR, *OFFICES)
    for slug in OFFICES:
        made.staff[slug] = employ(store, f"{slug}@example.org", Role.LEAD, slug)


def make_venues(made: Installation, rng: random.Random, watch: Watch) -> None:
    """Two venues for each zone of an office, and one whose street is secret."""
    for slug, zones in OFFICES.items():
        browser = made.sign_in(slug, watch)
        for zone in zones:
            for name in (f"Biblioteca {rng.randint(2, 99)}", f"Salón {SECRET_STREET}"):
                page = browser.get(f"/org/sedes/{slug}/nueva")
                form = page.find("/nueva", field_name="address")
                assert form is not None
                street = SECRET_STREET if SECRET_STREET in name else "Roble"
                browser.send(
                    form,
                    name=f"{name} {zone.rpartition('/')[2].replace('_', ' ')}",
                    address=f"{rng.randint(1, 9999)} Calle {street}",
                    area=f"Zona {rng.choice(('norte', 'sur'))}",
                    zone=zone,
                )
