"""The page «Buscar»: what each role finds, of which offices, and what a typed day means."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from html import unescape

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, PERMISSIONS, Permission, Role
from outreach.domain.workshops import WorkshopStatus
from outreach.domain.workshops.partners import Partner, PartnerKind, Speaker
from outreach.keystore import KeyStore
from outreach.web.staff.search import search_text
from tests.conftest import make_workshop, seat, tomorrow, venue
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

FRIDAY = date(2026, 11, 27)


@dataclass(frozen=True)
class OfficeThings:
    """Of one office, one thing of each sort; all have the word «quetzal» but the discreet one's."""

    office: Office
    public_id: str
    draft_id: str
    discreet_id: str

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no other office may read."""
        name = self.office.slug
        return (
            self.public_id, self.draft_id, self.discreet_id, f"Quetzal de {name}",
            f"Borrador quetzal de {name}", f"Mujeres quetzal de {name}", f"Sala quetzal de {name}",
            f"Aliados quetzal de {name}", f"Rosa quetzal de {name}", f"Luz quetzal de {name}",
        )  # fmt: skip


def furnish(
    store: Store, key_store: KeyStore, office: Office, rights: Kind, women: Kind
) -> OfficeThings:
    name, day = office.slug, tomorrow(office)
    with store.change() as session:
        hall = venue(session, office, name=f"Sala quetzal de {name}")
        plain = make_workshop(
            session, office, rights, day=day, venue=hall, title={"es": f"Quetzal de {name}"}
        )
        draft = make_workshop(
            session, office, rights, day=day, title={"es": f"Borrador quetzal de {name}"},
            status=WorkshopStatus.DRAFT,
        )  # fmt: skip
        discreet = make_workshop(
            session, office, women, day=day, title={"es": f"Mujeres quetzal de {name}"}
        )
        school, partner = PartnerKind.SCHOOL, f"Aliados quetzal de {name}"
        session.add(Partner(office_id=office.id, name=partner, kind=school, is_shown=True))
        speaker = f"Licenciada quetzal de {name}"
        session.add(Speaker(office_id=office.id, name=speaker, partner=None, is_shown=True))
    seat(store, key_store, plain, name=f"Rosa quetzal de {name}")
    seat(store, key_store, discreet, name=f"Luz quetzal de {name}")
    return OfficeThings(office, plain.public_id, draft.public_id, discreet.public_id)


@pytest.fixture
def both(
    store: Store, key_store: KeyStore, chicago: Office, calgary: Office, rights: Kind, women: Kind
) -> tuple[OfficeThings, OfficeThings]:
    return (
        furnish(store, key_store, chicago, rights, women),
        furnish(store, key_store, calgary, rights, women),
    )


def search(client: StaffClient, query: str, parte: str = "") -> TestResponse:
    """The answer to the form, after its redirection."""
    answer = client.post("/org/buscar", q=query, parte=parte)
    return answer if parte else client.get(answer.location)


def links(client: StaffClient, query: str) -> list[str]:
    """The addresses of what is found."""
    answer = client.post("/org/buscar", q=query, parte="1")
    assert answer.status_code == 200
    return [unescape(each) for each in re.findall(r'href="([^"]*)"', answer.text)]


@pytest.mark.any_database
@pytest.mark.parametrize("role", [Role.LEAD, Role.ORGANIZER, Role.DOOR, Role.READER])
def test_each_role_finds_things_of_its_office_and_none_of_another(
    app: Flask, store: Store, both: tuple[OfficeThings, OfficeThings], role: Role
) -> None:
    own, other = both
    client = signed_in_as(app, store, employ(store, "ana@example.org", role))
    asked = [
        "quetzal", "borrador", "mujeres", "sala", "aliados", "licenciada", "rosa", "luz", "calgary",
        "chicago", "mañana", *other.secrets, *own.secrets, "312 555 0142",
        f"http://localhost:8000/es/t/{other.public_id}", other.draft_id[:8], "Conoce",
    ]  # fmt: skip
    for query in asked:
        for part in ("", "1"):
            page = search(client, query, parte=part)
            text = page.text.replace(query, "")  # the page repeats what was typed
            assert not [each for each in other.secrets if each in text], query
            people = [each for each in ("Rosa", "Luz", "Licenciada") if each in text]
            assert not people, f"{people} found by «{query}»"
    found = links(client, "quetzal")
    for public_id in (own.public_id, own.draft_id, own.discreet_id):
        assert f"/org/talleres/{public_id}" in found
    may_edit = Permission.EDIT in PERMISSIONS[role]
    assert [each.startswith("/org/sedes/chicago/") for each in found].count(True) == may_edit
    assert [each.startswith("/org/aliados/chicago/") for each in found].count(True) == may_edit
    for address in {
        *found,
        *links(client, "chicago"),
        *links(client, "taller"),
        *links(client, "c"),
    }:
        assert client.get(address.partition("#")[0]).status_code in {200, 303, 308}, address


@pytest.mark.any_database
def test_headquarters_finds_all_offices_and_settings_by_their_names(
    app: Flask, store: Store, both: tuple[OfficeThings, OfficeThings]
) -> None:
    staff_id = employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    client = signed_in_as(app, store, staff_id)
    found = links(client, "quetzal")
    for each in both:
        assert f"/org/talleres/{each.public_id}" in found
        assert any(address.startswith(f"/org/sedes/{each.office.slug}/") for address in found)
    assert "/org/red/calgary" in links(client, "calgary")
    (setting,) = [each for each in links(client, "smtp url") if "ajustes" in each]
    assert setting == "/org/ajustes#OUTREACH_SMTP_URL"
    assert 'id="OUTREACH_SMTP_URL"' in client.get("/org/ajustes").text
    reader = signed_in_as(app, store, employ(store, "ana@example.org"))
    assert links(reader, "smtp url") == []


def test_workshop_is_found_by_the_code_of_its_flyer_and_by_its_address(
    app: Flask, store: Store, both: tuple[OfficeThings, OfficeThings]
) -> None:
    own = both[0].public_id
    client = signed_in_as(app, store, employ(store))
    for query in (
        f"{own[:4]} {own[4:8]}", own[:8].lower(), own,
        f"http://localhost:8000/es/t/{own}", f"/org/talleres/{own}/editar",
    ):  # fmt: skip
        assert f"/org/talleres/{own}" in links(client, query), query


@pytest.mark.any_database
def test_form_keeps_what_is_typed_out_of_the_address_and_links_go_on_working(
    app: Flask, store: Store, both: tuple[OfficeThings, OfficeThings]
) -> None:
    client = signed_in_as(app, store, employ(store))
    page = search(client, "quetzal")
    forms = re.findall(r'<form[^>]*action="/org/buscar"[^>]*>', page.text)
    assert len(forms) == 2  # the page's and the dialog's
    assert all('method="post"' in each for each in forms)
    assert "quetzal" not in "".join(re.findall(r'(?:action|href)="([^"]*)"', page.text))
    for part in ("", "1"):
        linked = client.get("/org/buscar", query_string={"q": "quetzal", "parte": part})
        assert linked.text == search(client, "quetzal", parte=part).text


@pytest.mark.any_database
def test_address_of_a_search_says_its_text_to_its_own_account_only(
    app: Flask, store: Store, chicago: Office
) -> None:
    client = signed_in_as(app, store, employ(store))
    address = client.post("/org/buscar", q="quetzal").location
    assert "quetzal" not in address
    assert "quetzal" in words(client.get(address))
    assert "quetzal" in words(client.get(address))  # the browser goes back
    other = signed_in_as(app, store, employ(store, "beto@example.org"))
    assert "quetzal" not in words(other.get(address))
    for wrong in ("", "x", "á", "A" * 5000, address.rpartition("=")[2][:-4]):
        answer = client.get("/org/buscar", query_string={"texto": wrong})
        assert answer.status_code == 200
        assert "quetzal" not in words(answer)


def test_search_of_another_site_is_refused(app: Flask, store: Store, chicago: Office) -> None:
    client = signed_in_as(app, store, employ(store))
    client.form_token = "another"
    assert client.post("/org/buscar", q="daca").status_code == 403


def test_page_says_what_can_be_searched_where_nothing_is_found(
    app: Flask, store: Store, chicago: Office
) -> None:
    client = signed_in_as(app, store, employ(store))
    page = search(client, "<b>xyzzyqq")
    assert "No hay nada con «<b>xyzzyqq»." in words(page)
    assert "<b>xyzzyqq" not in page.text
    for text in (words(page), words(client.get("/org/buscar"))):
        assert "viernes 5" in text
        assert "A las personas no se les busca por nombre" in text
    assert search(client, "x" * 5000).status_code == 200
    assert links(client, "contraseña") == ["/org/cuenta#p", "/org/cuenta"]


def test_number_of_workshops_is_said_where_more_are_found_than_shown(
    app: Flask, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        for days in range(8):
            day = clock.now().date() + timedelta(days=days + 2)
            make_workshop(session, chicago, rights, day=day)
    client = signed_in_as(app, store, employ(store))
    text = words(client.post("/org/buscar", q="conoce", parte="1"))
    assert "8, 8 por venir" in text
    assert "Se muestran 6 de 8." in text
    assert "Se muestran" not in words(search(client, "conoce"))


@pytest.mark.any_database("reads text")
@pytest.mark.parametrize(
    ("typed", "first", "last", "rest"),
    [
        ("5 dic", "2026-12-05", "", ()),
        ("daca 5 de diciembre", "2026-12-05", "", ("daca",)),
        ("sábado 5 de diciembre", "2026-12-05", "", ()),
        ("2026-12-05", "2026-12-05", "", ()),
        ("hoy", "2026-11-27", "", ()),
        ("MAÑANA pilsen", "2026-11-28", "", ("pilsen",)),
        ("pasado mañana", "2026-11-29", "", ()),
        ("ayer", "2026-11-26", "", ()),
        ("viernes", "2026-11-27", "", ()),
        ("lunes daca", "2026-11-30", "", ("daca",)),
        ("viernes 5", "2027-02-05", "", ()),
        ("viernes 27", "2026-11-27", "", ()),
        ("día 5", "2026-12-05", "", ()),
        ("30 nov", "2026-11-30", "", ()),
        ("5 ene", "2027-01-05", "", ()),
        ("20 oct", "2026-10-20", "", ()),
        ("29 feb", "2028-02-29", "", ()),
        ("diciembre", "2026-12-01", "2026-12-31", ()),
        ("daca enero 2028", "2028-01-01", "2028-01-31", ("daca",)),
        ("60608", "", "", ()),
        ("daca", "", "", ()),
        ("3125550142", "", "", ()),
    ],
)
def test_day_is_read_as_people_write_it(
    typed: str, first: str, last: str, rest: tuple[str, ...]
) -> None:
    query = search_text.read_query(typed, today=FRIDAY)
    if not first:
        assert query.day is None
        return
    assert query.day is not None
    span = date.fromisoformat(first), date.fromisoformat(last or first)
    assert query.day == ((span,), rest)


@pytest.mark.any_database("reads text")
def test_either_of_day_and_month_may_come_first() -> None:
    query = search_text.read_query("5/12", today=FRIDAY)
    assert query.day is not None
    assert query.day.spans == (
        (date(2026, 12, 5), date(2026, 12, 5)),
        (date(2027, 5, 12), date(2027, 5, 12)),
    )


@pytest.mark.any_database("reads text")
@pytest.mark.parametrize("typed", ["BZNK MHZW", "bznkmhzw", "bznk-mhzw", "7K3M QX9P", "7k3m qx9p"])
def test_code_is_read_with_and_without_digits(typed: str) -> None:
    code = search_text.read_query(typed, today=FRIDAY).code
    assert code in {"BZNKMHZW", "7K3MQX9P"}
    assert code[:4].lower() == typed[:4].lower()


@pytest.mark.any_database("reads text")
@pytest.mark.parametrize("typed", ["daca", "BZNK MH", "Muñoz Rivera", "ana@example.org"])
def test_other_text_is_no_code(typed: str) -> None:
    assert search_text.read_query(typed, today=FRIDAY).code == ""
