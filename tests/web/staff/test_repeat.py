"""Making many workshops on the pages: repeated, cloned, a month at once. Nothing twice, all or
nothing."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, time, timedelta
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
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.domain.workshops.series import WorkshopSeries
from tests.conftest import hold
from tests.support.fixed_clock import fixed_clock
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = [pytest.mark.any_database, fixed_clock]

NONCE = "n" * 22


def monday() -> date:
    """A Monday in March of a year to come: its clocks change on the second Sunday."""
    year = clock.now().year + 1
    first = date(year, 3, 1)
    return first + timedelta(days=-first.weekday() % 7)


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def first(store: Store, ana: StaffClient, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return hold(session, chicago, rights, day=monday(), facilitator="Lic. Mora")


def saved(store: Store) -> list[Workshop]:
    with store.read() as session:
        return list(session.scalars(sa.select(Workshop).order_by(Workshop.starts_at, Workshop.id)))


def journal(store: Store) -> list[tuple[str, str]]:
    with store.read() as session:
        rows = session.execute(
            sa.select(AuditEntry.action, AuditEntry.details).order_by(AuditEntry.id)
        )
        return [(row[0], row[1]) for row in rows]


def offered(answer: TestResponse) -> dict[str, bool]:
    """The dates of a page, and whether each is ticked."""
    found = re.findall(r'name="date" value="([^"]+)"( checked)?', answer.text)
    return {value: bool(ticked) for value, ticked in found}


def repeated(ana: StaffClient, of: Workshop, days: list[date], **changes: Any) -> TestResponse:
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


# Repeating


def test_the_dates_are_shown_before_and_holidays_are_not_ticked(
    ana: StaffClient, store: Store
) -> None:
    with store.change() as session:
        office = session.scalars(sa.select(Office)).one()
        kind = session.scalars(sa.select(Kind)).one()
        there = hold(session, office, kind, day=monday())
    answer = ana.get(f"/org/talleres/{there.public_id}/repetir?cada=semana&dias=0&veces=4")
    said = words(answer)
    natal = date(monday().year, 3, 15)  # the third Monday of March, in Mexico
    natal += timedelta(days=(-(natal.weekday())) % 7)
    ticked = offered(answer)
    assert list(ticked) == [day.isoformat() for day in weeks(4)]
    assert [day for day, is_ticked in ticked.items() if not is_ticked] == [natal.isoformat()]
    assert "Natalicio de Benito Juárez, México" in said
    assert "4 fechas, 3 elegidas" in said
    assert "cambia la hora en Chicago" in said
    assert [each.id for each in saved(store)] == [there.id]


def test_a_change_of_the_clock_before_the_first_date_is_none_between_them(
    ana: StaffClient, first: Workshop
) -> None:
    page = words(ana.get(f"/org/talleres/{first.public_id}/repetir?cada=mes&veces=2"))
    assert "2 fechas" in page, "in April and in May"
    assert "cambia la hora" not in page


def test_each_date_is_a_workshop_of_its_own_in_one_series(
    ana: StaffClient, store: Store, first: Workshop
) -> None:
    answer = repeated(ana, first, weeks(3), veces="3")
    assert answer.location.startswith("/org/talleres?mes=")
    assert "Guardados como borradores" in words(ana.get(answer.location))
    there = saved(store)
    assert [each.day for each in there] == [first.day, *weeks(3)]
    assert len({each.public_id for each in there}) == len({each.uid for each in there}) == 4
    assert {each.series_id for each in there} == {there[0].series_id} != {None}
    assert {each.facilitator for each in there} == {"Lic. Mora"}
    assert [each.seats_left for each in there] == [20] * 4
    assert [each.status for each in there] == [WorkshopStatus.PUBLISHED] + [
        WorkshopStatus.DRAFT
    ] * 3
    assert [each.sequence for each in there] == [0] * 4
    assert there[0].changed_at == first.changed_at, "nobody outside sees the series"
    assert (
        journal(store)
        == [
            ("workshop created", f'{{"dates":3,"repeats":"{first.public_id}"}}'),
        ]
        * 3
    )


def test_a_series_that_is_there_is_extended_and_a_name_is_never_shared(
    ana: StaffClient, store: Store, first: Workshop, chicago: Office, rights: Kind
) -> None:
    repeated(ana, first, weeks(2), veces="2", action="publish")
    repeated(ana, first, weeks(4)[3:], nonce="m" * 22)
    assert len({each.series_id for each in saved(store)}) == 1
    assert {each.status for each in saved(store)} == {
        WorkshopStatus.PUBLISHED,
        WorkshopStatus.DRAFT,
    }
    with store.change() as session:
        other = hold(session, chicago, rights, day=monday())
    repeated(ana, other, weeks(1), veces="1", nonce="o" * 22)
    with store.read() as session:
        names = session.scalars(sa.select(WorkshopSeries.name).order_by(WorkshopSeries.id)).all()
    assert names == ["Conoce tus derechos, lunes", "Conoce tus derechos, lunes (2)"]


def test_the_same_form_twice_makes_one_set(ana: StaffClient, store: Store, first: Workshop) -> None:
    for _ in range(2):
        assert repeated(ana, first, weeks(3), veces="3").status_code == 303
    assert repeated(ana, first, weeks(4)).status_code == 303, "other ticks, the same form"
    assert len(saved(store)) == 4


@pytest.mark.races
def test_the_same_form_four_times_at_one_moment_makes_one_set(
    ana: StaffClient, store: Store, first: Workshop
) -> None:
    with ThreadPoolExecutor(4) as several:
        answers = [several.submit(repeated, ana, first, weeks(3), veces="3") for _ in range(4)]
    assert [each.result().status_code for each in answers] == [303] * 4
    assert len(saved(store)) == 4
    with store.read() as session:
        assert len(session.scalars(sa.select(WorkshopSeries)).all()) == 1


def test_an_hour_that_does_not_exist_is_refused_and_nothing_is_made(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    gap = monday() + timedelta(days=13)  # the second Sunday
    with store.change() as session:
        early = hold(
            session,
            chicago,
            rights,
            day=gap - timedelta(weeks=1),
            starts=time(2, 30),
            ends=time(4),
        )
    page = ana.get(f"/org/talleres/{early.public_id}/repetir?cada=semana&dias=6&veces=2")
    if gap.isoformat() in offered(page):
        gap -= timedelta(weeks=1)
    assert gap.isoformat() not in offered(page)
    assert "no existen las 2:30" in words(page).replace("\u00a0", " ")
    days = [gap, gap + timedelta(weeks=1)]
    answer = repeated(ana, early, days, dias="6", veces="2")
    assert answer.status_code == 422
    assert "no existen las 02:30" in words(answer)
    assert "No se hizo nada" in words(answer)
    assert [each.id for each in saved(store)] == [early.id]
    assert journal(store) == []


def test_a_date_the_rule_does_not_mean_is_refused(
    ana: StaffClient, store: Store, first: Workshop
) -> None:
    for days, said in (
        ([first.day + timedelta(days=1)], "ya no es la misma"),
        ([], "al menos una"),
    ):
        answer = repeated(ana, first, days)
        assert answer.status_code == 422
        assert said in words(answer)
    assert len(saved(store)) == 1


@pytest.mark.parametrize(
    "asked",
    [
        "cada=siempre",
        "cada=semana&dias=9",
        "cada=mes&hasta=ayer",
        "cada=semana&dias=0&veces=0",
        "cada=semana&dias=0&hasta=ayer&veces=0",
    ],
)
def test_a_rule_that_cannot_be_read_is_said_in_a_sentence(
    ana: StaffClient, first: Workshop, asked: str
) -> None:
    answer = ana.get(f"/org/talleres/{first.public_id}/repetir?{asked}")
    assert answer.status_code == 422
    assert "Revisa 1 dato" in words(answer)


# Cloning


def cloned(ana: StaffClient, of: Workshop, **changes: Any) -> TestResponse:
    fields = {
        "nonce": NONCE,
        "day": str(monday() + timedelta(days=3)),
        "starts": "23:00",
        "action": "draft",
    }
    return ana.post(f"/org/talleres/{of.public_id}/clonar", **(fields | changes))


def test_a_clone_is_the_same_on_another_day_and_lasts_as_long(
    ana: StaffClient, store: Store, first: Workshop
) -> None:
    assert f'value="{first.starts:%H:%M}"' in ana.get(
        f"/org/talleres/{first.public_id}/clonar"
    ).text.replace("18:00:00", "18:00")
    answer = cloned(ana, first)
    assert "hecho=borrador" in answer.location
    assert cloned(ana, first).location in answer.location, "the same form again"
    _old, made = saved(store)
    assert (made.day, made.starts, made.ends) == (
        monday() + timedelta(days=3),
        time(23),
        time(1),
    )
    assert (made.facilitator, made.venue_id, made.series) == ("Lic. Mora", first.venue_id, None)
    assert made.public_id in answer.location
    assert journal(store) == [("workshop created", f'{{"clone_of":"{first.public_id}"}}')]


def test_what_is_in_the_way_of_a_clone_is_said_once(
    ana: StaffClient, store: Store, first: Workshop
) -> None:
    taken = {"day": str(first.day), "starts": "19:00"}
    answer = cloned(ana, first, **taken)
    assert answer.status_code == 409
    assert "Sede ocupada" in words(answer)
    assert len(saved(store)) == 1
    known = re.search(r'name="known" value="([^"]+)"', answer.text)
    assert known
    assert cloned(ana, first, known=known[1], **taken).status_code == 303
    assert len(saved(store)) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"day": ""}, "Escribe la fecha"),
        ({"day": "9999-01-01"}, "Revisa el año"),
        ({"starts": "tarde"}, "como 18:30"),
    ],
)
def test_a_clone_without_a_day_or_an_hour_is_refused(
    ana: StaffClient, store: Store, first: Workshop, changes: dict[str, str], said: str
) -> None:
    answer = cloned(ana, first, **changes)
    assert answer.status_code == 422
    assert said in words(answer)
    assert len(saved(store)) == 1
