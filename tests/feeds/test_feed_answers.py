"""How feeds are served: to programs that ask every hour, most of which hold them already."""

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
from outreach.domain import workshops
from outreach.domain.calendar.change_counters import ChangeCounter
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from tests.conftest import LONG_AGO, hold
from tests.support.feed_reader import events_of

pytestmark = pytest.mark.any_database("what is said around a feed")

FEED = "/es/cal/chicago.ics"


@pytest.fixture
def held(store: Store, chicago: Office, rights: Kind) -> Workshop:
    """A workshop that was there long before anybody asked."""
    with store.change() as session:
        made = hold(session, chicago, rights)
    with store.change() as session:
        session.execute(sa.update(ChangeCounter).values(changed_at=LONG_AGO))
    return made


def move(store: Store, held: Workshop) -> None:
    with store.change() as session:
        there = workshops.find(session, held.public_id)
        plan = workshop_service.get_data(there)
        an_hour_later = replace(plan, starts=plan.starts.replace(hour=plan.starts.hour + 1))
        workshop_service.change(session, there, an_hour_later, now=clock.now())


def test_a_feed_says_all_that_a_calendar_needs(client: FlaskClient, held: Workshop) -> None:
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
def test_who_holds_it_is_not_sent_it_again(client: FlaskClient, held: Workshop, tags: str) -> None:
    tag = client.get(FEED).headers["ETag"]
    given = tags.format(tag=tag, strong=tag.removeprefix("W/"))
    for ask in (client.get, client.head):
        answer = ask(FEED, headers={"If-None-Match": given, "Accept-Encoding": "gzip"})
        assert answer.status_code == 304
        assert answer.data == b""
        assert answer.headers["ETag"] == tag
        assert answer.headers["Cache-Control"] == "public, max-age=900"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert "Content-Encoding" not in answer.headers


def test_a_change_is_sent_at_once_under_a_new_tag(
    client: FlaskClient, store: Store, held: Workshop
) -> None:
    before = client.get(FEED)
    move(store, held)
    after = client.get(FEED, headers={"If-None-Match": before.headers["ETag"]})

    assert after.status_code == 200
    assert after.headers["ETag"] != before.headers["ETag"]
    assert b"T190000" in after.data


def test_two_changes_within_a_second_are_both_seen(
    client: FlaskClient, store: Store, held: Workshop, chicago: Office, rights: Kind
) -> None:
    tags = set()
    for _ in range(3):
        with store.change() as session:
            hold(session, chicago, rights, now=clock.now())
        answer = client.get(FEED)
        tags.add(answer.headers["ETag"])
        again = client.get(FEED, headers={"If-Modified-Since": answer.headers["Last-Modified"]})
        assert again.status_code == 200, "the second was not over, and might have brought more"
    assert len(tags) == 3


def test_a_seat_saved_is_no_change_of_a_calendar(
    client: FlaskClient, store: Store, held: Workshop
) -> None:
    before = client.get(FEED)
    with store.change() as session:
        workshops.find(session, held.public_id).seats_left -= 1
    after = client.get(FEED, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 304
    assert client.get(FEED).headers["Last-Modified"] == before.headers["Last-Modified"]


def test_who_asks_by_date_is_answered_by_date(client: FlaskClient, held: Workshop) -> None:
    last = client.get(FEED).headers["Last-Modified"]
    day_before = format_datetime(parsedate_to_datetime(last) - timedelta(days=1), usegmt=True)

    def asked(**headers: str) -> int:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.get(FEED, headers=names).status_code

    assert asked(If_Modified_Since=last) == 304
    assert asked(If_Modified_Since=day_before) == 200
    assert asked(If_Modified_Since="el martes pasado") == 200
    assert asked(If_Modified_Since=last, If_None_Match='"another"') == 200, "a tag wins"


def test_the_date_rises_when_a_workshop_leaves_the_feed(
    client: FlaskClient, store: Store, held: Workshop
) -> None:
    before = client.get(FEED).headers["Last-Modified"]
    with store.change() as session:
        there = workshops.find(session, held.public_id)
        plan = replace(workshop_service.get_data(there), way=Way.UNLISTED)
        workshop_service.change(session, there, plan, now=clock.now())
    after = client.get(FEED, headers={"If-Modified-Since": before})
    assert after.status_code == 200
    assert b"BEGIN:VEVENT" not in after.data


@pytest.mark.parametrize(
    ("accepts", "is_squeezed"),
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
def test_it_is_squeezed_only_for_who_asks(
    client: FlaskClient, held: Workshop, accepts: str | None, is_squeezed: bool
) -> None:
    plain = client.get(FEED)
    answer = client.get(FEED, headers={"Accept-Encoding": accepts} if accepts else {})

    assert ("Content-Encoding" in answer.headers) == is_squeezed
    body = gzip.decompress(answer.data) if is_squeezed else answer.data
    assert body == plain.data
    assert answer.headers["ETag"] == plain.headers["ETag"]
    assert answer.headers["Vary"] == "Accept-Encoding"


def test_an_operator_may_forbid_to_squeeze_feeds(
    make_app: Callable[..., Flask], held: Workshop
) -> None:
    answer = make_app(plain_feeds=True).test_client().get(FEED, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers
    assert answer.data.startswith(b"BEGIN:VCALENDAR")


def test_what_goes_wrong_is_told_to_a_program_in_words(
    make_app: Callable[..., Flask], store: Store, held: Workshop
) -> None:
    client = make_app().test_client()
    with store.change() as session:
        session.execute(sa.text("ALTER TABLE ctag RENAME TO gone"))
    try:
        answer = client.get(FEED)
    finally:
        with store.change() as session:
            session.execute(sa.text("ALTER TABLE gone RENAME TO ctag"))
    assert (answer.status_code, answer.mimetype) == (500, "text/plain")
    assert answer.text.count("\n") == 1
    assert "ctag" not in answer.text
    assert client.get(FEED).status_code == 200, "as soon as it can be"


def test_head_has_the_headers_of_get(client: FlaskClient, held: Workshop) -> None:
    for headers in ({}, {"Accept-Encoding": "gzip"}):
        full, bare = client.get(FEED, headers=headers), client.head(FEED, headers=headers)
        assert bare.data == b""
        assert dict(bare.headers) == dict(full.headers)


@pytest.mark.parametrize("path", [FEED, "/es/cal/red.ics"])
def test_nothing_can_be_posted_to_a_feed(client: FlaskClient, held: Workshop, path: str) -> None:
    answer = client.post(path)
    assert answer.status_code == 405
    assert answer.mimetype == "text/plain"
    assert answer.text.count("\n") == 1
    assert {"GET", "HEAD"} <= set(answer.headers["Allow"].split(", "))


def test_every_program_gets_the_same_bytes(client: FlaskClient, held: Workshop) -> None:
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


def test_the_language_is_in_the_address(client: FlaskClient, held: Workshop) -> None:
    titles = {
        str(events_of(client.get(f"/{lang}/cal/chicago.ics").data)[0]["SUMMARY"])
        for lang in ("es", "en", "fr")
    }
    assert titles == {"Conoce tus derechos", "Know your rights", "Vos droits"}


@pytest.mark.parametrize(
    ("path", "named"),
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
def test_what_there_is_not_is_said_in_one_plain_sentence(
    client: FlaskClient, held: Workshop, path: str, named: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.mimetype == "text/plain"
    assert named in answer.text
    assert answer.text.count("\n") == 1
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_feed_of_a_closed_office_still_answers(
    client: FlaskClient, store: Store, chicago: Office, held: Workshop
) -> None:
    with store.change() as session:
        session.merge(chicago).closed_on = clock.now().date() - timedelta(days=400)
    assert client.get(FEED).status_code == 200


def test_one_workshop_can_be_put_in_a_calendar(client: FlaskClient, held: Workshop) -> None:
    answer = client.get(f"/es/t/{held.public_id}.ics")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    [alone] = events_of(answer.data)
    [in_feed] = events_of(client.get(FEED).data)
    assert alone.to_ical() == in_feed.to_ical()


def test_a_draft_has_no_file(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        draft = hold(session, chicago, rights, status=WorkshopStatus.DRAFT)
    assert client.get(f"/es/t/{draft.public_id}.ics").status_code == 404


def test_the_command_writes_what_the_web_serves(
    client: FlaskClient,
    config: Config,
    held: Workshop,
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
    asked = ["feed", "--office", "chicago", "--kind", "derechos", "--lang", "en"]
    done = CliRunner().invoke(cli.main, [*asked, "-o", str(file)])
    shown = CliRunner().invoke(cli.main, asked)
    wrong = CliRunner().invoke(cli.main, ["feed", "--kind", "baile"])

    assert done.exit_code == 0, done.output
    served = client.get("/en/cal/chicago.ics?tipo=derechos").data
    assert file.read_bytes() == served
    assert shown.stdout_bytes == served
    assert wrong.exit_code == 2
    assert "baile" in wrong.stderr


def test_a_mark_changes_with_every_commit_of_anybody_and_only_then(
    config: Config, store: Store, chicago: Office, rights: Kind
) -> None:
    before = store.mark()
    with store.read() as session:
        workshops.list_workshops(
            session, chicago, since=clock.now().date(), until=clock.now().date()
        )
    if store.is_sqlite:  # on PostgreSQL those of the server's other databases count as well
        assert store.mark() == before
    elsewhere = Store(config.database_url)
    with elsewhere.change() as session:
        hold(session, chicago, rights)
    elsewhere.close()
    assert store.mark() != before


def test_yesterdays_feed_is_made_again_today(
    app: Flask, client: FlaskClient, held: Workshop
) -> None:
    made = client.get(FEED).data
    feeds = app.extensions["outreach_feeds"]
    served = feeds._remembered(FEED, "", clock.now())
    yesterday = served.copy.day - timedelta(days=1)
    old = replace(served.copy, day=yesterday, body=gzip.compress(b"old"), etag="old")
    feeds._remember(FEED, "", replace(served, copy=old))
    assert client.get(FEED).data == made
