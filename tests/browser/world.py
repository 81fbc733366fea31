"""A small network on a real server, for the browser: made once, looked at by every test."""

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sqlalchemy.orm import Session

from outreach import clock
from outreach.cli.db import bring_up_to_date
from outreach.config import Config
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import planning, registrations
from outreach.domain.kinds import Kind, Visibility
from outreach.domain.workshops import Workshop
from outreach.keyring import Keyring, Masters
from tests.conftest import a_saturday, hold, kind, office, seat

SECONDS_TO_START = 30


@dataclass(frozen=True, kw_only=True)
class World:
    """Addresses of what there is, by what it is there for."""

    url: str
    quick_exit: "Weather"
    plain: str  # the public id of a workshop with places
    full: str
    cancelled: str
    discreet: str
    past: str
    seated: str  # the token of Rosa's link
    waiting: str
    entry: str  # of Rosa's square


@contextmanager
def running(folder: Path) -> Iterator[World]:
    """Makes the network in `folder` and serves it while the block runs."""
    port = _free_port()
    config = Config(
        data=folder / "data",
        keys=folder / "keys",
        database_url=f"sqlite:///{folder / 'data' / 'outreach.db'}",
        keyring_url=f"sqlite:///{folder / 'keys' / 'keyring.db'}",
        public_url=f"http://localhost:{port}",
    )
    bring_up_to_date(config)
    with _weather() as weather:
        world = _made(config, weather)
        with _serving(config, port, weather.url):
            yield world


def _made(config: Config, weather: "Weather") -> World:
    store = Store(config.database_url)
    ring = Keyring(Store(config.keyring_url), Masters(config.keys))
    with store.change() as session:
        people = _workshops(session)
    places = {name: each.public_id for name, each in people.items()}
    seat(store, ring, people["full"], name="Ana")
    waiting = seat(store, ring, people["full"], name="Luz", people=2)
    seated = seat(store, ring, people["plain"], people=2)
    with store.read() as session:
        keys = [registrations.key_of(ring, session.merge(each)) for each in (seated, waiting)]
    store.close()
    ring.store.close()
    return World(
        url=config.public_url,
        quick_exit=weather,
        seated=registrations.manage_token(keys[0]),
        waiting=registrations.manage_token(keys[1]),
        entry=registrations.entry_token(keys[0]),
        **places,
    )


def _workshops(session: Session) -> dict[str, Workshop]:
    chicago = office("chicago", "Chicago", "IL", "America/Chicago")
    calgary = office("calgary", "Calgary", "AB", "America/Edmonton", country="CA")
    session.add_all([chicago, calgary])
    kinds = _kinds()
    session.add_all(kinds.values())
    session.flush()
    rights, diagnosis, women = kinds["derechos"], kinds["diagnostico"], kinds["mujeres"]
    cancelled = hold(session, chicago, kinds["daca"], title={"es": "DACA paso a paso"})
    planning.cancel(session, cancelled, now=clock.now())
    for _ in range(3):
        hold(session, calgary, rights, languages=Codes(["en", "es"]))
    hold(session, chicago, rights, day=date(2020, 1, 31), now=datetime(2020, 1, 2, tzinfo=UTC))
    return {
        "plain": hold(session, chicago, rights, day=a_saturday(), capacity=12),
        "full": hold(session, chicago, diagnosis, title={"es": "Tu caso a solas"}, capacity=1),
        "cancelled": cancelled,
        "discreet": hold(
            session, chicago, women, title={"es": "Un espacio de confianza"}, day=a_saturday()
        ),
        "past": hold(session, chicago, diagnosis, day=date(2020, 1, 15)),
    }


def _kinds() -> dict[str, Kind]:
    women = {
        "is_discreet": True,
        "public_code": "K7QX",
        "neutral_title": {"es": "Taller", "en": "Workshop", "fr": "Atelier"},
        "retention_days": 7,
        "visibility": Visibility.REGISTERED,
        "has_reminders": False,
    }
    made = [
        kind("derechos", "Tus derechos", position=1),
        kind("diagnostico", "Diagnóstico", position=2, sign="diagnosis", pictogram="compass"),
        kind("daca", "DACA", position=3, sign="daca", pictogram="card", countries=Codes(["US"])),
        kind("mujeres", "Para mujeres", position=4, sign="women", pictogram="flower", **women),
    ]
    return {each.code: each for each in made}


@contextmanager
def _serving(config: Config, port: int, quick_exit_url: str) -> Iterator[None]:
    settings = {
        "OUTREACH_DATA": str(config.data),
        "OUTREACH_KEYS": str(config.keys),
        "OUTREACH_PUBLIC_URL": config.public_url,
        "OUTREACH_MAIL_FROM": "talleres@example.org",
        "OUTREACH_CONTROLLER": "Red de consulados",
        "OUTREACH_QUICK_EXIT_URL": quick_exit_url,
        # All tests come from one address.
        "OUTREACH_LIMIT_POSTS": "100000",
        "OUTREACH_LIMIT_LOOK_UPS": "100000",
        "OUTREACH_LIMIT_SIGN_INS": "100000",
    }
    command: list[str | Path] = [
        Path(sys.executable).with_name("outreach"),
        "serve",
        "--port",
        str(port),
    ]
    log = config.data / "server.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            command, env=os.environ | settings, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        _wait(server, f"{config.public_url}/es/", log)
        yield
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait(server: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(url):
                return
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{url} answers {error.code}:\n{log.read_text()}") from None
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the server did not start:\n{log.read_text()}")


class Weather:
    """Where the quick exit leads to: another site, that remembers what it was told."""

    def __init__(self) -> None:
        self.referers: list[str | None] = []
        self.url = ""


@contextmanager
def _weather() -> Iterator[Weather]:
    weather = Weather()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/clima":
                weather.referers.append(self.headers.get("Referer"))
            body = b"<!doctype html><title>Clima</title><link rel=icon href=data:,><p>20 grados"
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            return None

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        weather.url = f"http://127.0.0.1:{server.server_port}/clima"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield weather
        server.shutdown()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
