"""Forms that arrive slowly, or never, at a server without a proxy in front."""

import io
import queue
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from flask import Flask
from werkzeug.exceptions import ClientDisconnected, ServiceUnavailable

from outreach.cli import request_bodies
from outreach.cli.request_bodies import READ_BEFORE_BYTES, SILENT_SECONDS, RequestBodies
from outreach.cli.serve import THREADS
from outreach.config import Config
from outreach.db.store import Store
from outreach.db.work_slots import PEOPLE, Slots, WorkSlots
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from tests.concurrency.test_shutdown import PostingClient, Server, count, run_server, wait_until
from tests.conftest import make_workshop
from tests.support.registration_forms import answers

pytestmark = [
    pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs /proc of Linux"),
    pytest.mark.any_database("no body has arrived where a database is asked"),
    pytest.mark.real_clock,
]

TIMEOUT_SECONDS: Final = 30
UNFINISHED: Final = THREADS * 2
_HEAD: Final = "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{size}\r\n\r\n"
_TYPE: Final = "Content-Type: application/x-www-form-urlencoded\r\n"


@contextmanager
def unfinished_posts(server: Server, path: str, size: str, number: int) -> Iterator[None]:
    with ExitStack() as stack:
        head = _HEAD.format(path=path, port=server.port, size=_TYPE + size)
        for _ in range(number):
            made = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            made.sendall(head.encode() + b"5\r\nname=")
        yield


@pytest.mark.thorough
@pytest.mark.parametrize("size", ["Content-Length: 900", "Transfer-Encoding: chunked"])
def test_unfinished_forms_stop_nobody(
    app: Flask,
    config: Config,
    store: Store,
    chicago: Office,
    rights: Kind,
    tmp_path: Path,
    size: str,
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    path = f"/es/t/{workshop.public_id}/lugar"
    with run_server(config, tmp_path / "log", "--no-mail", "--workers", "1") as server:
        slow = PostingClient(server, path, answers(app, workshop, name="Lenta"))
        slow.send(0, -30)
        with unfinished_posts(server, path, size, UNFINISHED):
            began = time.monotonic()
            for page in ("/es/", f"/es/t/{workshop.public_id}", "/es/cal/red.ics"):
                assert server.get(page) == 200
            posting = PostingClient(server, path, answers(app, workshop))
            posting.send()
            posting.run()
            assert posting.status == 303
            assert time.monotonic() - began < 10
            for place in range(-30, 0):  # a slow phone: byte by byte
                slow.send(place, place + 1 or None)
                wait_until(slow.has_been_read, "the server does not read the form")
            slow.run()
            assert slow.status == 303
        server.stop()
        assert server.wait() == 0
    assert count(store) == 2


@pytest.mark.long
def test_silent_form_is_closed_when_another_comes(
    app: Flask, config: Config, store: Store, chicago: Office, rights: Kind, tmp_path: Path
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    path = f"/es/t/{workshop.public_id}/lugar"
    with run_server(config, tmp_path / "log", "--no-mail", "--workers", "1") as server:
        silent = PostingClient(server, path, answers(app, workshop, name="Lenta"))
        silent.send(0, -30)
        wait_until(silent.has_been_read, "the server does not read the form")
        silent.connection.settimeout(SILENT_SECONDS + TIMEOUT_SECONDS)

        def is_closed() -> bool:
            posting = PostingClient(server, path, {"name": "Rosa"})
            posting.send()
            posting.run()
            return not silent.has_been_read()

        wait_until(is_closed, "the connection is still open", SILENT_SECONDS + TIMEOUT_SECONDS)
        silent.connection.close()
    assert count(store) == 0


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a connection: ours first."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname())
        ours, _address = listener.accept()
        with closing(theirs), closing(ours):
            yield ours, theirs


def is_open(theirs: socket.socket) -> bool:
    theirs.settimeout(0.05)
    try:
        return theirs.recv(1) != b""
    except TimeoutError:
        return True


def test_only_silent_connections_of_that_address_and_port_are_closed(
    connection: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = connection
    port = str(ours.getsockname()[1])
    theirs.sendall(b"name=")
    assert ours.recv(5) == b"name="
    for source, seconds in (
        (("127.0.0.1", port), SILENT_SECONDS),  # it sent something a moment ago
        (("127.0.0.1", "1"), -1),  # as to a database on the same machine
        (("192.0.2.1", port), -1),
    ):
        request_bodies.close_silent_connections({source}, seconds)
        assert is_open(theirs), source
    request_bodies.close_silent_connections({("127.0.0.1", port)}, -1)
    assert not is_open(theirs)


def read_all(environ: Any, _respond: Any) -> Iterable[bytes]:
    return [environ["wsgi.input"].read()]


def respond(*_arguments: Any) -> Any:
    return None


def environ_of(stream: Any, **more: str) -> Any:
    return {"PATH_INFO": "/", "REMOTE_ADDR": "192.0.2.1", "SERVER_PORT": "80"} | {
        "wsgi.input": stream,
        **more,
    }


@pytest.mark.parametrize("size", [1, READ_BEFORE_BYTES, READ_BEFORE_BYTES + 1, 300_000])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_body_arrives_as_it_was_sent(size: int, is_chunked: bool) -> None:
    sent = bytes(range(256)) * (size // 256) + b"!" * (size % 256)
    head = {"HTTP_TRANSFER_ENCODING": "chunked"} if is_chunked else {"CONTENT_LENGTH": str(size)}
    answer = RequestBodies(read_all, 1)(environ_of(io.BytesIO(sent), **head), respond)
    assert b"".join(answer) == sent


def test_request_without_a_body_is_not_read() -> None:
    stream = io.BytesIO(b"of the next request")
    RequestBodies(lambda *_: [], 1)(environ_of(stream), respond)
    assert stream.tell() == 0


@pytest.mark.parametrize("size", [100, READ_BEFORE_BYTES + 100])
def test_body_that_ends_early_is_no_form(size: int) -> None:
    stream = io.BytesIO(b"name=Rosa")
    with pytest.raises(ClientDisconnected):
        RequestBodies(read_all, 1)(environ_of(stream, CONTENT_LENGTH=str(size)), respond)


class StuckStream:
    """A body that arrives when the test allows it."""

    def __init__(self) -> None:
        self.is_read, self.may_end = threading.Event(), threading.Event()

    def read(self, size: int) -> bytes:
        self.is_read.set()
        self.may_end.wait(TIMEOUT_SECONDS)
        return b"x" * size


def test_large_body_is_read_without_a_slot() -> None:
    slots, stream, answers_of = Slots(1, 1), StuckStream(), queue.Queue[Iterable[bytes]]()
    server = RequestBodies(WorkSlots(read_all, slots), 2)
    size = str(READ_BEFORE_BYTES + 1)
    environ = environ_of(stream, CONTENT_LENGTH=size)
    thread = threading.Thread(target=lambda: answers_of.put(server(environ, respond)))
    thread.start()
    assert stream.is_read.wait(TIMEOUT_SECONDS)
    has_slot = threading.Event()  # another request has one meanwhile

    def take() -> None:
        slots.acquire(PEOPLE)
        has_slot.set()

    threading.Thread(target=take, daemon=True).start()
    is_given = has_slot.wait(TIMEOUT_SECONDS / 3)
    stream.may_end.set()
    thread.join(TIMEOUT_SECONDS)
    assert is_given
    assert len(b"".join(answers_of.get_nowait())) == READ_BEFORE_BYTES + 1


def test_body_beyond_the_limit_is_asked_to_come_again() -> None:
    stream = StuckStream()
    server = RequestBodies(read_all, 1, max_unfinished=1)
    thread = threading.Thread(target=server, args=(environ_of(stream, CONTENT_LENGTH="9"), respond))
    thread.start()
    assert stream.is_read.wait(TIMEOUT_SECONDS)
    with pytest.raises(ServiceUnavailable) as refused:
        server(environ_of(io.BytesIO(b"name=Rosa"), CONTENT_LENGTH="9"), respond)
    assert refused.value.retry_after
    # Who sends no body is answered.
    assert list(server(environ_of(io.BytesIO()), respond)) == [b""]
    stream.may_end.set()
    thread.join(TIMEOUT_SECONDS)
