"""A running server stores nothing about who sent a request (S08, S10): all its files, logs and
tables are searched."""

import http.client
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask import Flask, Response, request

from outreach import clock
from outreach.config import Config
from outreach.db.base import Base
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore, KeyStoreBase
from outreach.web.forms import form_token
from outreach.web.public.my_registration import recover_link
from tests.conftest import make_workshop, seat
from tests.support import server_process
from tests.support.environment import where
from tests.support.ports import free_port
from tests.support.public_urls import NOBODY, manage_token
from tests.support.registration_forms import answers

pytestmark = [
    pytest.mark.any_database("logs and columns, the same on each database"),
    pytest.mark.real_clock,
]

VISITOR: Final = "127.0.0.9"
CANARY: Final = "Canariosa"


@dataclass
class Server:
    """A running server with its files and databases."""

    port: int
    folder: Path
    config: Config
    store: Store
    key_store: KeyStore

    def request(
        self, method: str, path: str, form: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """Sends a request from the visitor's own address; returns status and Location."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, source_address=(VISITOR, 0), timeout=30
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        connection.request(method, path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, answer.headers.get("Location", "")

    def rename_table(self) -> None:
        """Renames the table of registrations, so that every page about one fails."""
        with self.store.change() as session:
            session.execute(sa.text("ALTER TABLE registration RENAME TO elsewhere"))

    def restore_table(self) -> None:
        with self.store.change() as session:
            session.execute(sa.text("ALTER TABLE elsewhere RENAME TO registration"))

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text()

    def stored_data(self) -> Iterator[tuple[str, bytes]]:
        """Yields all stored data: files, logs, and every value in the databases."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                yield path.name, path.read_bytes()
        for database, base in ((self.store, Base), (self.key_store.store, KeyStoreBase)):
            with database.read() as session:
                for table in base.metadata.sorted_tables:
                    for row in session.execute(sa.select(table)):
                        for value in row:
                            raw = value if isinstance(value, bytes) else str(value).encode()
                            yield table.name, raw


@pytest.fixture
def server(config: Config, store: Store, key_store: KeyStore, tmp_path: Path) -> Iterator[Server]:
    port = free_port()
    with _run_server(config, tmp_path, port):
        yield Server(port, tmp_path, config, store, key_store)


@contextmanager
def _run_server(config: Config, folder: Path, port: int) -> Iterator[None]:
    settings = {
        **where(config),
        "OUTREACH_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "OUTREACH_MAIL_FROM": config.mail_from,
        "OUTREACH_CONTROLLER": config.controller,
        "OUTREACH_SECRET_KEY": config.secret_key,
        "OUTREACH_LIMIT_POSTS": "20",
    }
    with server_process.running(
        ["serve", "--port", str(port), "--workers", "1"],
        f"http://127.0.0.1:{port}/es/",
        settings=settings,
        log=folder / "server.log",
    ):
        yield


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


def test_client_address_is_stored_nowhere(
    app: Flask, server: Server, key_store: KeyStore, store: Store, workshop: Workshop
) -> None:
    link = f"/es/r/{manage_token(key_store, seat(store, key_store, workshop))}"
    form = f"/es/t/{workshop.public_id}/lugar"
    paths = ["/es/", form, link, "/es/nada", "/es/cal/red.ics", "/es/salir", f"/q/{NOBODY}"]
    statuses = [server.request("GET", path)[0] for path in paths * 9]
    statuses += [server.request("POST", form, answers(app, workshop))[0] for _ in range(30)]
    statuses += [
        server.request("DELETE", form)[0],
        server.request("POST", "/org/entrar", {"x": "y"})[0],
    ]
    server.rename_table()
    statuses += [server.request(method, link)[0] for method in ("GET", "POST") * 3]
    server.restore_table()
    assert len(statuses) >= 100
    assert {200, 303, 404, 405, 429, 500} <= set(statuses)
    assert server.log, "the log is empty"

    for name, content in server.stored_data():
        assert VISITOR.encode() not in content, name
        # The address as four bytes and as a number.
        if len(content) < 64:
            assert socket.inet_aton(VISITOR) not in content, name
            assert str(int.from_bytes(socket.inet_aton(VISITOR))).encode() not in content, name


def test_no_table_has_a_column_for_a_client_address() -> None:
    columns = [
        f"{table.name}.{column.name}"
        for base in (Base, KeyStoreBase)
        for table in base.metadata.sorted_tables
        for column in table.columns
    ]
    assert len(columns) > 50
    address_column = re.compile(r"(^|_)(ip|addr|remote|peer|agent|user_agent|forwarded)(_|$)")
    assert [name for name in columns if address_column.search(name.partition(".")[2])] == []


def test_log_format_of_the_guide_has_no_client_address() -> None:
    guide = Path(__file__).parents[2] / "outreach" / "docs" / "proxy.md"
    text = guide.read_text()
    [log_format] = re.findall(r"^\s*log_format [^;]+;", text, re.MULTILINE)
    assert "remote_addr" not in log_format
    assert "forwarded" not in log_format.lower()
    assert re.search(r"^\s*error_log \S+ (crit|emerg);", text, re.MULTILINE)


def test_name_email_and_link_are_in_no_log_or_plain_column(
    app: Flask, server: Server, workshop: Workshop
) -> None:
    form = f"/es/t/{workshop.public_id}/lugar"
    email = f"{CANARY.lower()}@ejemplo.com"
    typed = answers(app, workshop, name=CANARY, contact="email", email=email)
    status, link = server.request("POST", form, typed)
    assert status == 303
    token = link.rpartition("/")[2]
    assert server.request("GET", link)[0] == 200
    fields = {"people": "2", "name": CANARY, "email": email}
    with app.app_context():
        aged_token = form_token.make(recover_link.ABOUT, now=clock.now() - timedelta(minutes=1))
    lost_link = {"email": email, "stamp": aged_token}
    statuses = [
        server.request("POST", f"{link}/cambiar", fields)[0],
        server.request("POST", f"{link}/nada", fields)[0],
        server.request("GET", f"{link}?nombre={CANARY}")[0],
        server.request("DELETE", f"{link}?nombre={CANARY}", fields)[0],
        server.request("POST", "/es/mi-registro", lost_link)[0],
        server.request("POST", form, typed | {"nonce": "x" * 22, "people": CANARY})[0],
        server.request("POST", form, typed | {"nonce": "y" * 22, "name": CANARY * 9_000})[0],
    ]
    server.rename_table()
    statuses += [
        server.request("GET", link)[0],
        server.request("POST", f"{link}/cambiar", fields)[0],
        server.request("POST", form, answers(app, workshop, name=CANARY, email=email))[0],
    ]
    server.restore_table()
    assert {200, 303, 404, 405, 413, 422, 500} <= set(statuses)
    assert "failed" in server.log, "the errors are not in the log"

    secrets = [CANARY, token, f"{email}", email.partition("@")[0]]
    for name, content in server.stored_data():
        for each in secrets:
            assert each.lower().encode() not in content.lower(), f"{each} in {name}"


@pytest.mark.long
def test_failing_error_page_logs_no_link(
    server: Server, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    token = manage_token(key_store, seat(store, key_store, workshop))
    path = f"/es/r/{token}/cambiar"
    while server.request("POST", path, {"people": "2"})[0] != 429:
        pass
    # Refused before the body is read; an error page returns the body.
    assert server.request("POST", path, {"people": "2" * 70_000})[0] == 429
    assert token not in server.log


def test_error_after_the_answer_is_logged_without_link_or_form_values(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    """The application leaves them out before `outreach/logs.py` filters the line."""

    @app.after_request
    def fail(_answer: Response) -> Response:
        raise ValueError(f"{request.path} {request.remote_addr} {CANARY}")

    app.test_client().post(
        f"/es/r/{NOBODY}/cambiar", data={"name": CANARY}, environ_base={"REMOTE_ADDR": VISITOR}
    )
    assert "POST /<lang:lang>/r/<token>/cambiar failed: ValueError" in caplog.text
    assert "Request finalizing failed" in caplog.text, "the error page must fail as well"
    assert NOBODY not in caplog.text
    assert CANARY not in caplog.text
    assert VISITOR not in caplog.text
