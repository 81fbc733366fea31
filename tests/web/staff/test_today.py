"""Dashboard: alerts by severity, each with one action."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain import outbox
from outreach.domain.dashboard import alerts
from outreach.domain.dashboard.pending_items import AlertType
from outreach.domain.locations.venues import Venue
from outreach.domain.network import staff
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role, RoleAssignment
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.change_notifications import LATER
from outreach.domain.registrations.notifications import Notification
from outreach.domain.reporting import months
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from outreach.web.staff.common.workshop_labels import closes_words
from outreach.web.staff.dashboard import network_month
from tests.conftest import make_workshop, seat
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database

Make = Callable[..., Workshop]
PHONE = "+13125550142"


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def elena(app: Flask, store: Store) -> StaffClient:
    """Of the network: the queues of offices are not hers, so that she has a card of everything."""
    return signed_in_as(app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES))


@pytest.fixture
def make(store: Store, chicago: Office, rights: Kind) -> Make:
    """A function that creates a workshop of Chicago with this title, `days` from now."""

    def store_workshop(name: str, days: int = 7, kind: Kind = rights, **changes: Any) -> Workshop:
        day = clock.now().date() + timedelta(days=days)
        with store.change() as session:
            return make_workshop(session, chicago, kind, day=day, title={"es": name}, **changes)

    return store_workshop


def alerts_of(
    store: Store, *offices: str, now: datetime | None = None
) -> list[tuple[AlertType, str, int]]:
    slugs = offices or ("chicago",)
    with store.read() as session:
        found = alerts.list_alerts(session, edit=slugs, call=slugs, now=now or clock.now())
    return [(each.alert_type, each.workshop.title["es"], each.count) for each in found]


def test_alerts_are_ordered_by_severity_with_one_action_each(
    elena: StaffClient, store: Store, key_store: KeyStore, make: Make, women: Kind
) -> None:
    almost = make("Casi", capacity=10)
    for _ in range(3):
        seat(store, key_store, almost, people=3)
    bounced = make("Rebotado", capacity=10)
    seat(store, key_store, bounced, contact=ContactMethod.EMAIL, address="x@example.com")
    with store.change() as session:
        session.execute(sa.update(Notification).values(is_dead=True, done_at=clock.now()))
    draft = make("Borrador", status=WorkshopStatus.DRAFT)
    crowded = make("Con espera", capacity=1)
    seat(store, key_store, crowded)
    for _ in range(3):
        seat(store, key_store, crowded, people=2)
    without_venue = make("Sin lugar", status=WorkshopStatus.DRAFT)
    with store.change() as session:
        session.get_one(Workshop, without_venue.id).venue = None
    exposed = make("A la vista", kind=women, visibility=Visibility.PUBLIC)
    cancelled = make("Cancelado")
    seat(store, key_store, cancelled, contact=ContactMethod.PHONE, address=PHONE)
    with store.change() as session:
        workshop_service.cancel(session, session.get_one(Workshop, cancelled.id), now=clock.now())
    over = make("Ya pasó", days=-3)
    assert alerts_of(store) == [
        (AlertType.MISSING_REPORT, "Ya pasó", 0),
        (AlertType.CALLS, "Cancelado", 1),
        (AlertType.EXPOSED, "A la vista", 0),
        (AlertType.NO_VENUE, "Sin lugar", 0),
        (AlertType.WAITING, "Con espera", 6),
        (AlertType.UNPUBLISHED, "Borrador", 0),
        (AlertType.LETTERS, "Rebotado", 1),
        (AlertType.FULL, "Casi", 0),
    ]
    at = "/org/talleres/"
    expected = [
        ("Falta reportar asistencia", "Reportar", f"{at}{over.public_id}/asistencia"),
        ("Falta 1 llamada por la cancelación", "Ver", f"{at}{cancelled.public_id}?ver=llamadas"),
        ("La dirección está a la vista", "Ocultar", f"{at}{exposed.public_id}/editar#visibility"),
        ("Taller sin sede", "Agregar", f"{at}{without_venue.public_id}/editar#venue"),
        ("6 personas en lista de espera", "Abrir", f"{at}{crowded.public_id}#lugares"),
        ("Sin publicar", "Publicar", f"{at}{draft.public_id}"),
        ("1 correo no llegó", "Ver", f"{at}{bounced.public_id}"),
    ]
    page = elena.get("/org/")
    assert list_cards(page.text) == expected
    assert "Requiere atención (7)" in words(page)
    assert "El mes cierra" in words(page) or "debía estar" in words(page)


def list_cards(page: str) -> list[tuple[str, str, str]]:
    """Title, first word of the action and address of each card of «Requiere atención»."""
    _before, _mark, cards = page.partition('id="atencion"')
    return [
        (re.sub(r"\s+", " ", text).strip(), re.sub(r"<[^>]+>", "", action).split(" ")[0], address)
        for text, address, action in re.findall(
            r"<b>\s*([^<]+?)\s*</b>.*?<a class=\"button[^\"]*\" href=\"([^\"]+)\">(.*?)</a>",
            cards.partition("</ul>")[0],
            re.S,
        )
    ]


def test_what_waits_in_the_queue_is_no_card(
    ana: StaffClient, store: Store, key_store: KeyStore, make: Make, women: Kind
) -> None:
    make("Ya pasó", days=-3)
    called = make("Con llamada")
    seat(store, key_store, called, contact=ContactMethod.PHONE, address=PHONE)
    bounced = make("Rebotado")
    seat(store, key_store, bounced, contact=ContactMethod.EMAIL, address="x@example.com")
    private = make("Círculo", kind=women, visibility=Visibility.APPROVED)
    seat(store, key_store, private)
    undecided = make("Cambiado")
    with store.change() as session:
        session.execute(sa.update(Notification).values(is_dead=True, done_at=clock.now()))
    seat(store, key_store, undecided, contact=ContactMethod.EMAIL, address="luz@example.com")
    with store.change() as session:
        workshop_service.cancel(session, session.get_one(Workshop, called.id), now=clock.now())
        workshop = session.get_one(Workshop, undecided.id)
        wanted = replace(workshop_service.get_data(workshop), starts=time(9), ends=time(11))
        workshop_service.change(session, workshop, wanted, now=clock.now(), decision=LATER)
    assert {each[0] for each in alerts_of(store)} == {
        AlertType.MISSING_REPORT, AlertType.CALLS, AlertType.LETTERS, AlertType.APPROVAL,
        AlertType.UNDECIDED,
    }  # fmt: skip
    page = ana.get("/org/")
    strip = page.text.partition('<nav class="waiting"')[2].partition("</nav>")[0]
    assert re.findall(r"ver=(\w+)\"><b>(\d+)</b>", strip) == [
        ("aprobar", "1"), ("llamar", "1"), ("avisar", "1"), ("correos", "1"), ("reportar", "1"),
    ]  # fmt: skip
    assert "Requiere atención" not in words(page), "nor «Todo en orden»"
    make("Borrador", status=WorkshopStatus.DRAFT)
    [card] = list_cards(ana.get("/org/").text)
    assert card[0] == "Sin publicar"


def test_cards_of_an_office_whose_queue_is_another_s_stay(
    app: Flask, store: Store, make: Make, calgary: Office
) -> None:
    """An admin who also organizes at one office: the strip counts that one only."""
    make("Ya pasó", days=-3)
    eva = employ(store, "eva@example.org", Role.ADMIN, ALL_OFFICES)
    client = signed_in_as(app, store, eva)
    with store.change() as session:
        member = staff.get(session, eva)
        member.grants.append(RoleAssignment(office="calgary", role=Role.ORGANIZER))
    [card] = list_cards(client.get("/org/").text)
    assert card[0] == "Falta reportar asistencia"


def test_full_workshop_is_called_full(
    ana: StaffClient, store: Store, key_store: KeyStore, make: Make
) -> None:
    full = make("Lleno", capacity=2)
    seat(store, key_store, full, people=2)
    page = words(ana.get("/org/"))
    assert "Lleno: 2 de 2" in page
    assert "Casi lleno" not in page


def test_dashboard_without_alerts_shows_the_next_workshop(ana: StaffClient, make: Make) -> None:
    empty = words(ana.get("/org/"))
    assert "Hoy no hay talleres." in empty
    assert "El siguiente es" not in empty
    assert "Todo en orden." in empty
    later = make("Más tarde", days=30)
    make("Borrador", days=20, status=WorkshopStatus.DRAFT)
    page = words(ana.get("/org/"))
    assert f"El siguiente es Más tarde , {_spelled(later)}" in page


def test_reader_sees_no_alerts(app: Flask, store: Store, make: Make) -> None:
    make("Ya pasó", days=-3)
    reader = signed_in_as(app, store, employ(store, "luis@example.org", Role.READER))
    assert "Requiere atención" not in words(reader.get("/org/"))


def test_missing_report_is_an_alert_after_one_day(store: Store, make: Make) -> None:
    over = make("Ayer", days=-1)
    before_a_day = over.ends_at + timedelta(hours=23, minutes=59)
    assert alerts_of(store, now=before_a_day) == []
    assert (
        alerts_of(store, now=before_a_day + timedelta(minutes=2))[0][0] is AlertType.MISSING_REPORT
    )
    assert alerts_of(store, now=over.ends_at + timedelta(days=61)) == []


def test_waitlist_alert_needs_a_venue_with_free_capacity(
    store: Store, key_store: KeyStore, make: Make
) -> None:
    statuses = {
        "chica": make("Chica", capacity=10),
        "grande": make("Grande", capacity=10),
        "en línea": make("En línea", venue=None, mode=DeliveryMode.VIDEO_CALL, capacity=10),
    }
    with store.change() as session:
        for name, holds in (("chica", 10), ("grande", 30)):
            room = session.get_one(Workshop, statuses[name].id).venue
            assert room is not None
            room.capacity = holds
    for each in statuses.values():
        for _ in range(2):
            seat(store, key_store, each, people=4)
            seat(store, key_store, each, people=4)
    assert alerts_of(store) == [
        (AlertType.WAITING, "Grande", 8),
        (AlertType.WAITING, "En línea", 8),
        # The small venue is full: only an alert for another date is possible.
    ]
    seat(store, key_store, statuses["chica"], people=1)
    seat(store, key_store, statuses["chica"], people=1)
    assert (AlertType.FULL, "Chica", 0) in alerts_of(store)


def test_sqlite_uses_the_index_for_waitlists(empty_databases: Path) -> None:
    # PostgreSQL chooses its query plan by the number of rows, so only SQLite is tested.
    store = Store(f"sqlite:///{empty_databases / 'outreach.db'}")
    query = (
        sa.select(Workshop.id)
        .outerjoin(Venue, Venue.id == Workshop.venue_id)
        .where(alerts._is_waitlist_long(clock.now()))
        .compile(store.engine, compile_kwargs={"literal_binds": True})
    )
    with store.engine.connect() as connection:
        explanation = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")]
    store.close()
    steps = [step for step in explanation if "registration" in step]
    assert len(steps) == 1
    assert "(workshop_id=? AND status=?)" in steps[0]


def test_drafts_and_missing_venues_are_alerts_two_weeks_before(store: Store, make: Make) -> None:
    make("Lejos", days=16, status=WorkshopStatus.DRAFT)
    far_workshop = make("Lejos, sin sede", days=16)
    with store.change() as session:
        session.get_one(Workshop, far_workshop.id).venue = None
    assert alerts_of(store) == []
    later = clock.now() + timedelta(days=4)
    assert [each[0] for each in alerts_of(store, now=later)] == [
        AlertType.NO_VENUE, AlertType.UNPUBLISHED,
    ]  # fmt: skip


def test_undelivered_text_message_becomes_a_call(
    store: Store, key_store: KeyStore, make: Make, chicago: Office
) -> None:
    cancelled = make("Cancelado")
    seat(
        store,
        key_store,
        cancelled,
        contact=ContactMethod.PHONE,
        address=PHONE,
        may_leave_message=True,
    )
    with store.change() as session:
        workshop_service.cancel(session, session.get_one(Workshop, cancelled.id), now=clock.now())
        session.execute(sa.update(Notification).values(is_dead=True, done_at=clock.now()))
    with store.read() as session:
        (todo,) = outbox.to_do(session, [chicago.id], now=clock.now(), has_texts=True)
    assert (todo.calls, todo.dead) == (1, 0)


def test_full_workshop_is_a_matter_of_its_office(
    ana: StaffClient, elena: StaffClient, store: Store, key_store: KeyStore, make: Make
) -> None:
    seat(store, key_store, make("Lleno", capacity=1))
    assert "Lleno: 1 de 1" in words(ana.get("/org/"))
    assert "Lleno: 1 de 1" not in words(elena.get("/org/"))


@pytest.mark.any_database("the text of a date")
@pytest.mark.parametrize(
    ("now", "month", "days_left"),
    [
        (datetime(2026, 11, 29, 18, 0, tzinfo=UTC), Month(2026, 11), 6),
        (datetime(2026, 12, 5, 5, 59, tzinfo=UTC), Month(2026, 11), 1),
        (datetime(2026, 12, 5, 23, 59, tzinfo=UTC), Month(2026, 11), 0),
        (datetime(2026, 12, 6, 0, 1, tzinfo=UTC), Month(2026, 12), 31),
    ],
)
def test_network_page_has_the_month_that_closes_next(
    app: Flask, store: Store, chicago: Office, now: datetime, month: Month, days_left: int
) -> None:
    with app.test_request_context(), store.read() as session:
        found = network_month.load(session, now=now)
    assert (found.month, found.days_left) == (month, days_left)


def test_network_page_counts_reports_and_offices_without_accounts(
    app: Flask, store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    employ(store)
    now, day = datetime(2026, 11, 29, 18, 0, tzinfo=UTC), date(2026, 11, 21)
    with store.change() as session:
        make_workshop(session, chicago, rights, day=day, status=WorkshopStatus.HELD)
        make_workshop(session, chicago, rights, day=day)
        make_workshop(session, chicago, rights, day=date(2026, 11, 30))
        make_workshop(session, calgary, rights, day=day, status=WorkshopStatus.HELD)
    with app.test_request_context(), store.read() as session:
        found = network_month.load(session, now=now)
    assert (found.reported, found.total, found.owing, found.unmanned) == (2, 3, 1, 1)
    assert round(found.share) == 67


def test_network_page_shows_the_closing_to_administrators_only(
    ana: StaffClient, elena: StaffClient, make: Make
) -> None:
    make("Uno")  # the page of a site without workshops has other things to say
    assert "Ver qué falta" in words(elena.get("/org/"))
    assert "Ver qué falta" not in words(ana.get("/org/"))


def test_alerts_are_limited_to_own_offices(
    elena: StaffClient, store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    day = clock.now().date() - timedelta(days=3)
    with store.change() as session:
        for office in (chicago, calgary):
            make_workshop(session, office, rights, day=day, title={"es": f"En {office.city}"})
    assert [each[1] for each in alerts_of(store, "calgary")] == ["En Calgary"]
    assert alerts_of(store, "nowhere") == []
    page = words(elena.get("/org/"))
    assert "Requiere atención (2)" in page
    assert "En Calgary" in page


@pytest.mark.any_database("the text of a date")
@pytest.mark.parametrize(
    ("now", "message"),
    [
        (datetime(2026, 11, 29, 18, 0, tzinfo=UTC), "El mes cierra en 6 días."),
        (datetime(2026, 12, 4, 18, 0, tzinfo=UTC), "El mes cierra en 1 día."),
        (datetime(2026, 12, 5, 5, 59, tzinfo=UTC), "El mes cierra en 1 día."),
        (datetime(2026, 12, 5, 6, 1, tzinfo=UTC), "El mes cierra hoy, a las 6:00\u00a0p.\u00a0m."),
        (
            datetime(2026, 12, 5, 23, 59, tzinfo=UTC),
            "El mes cierra hoy, a las 6:00\u00a0p.\u00a0m.",
        ),
        (datetime(2026, 12, 6, 0, 0, tzinfo=UTC), "Su mes ya debía estar completo."),
    ],
)
def test_month_closes_on_the_fifth_at_six_in_the_zone_of_headquarters(
    app: Flask, store: Store, chicago: Office, rights: Kind, now: datetime, message: str
) -> None:
    with store.change() as session:
        statuses = make_workshop(
            session, chicago, rights, day=datetime(2026, 11, 21, tzinfo=UTC).date()
        )
    assert months.get_closing_time(Month(2026, 11)) == datetime(2026, 12, 6, tzinfo=UTC)
    with app.test_request_context():
        assert closes_words(statuses, now=now) == message


def _spelled(workshop: Workshop) -> str:
    names = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
    return f"{names[workshop.day.weekday()]} {workshop.day.day} de"
