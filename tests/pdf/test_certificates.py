"""Certificates of attendance: the name is printed and stored nowhere."""

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
from outreach.web.staff.attendees.certificates import MAX_NAMES
from tests.conftest import make_workshop
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
def past_workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    return store_workshop(store, chicago, rights)


def store_workshop(store: Store, office: Office, kind: Kind, **changes: Any) -> Workshop:
    with store.change() as session:
        day = clock.now().date() - timedelta(days=3)
        return make_workshop(session, office, kind, **({"day": day} | changes))


def path(workshop: Workshop) -> str:
    return f"/org/talleres/{workshop.public_id}/constancia"


def send(staff_client: StaffClient, workshop: Workshop, **changes: str) -> TestResponse:
    return staff_client.post(path(workshop), **(GOOD | changes))


@pytest.mark.any_database("what a paper says")
@pytest.mark.parametrize("lang", TITLES)
def test_certificate_has_the_name_as_typed(
    ana: StaffClient, past_workshop: Workshop, lang: str
) -> None:
    answer = send(
        ana, past_workshop, language=lang, name="  Rosa   María «Chata» O’Higgins ", hours="1,5"
    )
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == 'inline; filename="constancia.pdf"'
    pdf_lang, title = TITLES[lang]
    assert pdf_reader.faults(answer.data, lang=pdf_lang, title=title) == []
    text = pdf_reader.words_of(answer.data)
    assert "Rosa María «Chata» O’Higgins" in text
    says = {"es": "El Consulado", "en": "The Consulate", "fr": "Consulado"}[lang]
    assert says in text
    assert {"es": "Duró 1.5 horas.", "en": "1.5 hours", "fr": "1,5 h"}[lang] in text.replace(
        "\u00a0", " "
    )
    assert {"es": "Conoce tus derechos", "en": "Know your rights", "fr": "Vos droits"}[lang] in text


def test_name_is_stored_nowhere(
    ana: StaffClient, past_workshop: Workshop, config: Config, store: Store, key_store: KeyStore,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    answer = send(ana, past_workshop)
    assert CANARY in pdf_reader.words_of(answer.data)
    assert send(ana, past_workshop, hours="muchas").status_code == 422
    needles = [CANARY.encode(), b"Canariosa", b"Plumaverde"]
    assert canaries.traces(config, store, key_store, needles, tmp_path) == []
    out, err = capfd.readouterr()
    assert "Canariosa" not in caplog.text + out + err
    for header, value in answer.headers.items():
        assert "Canariosa" not in value, header
    with store.read() as session:
        entries = [
            (entry.action, entry.details)
            for entry in session.scalars(sa.select(AuditEntry))
            if entry.action == "certificate made"
        ]
    assert entries == [("certificate made", '{"hours":"2","language":"es"}')], (
        "one entry without the name"
    )


def test_one_file_has_a_certificate_for_each_name(
    ana: StaffClient, past_workshop: Workshop, store: Store
) -> None:
    answer = send(ana, past_workshop, name="Rosa Canariosa\r\n\r\n  Beto   Plumaverde\r\nLalo")
    assert answer.status_code == 200
    pdf_lang, title = TITLES["es"]
    assert pdf_reader.faults(answer.data, lang=pdf_lang, title=title, pages=3, headings=3) == []
    sheets = [text.split() for text in pdf_reader.pages_of(answer.data)]
    assert ["Canariosa" in sheet for sheet in sheets] == [True, False, False]
    assert ["Plumaverde" in sheet for sheet in sheets] == [False, True, False]
    assert ["Lalo" in sheet for sheet in sheets] == [False, False, True]
    with store.read() as session:
        entry = session.scalars(
            sa.select(AuditEntry).where(AuditEntry.action == "certificate made")
        ).one()
    assert entry.details == '{"hours":"2","language":"es","people":3}'


@pytest.mark.any_database("what a form says")
def test_faults_of_any_name_are_reported(ana: StaffClient, past_workshop: Workshop) -> None:
    answer = send(ana, past_workshop, name="Rosa\nA-123456789")
    assert answer.status_code == 422
    assert "No pongas números de documentos." in words(answer)
    answer = send(ana, past_workshop, name="\n".join(["Rosa"] * (MAX_NAMES + 1)))
    assert answer.status_code == 422
    assert f"Son más de {MAX_NAMES} nombres." in words(answer)


def test_discreet_workshop_has_one_certificate_at_a_time(
    ana: StaffClient, store: Store, chicago: Office, women: Kind
) -> None:
    workshop = store_workshop(store, chicago, women)
    assert "<textarea" not in ana.get(path(workshop)).text
    answer = send(ana, workshop, name="Rosa\nBeto")
    assert answer.status_code == 422
    assert "haz una constancia a la vez" in words(answer)
    assert send(ana, workshop, name="Rosa").status_code == 200


@pytest.mark.any_database("what a form says")
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": ""}, "Escribe el nombre."),
        ({"name": "   "}, "Escribe el nombre."),
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
def test_invalid_input_is_reported_and_kept_in_the_form(
    ana: StaffClient, past_workshop: Workshop, changes: dict[str, str], says: str
) -> None:
    answer = send(ana, past_workshop, **changes)
    assert answer.status_code == 422
    assert says in words(answer)
    assert answer.text.count(says) >= 2, "next to the field and in the summary"
    if "name" not in changes:
        assert CANARY in answer.text


@pytest.mark.any_database("what a form says")
def test_empty_form_is_rejected_with_messages(ana: StaffClient, past_workshop: Workshop) -> None:
    answer = ana.post(path(past_workshop))
    assert answer.status_code == 422
    assert "Escribe el nombre." in words(answer)


def test_certificates_are_made_after_the_workshop_only(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    workshop = store_workshop(store, chicago, rights, day=clock.now().date() + timedelta(days=1))
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
def test_certificate_of_a_discreet_workshop_reveals_nothing(
    ana: StaffClient, store: Store, chicago: Office, women: Kind
) -> None:
    workshop = store_workshop(store, chicago, women, title={"es": "Un espacio de confianza"})
    assert "no dice de qué fue" in words(ana.get(path(workshop)))
    plain = pdf_reader.words_of(send(ana, store_workshop(store, chicago, women)).data)
    text = pdf_reader.words_of(send(ana, workshop).data)
    assert text == plain
    assert "participó en un taller" in text
    for secret in ("confianza", "mujeres", "Biblioteca", "Pilsen", "Ejemplo"):
        assert secret not in text


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
def test_longest_name_and_title_fit_on_one_page(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind, name: str
) -> None:
    workshop = store_workshop(
        store, chicago, rights, title={"es": "Qué hacer ante una revisión " * 4}
    )
    for lang, (pdf_lang, title) in TITLES.items():
        answer = send(ana, workshop, name=name, language=lang)
        assert pdf_reader.faults(answer.data, lang=pdf_lang, title=title) == []
        text = pdf_reader.squashed(pdf_reader.words_of(answer.data))
        if name.isascii() or "M" in name:
            assert pdf_reader.squashed(name) in text
        assert pdf_reader.squashed("Qué hacer ante una revisión " * 4) in text
