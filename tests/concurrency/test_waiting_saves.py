"""Pages, tickets and polls of a real server are answered while saves wait for the database."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.cli.serve import SLOTS, THREADS
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from tests.concurrency.test_shutdown import (
    TIMEOUT_SECONDS,
    PostingClient,
    Server,
    count,
    is_waiting_for_write_lock,
    run_server,
    wait_until,
)
from tests.conftest import make_workshop
from tests.support.registration_forms import answers

pytestmark = [
    pytest.mark.skipif(not Path("/proc/locks").exists(), reason="needs /proc of Linux"),
    pytest.mark.real_clock,
]


@pytest.mark.thorough
def test_reading_waits_for_no_save(
    app: Flask, config: Config, store: Store, chicago: Office, rights: Kind, tmp_path: Path
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    path = f"/es/t/{workshop.public_id}"
    saves = (THREADS if store.is_sqlite else SLOTS) - 1
    limits = {"OUTREACH_LIMIT_POSTS": "1000"}
    with run_server(
        config, tmp_path / "log", "--no-mail", "--workers", "1", settings=limits
    ) as server:
        posting = [
            PostingClient(server, f"{path}/lugar", answers(app, workshop)) for _ in range(saves)
        ]
        with store.change() as session:  # holds the write lock
            if not store.is_sqlite:
                session.execute(sa.text("LOCK TABLE workshop, registration IN EXCLUSIVE MODE"))
            for each in posting:
                each.send()
                each.start()
            for each in posting:
                wait_until(each.has_been_read, "the server does not read a form")
            wait_until(lambda: is_waiting_for_write_lock(store), "no save waits")
            with _visiting(server):
                for read in ("/es/cal/chicago.ics", "/es/cal/red.atom", path, f"{path}/lugar"):
                    assert server.get(read) == 200, read
            assert {each.status for each in posting} == {0}, "all of them still wait"
        for each in posting:
            each.join(TIMEOUT_SECONDS)
        assert [each.status for each in posting] == [303] * saves
        server.stop()
        assert server.wait() == 0
    assert count(store) == saves
    assert "threads" not in (tmp_path / "log").read_text(), "granian's advice is left out"


@contextmanager
def _visiting(server: Server) -> Iterator[None]:
    """Another visitor opens a page five times a second.

    granian 2.8 starts a thread for a request that finds none idle, but counts one that is just
    taking a request as idle (`BlockingRunnerPool.run`). A request that arrives in that moment has
    no thread until the next one arrives or another one is answered, and here all others wait."""
    is_over = threading.Event()

    def visit() -> None:
        while not is_over.wait(0.2):
            assert server.get("/es/") == 200

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        yield
    finally:
        is_over.set()
        visitor.join(TIMEOUT_SECONDS)
