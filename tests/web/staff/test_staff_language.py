"""The language of an account: of its pages, its letters and its calendar."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role, StaffMember
from tests.conftest import make_workshop
from tests.support.staff_client import StaffClient, employ, mailed_link, signed_in_as, words

pytestmark = pytest.mark.any_database

TODAY = {"es": "Hoy", "en": "Today", "fr": "Aujourd’hui"}


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def choose(client: StaffClient, language: str) -> None:
    answer = client.post("/org/cuenta/idioma", language=language)
    assert answer.headers["Location"] == "/org/cuenta?hecho=idioma"


@pytest.mark.parametrize("language", TODAY)
def test_pages_are_in_the_chosen_language(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind, language: str
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    choose(ana, language)
    page = ana.get("/org/")
    assert TODAY[language] in words(page)
    assert f'<html lang="{ {"es": "es-MX", "en": "en", "fr": "fr-CA"}[language] }"' in page.text
    detail = words(ana.get(f"/org/talleres/{workshop.public_id}"))
    title = {"es": "Conoce tus derechos", "en": "Know your rights", "fr": "Vos droits"}
    assert title[language] in detail


@pytest.mark.parametrize(("language", "name"), [("en", "French"), ("fr", "Français")])
def test_spoken_languages_are_named_in_the_chosen_language(
    ana: StaffClient, language: str, name: str
) -> None:
    choose(ana, language)
    for page in ("/org/equipo", "/org/equipo/nuevo"):
        text = words(ana.get(page))
        assert name in text
        assert "Francés" not in text


def test_language_is_of_one_account_and_is_logged(
    app: Flask, ana: StaffClient, store: Store
) -> None:
    luis = signed_in_as(app, store, employ(store, "luis@example.org"))
    choose(ana, "fr")
    choose(ana, "fr")
    assert "Aujourd’hui" in words(ana.get("/org/"))
    assert "Hoy" in words(luis.get("/org/"))
    with store.read() as session:
        entries = session.scalars(
            sa.select(AuditEntry.details).where(AuditEntry.action == "language chosen")
        ).all()
    assert entries == ['{"language":"fr"}']


@pytest.mark.parametrize("language", ["de", "", "es-MX", "x" * 300])
def test_unknown_language_is_refused(ana: StaffClient, store: Store, language: str) -> None:
    answer = ana.post("/org/cuenta/idioma", language=language)
    assert answer.status_code == 422
    assert "Elige un idioma de la lista." in words(answer)
    with store.read() as session:
        assert session.scalar(sa.select(StaffMember.language)) == "es"


def test_errors_and_refusals_are_in_the_language_of_the_account(
    app: Flask, store: Store, chicago: Office
) -> None:
    reader = signed_in_as(app, store, employ(store, "lee@example.org", Role.READER))
    choose(reader, "en")
    missing = reader.get("/org/talleres/NOSUCHWORKSHOP00")
    assert missing.status_code == 404
    assert '<html lang="en"' in missing.text
    refused = reader.get("/org/talleres/nuevo")
    assert refused.status_code == 403
    assert '<html lang="en"' in refused.text


@pytest.mark.parametrize(
    ("language", "heading"), [("en", "Sign in"), ("fr", "Se connecter"), ("es", "Entrar")]
)
def test_sign_in_page_can_be_read_in_each_language(app: Flask, language: str, heading: str) -> None:
    page = app.test_client().get(f"/org/entrar?idioma={language}")
    assert heading in words(page)
    assert f'action="/org/entrar?idioma={language}"' in page.text
    others = set(TODAY) - {language}
    assert others <= set(re.findall(r'href="/org/entrar\?idioma=(\w\w)', page.text))


def test_wrong_password_is_said_in_the_language_of_the_page(
    app: Flask, store: Store, chicago: Office
) -> None:
    employ(store)
    answer = app.test_client().post(
        "/org/entrar?idioma=en", data={"email": "ana@example.org", "password": "wrong"}
    )
    assert '<html lang="en"' in answer.text
    assert answer.status_code == 422


def test_calendar_is_in_the_language_of_its_owner(
    ana: StaffClient, store: Store, config: Config, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights)
    address = re.search(
        r"/org/cal/[\w-]+\.ics", ana.post("/org/mi-calendario", do="make").get_data(as_text=True)
    ) or re.search(r"/org/cal/[\w-]+\.ics", ana.get("/org/mi-calendario").text)
    assert address is not None
    for language, seats in (("es", "0 de 20 lugares"), ("fr", "places"), ("en", "of 20 places")):
        choose(ana, language)
        feed = ana.get(address[0]).text
        assert seats in feed
        again = ana.get(address[0])
        assert again.text == feed, "the cached event is that of the language"


def test_invitation_is_in_the_language_of_who_invites(
    make_app: Callable[..., Flask], config: Config, store: Store, chicago: Office
) -> None:
    app = make_app(mail_folder=config.data / "letters")
    lead = signed_in_as(app, store, employ(store, "lea@example.org", Role.LEAD))
    choose(lead, "fr")
    lead.post(
        "/org/personal/invitar",
        email="nora@example.org", name="Nora", role="organizer", places="chicago",
    )  # fmt: skip
    page = app.test_client().get(mailed_link(app, store, "nora@example.org"))
    assert '<html lang="fr-CA"' in page.text
    with store.read() as session:
        found = session.scalar(
            sa.select(StaffMember.language).where(StaffMember.email == "nora@example.org")
        )
    assert found == "fr"
