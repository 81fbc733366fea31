"""Texts of an office for its messages: kept, chosen, renamed and deleted."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.outbox import message_texts
from outreach.domain.outbox.message_texts import MAX_TEXTS, MessageText
from outreach.domain.registrations.staff_messages import Message
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat
from tests.support.html_forms import fields
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database

PAGE, RENAME, DELETE = "/org/textos", "/org/textos/cambiar", "/org/textos/borrar"
PARKING = "Hay dónde estacionarse atrás."


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def evening(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


def address_of(workshop: Workshop) -> str:
    return f"/org/talleres/{workshop.public_id}/mensaje"


def message(**changes: str) -> dict[str, str]:
    return {"template": "reminder", "audience": "all", "more_es": PARKING} | changes


def keep(ana: StaffClient, workshop: Workshop, name: str = "Estacionamiento", **more: str) -> Any:
    return ana.post(address_of(workshop), **message(do="keep", text_name=name, **more))


def read_texts(store: Store) -> list[MessageText]:
    with store.read() as session:
        return list(session.scalars(sa.select(MessageText).order_by(MessageText.name)).all())


def test_text_is_kept_and_chosen_in_another_message(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind, evening: Workshop
) -> None:
    page = keep(ana, evening, more_en="There is parking behind.")
    assert page.status_code == 200
    assert "Texto guardado: «Estacionamiento». El mensaje todavía no sale." in words(page)
    assert str(fields(page.text, address_of(evening))["more_es"]).strip() == PARKING
    (text,) = read_texts(store)
    assert text.paragraph == {"es": PARKING, "en": "There is parking behind."}
    with store.change() as session:
        assert session.scalars(sa.select(Message)).all() == []
        assert "message text saved" in session.scalars(sa.select(AuditEntry.action)).all()
        other = make_workshop(session, chicago, rights)
    form = fields(ana.get(address_of(other)).text, address_of(other))
    chosen = form | {"do": "use", "text": str(text.id), "audience": "waiting", "more_es": "No"}
    chosen.pop("token")
    filled = fields(ana.post(address_of(other), **chosen).text, address_of(other))
    assert str(filled["more_es"]).strip() == PARKING
    assert str(filled["more_en"]).strip() == "There is parking behind."
    assert filled["audience"] == "waiting", "the rest of the form stays"
    assert filled["nonce"] == form["nonce"]


def test_chosen_text_is_sent_only_after_its_preview(
    ana: StaffClient, store: Store, key_store: KeyStore, evening: Workshop
) -> None:
    keep(ana, evening)
    (text,) = read_texts(store)
    seat(store, key_store, evening)
    answer = ana.post(address_of(evening), **message(do="use", text=str(text.id), more_es=""))
    assert 'name="seen"' not in answer.text
    assert "Así lo van a leer. Si está bien, envíalo." not in words(answer)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"more_es": "Entra a www.ejemplo.org"}, "enlace"),
        ({"more_es": "a" * 501}, "500"),
        ({"more_es": "", "more_en": "Only English"}, "español"),
        ({"more_es": ""}, "No hay texto que guardar."),
        ({"text_name": ""}, "Ponle al texto un nombre"),
        ({"text_name": "a" * 61}, "Ponle al texto un nombre"),
    ],
)
def test_text_passes_the_checks_of_a_typed_one(
    ana: StaffClient, store: Store, evening: Workshop, changes: dict[str, str], said: str
) -> None:
    form = message(do="keep", text_name="Uno") | changes
    answer = ana.post(address_of(evening), **form)
    assert answer.status_code == 422
    assert said in words(answer)
    assert read_texts(store) == []
    sent = fields(answer.text, address_of(evening))
    assert str(sent["more_es"]).strip() == form["more_es"], "nothing typed is lost"


def test_discreet_workshop_has_no_texts_of_its_own(
    ana: StaffClient, store: Store, chicago: Office, women: Kind, evening: Workshop
) -> None:
    keep(ana, evening)
    (text,) = read_texts(store)
    with store.change() as session:
        discreet = make_workshop(session, chicago, women)
    assert "Estacionamiento" not in words(ana.get(address_of(discreet)))
    for do in ("use", "keep"):
        form = message(do=do, text=str(text.id), text_name="Otro")
        answer = ana.post(address_of(discreet), **form)
        assert answer.status_code == 422
        assert "solo se mandan textos ya escritos" in words(answer)
    assert [each.name for each in read_texts(store)] == ["Estacionamiento"]


def test_text_of_the_same_name_is_replaced(
    ana: StaffClient, store: Store, evening: Workshop
) -> None:
    keep(ana, evening)
    keep(ana, evening, more_es="Ya no hay dónde.")
    (text,) = read_texts(store)
    assert text.paragraph == {"es": "Ya no hay dónde."}


def test_text_is_renamed_and_deleted(ana: StaffClient, store: Store, evening: Workshop) -> None:
    keep(ana, evening)
    keep(ana, evening, name="Otro")
    text, other = read_texts(store)
    assert PARKING in words(ana.get(PAGE))
    form = {"office": "chicago", "text": str(text.id)}
    assert ana.post(RENAME, **form, name=" Coches ").status_code == 303
    assert "Nombre cambiado." in words(ana.get(f"{PAGE}?hecho=guardado"))
    assert [each.name for each in read_texts(store)] == ["Coches", "Otro"]
    taken = ana.post(RENAME, **form, name="Otro")
    assert (taken.status_code, "Otro texto ya se llama así." in words(taken)) == (422, True)
    assert ana.post(RENAME, **form, name="").status_code == 422
    assert ana.post(DELETE, office="chicago", text=str(other.id)).status_code == 303
    assert [each.name for each in read_texts(store)] == ["Coches"]
    for number in (str(other.id), "x", "9" * 10, "-1"):
        assert ana.post(DELETE, office="chicago", text=number).status_code == 404


def test_texts_belong_to_their_office(
    app: Flask, ana: StaffClient, store: Store, calgary: Office, rights: Kind, evening: Workshop
) -> None:
    keep(ana, evening)
    (text,) = read_texts(store)
    with store.change() as session:
        there = make_workshop(session, calgary, rights)
    other = signed_in_as(app, store, employ(store, "luz@example.org", Role.ORGANIZER, "calgary"))
    assert "Estacionamiento" not in words(other.get(PAGE))
    assert "Estacionamiento" not in words(other.get(address_of(there)))
    form = message(do="use", text=str(text.id))
    assert other.post(address_of(there), **form).status_code == 404
    for slug in ("calgary", "chicago"):
        form = {"office": slug, "text": str(text.id)}
        assert other.post(RENAME, **form, name="x").status_code == 404
        assert other.post(DELETE, **form).status_code == 404
    assert [each.name for each in read_texts(store)] == ["Estacionamiento"]


def test_number_of_texts_is_limited(
    ana: StaffClient, store: Store, chicago: Office, evening: Workshop
) -> None:
    with store.change() as session:
        office = session.merge(chicago, load=False)
        for number in range(MAX_TEXTS):
            paragraph = {"es": "Hola"}
            message_texts.save(session, office, str(number), paragraph, now=office.changed_at)
    page = keep(ana, evening)
    assert page.status_code == 422
    assert f"La oficina ya tiene {MAX_TEXTS} textos. Borra uno." in words(page)
    assert keep(ana, evening, name="7").status_code == 200
