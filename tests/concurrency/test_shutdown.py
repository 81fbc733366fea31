"""Graceful shutdown: a server that receives SIGTERM finishes its requests, and a worker its letter.
With real processes on free ports."""

import asyncio
import http.client
import json
import multiprocessing
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask

from outreach.config import Config
from outreach.db import sqlite_write_lock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.workshops import Workshop
from outreach.interrupts import Interrupt
from outreach.keystore import KeyStore
from tests.conftest import make_workshop
from tests.faults.conftest import Outbox
from tests.faults.test_killed_worker import pid_of_worker, settings
from tests.support.ports import free_port
from tests.support.public_urls import NOBODY
from tests.support.registration_forms import answers
from tests.support.smtp_server import Postman, serve_mail

pytestmark = [
    pytest.mark.skipif(not Path("/proc/locks").exists(), reason="needs /proc of Linux"),
    pytest.mark.any_database,
    pytest.mark.real_clock,
]

TIMEOUT_SECONDS: Final = 60


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


class Server:
    """A running `outreach serve`."""

    def __init__(
        self,
        config: Config,
        log: Path,
        *arguments: str,
        mail: int,
        extra_settings: Mapping[str, str],
    ) -> None:
        self.port, self.log = free_port(), log
        environ = os.environ | settings(config, mail)
        environ |= {
            "OUTREACH_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "OUTREACH_SECRET_KEY": config.secret_key,
            "OUTREACH_LOG": "json",
        } | dict(extra_settings)
        command = [sys.executable, "-m", "outreach.cli", "serve", "--port", str(self.port)]
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [*command, *arguments], env=environ, stdout=out, stderr=out
            )
        wait_until(self.is_ready, "the server did not start")

    def is_ready(self) -> bool:
        try:
            return self.get("/es/") == 200
        except OSError:
            return False

    def get(self, path: str) -> int:
        with closing(
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        ) as connection:
            connection.request("GET", path)
            return connection.getresponse().status

    def refuses(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except (ConnectionRefusedError, ConnectionResetError):  # reset: closed just now
            return True
        return False

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        return self.process.wait(timeout=TIMEOUT_SECONDS)


@contextmanager
def run_server(
    config: Config,
    log: Path,
    *arguments: str,
    mail: int = 1,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Server]:
    server = Server(config, log, *arguments, mail=mail, extra_settings=settings)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            for each in (*children_of(server.process.pid), server.process.pid):
                os.kill(each, signal.SIGKILL)
            server.process.wait()


def wait_until(condition: object, message: str, seconds: float = 60) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, message
        time.sleep(0.02)


class PostingClient(threading.Thread):
    """A client that posts the registration form and waits for the response."""

    def __init__(self, server: Server, path: str, typed: dict[str, str]) -> None:
        super().__init__()
        self.connection = socket.create_connection(
            ("127.0.0.1", server.port), timeout=TIMEOUT_SECONDS
        )
        body = urlencode(typed).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.request = head.encode() + body
        self.status = 0

    def send(self, start: int = 0, end: int | None = None) -> None:
        self.connection.sendall(self.request[start:end])

    def has_been_read(self) -> bool:
        """Whether the server has accepted the connection and read everything sent so far."""
        # Both ports: connections to other servers may use the same local port, and their closed
        # ones stay listed for a minute.
        client_port = f":{self.connection.getsockname()[1]:04X}"
        server_port = f":{self.connection.getpeername()[1]:04X}"
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, local, remote, _, queues, *rest = line.split()
            if local.endswith(server_port) and remote.endswith(client_port):
                return queues.endswith(":00000000") and rest[4] != "0"
        return False

    def run(self) -> None:
        with self.connection, closing(http.client.HTTPResponse(self.connection)) as answer:
            answer.begin()
            answer.read()
            self.status = answer.status


def is_waiting_for_write_lock(store: Store) -> bool:
    """Whether a process waits for the write lock."""
    if store.is_sqlite:
        lock_file = Path(f"{store.engine.url.database}{sqlite_write_lock.SUFFIX}").stat()
        inode = f":{lock_file.st_ino} "
        locks = Path("/proc/locks").read_text().splitlines()
        return any("->" in line and inode in line for line in locks)
    with store.read() as session:
        query = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
        waiting_locks = sa.text(f"{query} WHERE NOT l.granted AND d.datname = current_database()")
        return bool(session.scalar(waiting_locks))


def count(store: Store) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Registration)) or 0


@pytest.mark.thorough
def test_shutdown_finishes_a_registration_in_progress(
    app: Flask, config: Config, store: Store, workshop: Workshop, tmp_path: Path
) -> None:
    with run_server(config, tmp_path / "log", "--no-mail", "--workers", "1") as server:
        path = f"/es/t/{workshop.public_id}/lugar"
        posting = PostingClient(server, path, answers(app, workshop))
        with store.change() as session:  # holds the write lock
            if not store.is_sqlite:
                session.execute(sa.text("LOCK TABLE workshop, registration IN EXCLUSIVE MODE"))
            posting.send()
            posting.start()
            wait_until(
                lambda: is_waiting_for_write_lock(store), "no process waits for the write lock"
            )
            server.stop()
            wait_until(server.refuses, "the server accepts connections while it stops")
            assert server.process.poll() is None
            assert posting.status == 0
        posting.join(TIMEOUT_SECONDS)
        assert posting.status == 303
        assert server.wait() == 0
    assert count(store) == 1


@pytest.mark.long
@pytest.mark.any_database("the processes do not depend on the database")
def test_shutdown_waits_for_the_rest_of_a_form(
    app: Flask, config: Config, store: Store, workshop: Workshop, tmp_path: Path
) -> None:
    with run_server(config, tmp_path / "log", "--no-mail", "--workers", "1") as server:
        path = f"/es/t/{workshop.public_id}/lugar"
        posting = PostingClient(server, path, answers(app, workshop))
        posting.send(0, -20)
        posting.start()
        wait_until(posting.has_been_read, "the server does not read the form")
        server.stop()
        wait_until(server.refuses, "the server accepts connections while it stops")
        posting.send(-20)
        posting.join(TIMEOUT_SECONDS)
        assert posting.status == 303
        assert server.wait() == 0
    assert count(store) == 1


@pytest.mark.long
@pytest.mark.any_database("the start does not depend on the database")
def test_server_stops_when_signalled_during_start(
    config: Config, store: Store, tmp_path: Path
) -> None:
    """The first process answers long before the last is ready."""
    with run_server(config, tmp_path / "log", "--no-mail", "--workers", "4") as server:
        server.stop()
        assert server.process.wait(timeout=15) == 0
    assert "Killing" not in server.log.read_text()


def _wait_unaware(stopped: Interrupt) -> None:
    """Waits in the main thread, which a SIGTERM that another thread gets does not interrupt: as one
    does that comes just before the wait."""
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    main = threading.get_ident()

    def is_waiting() -> bool:
        frame = sys._current_frames()[main]
        return frame.f_code is Interrupt.wait.__code__

    def take() -> None:
        while not is_waiting():
            pass
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    threading.Thread(target=take).start()
    stopped.wait()


def _be_interrupted(interrupt: Interrupt) -> None:
    """Is interrupted anywhere in its waits by a handler that ends them."""
    chance = random.Random(0)
    signal.signal(signal.SIGALRM, lambda *_: interrupt.set())
    for _ in range(300):
        signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-6, 1e-4))
        assert interrupt.wait(TIMEOUT_SECONDS)
        interrupt.clear()


@pytest.mark.any_database("signals of processes")
@pytest.mark.parametrize("wait", [_wait_unaware, _be_interrupted])
def test_process_hears_of_its_signal_wherever_that_finds_it(
    wait: Callable[[Interrupt], None],
) -> None:
    forking = multiprocessing.get_context("fork")
    process = forking.Process(target=wait, args=(Interrupt(),))
    process.start()
    try:
        process.join(TIMEOUT_SECONDS)
        assert process.exitcode == 0
    finally:
        process.kill()


# Its fork is signalled before the first line of ours runs in it.
_SIGNALLED_FORK = """
import os, signal
from outreach.cli.worker_process import stop_starting_forks
reading, writing = os.pipe()
os.register_at_fork(after_in_child=lambda: os.read(reading, 1))
signal.signal(signal.SIGTERM, lambda *_: None)
stop_starting_forks()
fork = os.fork()
if fork == 0:
    os._exit(0)
os.kill(fork, signal.SIGTERM)
os.write(writing, b"!")
print(os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1]))
"""


def test_fork_stops_when_signalled_before_it_begins() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SIGNALLED_FORK], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == -signal.SIGTERM


@pytest.mark.long  # takes half a minute
@pytest.mark.any_database("the timeout does not depend on the database")
def test_shutdown_waits_thirty_seconds_for_an_unfinished_form(
    app: Flask, config: Config, store: Store, workshop: Workshop, tmp_path: Path
) -> None:
    with run_server(config, tmp_path / "log", "--no-mail", "--workers", "1") as server:
        posting = PostingClient(server, f"/es/t/{workshop.public_id}/lugar", answers(app, workshop))
        posting.send(0, -20)
        wait_until(posting.has_been_read, "the server does not read the form")
        server.stop()
        began = time.monotonic()
        with posting.connection:
            assert server.process.wait(timeout=90) == 0
        assert 25 < time.monotonic() - began < 60  # 30, plus delays of a busy machine
    assert count(store) == 0


class SlowPostman(Postman):
    """Accepts a letter only when the test allows it."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.has_started, self.may_continue = threading.Event(), threading.Event()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.has_started.set()
        while not self.may_continue.is_set():
            await asyncio.sleep(0.02)
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture
def outbox(
    app: Flask, store: Store, key_store: KeyStore, config: Config, workshop: Workshop
) -> Outbox:
    made = Outbox(app, store, key_store, config)
    made.workshop = workshop
    return made


@pytest.mark.thorough
@pytest.mark.any_database("the processes do not depend on the database")
def test_shutdown_finishes_the_letter_in_progress_only(outbox: Outbox, tmp_path: Path) -> None:
    with serve_mail(SlowPostman(free_port())) as postman:
        assert isinstance(postman, SlowPostman)
        log = tmp_path / "log"
        with run_server(outbox.config, log, "--workers", "1", mail=postman.port) as server:
            outbox.enqueue("rosa", "luz", "ana")
            assert postman.has_started.wait(60), "no letter was sent"
            # Signal all processes at once, as systemd and a terminal do.
            os.kill(pid_of_worker(outbox.config), signal.SIGTERM)
            server.stop()
            # The server has no request in progress, but waits for the letter.
            wait_until(server.refuses, "the server accepts connections while it stops")
            assert server.process.poll() is None
            assert len(postman.letters) == 0
            postman.may_continue.set()
            assert server.wait() == 0
        assert postman.to == ["rosa@example.org"]
    assert outbox.tries == [1, 0, 0]
    assert outbox.pending == 2


@pytest.mark.long
@pytest.mark.any_database("the processes do not depend on the database")
def test_worker_stops_while_the_server_answers(
    app: Flask, outbox: Outbox, store: Store, workshop: Workshop, tmp_path: Path
) -> None:
    """The shutdown takes as long as the slower of the two, not as long as both."""
    log = tmp_path / "log"
    with run_server(outbox.config, log, "--workers", "1") as server:
        wait_until(lambda: has_worker(outbox.config), "no worker was started")
        worker = pid_of_worker(outbox.config)
        posting = PostingClient(server, f"/es/t/{workshop.public_id}/lugar", answers(app, workshop))
        posting.send(0, -20)
        posting.start()
        wait_until(posting.has_been_read, "the server does not read the form")
        server.stop()
        wait_until(lambda: not Path(f"/proc/{worker}").exists(), "the worker does not stop", 20)
        assert server.process.poll() is None
        posting.send(-20)
        posting.join(TIMEOUT_SECONDS)
        assert posting.status == 303
        assert server.wait() == 0


def has_worker(config: Config) -> bool:
    try:
        return bool(pid_of_worker(config))
    except AssertionError:
        return False


@pytest.mark.long
@pytest.mark.any_database("the processes do not depend on the database")
def test_server_log_is_one_json_line_an_event(config: Config, store: Store, tmp_path: Path) -> None:
    """Covers child processes and the messages of the server program."""
    with run_server(config, tmp_path / "log", "--no-mail", "--workers", "2") as server:
        with store.change() as session:
            session.execute(sa.text("ALTER TABLE registration RENAME TO elsewhere"))
        for _ in range(6):
            assert server.get(f"/es/r/{NOBODY}?nombre=Canariosa") == 500
        child = children_of(server.process.pid)[0]
        os.kill(child, signal.SIGKILL)  # the server logs it and starts a new process
        wait_until(lambda: "Unexpected exit" in server.log.read_text(), "the exit is not logged")
        wait_until(server.is_ready, "no process was started")
        server.stop()
        assert server.wait() in {0, 1}
        with store.change() as session:
            session.execute(sa.text("ALTER TABLE elsewhere RENAME TO registration"))
    text = server.log.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert {"outreach.web.middleware.failures", "_granian"} <= {line["logger"] for line in lines}
    # Each process says the same error once a minute.
    assert sum("/r/<token> failed" in line["event"] for line in lines) in {1, 2}
    assert NOBODY not in text
    assert "Canariosa" not in text


def children_of(pid: int) -> list[int]:
    """Returns the child processes of the server, without Python's helper processes."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == pid and b"tracker" not in command:
            found.append(int(process.name))
    return found
