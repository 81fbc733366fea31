"""«Talleres» as a calendar: its views, filters and order; the form that an empty day opens."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain.dashboard.saved_views import MAX_VIEWS
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.web.staff.calendar import calendar_grid
from outreach.web.staff.calendar.calendar_grid import MAX_LANES, CalendarEntry
from outreach.web.staff.calendar.calendar_params import CalendarView, read_params
from tests.conftest import make_workshop, venue
from tests.support.fixed_clock import fixed_clock
from tests.support.html_forms import fields
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = [pytest.mark.any_database, fixed_clock]

DAY = date(2027, 1, 15)  # a Friday
VIEWS = {
    "month": "vista=mes&dia=2027-01-15",
    "week": "vista=semana&dia=2027-01-12",
    "day": "vista=dia&dia=2027-01-15",
    "venues": "vista=sedes&dia=2027-01-10",
    "list": "vista=lista&mes=2027-01",
}
each_view = pytest.mark.parametrize("view", VIEWS)


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def titles(ana: StaffClient, query: str) -> list[str]:
    """The titles of the list, in their order."""
    page = ana.get(f"/org/talleres?vista=lista&mes=2027-01&{query}").text
    return re.findall(r'<a href="/org/talleres/[^"?]+"><b>([^<]+)</b>', page)


@each_view
def test_view_shows_own_workshops_as_links(
    ana: StaffClient, store: Store, chicago: Office, calgary: Office, rights: Kind, view: str
) -> None:
    with store.change() as session:
        own = make_workshop(session, chicago, rights, day=DAY, title={"es": "Propio"}).public_id
        make_workshop(session, calgary, rights, day=DAY, title={"es": "Ajeno"})
    page = ana.get(f"/org/talleres?{VIEWS[view]}")
    assert f'href="/org/talleres/{own}"' in page.text
    assert "Propio" in page.text
    assert "Ajeno" not in page.text


@each_view
def test_view_marks_a_discreet_workshop_and_a_reader_finds_nothing_to_change(
    app: Flask, store: Store, chicago: Office, women: Kind, view: str
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, women, day=DAY)
    reader = signed_in_as(app, store, employ(store, "iris@example.org", Role.READER))
    page = reader.get(f"/org/talleres?{VIEWS[view]}")
    assert "discreto" in words(page).lower()
    for forbidden in ("/org/talleres/nuevo", 'id="moving"', "data-move", 'name="t"'):
        assert forbidden not in page.text


@each_view
def test_view_takes_the_same_queries_for_many_workshops_as_for_few(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind, view: str
) -> None:
    def add(count: int) -> None:
        with store.change() as session:
            for number in range(count):
                hour = time(8 + number % 10)
                make_workshop(
                    session, chicago, rights, day=DAY, starts=hour, ends=time(hour.hour + 1)
                )

    def count() -> int:
        ana.get(f"/org/talleres?{VIEWS[view]}")  # fills the caches of offices and kinds
        queries: list[str] = []

        def note(*call: object) -> None:
            queries.append(str(call[2]))

        sa.event.listen(sa.engine.Engine, "before_cursor_execute", note)
        try:
            ana.get(f"/org/talleres?{VIEWS[view]}")
        finally:
            sa.event.remove(sa.engine.Engine, "before_cursor_execute", note)
        return len(queries)

    add(3)
    few = count()
    add(20)
    assert count() == few


@each_view
def test_clash_of_a_venue_is_marked(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind, view: str
) -> None:
    with store.change() as session:
        hall = venue(session, chicago, name="Sala B")
        make_workshop(session, chicago, rights, day=DAY, venue=hall, title={"es": "Uno"})
        make_workshop(
            session, chicago, rights, day=DAY, venue=hall, title={"es": "Dos"}, starts=time(19)
        )
    page = ana.get(f"/org/talleres?{VIEWS[view]}")
    if view != "list":
        assert page.text.count("event-clash") == 2
        assert "Sala B: Uno (6:00 p. m.) y Dos (7:00 p. m.)" in words(page).replace(
            "vie 15 ene, ", ""
        )


def test_empty_day_opens_the_form_with_day_hour_and_venue(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        hall = venue(session, chicago, name="Sala B").id
    month = ana.get("/org/talleres?mes=2027-01").text
    assert "/org/talleres/nuevo?dia=2027-01-14" in month
    lanes = ana.get("/org/talleres?vista=sedes&dia=2027-01-15").text
    assert f"/org/talleres/nuevo?dia=2027-01-14&amp;sede={hall}" in lanes
    path = f"/org/talleres/nuevo?dia=2027-01-14&hora=10:30&sede={hall}"
    types = fields(ana.get(path).text, "/org/talleres/nuevo")
    assert (types["dia"], types["hora"], types["sede"]) == ("2027-01-14", "10:30", str(hall))
    form = ana.get(f"{path}&tipo={rights.code}").text
    filled = fields(form, "/org/talleres/nuevo")
    assert (filled["day"], filled["starts"], filled["venue"]) == ("2027-01-14", "10:30", str(hall))


@pytest.mark.parametrize("given", ["dia=x", "dia=2027-01-14&hora=25:00", "hora=10:30", "sede=x"])
def test_unreadable_day_and_hour_leave_the_form_empty(ana: StaffClient, given: str) -> None:
    assert ana.get(f"/org/talleres/nuevo?{given}").status_code == 200


def test_filters_of_kind_venue_state_text_and_days(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    with store.change() as session:
        hall = venue(session, chicago, name="Biblioteca de Pílsen")
        make_workshop(
            session, chicago, rights, day=DAY, venue=hall, title={"es": "En la biblioteca"}
        )
        draft = {"title": {"es": "A medias"}, "status": WorkshopStatus.DRAFT}
        make_workshop(session, chicago, rights, day=DAY + timedelta(days=1), **draft)
        make_workshop(session, chicago, women, day=DAY, title={"es": "Círculo"})
        online = {"venue": None, "mode": DeliveryMode.VIDEO_CALL, "online_url": "https://a.example"}
        make_workshop(session, chicago, rights, day=DAY, title={"es": "En línea"}, **online)
        make_workshop(session, chicago, rights, day=date(2027, 3, 2), title={"es": "En marzo"})
        number, code = hall.id, women.public_code
    assert titles(ana, f"tipo={code}") == ["Círculo"]
    assert titles(ana, f"sede={number}") == ["En la biblioteca"]
    assert titles(ana, "sede=0") == ["En línea"]
    assert titles(ana, "estado=borrador") == ["A medias"]
    assert titles(ana, "texto=pilsen") == ["En la biblioteca"]
    assert titles(ana, "texto=MEDIAS") == ["A medias"]
    assert titles(ana, "texto=nada") == []
    assert titles(ana, "desde=2027-03-01&hasta=2027-03-31") == ["En marzo"]
    assert titles(ana, "desde=2027-03-31&hasta=2027-03-01") == ["En marzo"]


def test_list_is_sorted_by_each_column_both_ways(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        for title, place, day in (("B", "Zeta", 3), ("Á", "Mu", 2), ("C", "Alfa", 1)):
            hall = venue(session, chicago, name=place)
            make_workshop(
                session, chicago, rights, day=date(2027, 1, day), venue=hall, title={"es": title}
            )
    assert titles(ana, "") == ["C", "Á", "B"]
    assert titles(ana, "orden=-cuando") == ["B", "Á", "C"]
    assert titles(ana, "orden=taller") == ["Á", "B", "C"]
    assert titles(ana, "orden=-taller") == ["C", "B", "Á"]
    assert titles(ana, "orden=sede") == ["C", "Á", "B"]
    page = ana.get("/org/talleres?vista=lista&mes=2027-01&orden=taller").text
    assert 'aria-sort="ascending"' in page
    assert "orden=-taller" in page


@pytest.mark.parametrize(
    "query",
    ["vista=x", "vista=semana&dia=0001-01-01", "vista=sedes&dia=2099-12-31", "vista=dia&dia=x",
     "vista=lista&orden=x&pagina=999", "sede=99999999999", "texto=%00%ff", "desde=2027-01-01",
     "hasta=2014-01-01", "vista=mes&mes=2027-01&dia=2027-02-30"],
)  # fmt: skip
def test_nonsense_in_the_address_shows_a_page(ana: StaffClient, query: str) -> None:
    assert ana.get(f"/org/talleres?{query}").status_code == 200


def test_addresses_of_a_view_lead_to_the_days_beside_and_keep_filters() -> None:
    asked = read_params({"vista": "semana", "dia": "2027-01-15", "tipo": "daca"}, today=DAY)
    assert asked.span == (date(2027, 1, 10), date(2027, 1, 17))
    assert asked.step_address(1) == "/org/talleres?vista=semana&dia=2027-01-22&tipo=daca"
    month = read_params({"mes": "2027-02"}, today=DAY)
    assert month.span == (date(2027, 2, 1), date(2027, 3, 1))
    assert month.step_address(-1) == "/org/talleres?vista=mes&mes=2027-01"
    assert month.open(CalendarView.WEEK) == "/org/talleres?vista=semana&dia=2027-02-01"
    assert read_params({}, today=DAY).month == Month(2027, 1)
    assert read_params({"estado": "borrador"}, today=DAY).view is CalendarView.LIST


hours = st.integers(0, 23 * 4).map(lambda quarter: time(quarter // 4, 15 * (quarter % 4)))


@given(st.lists(st.tuples(hours, st.integers(1, 16)), max_size=12))
def test_entries_of_one_hour_stand_side_by_side(spans: list[tuple[time, int]]) -> None:
    entries = []
    for number, (starts, quarters) in enumerate(spans):
        minute = (60 * starts.hour + starts.minute + 15 * quarters) % (24 * 60)
        workshop: Workshop = sa.inspect(Workshop).class_manager.new_instance()
        workshop.id, workshop.day = number, DAY
        workshop.starts, workshop.ends = starts, time(minute // 60, minute % 60)
        entries.append(CalendarEntry(workshop))
    grid = calendar_grid.week_grid([DAY], entries, None)
    shown = grid.days[0].entries
    assert len(shown) + grid.days[0].hidden == len(entries)
    for entry in shown:
        assert 1 <= entry.lane <= entry.lanes <= MAX_LANES
        assert grid.get_row(entry) >= 1
        assert grid.get_row(entry) + grid.get_length(entry) - 1 <= grid.rows
        for other in shown:
            is_together = (
                entry.start_minute < other.end_minute and other.start_minute < entry.end_minute
            )
            if other is not entry and is_together:
                assert entry.lane != other.lane
                assert entry.lanes == other.lanes


def test_venue_of_another_office_is_not_chosen_in_the_form(
    ana: StaffClient, store: Store, calgary: Office
) -> None:
    with store.change() as session:
        other = venue(session, calgary, name="Ajena").id
        assert session.scalar(sa.select(Venue).where(Venue.id == other)) is not None
    page = ana.get(f"/org/talleres/nuevo?dia=2027-01-14&sede={other}")
    assert page.status_code == 200
    assert "Ajena" not in page.text


# Saved views


def saved(ana: StaffClient) -> list[tuple[str, str]]:
    """The names and addresses of the saved views on the page."""
    page = ana.get("/org/talleres?vista=lista").text
    return [
        (name, address.replace("&amp;", "&"))
        for address, name in re.findall(
            r'<a class="pill pill-plain" href="(/org/talleres\?[^"]*)">([^<]+)</a>\s*<form', page
        )
    ]


def test_filters_are_kept_under_a_name_and_deleted(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        make_workshop(
            session, chicago, rights, status=WorkshopStatus.DRAFT, title={"es": "A medias"}
        )
        make_workshop(session, chicago, rights, title={"es": "Listo"})
    page = ana.get("/org/talleres?vista=lista&estado=borrador&orden=-taller").text
    form = fields(page, "/org/talleres/vistas") | {"nombre": "Mis borradores"}
    assert ana.post("/org/talleres/vistas", **form).status_code == 303
    [(name, address)] = saved(ana)
    assert name == "Mis borradores"
    assert address == "/org/talleres?vista=lista&estado=borrador&orden=-taller"
    again = fields(ana.get("/org/talleres?vista=lista").text, "/org/talleres/vistas")
    ana.post("/org/talleres/vistas", **again | {"nombre": "Mis borradores"})
    [(_name, address)] = saved(ana)
    assert address == "/org/talleres?vista=lista", "the same name is the same view"
    delete = re.search(
        r'action="(/org/talleres/vistas/[0-9]+/borrar)"', ana.get("/org/talleres?vista=lista").text
    )
    assert delete is not None
    assert ana.post(delete[1]).status_code == 303
    assert saved(ana) == []
    assert ana.post(delete[1]).status_code == 303, "deleted already"


def test_views_of_others_are_neither_shown_nor_deleted(
    app: Flask, ana: StaffClient, store: Store, chicago: Office
) -> None:
    ana.post("/org/talleres/vistas", nombre="Mía", busca="vista=lista&texto=daca")
    luz = signed_in_as(app, store, employ(store, "luz@example.org"))
    assert saved(luz) == []
    number = re.search(r"/vistas/([0-9]+)/", ana.get("/org/talleres?vista=lista").text)
    assert number is not None
    luz.post(f"/org/talleres/vistas/{number[1]}/borrar")
    assert [name for name, _address in saved(ana)] == ["Mía"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 41])
def test_view_needs_a_short_name(ana: StaffClient, name: str) -> None:
    page = ana.post("/org/talleres/vistas", nombre=name, busca="vista=lista")
    assert page.status_code == 422
    assert "nombre de 40 letras" in words(page)
    assert saved(ana) == []


def test_view_keeps_only_what_the_list_knows(ana: StaffClient) -> None:
    given = "vista=lista&texto=" + "a" * 300 + "&url=https://evil.example&mes=2027-01"
    ana.post("/org/talleres/vistas", nombre="Rara", busca=given)
    assert saved(ana) == [("Rara", "/org/talleres?vista=lista&texto=" + "a" * 80)]


def test_a_staff_member_keeps_at_most_twenty_views(ana: StaffClient) -> None:
    for number in range(MAX_VIEWS + 2):
        ana.post("/org/talleres/vistas", nombre=f"Vista {number:02}", busca="vista=lista")
    names = [name for name, _address in saved(ana)]
    assert len(names) == MAX_VIEWS
    assert "Vista 00" not in names
    assert f"Vista {MAX_VIEWS + 1:02}" in names


@pytest.mark.time_machine(datetime(2027, 2, 1, 2, 30, tzinfo=UTC))
def test_calendar_opens_on_the_day_of_the_office(app: Flask, store: Store, chicago: Office) -> None:
    """The evening of 31 January in Chicago is in February in UTC."""
    ana = signed_in_as(app, store, employ(store))
    page = ana.get("/org/talleres?vista=mes")
    assert "Enero de 2027" in words(page)
    assert re.search(r'<td data-day="2027-01-31" class="[^"]*month-today', page.text)
