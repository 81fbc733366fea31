"""A workshop of today with many registrations, its server, and a network that can be cut, for the
tests of offline check-in."""

import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path

import sqlalchemy as sa

from outreach import clock
from outreach.accounts import passwords
from outreach.accounts.server_encryption import ServerEncryption
from outreach.cli.db import bring_up_to_date
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import change_sessions, registrations, workshops
from outreach.domain.checkin import checkin
from outreach.domain.checkin.checkin_events import CheckinEvent
from outreach.domain.checkin.checkin_tokens import CheckinToken
from outreach.domain.network.staff import Role, RoleAssignment, StaffMember
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore, MasterKeys
from tests.browser import second_factors
from tests.browser.second_factors import PASSWORD
from tests.conftest import kind, make_workshop, office, seat
from tests.support import server_process
from tests.support.arrivals import forget_arrivals
from tests.support.ports import free_port

TOMAS = "tomas@example.org"


@dataclass(frozen=True)
class Party:
    id: str
    name: str
    phone: str
    code: str
    token: str
    people: int


class Network:
    """A TCP proxy between the phones and the server; `cut` stops it and `mend` restarts it."""

    def __init__(self, port: int, server_port: int) -> None:
        self.port, self.server_port = port, server_port
        self._listener: socket.socket | None = None
        self._connections: list[socket.socket] = []

    def mend(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        assert self._listener is not None
        with suppress(OSError):  # wakes the thread in `accept`
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._connections:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._connections.clear()

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                phone = listener.accept()[0]
                try:
                    server = socket.create_connection(("127.0.0.1", self.server_port))
                except OSError:  # the server has not started yet
                    phone.close()
                    continue
                self._connections += [phone, server]
                for source, target in ((phone, server), (server, phone)):
                    threading.Thread(target=_forward, args=(source, target), daemon=True).start()


def _forward(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@dataclass
class OfflineWorkshop:
    """A workshop of today, its parties, and the network to the server."""

    url: str
    network: Network
    config: Config
    public_id: str
    parties: list[Party] = field(repr=False)

    @property
    def page(self) -> str:
        return f"{self.url}/org/puerta/telefono#{self.public_id}"

    def secrets(self) -> list[str]:
        """Returns what a phone must not store: names, phone numbers and entry tokens."""
        return [
            value
            for party in self.parties
            for value in (party.name, party.phone, party.phone.removeprefix("+1"), party.token)
        ]

    def reset(self) -> None:
        """Deletes all check-in events and counts on the server."""
        with self._opened() as store, store.change() as session:
            session.execute(sa.delete(CheckinEvent))
            session.execute(sa.update(CheckinToken).values(used=0))
            forget_arrivals(session)
            session.execute(sa.update(Workshop).values(walk_ins=0))

    def close_entry(self, *, is_closed: bool) -> None:
        """Closes the entry for danger, or opens it again."""
        with self._opened() as store, store.change() as session:
            workshop = workshops.find(session, self.public_id)
            if is_closed:
                workshop_service.close_for_danger(session, workshop, now=clock.now())
            else:
                workshop_service.reopen_after_danger(session, workshop, now=clock.now())

    def counts(self) -> tuple[int, int]:
        """Returns the numbers of arrived registered people and of walk-ins on the server."""
        with self._opened() as store, store.read() as session:
            workshop = workshops.find(session, self.public_id)
            return checkin.count_arrived(session, workshop), workshop.walk_ins

    @contextmanager
    def _opened(self) -> Iterator[Store]:
        """Opens the database and the key store, and closes both."""
        with (
            closing(Store(self.config.database_url)) as store,
            closing(Store(self.config.keyring_url)) as key_store_db,
        ):
            KeyStore(key_store_db, MasterKeys(self.config.keys)).attach(store)
            change_sessions.install(store)
            yield store


@contextmanager
def running(folder: Path, party_count: int, **changes: object) -> Iterator[OfflineWorkshop]:
    """Serves a workshop of today with this many parties of one to four people, and Tomás with the
    door role."""
    port, server_port = free_port(), free_port()
    config = Config(
        data=folder / "data",
        keys=folder / "keys",
        database_url=f"sqlite:///{folder / 'data' / 'outreach.db'}",
        keyring_url=f"sqlite:///{folder / 'keys' / 'keyring.db'}",
        public_url=f"http://localhost:{port}",
    )
    bring_up_to_date(config)
    public_id, parties = _create_data(config, party_count, **changes)
    network = Network(port, server_port)
    network.mend()
    settings = {
        "OUTREACH_DATA": str(config.data),
        "OUTREACH_KEYS": str(config.keys),
        "OUTREACH_PUBLIC_URL": config.public_url,
        "OUTREACH_MAIL_FROM": "talleres@example.org",
        "OUTREACH_CONTROLLER": "Red de consulados",
    }
    with server_process.running(
        ["serve", "--port", str(server_port)],
        f"{config.public_url}/es/",
        settings=settings,
        log=folder / "server.log",
    ):
        yield OfflineWorkshop(config.public_url, network, config, public_id, parties)
    network.cut()


def _create_data(config: Config, party_count: int, **changes: object) -> tuple[str, list[Party]]:
    store = Store(config.database_url)
    key_store = KeyStore(Store(config.keyring_url), MasterKeys(config.keys))
    key_store.attach(store)
    change_sessions.install(store)
    chicago, rights = office("chicago", "Chicago", "IL", "America/Chicago"), kind("derechos", "x")
    for name, value in changes.items():
        setattr(rights, name, value)
    with store.change() as session:
        session.add_all([chicago, rights])
        tomas = StaffMember(email=TOMAS, password=passwords.hash_password(PASSWORD))
        tomas.grants.append(RoleAssignment(office="chicago", role=Role.DOOR))
        session.add(tomas)
        second_factors.make(session, ServerEncryption(config.secret()), now=clock.now())
    with store.change() as session:
        workshop = make_workshop(
            session,
            chicago,
            rights,
            day=clock.now().astimezone(chicago.zone).date(),
            starts=time(23, 58),
            ends=time(23, 59),
            capacity=4 * party_count,
        )
    before = workshop.starts_at - timedelta(days=1)
    parties = [
        _create_party(store, key_store, workshop, number, before) for number in range(party_count)
    ]
    store.close()
    key_store.store.close()
    return workshop.public_id, parties


def _create_party(
    store: Store, key_store: KeyStore, workshop: Workshop, number: int, now: datetime
) -> Party:
    # A unique name, so that a search of all files finds this party only.
    name = f"Xochitzin {secrets.token_hex(4)}"
    phone = f"+1312{secrets.randbelow(10**7):07}"
    registration: Registration = seat(
        store,
        key_store,
        workshop,
        now=now,
        name=name,
        people=1 + number % 4,
        contact=ContactMethod.PHONE,
        address=phone,
    )
    token = registrations.derive_entry_token(registrations.get_key(key_store, registration))
    return Party(registration.id, name, phone, registration.door_code, token, registration.people)
