"""Series edit: a change of one date is applied to other dates, all or nothing, and only affected
registrations are notified."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain.calendar import change_counters
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_changes
from outreach.domain.scheduling.bulk import compute_shift, shift
from outreach.domain.scheduling.workshop_service import get_data
from outreach.domain.workshops import Workshop, partners
from outreach.domain.workshops.partners import ChosenPartners, Partner, PartnerKind, Speaker
from outreach.domain.workshops.series import WorkshopSeries
from outreach.errors import ErrorCode
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat
from tests.support.course_dates import by_mail, fresh, ids, journal, make, notified
from tests.support.refusals import refuses
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def dates(store: Store, chicago: Office, rights: Kind) -> list[Workshop]:
    return make(store, chicago, rights)


def apply_bulk_action(
    ana: StaffClient, action: str, workshops: Sequence[Workshop], **given: str
) -> TestResponse:
    return ana.post("/org/talleres/varios", hacer=action, t=ids(workshops), **given)


# The dates of a series


def edit_date(ana: StaffClient, workshop: Workshop, **changes: str) -> TestResponse:
    """Submits the form of one date with these changes."""
    page = ana.get(f"/org/talleres/{workshop.public_id}/editar")
    assert page.status_code == 200
    fields: dict[str, Any] = {
        "kind": "derechos",
        "title_es": workshop.title["es"],
        "title_en": workshop.title["en"],
        "title_fr": workshop.title["fr"],
        "summary_es": workshop.summary["es"],
        "day": str(workshop.day),
        "starts": f"{workshop.starts:%H:%M}",
        "ends": f"{workshop.ends:%H:%M}",
        "mode": "presencial",
        "venue": str(workshop.venue_id),
        "venue_region": "IL",
        "venue_zone": "America/Chicago",
        "visibility": workshop.visibility.value,
        "way": "place",
        "capacity": str(workshop.capacity),
        "party_limit": str(workshop.party_limit),
        "has_waiting_list": "yes",
        "languages": ["es"],
        "series": str(workshop.series_id),
        "action": "save",
    }
    return ana.post(f"/org/talleres/{workshop.public_id}/editar", **(fields | changes))


def following(
    ana: StaffClient, workshop: Workshop, other_dates: Sequence[Workshop], **given: Any
) -> TestResponse:
    return ana.post(f"/org/talleres/{workshop.public_id}/serie", t=ids(other_dates), **given)


def test_change_of_one_date_is_offered_for_the_following_dates(
    ana: StaffClient, store: Store, key_store: KeyStore, dates: list[Workshop]
) -> None:
    first, second, third, fourth = dates
    by_mail(store, key_store, first)
    rosa = by_mail(store, key_store, third)
    shifted_day = str(second.day + timedelta(days=1))
    answer = edit_date(ana, second, day=shifted_day, starts="19:00", ends="21:30", capacity="25")
    page = ana.get(answer.location)
    assert "¿También cambian las siguientes fechas?" in words(page)
    start = page.text.index(f"/org/talleres/{second.public_id}/serie?")
    address = page.text[start : page.text.index('"', start)].replace("&amp;", "&")
    assert "campos=capacity" in address
    assert f"minutos={25 * 60}" in address
    assert "durar=30" in address
    page_text = words(ana.get(address))
    assert "Le escribimos a 1 registro." in page_text
    assert "Cambiar las 2 fechas" in page_text
    assert notified(store) == [], "only tried"

    given = {"campos": "capacity", "minutos": str(25 * 60), "durar": "30"}
    assert "¿A quién le avisamos?" in words(following(ana, second, [third, fourth], **given))
    given["aviso"] = "avisar"
    assert following(ana, second, [third, fourth], **given).status_code == 303
    stored = fresh(store, dates)
    assert [each.day - old.day for each, old in zip(stored, dates, strict=True)] == [
        timedelta(days=number) for number in (0, 1, 1, 1)
    ]
    assert [each.starts for each in stored] == [time(18), *[time(19)] * 3]
    assert [each.ends for each in stored] == [time(20), *[time(21, 30)] * 3]
    assert [each.capacity for each in stored] == [20, 25, 25, 25]
    assert [each.sequence for each in stored] == [0, 1, 1, 1]
    assert notified(store) == [rosa.id]
    assert [line[1] for line in journal(store)] == [second.id, third.id, fourth.id]
    assert journal(store)[1][2] == (
        '{"fields":["capacity","day","ends","starts"],"same_as":"' + second.public_id + '"}'
    )


def test_change_can_be_applied_to_all_dates(
    ana: StaffClient, store: Store, dates: list[Workshop]
) -> None:
    second = dates[1]
    with store.change() as session:
        session.get_one(Workshop, second.id).facilitator = "Lic. Mora"
    address = f"/org/talleres/{second.public_id}/serie"
    assert "Lic. Mora" in words(ana.get(address))
    page = words(ana.get(f"{address}?campos=facilitator&alcance=todas"))
    assert "Cambiar las 3 fechas" in page
    other_dates = [dates[0], *dates[2:]]
    following(ana, second, other_dates, campos="facilitator", alcance="todas")
    stored = fresh(store, dates)
    assert {each.facilitator for each in stored} == {"Lic. Mora"}
    assert {each.sequence for each in stored} == {0}
    assert notified(store) == []


def test_partners_of_one_date_are_applied_to_the_following_dates(
    ana: StaffClient, store: Store, chicago: Office, dates: list[Workshop]
) -> None:
    with store.change() as session:
        house = Partner(
            office_id=chicago.id, name="Casa Sur", kind=PartnerKind.CIVIL_SOCIETY, is_shown=True
        )
        mora = Speaker(office_id=chicago.id, name="Lic. Mora", partner=house, is_shown=True)
        session.add_all([house, mora])
    answer = edit_date(
        ana, dates[1], **{"allies": "yes"}, partners=str(house.id), speakers=str(mora.id)
    )
    page = ana.get(answer.location)
    assert f"/org/talleres/{dates[1].public_id}/serie?campos=allies" in page.text
    page_text = words(ana.get(f"/org/talleres/{dates[1].public_id}/serie?campos=allies"))
    assert "Con quién se da Casa Sur, Lic. Mora" in page_text
    assert "Cambiar las 2 fechas" in page_text
    assert following(ana, dates[1], dates[2:], campos="allies").status_code == 303
    with store.read() as session:
        given = [partners.list_names(session, each) for each in fresh(store, dates)]
    assert given == [[], *[["Casa Sur", "Lic. Mora"]] * 3]
    assert journal(store)[-1][2] == (
        f'{{"fields":["partners","speakers"],"same_as":"{dates[1].public_id}"}}'
    )
    alike = words(ana.get(f"/org/talleres/{dates[1].public_id}/serie"))
    assert "Con quién se da" in alike, "the first date has no partner"


@pytest.mark.parametrize("fields", ["allies", "allies,capacity"])
def test_undo_brings_partners_and_speakers_back(
    ana: StaffClient, store: Store, chicago: Office, dates: list[Workshop], fields: str
) -> None:
    with store.change() as session:
        kind = PartnerKind.CIVIL_SOCIETY
        south, north = (
            Partner(office_id=chicago.id, name=name, kind=kind, is_shown=True)
            for name in ("Casa Sur", "Casa Norte")
        )
        mora = Speaker(office_id=chicago.id, name="Lic. Mora", partner=None, is_shown=True)
        session.add_all([south, north, mora])
        session.flush()
        former, new = ChosenPartners((south.id,), (mora.id,)), ChosenPartners((north.id,))
        for number, date in enumerate(dates):
            workshop = session.get_one(Workshop, date.id)
            partners.set_chosen(session, workshop, new if number == 1 else former)
        session.get_one(Workshop, dates[1].id).capacity = 33
        session.get_one(Workshop, dates[1].id).seats_left = 33

    def stored() -> list[tuple[list[str], int]]:
        with store.read() as session:
            found = fresh(store, dates)
            return [(partners.list_names(session, each), each.capacity) for each in found]

    before = stored()
    answer = following(ana, dates[1], dates[2:], campos=fields)
    assert [names for names, _capacity in stored()[2:]] == [["Casa Norte"]] * 2
    batch = answer.location.rpartition("lote=")[2]
    assert "Deshacer" in words(ana.get(answer.location))
    with store.change() as session:  # a later choice of one date stays
        last = session.get_one(Workshop, dates[3].id)
        partners.set_chosen(session, last, ChosenPartners())
    page = words(ana.post(f"/org/deshacer/{batch}"))
    assert "Deshicimos 1 de 2" in page
    after = stored()
    assert after[:3] == before[:3]
    assert after[3][0] == []


def test_undo_of_one_date_brings_its_partners_back(
    ana: StaffClient, store: Store, chicago: Office, dates: list[Workshop]
) -> None:
    with store.change() as session:
        house = Partner(
            office_id=chicago.id, name="Casa Sur", kind=PartnerKind.CIVIL_SOCIETY, is_shown=True
        )
        session.add(house)
        session.flush()
        chosen = ChosenPartners((house.id,))
        partners.set_chosen(session, session.get_one(Workshop, dates[0].id), chosen)
    edit_date(ana, dates[0], **{"allies": "yes"}, title_en="Other")
    with store.read() as session:
        [workshop] = fresh(store, dates[:1])
        assert partners.list_names(session, workshop) == []
        latest = workshop_changes.find_latest(session, workshop, now=clock.now())
        assert latest is not None
    assert ana.post(f"/org/deshacer/{latest.batch}").status_code == 303
    with store.read() as session:
        [workshop] = fresh(store, dates[:1])
        assert partners.list_names(session, workshop) == ["Casa Sur"]
        assert workshop.title["en"] == dates[0].title["en"]


def test_dry_run_does_not_change_calendars(
    ana: StaffClient, store: Store, dates: list[Workshop]
) -> None:
    def calendar() -> tuple[int, datetime | None]:
        with store.read() as session:
            return change_counters.read(session, "chicago")

    before = calendar()
    page_text = words(ana.get(f"/org/talleres/{dates[0].public_id}/serie?dias=1"))
    assert "Cambiar las 3 fechas" in page_text
    assert calendar() == before


def test_one_impossible_date_stops_the_whole_series_edit(
    ana: StaffClient, store: Store, key_store: KeyStore, dates: list[Workshop]
) -> None:
    for name in ("Rosa", "Luz", "Flor"):
        seat(store, key_store, dates[2], name=name, people=4)
    with store.change() as session:
        smaller = session.get_one(Workshop, dates[0].id)
        smaller.capacity = smaller.seats_left = 10
    page = words(ana.get(f"/org/talleres/{dates[0].public_id}/serie?campos=capacity"))
    assert "Ya hay 12 lugares apartados. Pon 12 o más." in page
    assert "Cambiar las 2 fechas" in page
    answer = following(ana, dates[0], dates[1:], campos="capacity")
    assert answer.status_code == 422
    assert "No se hizo nada." in words(answer)
    assert [each.capacity for each in fresh(store, dates)] == [10, 20, 20, 20]
    assert following(ana, dates[0], [dates[1], dates[3]], campos="capacity").status_code == 303
    assert [each.capacity for each in fresh(store, dates)] == [10, 10, 20, 10]


def test_date_of_another_series_or_an_empty_change_is_refused(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind, dates: list[Workshop]
) -> None:
    with store.change() as session:
        single_date = make_workshop(session, chicago, rights)
    assert following(ana, dates[0], [single_date], campos="capacity").status_code == 404
    assert following(ana, dates[0], dates[1:]).status_code == 422
    assert following(ana, dates[0], [], campos="capacity").status_code == 422
    assert following(ana, dates[0], dates[1:], campos="id,day,office").status_code == 422
    page = words(ana.get(f"/org/talleres/{single_date.public_id}/serie"))
    assert "no tiene otras fechas" in page


def test_series_edit_is_not_offered_for_a_single_date(
    ana: StaffClient, store: Store, dates: list[Workshop]
) -> None:
    with store.change() as session:
        for each in dates[1:]:
            session.get_one(Workshop, each.id).series = None
    answer = edit_date(ana, dates[0], capacity="30")
    assert "¿También cambian" not in words(ana.get(answer.location))
    with store.read() as session:
        assert session.scalars(sa.select(WorkshopSeries.name)).all() == ["Curso"]


def test_shift_over_midnight_keeps_the_duration(store: Store, dates: list[Workshop]) -> None:
    data = get_data(dates[0])
    evening_data = shift(data, 5 * 60)
    assert (evening_data.day, evening_data.starts, evening_data.ends) == (
        data.day,
        time(23),
        time(1),
    )
    later = shift(evening_data, 90)
    assert later.day == data.day + timedelta(days=1)
    assert (later.starts, later.ends) == (time(0, 30), time(2, 30))
    before, after = (
        (p.day, p.starts, p.ends) for p in (evening_data, shift(evening_data, -30, 15))
    )
    assert compute_shift(before, after) == (-30, 15)
    for longer in (-120, 24 * 60):
        with refuses(ErrorCode.DURATION_IMPOSSIBLE):
            shift(data, 0, longer)


def test_shift_to_a_nonexistent_hour_is_refused(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    gap = next(
        day
        for day in (clock.now().date() + timedelta(days=n) for n in range(2, 500))
        if clock.is_skipped(day, time(2, 30), chicago.zone)
    )
    with store.change() as session:
        early = make_workshop(session, chicago, rights, day=gap, starts=time(1, 30), ends=time(5))
    answer = apply_bulk_action(ana, "mover", [early], hora="02:30")
    assert answer.status_code == 422
    assert "no existen las 2:30 a. m." in words(answer)
    assert fresh(store, [early])[0].starts == time(1, 30)
