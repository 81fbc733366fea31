"""Import of workshops: a file is previewed row by row and loaded whole or not at all."""

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.audit import audit_log
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.notifications import Notification
from outreach.domain.scheduling import tours, workshop_service
from outreach.domain.scheduling.import_batches import ImportBatch
from outreach.domain.scheduling.tours import TourStopData
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from outreach.privacy import retention
from tests.conftest import a_saturday, make_workshop, seat, venue
from tests.support.fixed_clock import fixed_clock
from tests.support.import_files import bring, csv_of, load, row, seen
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = [pytest.mark.any_database, fixed_clock]


@pytest.fixture
def staff_client(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def all_workshops(store: Store) -> list[Workshop]:
    with store.read() as session:
        return list(session.scalars(sa.select(Workshop).order_by(Workshop.id)))


def test_uploaded_file_is_previewed_and_then_loaded(
    staff_client: StaffClient, store: Store
) -> None:
    page = seen(
        staff_client, bring(staff_client, csv_of(row(), row(id="w2", starts_at="2027-01-17T10:00")))
    )
    assert "2 talleres nuevos" in words(page)
    assert all_workshops(store) == []
    answer = load(staff_client, page)
    assert answer.status_code == 303
    assert "Listo: 2 talleres nuevos." in words(staff_client.get(answer.headers["Location"]))
    assert [each.external_id for each in all_workshops(store)] == ["w1", "w2"]
    with store.read() as session:
        entry = session.scalars(sa.select(AuditEntry)).one()
        assert (entry.action, entry.office) == ("workshops brought in", "chicago")
        details = audit_log.details_of(entry)
        assert len(details.pop("file")) >= 10
        assert details == {"new": 2, "changed": 0, "cancelled": 0, "same": 0}
        assert session.scalar(sa.select(sa.func.count()).select_from(ImportBatch)) == 0


def test_unchanged_file_changes_nothing(staff_client: StaffClient, store: Store) -> None:
    load(staff_client, seen(staff_client, bring(staff_client, csv_of(row()))))
    page = seen(staff_client, bring(staff_client, csv_of(row())))
    assert "1 ya estaba igual" in words(page)
    assert "todo estaba igual" in words(page)
    assert "/org/traer/cargar" not in page.get_data(as_text=True)


def test_each_error_is_shown_with_line_column_and_advice(
    staff_client: StaffClient, store: Store, calgary: Office
) -> None:
    wrong = [
        row(id="a", starts_at="2026-12-31T25:00"),
        row(id="b", kind="derecho"),
        row(id="c", office="calgary"),
        row(id="d", office="atlantida"),
        row(id="e"),
        row(id="e"),
    ]
    page = seen(staff_client, bring(staff_client, csv_of(*wrong)))
    page_text = words(page)
    assert "Arregla 5 renglones y sube el archivo otra vez" in page_text
    assert "2 starts_at 2026-12-31T25:00 Escribe el día y la hora" in page_text
    assert "3 kind derecho Escribe «derechos». Es el tipo más parecido." in page_text
    # The office of others and an unknown office get the same message.
    assert "4 office calgary Esa oficina no es tuya. Escribe una de estas: chicago." in page_text
    assert "5 office atlantida Esa oficina no es tuya. Escribe una de estas: chicago." in page_text
    assert "7 id e Ya está en el renglón 6. Quita uno." in page_text
    assert load(staff_client, page, batch=latest_batch_id(store), seen="x").status_code == 409
    assert all_workshops(store) == []
    faults = staff_client.get(f"/org/traer/fallas.csv?lote={latest_batch_id(store)}")
    assert faults.get_data(as_text=True).count("\r\n") == 6


def latest_batch_id(store: Store) -> str:
    with store.read() as session:
        return session.scalars(sa.select(ImportBatch.public_id)).one()


def test_preview_shows_old_and_new_values_and_notified_registrations(
    staff_client: StaffClient, store: Store, key_store: KeyStore
) -> None:
    load(
        staff_client,
        seen(
            staff_client,
            bring(
                staff_client,
                csv_of(
                    row(), row(id="w2", starts_at="2027-01-17T18:00", ends_at="2027-01-17T20:00")
                ),
            ),
        ),
    )
    first, _second = all_workshops(store)
    seat(store, key_store, first, contact=ContactMethod.EMAIL, address="rosa@example.org")
    seat(store, key_store, first, name="Luz")
    changed = [
        row(starts_at="2027-01-16T17:00", capacity="30"),
        row(id="w2", starts_at="2027-01-17T18:00", ends_at="2027-01-17T20:00", status="cancelled"),
    ]
    page = seen(staff_client, bring(staff_client, csv_of(*changed)))
    page_text = words(page)
    assert (
        "sáb 16 ene 2027, 6:00 p. m. sáb 16 ene 2027, 5:00 p. m. 1 registro"
        in page_text.replace("\xa0", " ")
    )
    assert "Lugares 20 30" in page_text
    assert "Publicado Cancelado" in page_text
    assert "Al traerlos se avisa a 1 registro." in page_text
    load(staff_client, page)
    first, second = all_workshops(store)
    assert (first.starts.hour, first.capacity, first.seats_left) == (17, 30, 28)
    assert (first.sequence, second.status) == (1, WorkshopStatus.CANCELLED)
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Notification)) == 2


def test_unavailable_key_store_does_not_undo_a_loaded_import(
    staff_client: StaffClient, store: Store, key_store: KeyStore, caplog: pytest.LogCaptureFixture
) -> None:
    load(staff_client, seen(staff_client, bring(staff_client, csv_of(row()))))
    [workshop] = all_workshops(store)
    rosa = seat(store, key_store, workshop)
    later = row(starts_at="2027-01-23T18:00", ends_at="2027-01-23T20:00")
    page = seen(staff_client, bring(staff_client, csv_of(later)))
    with key_store.store.change() as session:
        session.execute(sa.text("ALTER TABLE key RENAME TO elsewhere"))
    answer = load(staff_client, page)
    assert answer.headers["Location"].startswith("/org/traer?hecho=")
    assert f"keys of workshop {workshop.id} not moved: " in caplog.text
    with key_store.store.change() as session:
        session.execute(sa.text("ALTER TABLE elsewhere RENAME TO key"))
    retention.purge(store, key_store, now=clock.now())
    [workshop] = all_workshops(store)
    assert key_store.days() == {rosa.key_id: workshop.forget_on}


def test_changes_of_past_workshops_are_refused_in_the_preview(
    staff_client: StaffClient, store: Store
) -> None:
    past = {"starts_at": "2026-01-16T18:00"}
    file_rows = [row(), row(id="w2", **past), row(id="w3", status="draft", **past)]
    load(staff_client, seen(staff_client, bring(staff_client, csv_of(*file_rows))))
    past_rows = [row(**past), *(row(id=each, status="cancelled", **past) for each in ("w2", "w3"))]
    page_text = words(seen(staff_client, bring(staff_client, csv_of(*past_rows))))
    assert (
        "2 starts_at 2026-01-16T18:00 Ese día y esa hora ya pasaron. Revisa la fecha." in page_text
    )
    assert "3 status cancelled Ya pasó. Di en su asistencia que no se hizo." in page_text
    assert "4 status cancelled Ya pasó. Di en su asistencia que no se hizo." in page_text


def test_import_does_not_reinstate_a_workshop_of_a_cancelled_stop(
    staff_client: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    day = a_saturday()
    with store.change() as session:
        tour = tours.add(session, session.merge(chicago, load=False), "Gira", "n", now=clock.now())
        stop = tours.add_stop(
            session,
            tour,
            TourStopData(
                day=day,
                starts=time(9),
                ends=time(15),
                city="Joliet",
                region="IL",
                venue=venue(session, chicago),
                kinds=Codes(["derechos"]),
            ),
            now=clock.now(),
        )
        (workshop,) = tours.publish_stop(session, stop, now=clock.now())
        tours.cancel_stop(session, stop, now=clock.now())
    line = row(id=f"taller-{workshop.uid}", starts_at=f"{day}T09:00", ends_at=f"{day}T15:00")
    page_text = words(seen(staff_client, bring(staff_client, csv_of(line))))
    assert (
        "2 status published Su parada de la gira está cancelada. Reactívala primero." in page_text
    )


def test_workshop_of_another_office_is_neither_changed_nor_shown(
    staff_client: StaffClient, store: Store, calgary: Office, rights: Kind
) -> None:
    with store.change() as session:
        other_workshop = make_workshop(session, calgary, rights)
    page = seen(staff_client, bring(staff_client, csv_of(row(id=f"taller-{other_workshop.uid}"))))
    assert "Ese id no se puede usar aquí. Escribe otro." in words(page)
    assert "Calgary" not in words(page)


def test_network_admin_imports_for_any_office(
    app: Flask, store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    staff_client = signed_in_as(
        app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    )
    rows = [row(), row(id="c1", office="calgary", timezone="America/Edmonton", region="AB")]
    load(staff_client, seen(staff_client, bring(staff_client, csv_of(*rows))))
    with store.read() as session:
        entries = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.office)).all()
        assert [each.office for each in entries] == ["calgary", "chicago"]


def test_changes_since_the_preview_stop_the_import(staff_client: StaffClient, store: Store) -> None:
    load(staff_client, seen(staff_client, bring(staff_client, csv_of(row()))))
    page = seen(staff_client, bring(staff_client, csv_of(row(capacity="30"), row(id="w2"))))
    with store.change() as session:
        workshop = session.scalars(sa.select(Workshop)).one()
        workshop_service.cancel(session, workshop, now=clock.now())
    refused = load(staff_client, page)
    assert refused.status_code == 409
    assert "Algo cambió desde que lo viste" in words(refused)
    assert "Es distinto el renglón 2." in words(refused)
    assert len(all_workshops(store)) == 1
    assert load(staff_client, refused).status_code == 303
    assert [each.status for each in all_workshops(store)] == [WorkshopStatus.PUBLISHED] * 2


def test_long_import_shows_its_progress_and_is_loaded_whole(
    staff_client: StaffClient, store: Store
) -> None:
    rows = [row(id=f"w{n}", venue=f"Sala {n % 9}") for n in range(601)]
    page = seen(staff_client, bring(staff_client, csv_of(*rows)))
    assert "601 nuevos se parecen a otros" in words(page)
    answer = load(staff_client, page)
    text = answer.get_data(as_text=True)
    assert [f"{n} de 601" in text for n in (0, 100, 200, 300, 400, 500, 600)] == [True] * 7
    assert "<b>Listo.</b>" in text
    assert text.rstrip().endswith("</html>")
    assert "hecho=601-0-0-0" in text
    assert len(all_workshops(store)) == 601


def test_long_import_that_differs_from_its_preview_is_refused_at_the_end(
    staff_client: StaffClient, store: Store
) -> None:
    page = seen(staff_client, bring(staff_client, csv_of(*[row(id=f"w{n}") for n in range(501)])))
    text = load(staff_client, page, seen="0" * 32).get_data(as_text=True)
    assert "No se cargó nada." in text
    assert "Algo cambió desde que lo viste. Míralo otra vez y decide." in text
    assert "http-equiv" not in text
    assert "&amp;cambio=1" in text
    assert all_workshops(store) == []


def limit_childcare(store: Store, row_id: str) -> None:
    """Sets the limit of childcare of that workshop, as a staff page does."""
    with store.change() as session:
        workshop = session.scalars(sa.select(Workshop).where(Workshop.external_id == row_id)).one()
        data = replace(
            workshop_service.get_data(workshop), has_childcare=True, support={"childcare": 1}
        )
        workshop_service.change(session, workshop, data, now=clock.now())


LIMIT = "Hay un límite para un apoyo que este taller no da. Quita el límite."


def test_unreadable_file_is_refused_before_the_preview(
    staff_client: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    load(
        staff_client,
        seen(staff_client, bring(staff_client, csv_of(row(), row(id="w2", status="draft")))),
    )
    limit_childcare(store, "w1")
    changed_rows = [
        row(),
        row(id="w2", capacity="0"),
        row(id="w3", way="slots", ends_at="2027-01-16T18:03"),
    ]
    page = seen(staff_client, bring(staff_client, csv_of(*changed_rows)))
    assert f"2 id w1 {LIMIT}" in words(page)
    assert "3 id w2 Falta: lugares. No se publicó." in words(page)
    assert "4 id w3 Di cada cuántos minutos empieza una cita: 5 o más." in words(page)
    assert "/org/traer/cargar" not in page.get_data(as_text=True)


def test_import_never_publishes_a_discreet_address(
    staff_client: StaffClient, store: Store, women: Kind
) -> None:
    with store.change() as session:
        session.merge(women).visibility = Visibility.PUBLIC
    load(staff_client, seen(staff_client, bring(staff_client, csv_of(row()))))
    page_text = words(seen(staff_client, bring(staff_client, csv_of(row(kind="mujeres")))))
    assert "2 id w1 Es un taller discreto y todas las personas verían su dirección." in page_text


def test_imported_draft_can_be_completed_and_cancelled_at_once(
    staff_client: StaffClient, store: Store
) -> None:
    load(
        staff_client, seen(staff_client, bring(staff_client, csv_of(row(status="draft", venue=""))))
    )
    page = seen(staff_client, bring(staff_client, csv_of(row(status="cancelled"))))
    assert load(staff_client, page).status_code == 303
    assert [each.status for each in all_workshops(store)] == [WorkshopStatus.CANCELLED]


@pytest.mark.parametrize("number", [2, 506])
def test_errors_that_appear_after_the_preview_are_shown_when_loading(
    staff_client: StaffClient, store: Store, number: int
) -> None:
    file_rows = [row(id=f"w{n}") for n in range(25)]
    load(staff_client, seen(staff_client, bring(staff_client, csv_of(*file_rows))))
    changed_rows = [row(id=f"w{n}", title_es="Otro título") for n in range(number)]
    page = seen(staff_client, bring(staff_client, csv_of(*changed_rows)))
    for n in range(min(25, number)):
        limit_childcare(store, f"w{n}")
    answer = load(staff_client, page)
    assert LIMIT in words(answer)
    assert "http-equiv" not in answer.get_data(as_text=True), "the page is not reloaded"
    if number > 500:
        assert "Renglón 21, id" in words(answer)
        assert "Y 5 más." in words(answer)
    assert {each.title["es"] for each in all_workshops(store)} == {"Conoce tus derechos"}


def test_possible_duplicate_of_a_workshop_is_pointed_out(
    staff_client: StaffClient, store: Store
) -> None:
    load(staff_client, seen(staff_client, bring(staff_client, csv_of(row()))))
    page = seen(staff_client, bring(staff_client, csv_of(row(id="otra"))))
    assert "1 nuevo se parece a otro" in words(page)
    assert all_workshops(store)[0].public_id in page.get_data(as_text=True)


def test_preview_shows_a_hundred_rows_a_page(staff_client: StaffClient) -> None:
    rows = [row(id=f"w{n}", title_es=f"Taller número {n}") for n in range(205)]
    answer = bring(staff_client, csv_of(*rows))
    pages = [words(staff_client.get(f"{answer.headers['Location']}&pag={n}")) for n in range(3)]
    found = [sum(f"Taller número {n} " in page for n in range(205)) for page in pages]
    assert min(found) >= 5
    for n in range(205):
        assert f"Taller número {n} sáb 16 ene" in pages[n // 100], n


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_template_needs_an_office(app: Flask, store: Store, form: str) -> None:
    staff_client = signed_in_as(
        app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    )
    answer = staff_client.get(f"/org/traer/plantilla.{form}")
    assert answer.status_code == 422
    assert "Todavía no hay oficinas. Agrega una primero." in words(answer)


@pytest.mark.time_machine(datetime(2027, 2, 1, 2, 30, tzinfo=UTC))
def test_template_is_of_the_month_after_that_of_the_office(
    staff_client: StaffClient,
) -> None:
    """The evening of 31 January in Chicago is in February in UTC."""
    assert "2027-02-01T18:00" in staff_client.get("/org/traer/plantilla.csv").text


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_template_can_be_imported_unchanged(
    staff_client: StaffClient, store: Store, form: str
) -> None:
    template = staff_client.get(f"/org/traer/plantilla.{form}")
    assert "attachment" in template.headers["Content-Disposition"]
    page = seen(staff_client, bring(staff_client, template.data, f"plantilla.{form}"))
    assert "1 taller nuevo" in words(page)
    assert load(staff_client, page).status_code == 303
    assert [each.status for each in all_workshops(store)] == [WorkshopStatus.DRAFT]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_exported_month_has_no_registrations_and_can_be_imported(
    staff_client: StaffClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    calgary: Office,
    rights: Kind,
    form: str,
) -> None:
    with store.change() as session:
        own_workshop = make_workshop(session, chicago, rights)
        make_workshop(session, calgary, rights)
    seat(store, key_store, own_workshop, name="Rosalinda")
    answer = staff_client.get(f"/org/talleres.{form}?mes={own_workshop.day:%Y-%m}")
    assert b"Rosalinda" not in answer.data
    page = seen(staff_client, bring(staff_client, answer.data))
    assert "1 ya estaba igual" in words(page)
    assert staff_client.get(f"/org/talleres.{form}?oficina=calgary").status_code == 404
