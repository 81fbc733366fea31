"""HTTP responses of feeds: headers, validation, compression and errors."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from outreach import cli, clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import change_sessions, workshops
from outreach.domain.calendar.change_counters import ChangeCounter
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from tests.conftest import LONG_AGO, make_workshop
from tests.support.feed_reader import events_of

pytestmark = pytest.mark.any_database("headers of feeds")

FEED = "/es/cal/chicago.ics"


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    """A workshop in a feed whose last change is long past."""
    with store.change() as session:
        stored_workshop = make_workshop(session, chicago, rights)
    with store.change() as session:
        session.execute(sa.update(ChangeCounter).values(changed_at=LONG_AGO))
    return stored_workshop


def move(store: Store, workshop: Workshop) -> None:
    with store.change() as session:
        stored = workshops.find(session, workshop.public_id)
        data = workshop_service.get_data(stored)
        an_hour_later = replace(data, starts=data.starts.replace(hour=data.starts.hour + 1))
        workshop_service.change(session, stored, an_hour_later, now=clock.now())


def test_feed_has_the_headers_for_calendar_programs(
    client: FlaskClient, workshop: Workshop
) -> None:
    answer = client.get(FEED)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'inline; filename="talleres-chicago.ics"'
    assert answer.headers["Cache-Control"] == "public, max-age=900"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["ETag"].startswith('W/"')
    assert parsedate_to_datetime(answer.headers["Last-Modified"]) <= clock.now()
    assert "Set-Cookie" not in answer.headers
    assert answer.data.startswith(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
    assert int(answer.headers["Content-Length"]) == len(answer.data)


@pytest.mark.parametrize(
    "tags", ["{tag}", "{strong}", '"other", {tag}', '"a",W/"b",{strong} , "c"', "*"]
)
def test_conditional_request_is_not_modified(
    client: FlaskClient, workshop: Workshop, tags: str
) -> None:
    tag = client.get(FEED).headers["ETag"]
    header = tags.format(tag=tag, strong=tag.removeprefix("W/"))
    for send in (client.get, client.head):
        answer = send(FEED, headers={"If-None-Match": header, "Accept-Encoding": "gzip"})
        assert answer.status_code == 304
        assert answer.data == b""
        assert answer.headers["ETag"] == tag
        assert answer.headers["Cache-Control"] == "public, max-age=900"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert "Content-Encoding" not in answer.headers


def test_change_is_sent_with_a_new_etag(
    client: FlaskClient, store: Store, workshop: Workshop
) -> None:
    before = client.get(FEED)
    move(store, workshop)
    after = client.get(FEED, headers={"If-None-Match": before.headers["ETag"]})

    assert after.status_code == 200
    assert after.headers["ETag"] != before.headers["ETag"]
    assert b"T190000" in after.data


def test_changes_within_one_second_have_different_etags(
    client: FlaskClient, store: Store, workshop: Workshop, chicago: Office, rights: Kind
) -> None:
    tags = set()
    for _ in range(3):
        with store.change() as session:
            make_workshop(session, chicago, rights, now=clock.now())
        answer = client.get(FEED)
        tags.add(answer.headers["ETag"])
        revalidated = client.get(
            FEED, headers={"If-Modified-Since": answer.headers["Last-Modified"]}
        )
        assert revalidated.status_code == 200, "another change may follow in the same second"
    assert len(tags) == 3


def test_registration_does_not_change_a_feed(
    client: FlaskClient, store: Store, workshop: Workshop
) -> None:
    before = client.get(FEED)
    with store.change() as session:
        workshops.find(session, workshop.public_id).seats_left -= 1
    after = client.get(FEED, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 304
    assert client.get(FEED).headers["Last-Modified"] == before.headers["Last-Modified"]


def test_if_modified_since(client: FlaskClient, workshop: Workshop) -> None:
    last = client.get(FEED).headers["Last-Modified"]
    day_before = format_datetime(parsedate_to_datetime(last) - timedelta(days=1), usegmt=True)

    def status(**headers: str) -> int:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.get(FEED, headers=names).status_code

    assert status(If_Modified_Since=last) == 304
    assert status(If_Modified_Since=day_before) == 200
    assert status(If_Modified_Since="el martes pasado") == 200
    assert status(If_Modified_Since=last, If_None_Match='"another"') == 200, "ETag takes precedence"


def test_last_modified_rises_when_a_workshop_leaves_the_feed(
    client: FlaskClient, store: Store, workshop: Workshop
) -> None:
    before = client.get(FEED).headers["Last-Modified"]
    with store.change() as session:
        stored = workshops.find(session, workshop.public_id)
        data = replace(workshop_service.get_data(stored), way=Way.UNLISTED)
        workshop_service.change(session, stored, data, now=clock.now())
    after = client.get(FEED, headers={"If-Modified-Since": before})
    assert after.status_code == 200
    assert b"BEGIN:VEVENT" not in after.data


@pytest.mark.parametrize(
    ("accepts", "is_compressed"),
    [
        ("gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("br;q=1.0, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("identity", False),
        ("br", False),
        (None, False),
    ],
)
def test_feed_is_compressed_only_if_accepted(
    client: FlaskClient, workshop: Workshop, accepts: str | None, is_compressed: bool
) -> None:
    plain = client.get(FEED)
    answer = client.get(FEED, headers={"Accept-Encoding": accepts} if accepts else {})

    assert ("Content-Encoding" in answer.headers) == is_compressed
    body = gzip.decompress(answer.data) if is_compressed else answer.data
    assert body == plain.data
    assert answer.headers["ETag"] == plain.headers["ETag"]
    assert answer.headers["Vary"] == "Accept-Encoding"


def test_compression_of_feeds_can_be_disabled(
    make_app: Callable[..., Flask], workshop: Workshop
) -> None:
    answer = make_app(plain_feeds=True).test_client().get(FEED, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers
    assert answer.data.startswith(b"BEGIN:VCALENDAR")


def test_server_error_of_a_feed_is_plain_text(
    make_app: Callable[..., Flask], store: Store, workshop: Workshop
) -> None:
    client = make_app().test_client()
    with store.change() as session:
        session.execute(sa.text("ALTER TABLE change_counter RENAME TO gone"))
    try:
        answer = client.get(FEED)
    finally:
        with store.change() as session:
            session.execute(sa.text("ALTER TABLE gone RENAME TO change_counter"))
    assert (answer.status_code, answer.mimetype) == (500, "text/plain")
    assert answer.text.count("\n") == 1
    assert "change_counter" not in answer.text
    assert client.get(FEED).status_code == 200, "after the table is back"


def test_head_has_the_headers_of_get(client: FlaskClient, workshop: Workshop) -> None:
    for headers in ({}, {"Accept-Encoding": "gzip"}):
        full, bare = client.get(FEED, headers=headers), client.head(FEED, headers=headers)
        assert bare.data == b""
        assert dict(bare.headers) == dict(full.headers)


@pytest.mark.parametrize("path", [FEED, "/es/cal/red.ics"])
def test_post_to_a_feed_is_not_allowed(client: FlaskClient, workshop: Workshop, path: str) -> None:
    answer = client.post(path)
    assert answer.status_code == 405
    assert answer.mimetype == "text/plain"
    assert answer.text.count("\n") == 1
    assert {"GET", "HEAD"} <= set(answer.headers["Allow"].split(", "))


def test_every_program_gets_the_same_bytes(client: FlaskClient, workshop: Workshop) -> None:
    bodies = {
        client.get(FEED, headers=headers).data
        for headers in (
            {"User-Agent": "Thunderbird", "Accept": "text/calendar,text/plain;q=0.8"},
            {"User-Agent": "iOS/19 dataaccessd/1.0", "Accept-Language": "fr"},
            {"Accept": "text/html", "Accept-Language": "en"},
        )
    }
    bodies.add(client.get(f"{FEED}?utm_source=boletin&tipo=").data)
    assert len(bodies) == 1


def test_the_language_is_in_the_address(client: FlaskClient, workshop: Workshop) -> None:
    titles = {
        str(events_of(client.get(f"/{lang}/cal/chicago.ics").data)[0]["SUMMARY"])
        for lang in ("es", "en", "fr")
    }
    assert titles == {"Conoce tus derechos", "Know your rights", "Vos droits"}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/es/cal/atlantida.ics", "atlantida"),
        ("/es/cal/chicago.ics?tipo=baile", "baile"),
        ("/es/cal/red.ics?tipo=derechos&tipo=baile", "baile"),
        ("/es/cal/red.ics?idioma=klingon", "klingon"),
        ("/es/cal/red.ics?donde=Narnia", "Narnia"),
        ("/es/cal/red.ics?modalidad=sueño", "sueño"),
        ("/es/t/0123456789.ics", ""),
    ],
)
def test_unknown_feed_is_404_in_one_sentence(
    client: FlaskClient, workshop: Workshop, path: str, name: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.mimetype == "text/plain"
    assert name in answer.text
    assert answer.text.count("\n") == 1
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_feed_of_a_closed_office_still_answers(
    client: FlaskClient, store: Store, chicago: Office, workshop: Workshop
) -> None:
    with store.change() as session:
        session.merge(chicago).closed_on = clock.now().date() - timedelta(days=400)
    assert client.get(FEED).status_code == 200


def test_ics_file_of_one_workshop(client: FlaskClient, workshop: Workshop) -> None:
    answer = client.get(f"/es/t/{workshop.public_id}.ics")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=900"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    [alone] = events_of(answer.data)
    [in_feed] = events_of(client.get(FEED).data)
    assert alone.to_ical() == in_feed.to_ical()


def test_draft_has_no_ics_file(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        draft = make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT)
    assert client.get(f"/es/t/{draft.public_id}.ics").status_code == 404


def test_feed_command_writes_the_bytes_that_the_web_serves(
    client: FlaskClient,
    config: Config,
    workshop: Workshop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {
        "DATA": config.data,
        "KEYS": config.keys,
        "DATABASE_URL": config.database_url,
        "KEYRING_URL": config.keyring_url,
        "PUBLIC_URL": config.public_url,
    }.items():
        monkeypatch.setenv(f"OUTREACH_{name}", str(value))
    file = tmp_path / "chicago.ics"
    arguments = ["feed", "--office", "chicago", "--kind", "derechos", "--lang", "en"]
    to_file = CliRunner().invoke(cli.main, [*arguments, "-o", str(file)])
    to_stdout = CliRunner().invoke(cli.main, arguments)
    wrong = CliRunner().invoke(cli.main, ["feed", "--kind", "baile"])

    assert to_file.exit_code == 0, to_file.output
    served = client.get("/en/cal/chicago.ics?tipo=derechos").data
    assert file.read_bytes() == served
    assert to_stdout.stdout_bytes == served
    assert wrong.exit_code == 2
    assert "baile" in wrong.stderr


def test_store_mark_changes_with_every_commit(
    config: Config, store: Store, chicago: Office, rights: Kind
) -> None:
    before = store.mark()
    with store.read() as session:
        workshops.list_workshops(
            session, chicago, since=clock.now().date(), until=clock.now().date()
        )
    if store.is_sqlite:  # PostgreSQL counts the commits of all databases of the server
        assert store.mark() == before
    other_store = Store(config.database_url)
    change_sessions.install(other_store)
    with other_store.change() as session:
        make_workshop(session, chicago, rights)
    other_store.close()
    assert store.mark() != before


def test_cached_feed_of_yesterday_is_written_anew(
    app: Flask, client: FlaskClient, workshop: Workshop
) -> None:
    body = client.get(FEED).data
    feeds = app.extensions["outreach_feeds"]
    served = feeds._remembered(FEED, "", clock.now())
    yesterday = served.copy.day - timedelta(days=1)
    old = replace(served.copy, day=yesterday, body=gzip.compress(b"old"), etag="old")
    feeds._remember(replace(served, copy=old))
    assert client.get(FEED).data == body
