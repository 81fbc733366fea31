"""Pages that repeat and duplicate workshops: all or nothing, and never twice."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling.recurrence import MAX_AHEAD
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.domain.workshops.series import WorkshopSeries
from tests.conftest import make_workshop
from tests.support.fixed_clock import fixed_clock
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = [pytest.mark.any_database, fixed_clock]

NONCE = "n" * 22


def monday() -> date:
    """The first Monday of March of next year. Daylight saving time starts on the second Sunday."""
    year = clock.now().year + 1
    first = date(year, 3, 1)
    return first + timedelta(days=-first.weekday() % 7)


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def first(store: Store, ana: StaffClient, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, day=monday(), facilitator="Lic. Mora")


def all_workshops(store: Store) -> list[Workshop]:
    with store.read() as session:
        return list(session.scalars(sa.select(Workshop).order_by(Workshop.starts_at, Workshop.id)))


def audit_entries(store: Store) -> list[tuple[str, str]]:
    with store.read() as session:
        rows = session.execute(
            sa.select(AuditEntry.action, AuditEntry.details).order_by(AuditEntry.id)
        )
        return [(row[0], row[1]) for row in rows]


def offered_dates(answer: TestResponse) -> dict[str, bool]:
    """The proposed dates of a page, each with whether it is ticked."""
    found = re.findall(r'name="date" value="([^"]+)"( checked)?', answer.text)
    return {value: bool(ticked) for value, ticked in found}


def repeat(ana: StaffClient, of: Workshop, days: list[date], **changes: Any) -> TestResponse:
    fields = {
        "nonce": NONCE,
        "cada": "semana",
        "dias": "0",
        "veces": "4",
        "date": [day.isoformat() for day in days],
        "action": "draft",
    }
    return ana.post(f"/org/talleres/{of.public_id}/repetir", **(fields | changes))


def weeks(count: int) -> list[date]:
    return [monday() + timedelta(weeks=number) for number in range(1, count + 1)]


# Recurrence


def test_dates_are_previewed_and_holidays_are_not_ticked(ana: StaffClient, store: Store) -> None:
    with store.change() as session:
        office = session.scalars(sa.select(Office)).one()
        kind = session.scalars(sa.select(Kind)).one()
        workshops = make_workshop(session, office, kind, day=monday())
    answer = ana.get(f"/org/talleres/{workshops.public_id}/repetir?cada=semana&dias=0&veces=4")
    page_text = words(answer)
    holiday = date(monday().year, 3, 15)  # the third Monday of March, in Mexico
    holiday += timedelta(days=(-(holiday.weekday())) % 7)
    ticked = offered_dates(answer)
    assert list(ticked) == [day.isoformat() for day in weeks(4)]
    assert [day for day, is_ticked in ticked.items() if not is_ticked] == [holiday.isoformat()]
    assert "Natalicio de Benito Juárez, México" in page_text
    assert "4 fechas, 3 elegidas" in page_text
    assert "cambia la hora en Chicago" in page_text
    assert [each.id for each in all_workshops(store)] == [workshops.id]


def test_clock_change_before_the_first_date_is_not_mentioned(
    ana: StaffClient, first: Workshop
) -> None:
    page = words(ana.get(f"/org/talleres/{first.public_id}/repetir?cada=mes&veces=2"))
    assert "2 fechas" in page, "dates in April and May"
    assert "cambia la hora" not in page


def test_each_date_becomes_a_workshop_of_one_series(
    ana: StaffClient, store: Store, first: Workshop
) -> None:
    answer = repeat(ana, first, weeks(3), veces="3")
    assert answer.location.startswith("/org/talleres?mes=")
    assert "Guardados como borradores" in words(ana.get(answer.location))
    workshops = all_workshops(store)
    assert [each.day for each in workshops] == [first.day, *weeks(3)]
    assert len({each.public_id for each in workshops}) == len({each.uid for each in workshops}) == 4
    assert {each.series_id for each in workshops} == {workshops[0].series_id} != {None}
    assert {each.facilitator for each in workshops} == {"Lic. Mora"}
    assert [each.seats_left for each in workshops] == [20] * 4
    assert [each.status for each in workshops] == [WorkshopStatus.PUBLISHED] + [
        WorkshopStatus.DRAFT
    ] * 3
    assert [each.sequence for each in workshops] == [0] * 4
    assert workshops[0].changed_at > first.changed_at, "calendars tie the dates of a series"
    assert (
        audit_entries(store)
        == [
            ("workshop created", f'{{"dates":3,"repeats":"{first.public_id}"}}'),
        ]
        * 3
    )


def test_existing_series_is_extended_and_names_are_unique(
    ana: StaffClient, store: Store, first: Workshop, chicago: Office, rights: Kind
) -> None:
    repeat(ana, first, weeks(2), veces="2", action="publish")
    repeat(ana, first, weeks(4)[3:], nonce="m" * 22)
    assert len({each.series_id for each in all_workshops(store)}) == 1
    assert {each.status for each in all_workshops(store)} == {
        WorkshopStatus.PUBLISHED,
        WorkshopStatus.DRAFT,
    }
    with store.change() as session:
        other_workshop = make_workshop(session, chicago, rights, day=monday())
    repeat(ana, other_workshop, weeks(1), veces="1", nonce="o" * 22)
    with store.read() as session:
        names = session.scalars(sa.select(WorkshopSeries.name).order_by(WorkshopSeries.id)).all()
    assert names == ["Conoce tus derechos, lunes", "Conoce tus derechos, lunes (2)"]


def test_repeat_form_submitted_twice_creates_one_set(
    ana: StaffClient, store: Store, first: Workshop
) -> None:
    for _ in range(2):
        assert repeat(ana, first, weeks(3), veces="3").status_code == 303
    assert repeat(ana, first, weeks(4)).status_code == 303, "the same form with other dates"
    assert len(all_workshops(store)) == 4


@pytest.mark.races
def test_repeat_form_submitted_four_times_at_once_creates_one_set(
    ana: StaffClient, store: Store, first: Workshop
) -> None:
    with ThreadPoolExecutor(4) as several:
        answers = [several.submit(repeat, ana, first, weeks(3), veces="3") for _ in range(4)]
    assert [each.result().status_code for each in answers] == [303] * 4
    assert len(all_workshops(store)) == 4
    with store.read() as session:
        assert len(session.scalars(sa.select(WorkshopSeries)).all()) == 1


def test_nonexistent_hour_is_refused_and_nothing_is_created(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    gap = monday() + timedelta(days=13)  # the second Sunday
    with store.change() as session:
        early = make_workshop(
            session,
            chicago,
            rights,
            day=gap - timedelta(weeks=1),
            starts=time(2, 30),
            ends=time(4),
        )
    page = ana.get(f"/org/talleres/{early.public_id}/repetir?cada=semana&dias=6&veces=2")
    if gap.isoformat() in offered_dates(page):
        gap -= timedelta(weeks=1)
    assert gap.isoformat() not in offered_dates(page)
    assert "no existen las 2:30" in words(page).replace("\u00a0", " ")
    days = [gap, gap + timedelta(weeks=1)]
    answer = repeat(ana, early, days, dias="6", veces="2")
    assert answer.status_code == 422
    assert "no existen las 2:30 a. m." in words(answer)
    assert "No se hizo nada" in words(answer)
    assert [each.id for each in all_workshops(store)] == [early.id]
    assert audit_entries(store) == []


def test_date_outside_the_rule_is_refused(ana: StaffClient, store: Store, first: Workshop) -> None:
    for days, message in (
        ([first.day + timedelta(days=1)], "ya no es la misma"),
        ([], "al menos una"),
    ):
        answer = repeat(ana, first, days)
        assert answer.status_code == 422
        assert message in words(answer)
    assert len(all_workshops(store)) == 1


@pytest.mark.parametrize(
    "query",
    [
        "cada=siempre",
        "cada=semana&dias=9",
        "cada=mes&hasta=ayer",
        "cada=semana&dias=0&veces=0",
        "cada=semana&dias=0&hasta=ayer&veces=0",
    ],
)
def test_invalid_recurrence_is_reported_in_a_sentence(
    ana: StaffClient, first: Workshop, query: str
) -> None:
    answer = ana.get(f"/org/talleres/{first.public_id}/repetir?{query}")
    assert answer.status_code == 422
    assert "Revisa 1 dato" in words(answer)


# Duplicates


def duplicate(ana: StaffClient, of: Workshop, **changes: Any) -> TestResponse:
    fields = {
        "nonce": NONCE,
        "day": str(monday() + timedelta(days=3)),
        "starts": "23:00",
        "action": "draft",
    }
    return ana.post(f"/org/talleres/{of.public_id}/clonar", **(fields | changes))


def test_duplicate_keeps_everything_but_the_day(
    ana: StaffClient, store: Store, first: Workshop
) -> None:
    assert f'value="{first.starts:%H:%M}"' in ana.get(
        f"/org/talleres/{first.public_id}/clonar"
    ).text.replace("18:00:00", "18:00")
    answer = duplicate(ana, first)
    assert "hecho=borrador" in answer.location
    assert duplicate(ana, first).location in answer.location, "the same form sent again"
    _old, duplicated = all_workshops(store)
    assert (duplicated.day, duplicated.starts, duplicated.ends) == (
        monday() + timedelta(days=3),
        time(23),
        time(1),
    )
    assert (duplicated.facilitator, duplicated.venue_id, duplicated.series) == (
        "Lic. Mora",
        first.venue_id,
        None,
    )
    assert duplicated.public_id in answer.location
    assert audit_entries(store) == [("workshop created", f'{{"clone_of":"{first.public_id}"}}')]


def test_warnings_of_a_duplicate_are_shown_once(
    ana: StaffClient, store: Store, first: Workshop
) -> None:
    taken = {"day": str(first.day), "starts": "19:00"}
    answer = duplicate(ana, first, **taken)
    assert answer.status_code == 409
    assert "Sede ocupada" in words(answer)
    assert len(all_workshops(store)) == 1
    known = re.search(r'name="known" value="([^"]+)"', answer.text)
    assert known
    assert duplicate(ana, first, known=known[1], **taken).status_code == 303
    assert len(all_workshops(store)) == 2


@pytest.mark.time_machine(datetime(2027, 2, 1, 2, 30, tzinfo=UTC))
def test_days_of_a_duplicate_are_counted_from_that_of_the_workshop(
    ana: StaffClient, store: Store, first: Workshop
) -> None:
    """The evening of 31 January in Chicago is in February in UTC."""
    last = date(2027, 1, 31) + MAX_AHEAD
    answer = duplicate(ana, first, day=str(last + timedelta(days=1)))
    assert "Revisa el año" in words(answer)
    assert duplicate(ana, first, day=str(last)).status_code in {303, 409}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"day": ""}, "Escribe la fecha"),
        ({"day": "9999-01-01"}, "Revisa el año"),
        ({"starts": "tarde"}, "como 18:30"),
    ],
)
def test_duplicate_without_day_or_hour_is_refused(
    ana: StaffClient, store: Store, first: Workshop, changes: dict[str, str], message: str
) -> None:
    answer = duplicate(ana, first, **changes)
    assert answer.status_code == 422
    assert message in words(answer)
    assert len(all_workshops(store)) == 1
