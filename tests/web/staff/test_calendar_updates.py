"""A calendar by address is read again: drafts follow it, published workshops are only told of."""

import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.scheduling import workshop_service
from outreach.domain.scheduling.calendar_links import CalendarLink, CalendarReport
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.imports.calendar_links.updates import CalendarReader
from tests.imports.calendar_links.conftest import server
from tests.imports.guess.builders import calendar
from tests.support.calendar_server import Answer, CalendarServer
from tests.support.fixed_clock import fixed_clock
from tests.support.staff_client import StaffClient, words
from tests.web.staff.test_calendar_links import (
    DACA,
    DAY,
    DOCTOR,
    SECRET,
    WEEKLY,
    act,
    actions,
    ana,
    changed,
    everything,
    give,
    keys_of,
    page_of,
    reader,
    take,
    the_link,
)
from tests.web.staff.test_import_drafts import all_workshops, form_of, load, office, send

__all__ = ["ana", "office", "reader", "server"]

pytestmark = [pytest.mark.any_database, fixed_clock]


def test_draft_that_nobody_edited_follows_its_calendar(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    take(ana, store, server, "DACA")
    server.show(changed(DACA, DTSTART="20261206T100000", DTEND="20261206T120000"))
    shown = act(ana, store, "read")
    assert "Actualizamos 1 borrador que nadie había cambiado." in words(shown)
    (workshop,) = all_workshops(store)
    assert (workshop.day, workshop.starts) == (date(2026, 12, 6), time(10))
    server.show(changed(DACA, DTSTART="20261206T110000", DTEND="20261206T120000"))
    assert "Actualizamos 1 borrador" in words(act(ana, store, "read")), "and once more"
    assert "Actualizamos" not in words(act(ana, store, "read"))
    (workshop,) = all_workshops(store)
    assert workshop.starts == time(11)


def edit(store: Store, **changes: Any) -> None:
    """Changes the only workshop, as its form does."""
    with store.change() as session:
        (workshop,) = session.scalars(sa.select(Workshop))
        data = replace(workshop_service.get_data(workshop), **changes)
        workshop_service.change(session, workshop, data, now=clock.now() + timedelta(minutes=1))


def test_draft_that_somebody_edited_is_not_changed_and_its_difference_is_shown(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    take(ana, store, server, "DACA")
    edit(store, capacity=12)
    server.show(changed(DACA, DTSTART="20261205T170000"))
    shown = act(ana, store, "read")
    assert "El calendario dice otra cosa" in words(shown)
    assert "Empieza: aquí 6:00 p. m., en el calendario 5:00 p. m." in plain(shown)
    (workshop,) = all_workshops(store)
    assert (workshop.starts, workshop.capacity) == (time(18), 12)


def plain(page: TestResponse) -> str:
    """The words of a page with plain spaces."""
    return words(page).replace("\u202f", " ").replace("\xa0", " ")


def publish(store: Store) -> None:
    with store.change() as session:
        (workshop,) = session.scalars(sa.select(Workshop))
        workshop_service.publish(session, workshop, now=clock.now())


def test_published_workshop_is_never_changed(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    take(ana, store, server, "DACA")
    publish(store)
    (before,) = all_workshops(store)
    server.show(
        changed(
            DACA,
            SUMMARY="DACA y ciudadanía",
            LOCATION="Parroquia San Pío",
            DTSTART="20261206T170000",
            DTEND="20261206T190000",
        )
    )
    shown = act(ana, store, "read")
    assert "Día: aquí sáb 5 dic, en el calendario dom 6 dic." in plain(shown)
    assert "en el calendario Parroquia San Pío." in plain(shown)
    (after,) = all_workshops(store)
    assert (after.day, after.starts, after.sequence) == (before.day, before.starts, before.sequence)
    assert (after.title, after.venue_id) == (before.title, before.venue_id)
    assert "Dice otra cosa que tus talleres." in words(ana.get("/org/traer"))


def test_published_workshop_that_a_file_changed_is_not_changed_by_its_calendar(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    """What staff brought in last is later than what they published."""
    take(ana, store, server, "DACA")
    publish(store)
    sent = send(ana, calendar(changed(DACA, DTEND="20261205T210000")), name="a.ics")
    load(ana, sent.location.removesuffix("/columnas"))
    (workshop,) = all_workshops(store)
    assert (workshop.status, workshop.ends) == (WorkshopStatus.PUBLISHED, time(21))
    server.show(changed(DACA, DTEND="20261205T220000"))
    assert "Termina: aquí 9:00 p. m., en el calendario 10:00 p. m." in plain(
        act(ana, store, "read")
    )
    (workshop,) = all_workshops(store)
    assert workshop.ends == time(21)


def test_difference_ends_when_staff_change_the_workshop_or_have_seen_it(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    take(ana, store, server, "DACA")
    publish(store)
    server.show(changed(DACA, DTEND="20261205T210000"))
    assert "Termina: aquí 8:00 p. m., en el calendario 9:00 p. m." in plain(act(ana, store, "read"))
    edit(store, ends=time(21))
    assert "El calendario dice otra cosa" not in words(ana.get(page_of(store)))
    act(ana, store, "read")
    assert not CalendarReport.read(the_link(store).report).has_open
    server.show(changed(DACA, DTEND="20261205T213000"))
    shown = act(ana, store, "read")
    seen = act(ana, store, "seen", read=re.findall(r'name="read" value="([^"]+)"', shown.text)[0])
    assert "El calendario dice otra cosa" not in words(ana.get(seen.location))
    assert "El calendario dice otra cosa" not in words(act(ana, store, "read")), "nor again"
    server.show(changed(DACA, DTEND="20261205T220000"))
    assert "9:00 p. m., en el calendario 10:00 p. m." in plain(act(ana, store, "read"))


def test_what_was_not_shown_is_not_dropped_as_seen(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    take(ana, store, server, "DACA")
    publish(store)
    server.show(changed(DACA, DTEND="20261205T210000"))
    act(ana, store, "read")
    act(ana, store, "seen", read="2026-01-01T00:00:00+00:00")
    assert CalendarReport.read(the_link(store).report).has_open


def test_cancelled_event_is_shown_at_drafts_and_published_workshops(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    take(ana, store, server, "DACA")
    server.show((*DACA, "STATUS:CANCELLED"))
    assert "El calendario lo da por cancelado." in words(act(ana, store, "read"))
    publish(store)
    assert "El calendario lo da por cancelado." in words(act(ana, store, "read"))
    (workshop,) = all_workshops(store)
    assert workshop.status is WorkshopStatus.PUBLISHED


def test_event_that_is_gone_is_shown(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    take(ana, store, server, "DACA")
    server.show(DOCTOR)
    shown = act(ana, store, "read")
    assert "Ya no está en el calendario." in words(shown)
    assert len(all_workshops(store)) == 1
    server.show(DACA)
    assert "Ya no está en el calendario." not in words(act(ana, store, "read"))
    server.show(DOCTOR)
    mark = re.findall(r'name="read" value="([^"]+)"', act(ana, store, "read").text)[0]
    act(ana, store, "seen", read=mark)
    assert "Ya no está en el calendario." not in words(act(ana, store, "read"))


def test_what_staff_chose_in_the_rows_is_no_difference(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    """The title says no kind; staff choose it, and correct the place, in the rows."""
    event = changed(DACA, SUMMARY="Charla de los sábados", LOCATION="Bibl. Pilsen")
    server.show(event)
    shown = give(ana, server.url())
    taken = act(ana, store, "take", event=keys_of(shown)["Charla de los sábados"])
    address = taken.location.removesuffix("/columnas")
    key = re.findall(r'<tr id="r-([0-9a-f]{12})"', ana.get(address).text)[0]
    chosen = {f"kind-{key}": "daca", f"venue-{key}": "Biblioteca de Pilsen"}
    ana.post(address, **(form_of(ana, address, f"?abre={key}") | chosen))
    done = load(ana, address)
    assert done.location == f"{address}/listo", words(ana.get(address))
    assert "Actualizamos" not in words(act(ana, store, "read"))
    assert not CalendarReport.read(the_link(store).report).has_open
    server.show(changed(event, DTEND="20261205T210000"))
    assert "Actualizamos 1 borrador" in words(act(ana, store, "read"))
    (workshop,) = all_workshops(store)
    assert workshop.kind.code == "daca"
    assert workshop.ends == time(21)


# Every day


def later(days: float) -> datetime:
    """So many days after the last page was asked for."""
    return clock.now() + days * DAY


def test_daily_reading_happens_once_a_day_and_only_where_it_was_ticked(
    ana: StaffClient, store: Store, server: CalendarServer, reader: CalendarReader
) -> None:
    take(ana, store, server, "DACA")
    before = len(server.asked)
    assert replaced(reader).run_round(now=later(2)) == 0, "not ticked"
    act(ana, store, "save", name="Agenda", daily="yes")
    assert replaced(reader).run_round(now=later(0.5)) == 0
    server.show(changed(DACA, DTEND="20261205T210000"))
    assert replaced(reader).run_round(now=later(1), is_leading=False) == 0
    assert replaced(reader).run_round(now=later(1)) == 1
    assert replaced(reader).run_round(now=later(1.5)) == 0
    assert len(server.asked) == before + 1
    (workshop,) = all_workshops(store)
    assert workshop.ends == time(21)
    assert actions(store)[-1][0] == "workshops brought in"


def replaced(reader: CalendarReader) -> CalendarReader:
    """A reader as of another process: it has not looked yet."""
    return CalendarReader(
        reader.store, reader.key_store, reader.encryption, reader.rule, reader.own_host
    )


def test_calendar_that_has_not_changed_is_asked_for_by_its_validators(
    ana: StaffClient, store: Store, server: CalendarServer, reader: CalendarReader
) -> None:
    server.show(DACA, ETag='"uno"')
    take(ana, store, server, "DACA")
    act(ana, store, "save", name="Agenda", daily="yes")
    act(ana, store, "read")
    for number in range(1, 7):
        assert replaced(reader).run_round(now=later(number * 1.01)) == 1
        assert server.asked[-1][2].get("If-None-Match") == '"uno"'
    link = the_link(store)
    assert link.read_at is not None
    assert link.asked_at - link.read_at > 5 * DAY
    replaced(reader).run_round(now=later(7.2))
    assert "If-None-Match" not in server.asked[-1][2], "read whole once a week"


def test_calendar_that_differs_is_read_whole(
    ana: StaffClient, store: Store, server: CalendarServer, reader: CalendarReader
) -> None:
    take(ana, store, server, "DACA")
    publish(store)
    act(ana, store, "save", name="Agenda", daily="yes")
    server.show(changed(DACA, DTEND="20261205T210000"), ETag='"dos"')
    replaced(reader).run_round(now=later(1))
    assert the_link(store).etag == '"dos"'
    replaced(reader).run_round(now=later(2))
    assert "If-None-Match" not in server.asked[-1][2]


def test_daily_reading_keeps_nothing_of_events_that_nobody_ticked(
    ana: StaffClient, store: Store, server: CalendarServer, reader: CalendarReader, config: Config
) -> None:
    take(ana, store, server, "DACA")
    act(ana, store, "save", name="Agenda", daily="yes")
    server.show(DACA, DOCTOR, changed(DACA, UID="nuevo-taller", DTSTART="20261212T180000"))
    replaced(reader).run_round(now=later(1))
    stored = everything(store, config)
    assert not [each for each in ("Canaria", "cita-medica", "nuevo-taller") if each in stored]
    assert CalendarReport.read(the_link(store).report).waiting == 1
    assert len(all_workshops(store)) == 1


def test_failing_calendar_delays_no_other_and_is_said(
    ana: StaffClient,
    store: Store,
    server: CalendarServer,
    reader: CalendarReader,
    caplog: pytest.LogCaptureFixture,
) -> None:
    take(ana, store, server, "DACA")
    act(ana, store, "save", name="Agenda", daily="yes")
    server.show(WEEKLY, path="/dos.ics")
    give(ana, server.url("/dos.ics"))
    with store.change() as session:
        session.execute(sa.update(CalendarLink).values(is_daily=True))
    server.answers["/secreto/basic.ics"] = Answer(status=410)
    with caplog.at_level("DEBUG"):
        assert replaced(reader).run_round(now=later(1)) == 2
    with store.read() as session:
        links = session.scalars(sa.select(CalendarLink).order_by(CalendarLink.id))
        faults = [each.fault for each in links]
    assert faults == ["GONE", ""]
    assert SECRET not in caplog.text
