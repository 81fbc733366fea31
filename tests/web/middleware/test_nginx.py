"""nginx with a cache in front, as the guide's page *proxy* sets it up: the real nginx, the real
server, and what each of them says, keeps and forgets."""

import gzip
import http.client
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import pytest
from flask import Flask

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import hold, seat
from tests.support import nginx, server_process
from tests.support.environment import where
from tests.support.nginx import NAME, Answer, Proxy
from tests.support.ports import free_port
from tests.support.registration_forms import answers, everyone, link_of

pytestmark = pytest.mark.long

VISITOR: Final = "127.0.0.9"
FEED: Final = "/es/cal/chicago.ics"
KEPT: Final = 1  # seconds; the guide has 29
SQUEEZED: Final = {"Accept-Encoding": "br, gzip;q=0.8"}


@pytest.fixture
def server(config: Config, store: Store) -> Iterator[int]:
    port = free_port()
    with _serving(config, port):
        yield port


@contextmanager
def _serving(config: Config, port: int) -> Iterator[None]:
    settings = {
        **where(config),
        "OUTREACH_PUBLIC_URL": f"https://{NAME}",
        "OUTREACH_TRUSTED_PROXIES": "1",
        "OUTREACH_MAIL_FROM": config.mail_from,
        "OUTREACH_CONTROLLER": config.controller,
        "OUTREACH_SECRET_KEY": config.secret_key,
        "OUTREACH_LIMIT_POSTS": "5",
    }
    with server_process.running(
        ["serve", "--port", str(port), "--workers", "1", "--no-mail"],
        f"http://127.0.0.1:{port}/es/",
        settings=settings,
        log=config.data / "server.log",
    ):
        yield


@pytest.fixture
def front(server: int, tmp_path: Path) -> Iterator[Proxy]:
    with nginx.nginx(tmp_path / "nginx", server, keeps=f"{KEPT}s") as made:
        yield made


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return hold(session, chicago, rights)


def test_the_second_who_asks_for_a_calendar_is_answered_by_nginx(
    front: Proxy, workshop: Workshop
) -> None:
    first, second = front.ask(FEED), front.ask(FEED)
    assert front.cache_statuses == ["MISS", "HIT"]
    assert first.body == second.body
    assert workshop.public_id.encode() in first.body.replace(b"\r\n ", b"")
    assert _lasting(first) == _lasting(second)


def test_two_encodings_are_kept_however_programs_spell_them(
    front: Proxy, workshop: Workshop
) -> None:
    ways = ["gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.8", "GZIP", "deflate,gzip"]
    plain_ways = ["", "identity", "br", "gzip;q=0", "gzip; q=0.0, br"]
    squeezed = [front.ask(FEED, headers={"Accept-Encoding": way}) for way in ways]
    plain = [front.ask(FEED, headers={"Accept-Encoding": way}) for way in plain_ways]
    assert front.cache_statuses == ["MISS", *["HIT"] * 4, "MISS", *["HIT"] * 4]
    assert {answer.headers["Content-Encoding"] for answer in squeezed} == {"gzip"}
    assert {answer.headers["Content-Encoding"] for answer in plain} == {None}
    assert {gzip.decompress(answer.body) for answer in squeezed} == {plain[0].body}
    assert {answer.body for answer in plain} == {plain[0].body}
    assert {answer.headers["Vary"] for answer in (*squeezed, *plain)} == {"Accept-Encoding"}


def test_a_program_that_has_the_calendar_is_told_so_by_nginx(
    front: Proxy, workshop: Workshop
) -> None:
    first = front.ask(FEED, headers=SQUEEZED)
    for known in (
        {"If-None-Match": first.headers["ETag"]},
        {"If-None-Match": f'"other", {first.headers["ETag"].removeprefix("W/")}'},
        {"If-Modified-Since": first.headers["Last-Modified"]},
    ):
        for encoding in ({}, SQUEEZED):
            again = front.ask(FEED, headers=known | encoding)
            assert (again.status, again.body) == (304, b"")
            assert again.headers["ETag"] == first.headers["ETag"]
            assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    head = front.ask(FEED, "HEAD", headers=SQUEEZED)
    assert (head.status, head.body) == (200, b"")
    assert set(front.cache_statuses) == {"MISS", "HIT"}


def test_a_change_is_seen_when_the_stated_time_is_over(
    front: Proxy, store: Store, workshop: Workshop
) -> None:
    before = front.ask(FEED, headers=SQUEEZED)
    with store.change() as session:
        workshop_service.cancel(session, session.merge(workshop), now=clock.now())
    saved_at = time.monotonic()
    while (after := front.ask(FEED, headers=SQUEEZED)).headers["ETag"] == before.headers["ETag"]:
        # nginx counts in whole seconds.
        assert time.monotonic() < saved_at + KEPT + 1
        time.sleep(0.02)
    assert b"STATUS:CANCELLED" in gzip.decompress(after.body)
    assert "STALE" not in front.cache_statuses
    assert "UPDATING" not in front.cache_statuses


def test_who_asks_after_a_quiet_night_gets_what_is_true_now(
    front: Proxy, store: Store, workshop: Workshop
) -> None:
    front.ask(FEED)
    with store.change() as session:
        workshop_service.cancel(session, session.merge(workshop), now=clock.now())
    time.sleep(KEPT + 1)  # as short as a night can be
    assert b"STATUS:CANCELLED" in front.ask(FEED).body


def test_nothing_new_is_heard_from_our_server_without_the_calendar_being_sent(
    front: Proxy, workshop: Workshop
) -> None:
    first = front.ask(FEED)
    until = time.monotonic() + 4
    while "REVALIDATED" not in front.cache_statuses and time.monotonic() < until:
        again = front.ask(FEED)
        assert (again.status, again.body) == (200, first.body)
        time.sleep(0.05)
    assert {*front.cache_statuses} == {"MISS", "HIT", "REVALIDATED"}
    assert front.cache_statuses.count("MISS") == 1


def test_only_what_is_the_same_for_everybody_is_kept(
    app: Flask, front: Proxy, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    link = link_of(key_store, seat(store, key_store, workshop))
    page = f"/es/t/{workshop.public_id}"
    private = [link, f"{link}/cambiar", f"{page}/lugar", "/org/", "/org/entrar", f"{page}.ics"]
    for path in (*private, "/", page, FEED, "/es/cal/nada.ics", "/es/nada") * 2:
        front.ask(path, headers=SQUEEZED)
    assert {address.partition(" ")[0] for address in front.stored()} == {page, FEED}
    secret = link.rpartition("/")[2].encode()
    assert [path for path, text in front.written() if secret in text] == []


def test_who_is_signed_in_is_answered_by_our_server(front: Proxy, workshop: Workshop) -> None:
    for _ in range(2):
        front.ask(f"/es/t/{workshop.public_id}", headers={"Cookie": "outreach=x"})
    front.ask("/org/entrar")
    assert front.cache_statuses == ["BYPASS", "BYPASS", "-"]
    assert front.stored() == []


def test_a_place_is_saved_through_nginx_and_each_visitor_counts_alone(
    app: Flask, front: Proxy, store: Store, workshop: Workshop
) -> None:
    statuses = {
        visitor: [_post(app, front, workshop, visitor).status for _ in range(6)]
        for visitor in (VISITOR, "127.0.0.8")
    }
    assert statuses == {visitor: [*[303] * 5, 429] for visitor in statuses}
    assert len(everyone(store)) == 10
    # What somebody writes into the header themselves does not make them another.
    cache_statuses = {"X-Forwarded-For": "127.0.0.77"}
    assert _post(app, front, workshop, VISITOR, **cache_statuses).status == 429


def test_a_file_of_ten_megabytes_comes_through_where_organizers_bring_them_and_nowhere_else(
    front: Proxy,
) -> None:
    file = "x" * (10 * 1024 * 1024)
    assert front.ask("/org/traer", "POST", body=file).status not in {413, 500, 502}
    for path in ("/es/mi-registro", "/org/entrar", "/org/talleres/nuevo"):
        assert front.ask(path, "POST", body=file[: 200 * 1024]).status == 413
    assert [path for path, text in front.written() if b"xxxx" in text] == []


def test_nginx_writes_down_no_visitor_and_no_form(
    app: Flask, front: Proxy, store: Store, workshop: Workshop
) -> None:
    _post(app, front, workshop, VISITOR, name="Canariosa" * 3_000)
    for path in ("/es/", FEED, "/es/nada", f"/es/t/{workshop.public_id}"):
        front.ask(path, visitor=VISITOR)
    with socket.create_connection(("127.0.0.1", front.port), 5, (VISITOR, 0)) as line:
        line.sendall(b"GET / HTTP/1.1\r\n\r\n")  # no TLS at all
        line.recv(1000)
    assert len(front.cache_statuses) >= 5
    for file, text in front.written():
        assert VISITOR.encode() not in text, file
        assert b"Canariosa" not in text, file
        assert file.parent.name != "log" or b"/es/" not in text, file


def test_another_name_is_not_answered(front: Proxy) -> None:
    with pytest.raises(ssl.SSLError):
        front.ask("/es/", name="other.example.org")
    asking = http.client.HTTPConnection("127.0.0.1", front.plain_port, timeout=10)
    asking.request("GET", "/es/", headers={"Host": "other.example.org"})
    with pytest.raises(http.client.RemoteDisconnected):
        asking.getresponse()
    asking.close()
    # A secure line to our name, and another in the request.
    with pytest.raises(http.client.RemoteDisconnected):
        front.ask("/es/", headers={"Host": "other.example.org"})


def test_who_comes_without_https_is_sent_on(front: Proxy) -> None:
    asking = http.client.HTTPConnection("127.0.0.1", front.plain_port, timeout=10)
    asking.request("GET", "/es/?tipo=K7QX", headers={"Host": NAME})
    answer = asking.getresponse()
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{NAME}/es/?tipo=K7QX")
    asking.close()


def test_it_speaks_http_2(front: Proxy) -> None:
    front.context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", front.port), 5) as line,
        front.context.wrap_socket(line, server_hostname=NAME) as secure,
    ):
        assert secure.selected_alpn_protocol() == "h2"


def test_no_header_stands_there_twice(front: Proxy, workshop: Workshop) -> None:
    for path in ("/es/", FEED, "/org/entrar", "/es/nada", f"/es/t/{workshop.public_id}"):
        for answer in (front.ask(path, headers=SQUEEZED), front.ask(path, headers=SQUEEZED)):
            names = [name.lower() for name in answer.headers]
            assert sorted(names) == sorted(set(names)), path
            assert "strict-transport-security" in names, path


def test_while_our_server_is_away_calendars_stay_and_the_rest_says_so(
    config: Config, store: Store, workshop: Workshop, tmp_path: Path
) -> None:
    port = free_port()
    with nginx.nginx(tmp_path / "nginx", port, keeps=f"{KEPT}s") as front:
        away = front.ask(FEED)
        assert away.status == 503
        assert away.body.decode().startswith("El sitio vuelve en unos minutos.")
        assert away.headers["Cache-Control"] == "no-store"
        with _serving(config, port):
            there = front.ask(FEED)
            assert there.status == 200
        until = time.monotonic() + 4
        while "STALE" not in front.cache_statuses and time.monotonic() < until:
            again = front.ask(FEED)
            assert (again.status, again.body) == (200, there.body)
            time.sleep(0.05)
        assert "STALE" in front.cache_statuses
        assert front.ask("/es/mi-registro").status == 503


def test_the_guides_command_prints_the_whole_file() -> None:
    command = next(
        line.strip().partition(" > ")[0]
        for line in nginx.CHAPTER.read_text().splitlines()
        if "outreach guide proxy " in line
    )
    said = subprocess.run(
        [sys.executable, "-m", "outreach.cli", *command.split()[1:]],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said == nginx.of_the_guide()
    assert said.startswith("# Outreach behind nginx.")


def _post(
    app: Flask, front: Proxy, workshop: Workshop, visitor: str, name: str = "Rosa", **headers: str
) -> Answer:
    return front.ask(
        f"/es/t/{workshop.public_id}/lugar",
        "POST",
        body=urlencode(answers(app, workshop, name=name)),
        headers={"Content-Type": "application/x-www-form-urlencoded"} | headers,
        visitor=visitor,
    )


def _lasting(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "Date"}
