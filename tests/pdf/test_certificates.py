"""The certificate that somebody was there: its name is printed, and is nowhere else."""

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from tests.conftest import hold
from tests.support import canaries, pdf_reader
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database

CANARY: Final = "Canariosa Plumaverde"
GOOD: Final = {"name": CANARY, "hours": "2", "language": "es"}
TITLES: Final = {
    "es": ("es-MX", "Constancia de participación"),
    "en": ("en-US", "Certificate of attendance"),
    "fr": ("fr-CA", "Attestation de participation"),
}


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def past(store: Store, chicago: Office, rights: Kind) -> Workshop:
    return held(store, chicago, rights)


def held(store: Store, office: Office, kind: Kind, **changes: Any) -> Workshop:
    with store.change() as session:
        day = clock.now().date() - timedelta(days=3)
        return hold(session, office, kind, **({"day": day} | changes))


def path(workshop: Workshop) -> str:
    return f"/org/talleres/{workshop.public_id}/constancia"


def send(staff_client: StaffClient, workshop: Workshop, **changes: str) -> TestResponse:
    return staff_client.post(path(workshop), **(GOOD | changes))


@pytest.mark.any_database("what a paper says")
@pytest.mark.parametrize("lang", TITLES)
def test_it_has_the_name_as_it_was_typed(ana: StaffClient, past: Workshop, lang: str) -> None:
    answer = send(ana, past, language=lang, name="  Rosa   María «Chata» O’Higgins ", hours="1,5")
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == 'inline; filename="constancia.pdf"'
    spoken, title = TITLES[lang]
    assert pdf_reader.faults(answer.data, lang=spoken, title=title) == []
    said = pdf_reader.words_of(answer.data)
    assert "Rosa María «Chata» O’Higgins" in said
    assert {"es": "Duró 1.5 horas.", "en": "1.5 hours", "fr": "1,5 h"}[lang] in said.replace(
        "\u00a0", " "
    )
    assert {"es": "Conoce tus derechos", "en": "Know your rights", "fr": "Vos droits"}[lang] in said


def test_the_name_is_kept_nowhere(
    ana: StaffClient, past: Workshop, config: Config, store: Store, key_store: KeyStore,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    answer = send(ana, past)
    assert CANARY in pdf_reader.words_of(answer.data)
    assert send(ana, past, hours="muchas").status_code == 422
    needles = [CANARY.encode(), b"Canariosa", b"Plumaverde"]
    assert canaries.traces(config, store, key_store, needles, tmp_path) == []
    out, err = capfd.readouterr()
    assert "Canariosa" not in caplog.text + out + err
    for header, value in answer.headers.items():
        assert "Canariosa" not in value, header
    with store.read() as session:
        told = [
            (entry.action, entry.details)
            for entry in session.scalars(sa.select(AuditEntry))
            if entry.action == "certificate made"
        ]
    assert told == [("certificate made", '{"hours":"2","language":"es"}')], "once, and no name"


@pytest.mark.any_database("what a form says")
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": ""}, "Escribe el nombre."),
        ({"name": "   "}, "Escribe el nombre con letras."),
        ({"name": "\u200b\u202e"}, "Escribe el nombre"),
        ({"name": "1234"}, "Escribe el nombre con letras."),
        ({"name": "A" * 61}, "Es demasiado largo. Escribe menos."),
        ({"name": "Rosa A-123456789"}, "No pongas números de documentos."),
        ({"name": "Rosa 123-45-6789"}, "No pongas números de documentos."),
        ({"name": "HEGR800101MDFRSS09"}, "No pongas números de documentos."),
        ({"name": "Rosa １２３４５６７"}, "No pongas números de documentos."),
        ({"hours": ""}, "Escribe cuántas horas duró."),
        ({"hours": "0"}, "Escribe las horas con números"),
        ({"hours": "-1"}, "Escribe las horas con números"),
        ({"hours": "101"}, "Escribe las horas con números"),
        ({"hours": "1e1"}, "Escribe las horas con números"),
        ({"hours": "٢"}, "Escribe las horas con números"),
        ({"hours": "1.25"}, "Escribe las horas con números"),
        ({"language": "de"}, "Elige una opción de la lista."),
        ({"language": ""}, "Elige una opción de la lista."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    ana: StaffClient, past: Workshop, changes: dict[str, str], says: str
) -> None:
    answer = send(ana, past, **changes)
    assert answer.status_code == 422
    assert says in words(answer)
    assert answer.text.count(says) >= 2, "next to its field and above"
    if "name" not in changes:
        assert CANARY in answer.text


@pytest.mark.any_database("what a form says")
def test_an_empty_form_is_answered_with_what_it_lacks(ana: StaffClient, past: Workshop) -> None:
    answer = ana.post(path(past))
    assert answer.status_code == 422
    assert "Escribe el nombre." in words(answer)


def test_nobody_has_been_at_what_is_still_to_come(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    workshop = held(store, chicago, rights, day=clock.now().date() + timedelta(days=1))
    page = ana.get(path(workshop))
    assert page.status_code == 200
    assert "La constancia se hace cuando el taller ya pasó." in words(page)
    assert 'name="name"' not in page.text
    assert send(ana, workshop).status_code == 422
    for status, code in {
        WorkshopStatus.CANCELLED: 422,
        WorkshopStatus.NOT_HELD: 422,
        WorkshopStatus.HELD: 200,
    }.items():
        with store.change() as session:
            session.get_one(Workshop, workshop.id).status = status
        assert send(ana, workshop).status_code == code, status


@pytest.mark.any_database("what a paper says")
def test_of_a_discreet_one_it_says_that_it_was_a_workshop(
    ana: StaffClient, store: Store, chicago: Office, women: Kind
) -> None:
    workshop = held(store, chicago, women, title={"es": "Un espacio de confianza"})
    assert "no dice de qué fue" in words(ana.get(path(workshop)))
    plain = pdf_reader.words_of(send(ana, held(store, chicago, women)).data)
    said = pdf_reader.words_of(send(ana, workshop).data)
    assert said == plain
    assert "participó en un taller" in said
    for secret in ("confianza", "mujeres", "Biblioteca", "Pilsen", "Ejemplo"):
        assert secret not in said


@pytest.mark.any_database("how a page is set")
@pytest.mark.parametrize(
    "name",
    [
        "W" * 60,
        "Maximiliana Guadalupe de la Santísima Trinidad y Montes de O",
        "Ñ 🎉",
        "#x *b* $y$ \\ `c`",
    ],
)
def test_the_longest_name_and_title_fit_on_one_page(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind, name: str
) -> None:
    workshop = held(store, chicago, rights, title={"es": "Qué hacer ante una revisión " * 4})
    for lang, (spoken, title) in TITLES.items():
        answer = send(ana, workshop, name=name, language=lang)
        assert pdf_reader.faults(answer.data, lang=spoken, title=title) == []
        said = pdf_reader.squashed(pdf_reader.words_of(answer.data))
        if name.isascii() or "M" in name:
            assert pdf_reader.squashed(name) in said
        assert pdf_reader.squashed("Qué hacer ante una revisión " * 4) in said
