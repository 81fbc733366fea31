"""Walks everything that a person reads, in the pseudo-language, and finds 0 unmarked words.

Run by `test_pseudo_language.py`, in a process where the plugin `add_pseudo` added the language.
The data are the demo's, with every text accented.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from html import unescape
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock, extension_points, i18n
from outreach.clock import Month
from outreach.db.base import Base
from outreach.db.store import Store
from outreach.domain.locations.venues import Venue
from outreach.domain.network import installation_settings, staff
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.newsletter.mailings import DECLARATIONS, Mailing, MailingTopic
from outreach.domain.registrations import Registration
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.domain.workshops.publish_checks import RequiredField
from outreach.feeds import staff_feed
from outreach.feeds.vevent import PublicSite
from outreach.imports import demo, demo_roster
from outreach.keystore import KeyStore
from outreach.mail import mailings
from outreach.mail.mailings import MailingContext
from outreach.pdf import bulletin, certificate, checkin_sheet, flyer
from outreach.reports import bulletin_data, bulletin_text
from outreach.translations.catalogues import accented
from outreach.web import error_messages
from outreach.web.middleware import error_pages
from tests.conftest import close_app, migrate
from tests.i18n.add_pseudo import CODE
from tests.i18n.unmarked import (
    ALLOWED,
    names_of_countries,
    names_of_help_lines,
    names_of_holidays,
    names_of_places,
    values_of_calendar,
    words,
    words_of_page,
)
from tests.support import letters, pdf_reader
from tests.support.public_urls import FurnishedSite, manage_token
from tests.support.staff_client import signed_in_as

BRAND: Final = accented("Talleres de la red")
_PROPER: Final = ("name", "address", "area", "district", "note", "website", "source", "unit")
ACCEPT_LANGUAGE: Final = {"Accept-Language": CODE}
TEXT_FIELD: Final = r'<(?:input type="(?:text|email|date|time)"|textarea)[^>]* name="([^"]*)"'
UNMARKED: dict[str, set[str]] = {}  # unmarked words by page, letter or file


@pytest.fixture(scope="module")
def demo_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The demo installation, with accents on all its texts."""
    from outreach import extension_points
    from outreach.app import create_app
    from outreach.config import Config

    folder = tmp_path_factory.mktemp("pseudo")
    (folder / "keys").mkdir(mode=0o700)
    config = Config.from_environ(
        {
            "OUTREACH_DATA": str(folder), "OUTREACH_KEYS": str(folder / "keys"),
            "OUTREACH_PUBLIC_URL": "http://localhost:8000",
            "OUTREACH_MAIL_FROM": "talleres@example.org",
            "OUTREACH_CONTROLLER": accented("Red de consulados"),
            "OUTREACH_BRAND": BRAND, "OUTREACH_PHONE": "312 555 0142",
            "OUTREACH_EXTENSIONS": " ".join(extension_points.list_installed()),
        }
    )  # fmt: skip
    ranks = tuple(replace(each, names=_accent_spanish(each.names)) for each in config.ranks)
    config = replace(config, brand=BRAND, mail_name=BRAND, ranks=ranks)
    migrate(config.database_url, config.keyring_url)
    app = create_app(config)
    demo.fill(_store(app), _key_store(app), now=clock.now())
    with _store(app).change() as session:
        installation_settings.set_calendar_host(session, "talleres.example.org")
        _accent(session)
    yield app
    close_app(app)


def _store(app: Flask) -> Store:
    store: Store = app.extensions["outreach_store"]
    return store


def _key_store(app: Flask) -> KeyStore:
    key_store: KeyStore = app.extensions["outreach_key_store"]
    return key_store


def _accent(session: Any) -> None:
    """Accents all texts in the database."""
    for mapper in Base.registry.mappers:
        columns = [
            each.key
            for each in mapper.column_attrs
            if isinstance(each.columns[0].type, sa.JSON) or each.key in _PROPER
        ]
        if not columns or mapper.class_.__name__ in {"InstallationSetting", "ChangeCounter"}:
            continue
        for row in session.scalars(sa.select(mapper.class_)):
            for name in columns:
                value = getattr(row, name)
                if isinstance(value, dict) and ("es" in value or name == "wording"):
                    setattr(row, name, _accent_spanish(value))
                elif name in _PROPER and isinstance(value, str) and "://" not in value:
                    setattr(row, name, accented(value))


def _accent_spanish(texts: Any) -> Any:
    """The Spanish of texts by language, of plural forms or of a series' wording, accented."""
    if isinstance(texts, str):
        return accented(texts)
    shown = ["es"] if "es" in texts else texts
    return {key: _accent_spanish(texts[key]) for key in shown}


@pytest.fixture(scope="module")
def allowed(demo_app: Flask) -> frozenset[str]:
    with _store(demo_app).read() as session:
        cities = {
            *session.scalars(sa.select(Office.city)),
            *session.scalars(sa.select(Venue.city)),
        }
        codes = {
            *session.scalars(sa.select(Office.slug)),
            *session.scalars(sa.select(Kind.code)),
            *session.scalars(sa.select(Kind.public_code)),
        }
    return (
        ALLOWED
        | frozenset(extension_points.list_installed())
        | names_of_countries()
        | names_of_help_lines()
        | names_of_places(cities)
        | frozenset(re.findall(r"[^\W_]+", " ".join((*codes, *demo.NICKNAMES, *demo_roster.NAMES))))
    )


def check(where: str, text: str, allowed: frozenset[str], *, is_page: bool = False) -> None:
    found = words_of_page(text, allowed) if is_page else words(text, allowed)
    if found:
        UNMARKED.setdefault(where, set()).update(found)


def crawl(
    start: list[str], prefix: str, get: Callable[[str], TestResponse], allowed: frozenset[str]
) -> int:
    """Follows up to three links of each shape from every page; returns the number of pages."""
    queue, seen, shapes = list(start), set(start), dict.fromkeys(start, 1)
    count = 0
    while queue:
        path = queue.pop(0)
        answer = get(path)
        if answer.status_code // 100 == 3 or "text/html" not in answer.content_type:
            continue
        count += 1
        assert answer.status_code < 500, path
        check(path, answer.text, allowed, is_page=True)
        for href in re.findall(r'href="([^"#]*)"', answer.text):
            link = unescape(href)
            shape = re.sub(r"[0-9A-Z]{10,}|\d+|=[^&]*", "#", re.sub(r"/[or]/[\w-]+", "/o/#", link))
            if not link.startswith(prefix) or link in seen or "/salir" in link:
                continue
            if link.startswith("/org/entrar?idioma="):  # in the language of the link
                continue
            if shapes.get(shape, 0) < 2:
                shapes[shape] = shapes.get(shape, 0) + 1
                seen.add(link)
                queue.append(link)
    return count


def assert_none_unmarked() -> None:
    by_place, lines = dict(UNMARKED), []
    UNMARKED.clear()
    for where, unmarked in by_place.items():
        lines.append(f"{where}: {' '.join(sorted(unmarked))}")
    assert not lines, "\n".join(lines)


def test_public_pages(demo_app: Flask, allowed: frozenset[str]) -> None:
    client = demo_app.test_client(use_cookies=False)
    with _store(demo_app).read() as session:
        workshops = {
            str(each.id): each
            for each in session.scalars(sa.select(Workshop).order_by(Workshop.id.desc()).limit(6))
        }
        registrations = list(session.scalars(sa.select(Registration).limit(400)))
    people = {each.status: each for each in registrations}
    links = {
        str(status): manage_token(_key_store(demo_app), each)
        for status, each in people.items()
        if each.key_id
    }
    site = FurnishedSite(
        demo_app, workshops, links, entry="x", files=("app.css",), languages=(CODE,)
    )
    count = 0
    for _endpoint, path in site.addresses():
        if path.startswith(("/api", "/static", "/metrics", "/demo")) or "/salir" in path:
            continue
        answer = client.get(path, headers=ACCEPT_LANGUAGE)
        if answer.status_code // 100 != 3 and "text/html" in answer.content_type:
            count += 1
            check(path, answer.text, allowed, is_page=True)
    count += crawl([f"/{CODE}/", f"/{CODE}/red"], f"/{CODE}/", client.get, allowed)
    assert count > 80
    assert_none_unmarked()


def test_public_forms_with_faults(demo_app: Flask, allowed: frozenset[str]) -> None:
    client = demo_app.test_client(use_cookies=False)
    with _store(demo_app).read() as session:
        workshop = session.scalars(
            sa.select(Workshop).where(Workshop.status == WorkshopStatus.PUBLISHED)
        ).first()
    assert workshop is not None
    for path in (f"t/{workshop.public_id}/lugar", "mi-registro", "boletin/suscribir"):
        for data in ({}, {"contact": "email", "email": "x"}, {"contact": "phone", "phone": "1"}):
            answer = client.post(f"/{CODE}/{path}", data=data)
            check(f"POST {path}", answer.text, allowed, is_page=True)
    assert_none_unmarked()


def test_staff_pages(demo_app: Flask, allowed: frozenset[str]) -> None:
    with _store(demo_app).read() as session:
        ids = {each.email: each.id for each in staff.list_staff(session)}
    emails = frozenset(word for email in ids for word in re.findall(r"\w+", email))
    holidays = names_of_holidays()
    count = 0
    for email in ("elena@example.org", "ana@example.org", "tomas@example.org"):
        client = signed_in_as(demo_app, _store(demo_app), ids[email])
        get = partial(client.client.get, headers=client.headers | ACCEPT_LANGUAGE)
        start = ["/org/", "/org/mas", "/org/talleres", "/org/cuenta"]
        start += ["/org/buscar?q=c", "/org/buscar?q=5 dic", "/org/buscar?q=·"]
        count += crawl(start, "/org/", get, allowed | emails | holidays)
    get = partial(demo_app.test_client(use_cookies=False).get, headers=ACCEPT_LANGUAGE)
    count += crawl(["/org/entrar", "/org/invitacion/nada"], "/org/", get, allowed)
    assert count > 150
    assert_none_unmarked()


def test_answers_to_staff_forms(demo_app: Flask, allowed: frozenset[str]) -> None:
    """Each form of the main staff pages, sent as it is but with its text fields empty."""
    with _store(demo_app).read() as session:
        ids = {each.email: each.id for each in staff.list_staff(session)}
        workshop = session.scalars(
            sa.select(Workshop)
            .join(Workshop.office)
            .where(Office.slug == "chicago", Workshop.status == WorkshopStatus.PUBLISHED)
        ).first()
    assert workshop is not None
    allowed |= {word for email in ids for word in re.findall(r"\w+", email)} | names_of_holidays()
    month = Month.from_day(clock.now().date())
    count = 0
    pages = [
        f"/org/{name}"
        for name in (
            "talleres/nuevo", "talleres/mes-nuevo", "traer", "sedes/chicago/nueva", "giras/nueva",
            "aliados/chicago/organizacion", "aliados/chicago/persona", "cuenta", "mi-calendario",
            "personal/invitar", "tipos/nuevo", "red/nueva", "ajustes", f"mes/{month}",
            f"mes/{month}/cifras", "mes/2020-01/cierre", "boletin/2020-01", "confirmar",
        )
    ]  # fmt: skip
    pages += [
        f"/org/talleres/{workshop.public_id}/{name}"
        for name in (
            "editar", "clonar", "repetir", "serie", "mensaje", "apartar", "asistencia", "cancelar",
            "entrada", "constancia", "textos",
        )
    ]  # fmt: skip
    for page in pages:
        client = signed_in_as(demo_app, _store(demo_app), ids["elena@example.org"])
        shown = client.client.get(page, headers=client.headers | ACCEPT_LANGUAGE)
        for form in re.findall(r'<form [^>]*method="post".*?</form>', shown.text, re.DOTALL):
            fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form)
            fields += re.findall(r'<button[^>]* name="([^"]*)" value="([^"]*)"', form)[:1]
            texts = re.findall(TEXT_FIELD, form)
            action = re.search(r'action="([^"]*)"', form)
            path = unescape(action[1]) if action else page
            if path.startswith("/org/cerrar"):
                continue
            data = {unescape(name): unescape(value) for name, value in fields}
            data |= dict.fromkeys(map(unescape, texts), "")
            answer = client.client.post(path, data=data, headers=client.headers | ACCEPT_LANGUAGE)
            assert answer.status_code < 500, path
            if "text/html" in answer.content_type and answer.status_code // 100 != 3:
                count += 1
                check(f"POST {path}", answer.text, allowed, is_page=True)
    assert count > 15
    assert_none_unmarked()


def test_refusals(demo_app: Flask, allowed: frozenset[str]) -> None:
    with i18n.use_language(CODE):
        for code in error_messages.MESSAGES:
            text = i18n.gettext(error_messages.MESSAGES[code])
            check(f"refusal {code.name}", re.sub(r"%\(\w+\)s", "", text), allowed)
        check("fields", error_messages.say_fields(RequiredField), allowed)
    assert_none_unmarked()


def test_staff_calendar(demo_app: Flask, allowed: frozenset[str]) -> None:
    site = PublicSite("http://localhost:8000", "talleres.example.org", "312 555 0142")
    with demo_app.app_context(), _store(demo_app).read() as session:
        written = staff_feed.write(session, None, site, CODE, now=clock.now())
    values = list(values_of_calendar(written.body.decode()))
    assert len(values) > 100
    for value in values:
        check("staff calendar", value, allowed)
    assert_none_unmarked()


def test_mailings(demo_app: Flask, allowed: frozenset[str]) -> None:
    config, now = demo_app.extensions["outreach_config"], clock.now()
    with demo_app.app_context(), _store(demo_app).read() as session:
        document = bulletin_data.document(session, Month.parse("2020-01"), now=now)
        text = bulletin_text.as_text(document, CODE, config.public_url, None)
        past = list(session.scalars(sa.select(Workshop).where(Workshop.day < now.date()).limit(3)))
        # Digests and alerts to staff are in the language of staff, whatever the account's.
        topics = [each for each in MailingTopic if not DECLARATIONS[each].is_optional]
        for number, topic in enumerate(topics, 1):
            for edition in (1, 2):
                mailing = Mailing(
                    topic=topic, month=202001, edition=edition, made_at=now, due_at=now,
                    organizer_id=1,
                )  # fmt: skip
                mailing.id = number
                letter = mailings.write(
                    MailingContext(
                        mailing=mailing, address="rosa@example.com", lang=CODE, now=now,
                        token="x" * 22, bulletin=text, workshops=past,
                    ),
                    config,
                )  # fmt: skip
                check(f"mailing {topic}", f"{letter['Subject']}\n{letter.get_content()}", allowed)
        session.expunge_all()
    assert_none_unmarked()


def test_letters_and_text_messages(demo_app: Flask, allowed: frozenset[str]) -> None:
    letters.PARAGRAPH[CODE] = accented(letters.PARAGRAPH["es"])
    config = demo_app.extensions["outreach_config"]
    with demo_app.app_context(), _store(demo_app).read() as session:
        for is_discreet in (False, True):
            workshop = session.scalars(
                sa.select(Workshop)
                .join(Workshop.kind)
                .where(Workshop.status == WorkshopStatus.PUBLISHED, Kind.is_discreet == is_discreet)
            ).first()
            assert workshop is not None
            for sent in letters.write_all(workshop, config, CODE, now=clock.now()):
                text = f"{sent.letter['Subject']}\n{sent.letter.get_content()}"
                check(f"letter {sent.case}", text.replace("Rosa", ""), allowed)
                check(f"text {sent.case}", sent.text.words.replace("Rosa", ""), allowed)
        session.expunge_all()
    assert_none_unmarked()


def test_feeds(demo_app: Flask, allowed: frozenset[str]) -> None:
    client = demo_app.test_client(use_cookies=False)
    for name in ("red", "chicago"):
        calendar = client.get(f"/{CODE}/cal/{name}.ics").text
        for value in values_of_calendar(calendar):
            check(f"{name}.ics", value, allowed)
        found: Any = client.get(f"/{CODE}/cal/{name}.json").json
        for item in (found, *found["items"]):
            for key in ("title", "description", "content_text", "summary"):
                check(f"{name}.json", item.get(key, ""), allowed)
        atom = client.get(f"/{CODE}/cal/{name}.atom").text
        for value in re.findall(r"<(?:title|subtitle|content|summary)[^>]*>([^<]*)<", atom):
            check(f"{name}.atom", unescape(value), allowed)
    assert_none_unmarked()


def test_papers(demo_app: Flask, allowed: frozenset[str]) -> None:
    config = demo_app.extensions["outreach_config"]
    now = clock.now()
    with demo_app.test_request_context(f"/{CODE}/"), _store(demo_app).read() as session:
        demo_app.preprocess_request()
        for workshop in session.scalars(
            sa.select(Workshop).where(Workshop.status == WorkshopStatus.PUBLISHED).limit(8)
        ):
            prepared = flyer.prepare(
                workshop, CODE, public_url=config.public_url, phone="312 555 0142", pictogram="",
                neutral_pictogram="", brand=BRAND,
            )  # fmt: skip
            check("flyer", pdf_reader.words_of(flyer.pdf(prepared)), allowed)
        certified = certificate.pdf(
            workshop, [accented("Rosa")], "1.5", CODE, brand=BRAND, today=date(2026, 12, 1), now=now
        )
        check("certificate", pdf_reader.words_of(certified), allowed)
        line = checkin_sheet.SheetLine(
            name=accented("Rosa"), code="4TD 8HK", people=3, arrived=1, hour="5:30"
        )
        sheet = checkin_sheet.pdf(workshop, [line] * 50, brand=BRAND, made_at=now)
        check("check-in sheet", pdf_reader.words_of(sheet), allowed)
        for month in ("2020-01", str(Month.from_day(now.date()))):
            document = bulletin_data.document(session, Month.parse(month), now=now)
            text = bulletin_text.as_text(document, CODE, config.public_url, None)
            check(f"bulletin {month}", text, allowed)
            place = {"public_url": config.public_url, "brand": BRAND}
            check(
                f"bulletin {month}", bulletin.html(document, CODE, **place), allowed, is_page=True
            )
            paper = bulletin.pdf(document, CODE, **place)
            check(f"bulletin {month} PDF", pdf_reader.words_of(paper), allowed)
    answer = demo_app.test_client().get(f"/{CODE}/cifras/2020-01.pdf")
    check("month report", pdf_reader.words_of(answer.data), allowed)
    assert_none_unmarked()


def test_error_pages(demo_app: Flask, allowed: frozenset[str]) -> None:
    for status in (400, 403, 404, 405, 409, 413, 422, 429, 500, 503):
        with demo_app.test_request_context(f"/{CODE}/t/x"):
            answer: Any = error_pages.page(status, incident="ABC DEF")
            check(f"error {status}", answer[0], allowed, is_page=True)
        with demo_app.test_request_context(f"/{CODE}/cal/x.ics"):
            answer = error_pages.page(status)
            check(f"error {status} of a calendar", answer.get_data(as_text=True), allowed)
    assert_none_unmarked()
