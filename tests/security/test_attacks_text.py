"""Hostile text in names, titles, venues and offices. It is stored unchanged, and must be harmless
in pages, feeds, letters, spreadsheets and PDF."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.workshops import Workshop
from outreach.i18n import LANGUAGES
from outreach.keystore import KeyStore
from outreach.mail import render
from outreach.reports import bulletin_markdown, spreadsheets
from tests.conftest import make_workshop, seat
from tests.support.letters import write_all
from tests.support.limits import UNLIMITED
from tests.support.public_urls import Page
from tests.support.staff_client import StaffClient, employ, signed_in_as

pytestmark = pytest.mark.any_database("output only")

FORMULA: Final = '=HYPERLINK("http://mal.example";"x");=1+1'
LINES: Final = (
    "\r\nX-Mal: 1\r\nBcc: x@mal.example\r\n\r\nATTENDEE:mailto:x@mal.example\nURL:http://mal.example"
    "\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nBEGIN:VALARM"
)
MARKUP: Final = (
    "<script>mal()</script>\"'><img src=x onerror=mal()><svg/onload=mal()>"
    "</title></script><style>*{}</style>]]><!--{{7*7}}${7*7}"
)
HARM: Final = FORMULA + MARKUP + LINES
SHORT: Final = "=1+1<script>mal()</script>\r\nX-Mal: 1\r\nATTENDEE:mailto:x@mal.example\nEND:VEVENT"
STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@pytest.fixture
def hostile_workshop(store: Store, key_store: KeyStore, chicago: Office, rights: Kind) -> Workshop:
    """Returns a workshop with hostile text in every field, also of its office, kind and
    registrations."""
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
        hostile = {"es": HARM, "en": HARM, "fr": HARM}
        workshop.title, workshop.summary, workshop.bring = hostile, hostile, hostile
    seat(store, key_store, workshop, name=FORMULA)
    # Texts as long as the columns allow, each with an attack of every kind.
    words = {"name": SHORT, "address": HARM[:200], "area": MARKUP[:120], "city": SHORT[:80]}
    with store.change() as session:
        session.execute(sa.update(Venue).values(**words))
        session.execute(sa.update(Office).values(name=hostile, city=SHORT[:80], region="IL"))
        session.execute(
            sa.update(Kind).values(name=hostile, short_name=hostile, description=hostile)
        )
    return workshop


@pytest.fixture
def hostile_app(make_app: Callable[..., Flask], hostile_workshop: Workshop) -> Flask:
    return make_app(limits=UNLIMITED)


@pytest.fixture
def admin(hostile_app: Flask, store: Store) -> StaffClient:
    admin_id = employ(store, "red@example.org", Role.ADMIN, ALL_OFFICES)
    return signed_in_as(hostile_app, store, admin_id)


def all_responses(app: Flask, admin: StaffClient, workshop: Workshop) -> Iterator[TestResponse]:
    """Yields every page and file about the workshop, as an admin sees it."""
    url_values = {
        "lang": "es", "public_id": workshop.public_id, "id": workshop.public_id, "slug": "chicago",
        "code": "derechos", "month": str(workshop.day)[:7], "text": str(workshop.day)[:7],
        "year": str(workshop.day.year), "name": "chicago", "tour_id": "1", "organizer_id": "1",
        "venue": "1", "token": "x",
    }  # fmt: skip
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()) or rule.endpoint.startswith("static"):
            continue
        for ending in (
            ("csv", "xlsx", "ics", "atom", "json", "jcal", "jscal")
            if "any(" in rule.rule
            else ("",)
        ):
            path = _filled(rule.rule, url_values | {"ending": ending, "form": ending})
            yield admin.get(path)


def _filled(pattern: str, parts: Mapping[str, str]) -> str:
    return re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda part: parts.get(part[1], "1"), pattern)


def test_typed_text_never_becomes_a_script(
    hostile_app: Flask, admin: StaffClient, hostile_workshop: Workshop
) -> None:
    mimetypes = set()
    for answer in all_responses(hostile_app, admin, hostile_workshop):
        assert answer.status_code < 500, answer.request.path
        text = answer.get_data(as_text=True) if _is_text(answer) else ""
        if answer.status_code == 200 and "mal" in text:
            mimetypes.add(answer.mimetype)
        if answer.mimetype in {"text/html", "image/svg+xml", "application/atom+xml", "text/xml"}:
            for harm in ("<script>mal", "<img src=x", "<svg/onload", "<style>*", "49${"):
                assert harm not in text, f"{harm} in {answer.request.path}"
        if answer.mimetype == "text/html":
            for tag, has in Page(text).tags:
                assert not any(name.startswith("on") for name in has), answer.request.path
                assert tag != "svg" or "onload" not in has
    assert {"text/html", "application/json", "text/calendar", "text/csv"} <= mimetypes


def test_typed_text_never_becomes_a_response_header(
    hostile_app: Flask, admin: StaffClient, hostile_workshop: Workshop
) -> None:
    files = 0
    for answer in all_responses(hostile_app, admin, hostile_workshop):
        headers = str(answer.headers)
        assert "X-Mal" not in headers, answer.request.path
        assert "mal.example" not in headers, answer.request.path
        if disposition := answer.headers.get("Content-Disposition"):
            files += 1
            assert re.fullmatch(
                r"(inline|attachment); filename=\"?[A-Za-z0-9._-]+\"?", disposition
            ), disposition
    assert files > 10


def test_typed_text_never_becomes_a_calendar_line(
    hostile_app: Flask, admin: StaffClient, hostile_workshop: Workshop, key_store: KeyStore
) -> None:
    bodies = [
        answer.data
        for answer in all_responses(hostile_app, admin, hostile_workshop)
        if answer.mimetype == "text/calendar"
        and answer.status_code == 200
        # Days of releases: no text of anybody.
        and not answer.request.path.endswith("/publicacion.ics")
    ]
    assert len(bodies) >= 2
    for body in bodies:
        text = re.sub(rb"\r\n[ \t]", b"", body)
        lines = text.split(b"\r\n")
        assert lines.count(b"BEGIN:VEVENT") == lines.count(b"END:VEVENT") == 1
        for line in lines:
            assert b"\n" not in line
            assert b"\r" not in line
            assert not line.startswith((b"ATTENDEE", b"X-Mal", b"BEGIN:VALARM", b"URL:http://mal"))


def test_typed_text_never_becomes_a_mail_header(
    hostile_app: Flask, hostile_workshop: Workshop, config: Config, store: Store
) -> None:
    with store.read() as session:
        workshop = session.get_one(Workshop, hostile_workshop.id)
        _ = workshop.office, workshop.kind, workshop.venue
        with hostile_app.app_context():
            for lang in LANGUAGES:
                for sent in write_all(workshop, config, lang, now=clock.now(), wants_entry=True):
                    raw = render.as_bytes(sent.letter)
                    head, _gap, _body = raw.partition(b"\r\n\r\n")
                    names = re.findall(rb"^([\w-]+):", head, re.MULTILINE)
                    assert not {b"X-Mal", b"Bcc", b"ATTENDEE", b"URL"} & set(names), sent.case
                    assert names.count(b"To") == names.count(b"Subject") == 1
                    assert "\n" not in sent.text.to


@pytest.mark.parametrize("name", ["From", "Reply-To", "Subject"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028"])
def test_mail_header_is_always_one_line(name: str, end: str) -> None:
    shared = {name: f"a@example.org{end}Bcc: x@mal.example"}
    letter = render.compose(shared, "x", to="rosa@ejemplo.com", own={}, at=clock.now())
    head, _gap, _body = render.as_bytes(letter).partition(b"\r\n\r\n")
    assert not re.search(rb"^Bcc:", head, re.MULTILINE)
    assert b"\r" not in head.replace(b"\r\n", b"")


# Sheets


def test_no_cell_of_a_download_is_a_formula(
    hostile_app: Flask, admin: StaffClient, hostile_workshop: Workshop
) -> None:
    kinds = []
    for answer in all_responses(hostile_app, admin, hostile_workshop):
        if answer.status_code != 200:
            continue
        if answer.mimetype == "text/csv":
            kinds.append(answer.request.path)
            text = answer.data.decode("utf-8-sig")
            for between in ",;\t":
                for row in csv.reader(io.StringIO(text), delimiter=between):
                    for cell in row:
                        is_of_people = "lista.csv" in answer.request.path
                        if between == "," or is_of_people:
                            assert not cell.startswith(STARTS), f"{answer.request.path}: {cell}"
        elif "spreadsheetml" in (answer.mimetype or ""):
            kinds.append(answer.request.path)
            _require_plain(answer.data, answer.request.path)
    assert {path.rpartition(".")[2] for path in kinds} == {"csv", "xlsx"}
    assert len(kinds) >= 6, kinds


def _is_text(answer: TestResponse) -> bool:
    return (answer.mimetype or "").startswith(("text/", "application/json", "image/svg")) or (
        "xml" in (answer.mimetype or "") and "officedocument" not in (answer.mimetype or "")
    )


def _require_plain(data: bytes, path: str) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        for part in book.namelist():
            text = book.read(part)
            assert b"<f>" not in text, f"{path} {part}"
            assert b"<hyperlink " not in text, f"{path} {part}"
            assert b"externalLink" not in text, f"{path} {part}"
            assert "vba" not in part.lower()
    for sheet in openpyxl.load_workbook(io.BytesIO(data)):
        for row in sheet.iter_rows(values_only=True):
            for cell in row:
                assert not str(cell or "").startswith(("=", "+", "@")), f"{path}: {cell}"


@pytest.mark.parametrize("start", STARTS)
def test_formula_is_escaped_for_spreadsheets(start: str) -> None:
    assert spreadsheets.escape(f"{start}1") == f"'{start}1"
    assert spreadsheets.escape(f"a;{start}1") in {f"a; {start}1", f"a;{start}1"}
    assert spreadsheets.escape("Rosa; Luz") == "Rosa; Luz"
    assert spreadsheets.escape(-1) == -1


# Markdown


@pytest.mark.parametrize(
    "typed",
    [
        "<script>mal()</script>",
        "<img src=x onerror=mal()>",
        "[x](javascript:mal())",
        "[x](JaVaScRiPt:mal())",
        "[x](data:text/html,<script>mal()</script>)",
        "[x](vbscript:mal)",
        "![x](http://mal.example/x.png)",
        "<javascript:mal()>",
        "[x]: javascript:mal()\n\n[x]",
        '[x](https://ejemplo.org "\\" onclick=mal() x=\\"")',
        '<a href="javascript:mal()">x</a>',
        "<svg><script>mal()</script></svg>",
        "```\n</code><script>mal()</script>\n```",
        "&lt;script&gt;mal()&lt;/script&gt;",
        "<iframe src=//mal.example>",
        "<style>*{background:url(//mal.example)}</style>",
        "<math><mi xlink:href=javascript:mal()>",
    ],
)
def test_bulletin_paragraph_has_only_text_and_safe_links(typed: str) -> None:
    page = Page(str(bulletin_markdown.as_html(typed, "https://talleres.example.org")))
    assert {tag for tag, _ in page.tags} <= {"p", "a", "em", "strong", "ul", "ol", "li", "h3", "h4"}
    for _, has in page.tags:
        assert not any(name.startswith("on") or name in {"style", "src"} for name in has)
        link = (has.get("href") or "").strip().lower()
        assert link == "" or re.match(r"(https?://|mailto:|tel:|/[^/])", link), link
