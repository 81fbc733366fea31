"""Letters a second: a delivery round of the worker, with claiming, decryption and rendering,
against a smtplib loop that sends one ready letter to the same server."""

import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from statistics import median
from time import perf_counter

from flask import Flask

from outreach import clock
from outreach.app import create_app
from outreach.cli.db import bring_up_to_date
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.network import installation_settings, kinds, offices
from outreach.domain.registrations import ContactMethod, RegistrationData
from outreach.keystore import KeyStore
from outreach.mail import delivery
from outreach.mail.delivery_round import deliver
from tests.conftest import kind, make_workshop, office

_SINK = """
import asyncio, sys
from aiosmtpd.smtp import SMTP
class Sink:
    async def handle_DATA(self, server, session, envelope):
        return "250 OK"
async def main():
    loop = asyncio.get_running_loop()
    factory = lambda: SMTP(Sink(), loop=loop, command_call_limit=None)
    server = await loop.create_server(factory, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()
asyncio.run(main())
"""


def rates(folder: Path, *, count: int = 1000, repetitions: int = 3) -> tuple[float, float, float]:
    """The letters a second of the worker, of the bare loop, and the median of their ratios."""
    app = _app(folder)
    pairs = []
    with _sink() as port:
        for _ in range(repetitions):
            _enqueue(app, count)
            pairs.append((_measure_worker(app, port, count), _measure_bare(port, count)))
    ours, bare = (median(each) for each in zip(*pairs, strict=True))
    return ours, bare, median(one / other for one, other in pairs)


def _measure_worker(app: Flask, port: int, count: int) -> float:
    config = replace(app.extensions["outreach_config"], smtp_url=f"smtp://127.0.0.1:{port}")
    transport = delivery.letter_transport(config)
    assert transport is not None
    store, key_store = app.extensions["outreach_store"], app.extensions["outreach_key_store"]
    started_at, sent = perf_counter(), 0
    with app.app_context():
        while sent < count:
            sent += deliver(
                delivery.letter_outlets(store, key_store, config, transport), now=clock.now()
            )
    return count / (perf_counter() - started_at)


def _measure_bare(port: int, count: int) -> float:
    letter = EmailMessage()
    letter["From"], letter["To"] = "talleres@example.org", "rosa@example.org"
    letter["Subject"] = "Tu lugar: sábado 28 de noviembre, 10:00 a. m."
    letter.set_content("Tu lugar está apartado.\n" * 20, cte="quoted-printable")
    started_at = perf_counter()
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as server:
        for _ in range(count):
            server.send_message(letter)
    return count / (perf_counter() - started_at)


def _app(folder: Path) -> Flask:
    config = Config.from_environ(
        {
            "OUTREACH_DATA": str(folder / "mail" / "data"),
            "OUTREACH_KEYS": str(folder / "mail" / "keys"),
            "OUTREACH_MAIL_FROM": "talleres@example.org",
        }
    )
    bring_up_to_date(config)
    app = create_app(config)
    store: Store = app.extensions["outreach_store"]
    with store.change() as session:
        installation_settings.set_calendar_host(session, "talleres.example.org")
        session.add(office("chicago", "Chicago", "IL", "America/Chicago"))
        session.add(kind("derechos", "Tus derechos"))
    return app


def _enqueue(app: Flask, count: int) -> None:
    """Registers that many people, each with a letter due."""
    store: Store = app.extensions["outreach_store"]
    key_store: KeyStore = app.extensions["outreach_key_store"]
    now = clock.now()
    with store.change() as session:
        chicago, rights = offices.find(session, "chicago"), kinds.find(session, "derechos")
        workshop = make_workshop(session, chicago, rights, capacity=count)
    parties = [
        RegistrationData(
            name="Rosa", contact=ContactMethod.EMAIL, address=f"rosa{number}@example.org"
        )
        for number in range(count)
    ]
    sealed = [registrations.prepare(key_store, workshop, each) for each in parties]
    with store.change() as session:
        for party, registration in zip(parties, sealed, strict=True):
            registrations.register(session, workshop, party, registration, registration.id, now=now)


@contextmanager
def _sink() -> Iterator[int]:
    """Runs aiosmtpd in a separate process, where it drops every letter; yields its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", _SINK, str(port)])
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)
