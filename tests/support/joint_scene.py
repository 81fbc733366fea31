"""A second installation that shares workshops, and a partner network that means harm."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from joserfc import jws
from joserfc.jwk import OKPKey
from werkzeug.serving import make_server

from outreach import clock
from outreach.app import create_app
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import change_sessions, workshops
from outreach.domain.joint import partner_networks
from outreach.domain.joint.partner_networks import PartnerNetwork
from outreach.domain.network import installation_settings
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.joint import joint_reader, network_puller
from outreach.joint.network_puller import NetworkPuller
from outreach.keystore import KeyStore, MasterKeys
from tests.conftest import close_app, kind, make_workshop, office
from tests.support.callback_server import LOOPBACK_RULE
from tests.support.limits import UNLIMITED
from tests.support.threaded_server import running

OWN_NAMES = ("Talleres", "Red de consulados")
HOST_TITLE = "Taller con la biblioteca"


@dataclass
class HostSite:
    """An installation of its own, with an office and a kind, that answers at `url`."""

    app: Flask
    store: Store
    key_store: KeyStore
    url: str
    office: Office
    kind: Kind

    @property
    def address(self) -> str:
        return f"{self.url}/joint.json"

    def hold(self, **changes: Any) -> str:
        """Shares a workshop of next week; returns its public id."""
        plain: dict[str, Any] = {"title": {"es": HOST_TITLE}, "is_shared": True}
        with self.store.change() as session:
            of = changes.pop("kind", self.kind)
            return make_workshop(session, self.office, of, **(plain | changes)).public_id

    def change(self, public_id: str, **changes: Any) -> None:
        with self.store.change() as session:
            found = workshops.find(session, public_id)
            data = replace(workshop_service.get_data(found), **changes)
            workshop_service.change(session, found, data, now=clock.now())


@contextmanager
def host_site(config: Config, empty_databases: Path, folder: Path) -> Iterator[HostSite]:
    """Runs another installation, on SQLite, during the block."""
    data, keys = folder / "data", folder / "keys"
    data.mkdir(parents=True)
    keys.mkdir(mode=0o700)
    for place, name in ((data, "outreach.db"), (keys, "keyring.db")):
        (place / name).write_bytes((empty_databases / name).read_bytes())
    made: list[Flask] = []
    server = make_server("127.0.0.1", 0, lambda *asked: made[0](*asked), threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    own = replace(
        config,
        data=data,
        keys=keys,
        database_url=f"sqlite:///{data / 'outreach.db'}",
        keyring_url=f"sqlite:///{keys / 'keyring.db'}",
        public_url=url,
        brand="Unión de Bibliotecas",
        limits=UNLIMITED,
    )
    store, ring = Store(own.database_url), Store(own.keyring_url)
    key_store = KeyStore(ring, MasterKeys(keys))
    key_store.attach(store)
    change_sessions.install(store)
    with store.change() as session:
        installation_settings.set_calendar_host(session, "bibliotecas.example.net")
        session.add_all(
            [
                office("centro", "Chicago", "IL", "America/Chicago"),
                kind("derechos", "Tus derechos"),
            ]
        )
    with store.read() as session:
        chicago = session.scalars(sa.select(Office)).one()
        rights = session.scalars(sa.select(Kind)).one()
    made.append(create_app(own))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield HostSite(made[0], store, key_store, url, chicago, rights)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        close_app(made[0])
        store.close()
        ring.close()


def add_network(store: Store, address: str) -> PartnerNetwork:
    """Adds a network as the command does, without its questions."""
    now = clock.now()
    found = network_puller.fetch_first(LOOPBACK_RULE, address, own_names=OWN_NAMES, now=now)
    with store.change() as session:
        network = network_puller.make_network(found, address, now=now)
        session.add(network)
        session.flush()
        rows = list(joint_reader.make_rows(found.document))
        partner_networks.replace_workshops(session, network, rows)
    return network


def pull(store: Store, *, seconds: float = network_puller.FETCH_SECONDS) -> list[str]:
    """Pulls all networks; returns what is wrong with each."""
    with store.read() as session:
        networks = partner_networks.list_networks(session)
    puller = NetworkPuller(store, LOOPBACK_RULE, OWN_NAMES, seconds=seconds)
    return [puller.pull(each, now=clock.now()) for each in networks]


Payload = dict[str, Any]


@dataclass
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    waits: threading.Event | None = None  # before the body


class HostilePartner(ThreadingHTTPServer):
    """Answers what a test has prepared, and signs what it likes."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.key = OKPKey.generate_key("Ed25519")
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def address(self) -> str:
        return f"{self.url}/joint.json"

    def make_entry(self, **changes: Any) -> Payload:
        starts_at = (clock.now() + timedelta(days=3)).replace(microsecond=0)
        return {
            "uid": "taller-0123456789ABCDEFGHJK@hostil.example.org",
            "sequence": 0,
            "state": "open",
            "title": {"es": "Taller de al lado"},
            "summary": {"es": "De qué trata."},
            "kind": {"code": "derechos", "name": {"es": "Tus derechos"}},
            "starts_at": _write(starts_at),
            "ends_at": _write(starts_at + timedelta(hours=2)),
            "zone": "America/Chicago",
            "office": {"es": "Biblioteca"},
            "city": "Chicago",
            "region": "IL",
            "country": "US",
            "attendance": "in_person",
            "place": "Biblioteca Central",
            "address": "1 Ejemplo St.",
            "languages": ["es"],
            "url": {"es": f"{self.url}/es/t/0123456789ABCDEF"},
            "updated_at": _write(starts_at - timedelta(days=10)),
        } | changes

    def make_payload(self, *entries: Payload, **changes: Any) -> Payload:
        plain = {
            "format": 1,
            "network": "Red de al lado",
            "url": self.url,
            "generated_at": _write(clock.now()),
            "workshops": list(entries),
        }
        return plain | changes

    def sign(self, payload: Payload | bytes, **header: Any) -> bytes:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        public = {name: self.key.as_dict(private=False)[name] for name in ("crv", "kty", "x")}
        protected = {
            "alg": "Ed25519", "jwk": public, "kid": self.key.thumbprint(),
            "typ": "outreach-joint+json",
        } | header  # fmt: skip
        registry = jws.JWSRegistry(algorithms=["Ed25519"])
        registry.max_payload_length = 100_000_000
        signed = jws.serialize_json(
            {"protected": protected}, body, self.key, algorithms=["Ed25519"], registry=registry
        )
        return json.dumps(signed).encode()

    def show(self, *entries: Payload, **changes: Any) -> None:
        """Answers with a signed document of these workshops."""
        self.answers["/joint.json"] = Answer(body=self.sign(self.make_payload(*entries, **changes)))


@contextmanager
def hostile_partner() -> Iterator[HostilePartner]:
    server = HostilePartner()
    with running(server):
        yield server


class _Handler(BaseHTTPRequestHandler):
    server: HostilePartner

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        answer = self.server.answers.get(self.path, Answer(404))
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        try:
            if answer.waits is not None:
                answer.waits.wait(60)
            self.wfile.write(answer.body)
        except OSError:  # the reader has gone
            return

    def log_message(self, format: str, *args: object) -> None:
        return


def _write(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
