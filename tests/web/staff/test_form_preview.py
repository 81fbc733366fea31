"""While a workshop is typed: what people would see and what is odd, without JavaScript too."""

import re
from datetime import date, time
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.db.store import Store
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.scheduling.form_drafts import FormDraft
from outreach.domain.workshops import Workshop, partners
from outreach.domain.workshops.partners import ChosenPartners, Speaker
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat, venue
from tests.support.fixed_clock import fixed_clock
from tests.support.html_forms import fields
from tests.support.staff_client import StaffClient, employ, signed_in_as, words
from tests.web.staff.test_workshops import typed

pytestmark = [pytest.mark.any_database, fixed_clock]

NEW, PREVIEW = "/org/talleres/nuevo", "/org/talleres/vista-previa"
SATURDAY = date(2027, 2, 6)


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def room(store: Store, chicago: Office) -> Venue:
    with store.change() as session:
        return venue(session, chicago, "Sala B", capacity=20)


def form(**changes: Any) -> dict[str, Any]:
    plain = {"day": SATURDAY.isoformat(), "venue_name": "Casa Nueva", "action": "", "sure": ""}
    return typed(**plain | changes)


def spaced(page: str) -> str:
    """The text of a page with ordinary spaces."""
    return " ".join(re.sub(r"<[^>]+>", "", page).split())


def count(store: Store) -> tuple[int, ...]:
    with store.read() as session:
        tables = (Workshop, Venue, FormDraft)
        return tuple(
            session.scalar(sa.select(sa.func.count()).select_from(each)) or 0 for each in tables
        )


def test_preview_shows_card_page_and_calendar_entry_and_stores_nothing(
    ana: StaffClient, store: Store
) -> None:
    before, mark = count(store), store.mark()
    answer = ana.post(PREVIEW, **form())
    assert answer.status_code == 200
    page = words(answer)
    assert "Sábado 6 de febrero de 2027, 10:00 a. m. a 12:00 p. m." in page
    assert page.count("Conoce tus derechos") == 3  # card, page, calendar
    assert "1805 S. Ejemplo St., Chicago, IL" in page
    assert "Casa Nueva, 1805 S. Ejemplo St., Chicago, IL" in page
    assert "<form" not in answer.text
    assert "<a " not in answer.text, "what is not there yet leads nowhere"
    assert count(store) == before
    if store.is_sqlite:  # PostgreSQL counts the commits of all databases of the server
        assert store.mark() == mark


def test_preview_is_read_in_the_chosen_language(ana: StaffClient, store: Store) -> None:
    english = form(title_en="Know your rights", preview_language="en")
    answer = ana.post(PREVIEW, **english)
    shown = answer.text.partition('id="form-look"')[2].partition('id="form-summaries"')[0]
    assert shown.count("Know your rights") == 3
    assert "Saturday, February 6, 10:00 a.m. to 12:00 p.m." in spaced(shown)
    assert shown.count(' lang="en"') == 3
    assert "En la lista" in shown, "the page itself stays in the language of the account"
    assert "Sábado 6 de febrero de 2027" in words(answer)
    untranslated = ana.post(PREVIEW, **form(title_en="", preview_language="fr"))
    assert '<b lang="es-MX">Conoce tus derechos</b>' in untranslated.text
    assert "samedi 6 f" in words(untranslated).lower()
    other = ana.post(PREVIEW, **form(preview_language="zz"))
    assert "Sábado 6 de febrero, 10:00" in spaced(other.text)


def test_button_shows_the_preview_in_another_language_and_keeps_the_choice(
    ana: StaffClient, store: Store
) -> None:
    page = ana.post(NEW, **form(preview_language="en", action="preview"))
    assert fields(page.text, NEW)["preview_language"] == "en"
    assert "Saturday, February 6" in words(page)
    ana.post("/org/talleres/borrador", **form(preview_language="en"))
    with store.read() as session:
        draft = session.scalars(sa.select(FormDraft)).one()
    assert draft.first("preview_language") == ""


def test_button_shows_the_preview_in_the_page_and_keeps_what_is_typed(
    ana: StaffClient, store: Store
) -> None:
    before = count(store)
    page = ana.post(NEW, **form(title_es="Otro título", day="", action="preview"))
    assert page.status_code == 200
    assert words(page).count("Otro título") >= 3
    assert "Falta el día" in words(page)
    sent = fields(page.text, NEW)
    assert (sent["title_es"], sent["venue_name"]) == ("Otro título", "Casa Nueva")
    assert "Revisa" not in words(page), "a preview is no try to save"
    assert count(store) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "nada"},
        {"mode": "nada"},
        {"visibility": "nada"},
        {"languages": ["zz"]},
        {"capacity": "-3"},
        {"slot_minutes": "-5", "way": "slots"},
        {"slot_places": "9" * 30, "way": "slots"},
        {"day": "0002-02-06"},
        {"day": "9999-12-31"},
        {"day": "mañana", "starts": "25:00", "ends": "x", "capacity": "muchos"},
        {"venue": "999999"},
        {"venue": "nueva", "venue_zone": "Mars/Olympus"},
        {"starts": "10:00", "ends": "10:00"},
        {"kind": "", "title_es": "", "mode": ""},
    ],
)
def test_form_that_cannot_be_read_has_a_preview_too(
    ana: StaffClient, changes: dict[str, Any]
) -> None:
    assert ana.post(PREVIEW, **form(**changes)).status_code == 200
    assert ana.post(NEW, **form(**changes, action="preview")).status_code == 200


def test_taken_venue_is_said_with_free_hours_that_fill_the_form(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind, room: Venue
) -> None:
    with store.change() as session:
        other_room = venue(session, chicago, "Sala A", capacity=60).id
        there = session.get_one(Venue, room.id)
        make_workshop(
            session, chicago, rights, day=SATURDAY, starts=time(9), ends=time(11), venue=there
        )
    clash = form(venue=str(room.id), capacity="15")
    answer = ana.post(PREVIEW, **clash)
    assert "La sede ya está ocupada a esa hora" in words(answer)
    assert "Ahí está: 9:00 a. m., Conoce tus derechos. Cambia la hora o la sede." in words(answer)
    buttons = [
        ("sáb 6 feb, 11:00 a. m.", "fill day=2027-02-06&amp;starts=11%3A00&amp;ends=13%3A00"),
        ("dom 7 feb, 10:00 a. m.", "fill day=2027-02-07&amp;starts=10%3A00&amp;ends=12%3A00"),
        ("lun 8 feb, 10:00 a. m.", "fill day=2027-02-08&amp;starts=10%3A00&amp;ends=12%3A00"),
        ("Sala A, misma hora", f"fill venue={other_room}"),
    ]
    for label, action in buttons:
        assert label in words(answer)
        assert f'value="{action}"' in answer.text
    before = count(store)
    for label, action in buttons:
        filled = ana.post(NEW, **clash | {"action": action.replace("&amp;", "&")})
        assert "La sede ya está ocupada" not in words(filled), label
        sent = fields(filled.text, NEW)
        assert sent["title_es"] == "Conoce tus derechos"
    assert (sent["venue"], sent["starts"]) == (str(other_room), "10:00")
    assert count(store) == before


def test_fill_button_changes_only_its_own_fields(ana: StaffClient) -> None:
    action = "fill capacity=20&title_es=Otro&office=calgary&token=x"
    sent = fields(ana.post(NEW, **form(action=action)).text, NEW)
    assert (sent["capacity"], sent["title_es"], sent["office"]) == (
        "20",
        "Conoce tus derechos",
        "chicago",
    )


def test_more_seats_than_the_room_holds_are_said(ana: StaffClient, room: Venue) -> None:
    answer = ana.post(PREVIEW, **form(venue=str(room.id), capacity="40"))
    assert "En la sede caben 20." in words(answer)
    assert "Poner 20 lugares" in words(answer)


def test_other_date_of_a_speaker_is_said(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        speaker = Speaker(office_id=chicago.id, name="Lic. Mora", partner=None, is_shown=True)
        session.add(speaker)
        session.flush()
        other = make_workshop(
            session, chicago, rights, day=SATURDAY, starts=time(11), ends=time(13)
        )
        partners.set_chosen(session, other, ChosenPartners((), (speaker.id,)))
        number = str(speaker.id)
    assert "Lic. Mora ya tiene otro taller" in words(ana.post(PREVIEW, **form(speakers=[number])))
    later = form(speakers=[number], starts="13:00", ends="15:00")
    assert "ya tiene otro taller" not in words(ana.post(PREVIEW, **later))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"day": "2027-02-15"}, "Ese día es feriado"),
        ({"day": "2026-11-20"}, "Ese día y esa hora ya pasaron"),
        ({"day": "2027-03-14", "starts": "02:30"}, "no existen las 2:30 a. m.: elige otra hora"),
        ({"day": "2027-11-07", "starts": "01:30", "ends": "03:00"}, "¿Cuál de las dos?"),
        ({"starts": "17:15", "ends": "16:00"}, "Sí, termina el día siguiente"),
    ],
)
def test_odd_day_or_hour_is_said(ana: StaffClient, changes: dict[str, str], said: str) -> None:
    assert said in words(ana.post(PREVIEW, **form(**changes)))
    assert said in words(ana.post(NEW, **form(**changes, action="preview")))
    assert said not in words(ana.post(PREVIEW, **form()))


def test_nothing_is_said_of_what_is_not_typed_yet(ana: StaffClient) -> None:
    page = words(ana.post(PREVIEW, **form(day="", starts="", ends="")))
    assert "Falta el día" in page
    for each in ("ya pasaron", "feriado", "ocupada", "Faltan menos"):
        assert each not in page


def test_discreet_workshop_looks_as_the_public_sees_it(
    ana: StaffClient, store: Store, chicago: Office, women: Kind
) -> None:
    secret = {"kind": women.code, "visibility": "by_venue", "title_es": "Salir de la violencia"}
    answer = ana.post(PREVIEW, **form(**secret, interpretation=["nah"]))
    shown = answer.text.partition('id="form-look"')[2].partition('id="form-summaries"')[0]
    for hidden in ("1805 S. Ejemplo St.", "Casa Nueva", "náhuatl", "Consulado"):
        assert hidden not in shown
    assert "Te damos la dirección por teléfono" in shown
    calendar = shown.partition("form-look-calendar")[2]
    assert "Salir de la violencia" not in calendar


def test_edited_workshop_is_no_clash_with_itself(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind, key_store: KeyStore
) -> None:
    with store.change() as session:
        workshop = make_workshop(
            session, chicago, rights, day=SATURDAY, visibility=Visibility.PUBLIC
        )
    seat(store, key_store, workshop)
    path = f"/org/talleres/{workshop.public_id}/editar"
    page = ana.get(path)
    assert "ocupada" not in words(page)
    sent = fields(page.text, path) | {"title_es": "Otro nombre"}
    sent.pop("token")
    answer = ana.post(PREVIEW, **sent)
    assert "Otro nombre" in words(answer)
    assert "ocupada" not in words(answer)


def test_preview_of_another_office_is_refused(
    app: Flask, ana: StaffClient, store: Store, calgary: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, calgary, rights)
    assert ana.post(PREVIEW, **form(workshop=workshop.public_id)).status_code == 404
    assert ana.post(PREVIEW, **form(office="calgary")).status_code == 404


def test_error_opens_the_part_in_which_it_is(ana: StaffClient) -> None:
    page = ana.post(NEW, **form(party_limit="0", confirm_days="99", action="publish"))
    assert page.status_code == 422
    for part in ("entrada", "sillas"):
        assert f'id="{part}" open' in page.text
    assert 'id="serie" open' not in page.text
    sent = fields(page.text, NEW)
    assert (sent["party_limit"], sent["confirm_days"]) == ("0", "99")


def test_closed_parts_say_what_they_hold(ana: StaffClient) -> None:
    page = words(ana.get(f"{NEW}?tipo=derechos"))
    assert "Se aparta lugar en el sitio, hasta 4 personas" in page
    assert "Cómo se entra" in page
