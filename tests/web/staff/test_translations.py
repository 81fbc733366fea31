"""Page that edits the texts of a workshop in three languages."""

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.notifications import Notification
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat
from tests.support.staff_client import StaffClient, employ, signed_in_as, words
from tests.web.staff.test_workshops import typed

pytestmark = pytest.mark.any_database

HARD = (
    "Proporcionaremos asesoramiento jurídico especializado concerniente a procedimientos "
    "administrativos extraordinarios de regularización migratoria internacional."
)


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, bring={"es": "Nada."})


def texts_form(**changes: Any) -> dict[str, str]:
    fields = {
        "title_es": "Conoce tus derechos",
        "title_en": "Know your rights",
        "title_fr": "Vos droits",
        "summary_es": "Qué decir, qué no firmar y a quién llamar.",
        "summary_en": "",
        "summary_fr": "",
        "bring_es": "Nada.",
        "bring_en": "",
        "bring_fr": "",
        "do": "save",
    }
    return fields | changes


def test_three_languages_are_shown_side_by_side_with_missing_texts(
    ana: StaffClient, workshop: Workshop
) -> None:
    page = ana.get(_address(workshop))
    page_text = words(page)
    assert page_text.count("Falta. Quien lee esta lengua verá el español.") == 4
    assert page_text.count("Revisar 2") == 2
    assert 'name="title_fr" type="text" value="Vos droits"' in page.text


def test_public_page_shows_the_texts_as_previewed(
    ana: StaffClient, store: Store, workshop: Workshop
) -> None:
    text = "Trae **solo** lo tuyo.\n\n- Agua\n- [Mapa](https://mapa.example/)"
    preview = ana.post(_address(workshop), **texts_form(summary_es=text, do="preview"))
    assert preview.status_code == 200
    assert "Así se van a ver" in words(preview)
    assert "Nada de esto se guardó todavía." in words(preview)
    assert _reloaded(store, workshop).summary["es"].startswith("Qué decir")
    saved = ana.post(_address(workshop), **texts_form(summary_es=text, summary_en="Bring *water*."))
    assert saved.headers["Location"].endswith("hecho=textos")
    for page in (preview.text, ana.client.get(f"/es/t/{workshop.public_id}").text):
        assert "<strong>solo</strong>" in page
        assert re.search(r'<a href="https://mapa.example/" rel="[^"]*">Mapa</a>', page)
    assert "<em>water</em>" in ana.client.get(f"/en/t/{workshop.public_id}").text
    assert "Bring *water*." in ana.get(_address(workshop)).text


def test_typed_markup_is_escaped(ana: StaffClient, workshop: Workshop) -> None:
    text = "<script>alert(1)</script> <img src=x onerror=x> [ven](javascript:alert(1))"
    for action in ("preview", "save"):
        ana.post(_address(workshop), **texts_form(summary_es=text, do=action))
        preview = ana.post(_address(workshop), **texts_form(summary_es=text, do="preview")).text
        visible_text = (
            preview.split("<form id=")[0] + ana.client.get(f"/es/t/{workshop.public_id}").text
        )
        assert "<script>alert" not in visible_text
        assert "<img" not in visible_text
        assert 'href="javascript' not in visible_text


def test_changed_texts_update_calendars_and_notify_nobody(
    ana: StaffClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.com")
    ana.post(_address(workshop), **texts_form(title_es="Tus derechos en la calle"))
    now = _reloaded(store, workshop)
    assert (now.sequence, now.changed_at > workshop.changed_at) == (workshop.sequence, True)
    assert now.title == {
        "es": "Tus derechos en la calle", "en": "Know your rights", "fr": "Vos droits",
    }  # fmt: skip
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Notification)) == 1
        entry = session.scalars(sa.select(AuditEntry)).one()
    assert (entry.action, entry.details) == ("workshop changed", '{"fields":["title"]}')


def test_unchanged_texts_are_reported_as_unchanged(ana: StaffClient, workshop: Workshop) -> None:
    assert ana.post(_address(workshop), **texts_form()).headers["Location"].endswith("hecho=igual")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"title_es": " "}, "Escribe el título."),
        ({"title_fr": "x" * 121}, "Es demasiado largo. Escribe menos."),
        ({"summary_en": "x" * 1001}, "Es demasiado largo. Escribe menos."),
        ({"bring_es": "x" * 601, "do": "preview"}, "Es demasiado largo. Escribe menos."),
    ],
)
def test_invalid_values_are_reported_and_typed_values_are_kept(
    ana: StaffClient, store: Store, workshop: Workshop, wrong: dict[str, str], message: str
) -> None:
    answer = ana.post(_address(workshop), **texts_form(**({"bring_en": "Just you."} | wrong)))
    assert answer.status_code == 422
    assert words(answer).count(message) >= 2, "in the summary and at the field"
    assert "Just you." in answer.text
    assert _reloaded(store, workshop).bring == {"es": "Nada."}


def test_hard_to_read_text_is_pointed_out(ana: StaffClient, workshop: Workshop) -> None:
    answer = ana.post(_address(workshop), **texts_form(summary_es=HARD, do="preview"))
    assert "Cuesta leerlo" in words(answer)
    assert "Cuesta leerlo" not in words(ana.post(_address(workshop), **texts_form(do="preview")))


def test_texts_that_differ_from_the_kind_are_shown_and_empty_ones_filled(
    ana: StaffClient, store: Store, workshop: Workshop, rights: Kind
) -> None:
    with store.change() as session:
        kind = session.get_one(Kind, rights.id)
        kind.bring = {"es": "Nada.", "en": "Nothing.", "fr": "Rien."}
    page = ana.get(_address(workshop))
    assert (
        words(page).count("Ver el texto del tipo de taller") == 4
    )  # title, summary; bring in en and fr
    filled = ana.post(_address(workshop), **texts_form(do="fill", bring_fr="Rien du tout."))
    assert ">\nNothing.</textarea>" in filled.text
    assert ">\nRien du tout.</textarea>" in filled.text
    assert "Nada de esto se guardó todavía." in words(filled)
    assert _reloaded(store, workshop).bring == {"es": "Nada."}


def test_texts_of_a_draft_can_be_edited(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        draft = make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT, venue=None)
    assert ana.post(_address(draft), **texts_form(title_en="Rights")).status_code == 303
    assert _reloaded(store, draft).title["en"] == "Rights"


def test_workshop_form_keeps_unchanged_texts_in_every_language(
    ana: StaffClient, store: Store, workshop: Workshop
) -> None:
    ana.post(_address(workshop), **texts_form(summary_en="What to say.", bring_en="Nothing."))
    stored = _reloaded(store, workshop)
    assert stored.summary["en"] == "What to say."
    assert stored.bring == {"es": "Nada.", "en": "Nothing."}


def _address(workshop: Workshop) -> str:
    return f"/org/talleres/{workshop.public_id}/textos"


def _reloaded(store: Store, workshop: Workshop) -> Workshop:
    with store.read() as session:
        return session.get_one(Workshop, workshop.id)


def test_changed_spanish_text_marks_its_translations_for_review(
    ana: StaffClient, store: Store, workshop: Workshop
) -> None:
    ana.post(_address(workshop), **texts_form(summary_en="What to say."))
    path = f"/org/talleres/{workshop.public_id}"
    fields = typed(venue=str(workshop.venue_id), summary_es="Qué decir, y a quién llamar.")
    saved = ana.post(f"{path}/editar", **fields)
    assert saved.status_code == 303
    assert "revísalos" in words(ana.get(saved.headers["Location"]))
    assert _reloaded(store, workshop).summary == {
        "es": "Qué decir, y a quién llamar.",
        "en": "What to say.",
    }
