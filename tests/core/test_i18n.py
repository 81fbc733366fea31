"""Each page, form and letter has one language. That the catalogues are whole is tested in
tests/project/test_translations.py."""

import html
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, time
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock, formats, i18n
from outreach.clock import Month
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.workshops import DeliveryMode, Workshop
from outreach.keystore import KeyStore
from outreach.mail.delivery import letter_outlets
from outreach.mail.delivery_round import deliver
from tests.conftest import make_workshop, seat
from tests.support.translations import OTHERS, forms, messages

pytestmark = pytest.mark.any_database

LANGS: Final = ("es", "en", "fr")
JANUARY: Final = date(2027, 1, 15)
JULY: Final = date(2027, 7, 15)


class Words(HTMLParser):
    """The texts of a page: visible text and ARIA labels."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.texts.append(" ".join(data.split()))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value for name, value in attrs if name == "aria-label" and value]


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, starts=time(10, 30), ends=time(12, 0))


@pytest.fixture
def circle(store: Store, chicago: Office, women: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, women)


PAGES: Final = [
    "/", "/?donde=chicago", "/?donde=xyzzy", "/red", "/o/chicago", "/t/{workshop}", "/t/{circle}",
    "/t/{workshop}/lugar", "/t/{circle}/lugar", "/calendario", "/calendario?oficina=chicago",
    "/cifras/{month}", "/mi-registro", "/privacidad", "/seguridad", "/accesibilidad", "/no-hay",
]  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("lang", OTHERS)
def test_translated_page_has_no_spanish_text(
    client: FlaskClient,
    config: Config,
    workshop: Workshop,
    circle: Workshop,
    lang: str,
    page: str,
) -> None:
    # Names that a deployment chooses; «Mar» is Tuesday in Spanish and March in English.
    as_typed = {config.brand, "Tus derechos", "Mar"}
    month = Month.from_day(clock.now().date()).plus(-1)
    path = page.format(workshop=workshop.public_id, circle=circle.public_id, month=month)
    answer = client.get(f"/{lang}{path}")
    assert answer.status_code == (404 if page == "/no-hay" else 200)
    assert f'<html lang="{i18n.html_lang(lang)}"' in answer.text
    assert spanish(lang, answer.text) <= as_typed


@pytest.mark.parametrize("lang", OTHERS)
def test_form_errors_are_in_the_language_of_the_page(
    client: FlaskClient, config: Config, workshop: Workshop, lang: str
) -> None:
    answer = client.post(f"/{lang}/t/{workshop.public_id}/lugar", data={"contact": "email"})
    assert answer.status_code == 422
    assert spanish(lang, answer.text) <= {config.brand}
    name = {"en": "Enter your name or nickname", "fr": "Écrivez votre nom ou surnom"}[lang]
    assert name in answer.text


def spanish(lang: str, page: str) -> set[str]:
    """The texts of a page that are source strings and not their translation."""
    translated = {
        form
        for message in messages(lang)
        if (form := forms(message.id)[0]) not in forms(message.string) and "%" not in form
    }
    kept = {form for message in messages(lang) for form in forms(message.string)}
    return translated & {html.unescape(text) for text in Words(page).texts} - kept


@pytest.mark.parametrize(
    ("accepts", "lang"),
    [
        ("en-US,en;q=0.9,es;q=0.5", "en"),
        ("fr-CA", "fr"),
        ("es-MX,es", "es"),
        ("de", "es"),
        ("", "es"),
    ],
)
def test_root_redirects_to_the_browsers_language(
    client: FlaskClient, accepts: str, lang: str
) -> None:
    answer = client.get("/", headers={"Accept-Language": accepts} if accepts else {})
    assert (answer.status_code // 100, answer.location) == (3, f"/{lang}/")


@pytest.mark.parametrize("lang", LANGS)
def test_language_links_lead_to_the_same_page(
    client: FlaskClient, workshop: Workshop, lang: str
) -> None:
    for path in (f"/t/{workshop.public_id}", "/?donde=chicago&tipo=derechos", "/privacidad"):
        page = html.unescape(client.get(f"/{lang}{path}").text)
        for other in LANGS:
            assert f'href="/{other}{path}"' in page


def test_times_are_formatted_for_each_language(client: FlaskClient, workshop: Workshop) -> None:
    texts = {
        lang: client.get(f"/{lang}/t/{workshop.public_id}").text.replace("\u00a0", " ")
        for lang in LANGS
    }
    assert "10:30 a. m. a 12:00 p. m." in texts["es"]
    assert "10:30 a.m. to 12:00 p.m." in texts["en"]
    assert "de 10 h 30 à 12 h" in texts["fr"]


@pytest.mark.parametrize(
    ("zone", "day", "names"),
    [
        ("America/Chicago", JULY, ("hora del Centro", "Central Time", "heure du Centre")),
        ("America/Toronto", JULY, ("hora del Este", "Eastern Time", "heure de l’Est")),
        ("America/Boise", JULY, ("hora de la Montaña", "Mountain Time", "heure des Rocheuses")),
        (
            "America/Phoenix",
            JANUARY,
            ("hora de la Montaña", "Mountain Time", "heure des Rocheuses"),
        ),
        ("America/Phoenix", JULY, ("hora de Phoenix", "Phoenix time", "heure de Phoenix")),
        (
            "America/Vancouver",
            JANUARY,
            ("hora de Vancouver", "Vancouver time", "heure de Vancouver"),
        ),
    ],
)
def test_zone_has_the_name_that_its_clocks_agree_with(
    zone: str, day: date, names: tuple[str, str, str]
) -> None:
    assert tuple(formats.zone_name(ZoneInfo(zone), day, lang) for lang in LANGS) == names


def test_zone_is_named_where_a_reader_may_be_in_another(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        near = make_workshop(session, chicago, rights)
        online = make_workshop(session, chicago, rights, mode=DeliveryMode.VIDEO_CALL)
        far = make_workshop(session, chicago, rights, zone=ZoneInfo("America/New_York"))
    pages = [client.get(f"/en/t/{each.public_id}").text for each in (near, online, far)]
    assert "Central Time" not in pages[0]
    assert "Central Time" in pages[1]
    assert "Eastern Time" in pages[2]


def test_value_with_markup_is_escaped(client: FlaskClient, workshop: Workshop) -> None:
    page = client.get("/fr/calendario?oficina=<b>x").text
    assert "<b>x" not in page


@pytest.mark.parametrize(
    ("lang", "subject", "words"),
    [
        ("es", "Tu lugar:", ["Hola:", "Tu lugar está apartado.", "10:30 a. m."]),
        ("en", "Your place:", ["Hello,", "Your place is saved.", "10:30 a.m."]),
        ("fr", "Votre place :", ["Bonjour,", "Votre place est réservée.", "10 h 30"]),
    ],
)
def test_letter_is_in_the_readers_language(
    app: Flask,
    store: Store,
    key_store: KeyStore,
    config: Config,
    workshop: Workshop,
    lang: str,
    subject: str,
    words: list[str],
) -> None:
    seat(
        store,
        key_store,
        workshop,
        contact=ContactMethod.EMAIL,
        address="r@example.org",
        language=lang,
    )
    box: list[EmailMessage] = []

    @contextmanager
    def post() -> Iterator[Callable[[EmailMessage], None]]:
        yield box.append

    with app.app_context():
        deliver(letter_outlets(store, key_store, config, post), now=clock.now())
    [letter] = box
    assert letter["Subject"].replace("\u00a0", " ").startswith(subject)
    text = letter.get_content().replace("\u00a0", " ")
    assert [word for word in words if word not in text] == []
    assert f"/{lang}/r/" in text
