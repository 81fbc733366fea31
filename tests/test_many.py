"""The same done to many workshops: from the list, and to the dates of a series. First what it would
come to; then all of it, or nothing; and only those are told whom it concerns."""

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain import series
from outreach.domain.journal import Entry
from outreach.domain.kinds import Kind
from outreach.domain.many import shifted, span_between
from outreach.domain.notices import Cause, Notice
from outreach.domain.offices import Office
from outreach.domain.planning import plan_of
from outreach.domain.registrations import Contact, Registration
from outreach.domain.series import Series
from outreach.domain.workshops import Standing, Workshop
from outreach.errors import Refused
from outreach.keyring import Keyring
from tests.conftest import hold, seat, venue
from tests.desk import Desk, at_desk, employ, words


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> Desk:
    return at_desk(app, store, employ(store))


@pytest.fixture
def dates(store: Store, chicago: Office, rights: Kind) -> list[Workshop]:
    """Four dates of a series, a week apart, at 6 in the evening."""
    with store.change() as session:
        office = session.merge(chicago, load=False)
        course = series.find_or_make(session, office, "Curso", is_joint=False)
        room = venue(session, chicago)
        return [
            hold(session, chicago, rights, day=in_weeks(n), series=course, venue=room)
            for n in range(1, 5)
        ]


def in_weeks(number: int) -> date:
    return clock.now().date() + timedelta(weeks=number)


def fresh(store: Store, workshops: Sequence[Workshop]) -> list[Workshop]:
    with store.read() as session:
        return [session.get_one(Workshop, each.id) for each in workshops]


def told(store: Store, cause: Cause = Cause.CHANGED) -> list[str]:
    """Whose registrations are owed a notice, by id."""
    with store.read() as session:
        return sorted(
            session.scalars(sa.select(Notice.registration_id).where(Notice.cause == cause))
        )


def journal(store: Store) -> list[tuple[str, int | None, str]]:
    with store.read() as session:
        rows = session.execute(
            sa.select(Entry.action, Entry.workshop_id, Entry.detail).order_by(Entry.id)
        )
        return [(row[0], row[1], row[2]) for row in rows]


def by_mail(store: Store, ring: Keyring, workshop: Workshop, **changes: Any) -> Registration:
    return seat(store, ring, workshop, contact=Contact.EMAIL, address="rosa@ejemplo.com", **changes)


def ids(workshops: Sequence[Workshop]) -> list[str]:
    return [each.public_id for each in workshops]


def asked(ana: Desk, deed: str, workshops: Sequence[Workshop], **given: str) -> TestResponse:
    fields = {"hacer": deed} | given
    query = "&".join([f"{k}={v}" for k, v in fields.items()] + [f"t={i}" for i in ids(workshops)])
    return ana.get(f"/org/talleres/varios?{query}")


def done(ana: Desk, deed: str, workshops: Sequence[Workshop], **given: str) -> TestResponse:
    return ana.post("/org/talleres/varios", hacer=deed, t=ids(workshops), **given)


# From the list


def test_many_drafts_are_published_at_once(
    ana: Desk, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        drafts = [hold(session, chicago, rights, standing=Standing.DRAFT) for _ in range(3)]
    page = ana.get("/org/talleres?mes=" + f"{drafts[0].day:%Y-%m}" + "&elegir=todos")
    assert page.text.count(' checked><span class="oculto">Elegir Conoce') == 3
    assert "¿Publicar 3 talleres?" in words(asked(ana, "publicar", drafts))
    assert {each.standing for each in fresh(store, drafts)} == {Standing.DRAFT}, "only tried"
    assert journal(store) == []
    answer = done(ana, "publicar", drafts)
    assert "Publicamos 3 talleres." in words(ana.get(answer.location))
    there = fresh(store, drafts)
    assert {each.standing for each in there} == {Standing.PUBLISHED}
    assert {each.sequence for each in there} == {0}
    assert [line[:2] for line in journal(store)] == [("workshop published", d.id) for d in drafts]


def test_if_one_cannot_nothing_is_done(
    ana: Desk, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        good = hold(session, chicago, rights, standing=Standing.DRAFT)
        bad = hold(session, chicago, rights, standing=Standing.DRAFT, capacity=0)
    page = words(asked(ana, "publicar", [good, bad]))
    assert "Falta: lugares." in page
    assert "1 no se puede y se queda como está." in page
    answer = done(ana, "publicar", [good, bad])
    assert answer.status_code == 422
    assert "No se hizo nada." in words(answer)
    assert {each.standing for each in fresh(store, [good, bad])} == {Standing.DRAFT}
    assert journal(store) == []


def test_many_are_moved_and_only_their_people_are_told(
    ana: Desk, store: Store, ring: Keyring, dates: list[Workshop]
) -> None:
    rosa = by_mail(store, ring, dates[0])
    seat(store, ring, dates[0], name="Luz")  # who wants not to be told
    call = seat(store, ring, dates[1], contact=Contact.PHONE, address="+13125550142")
    by_mail(store, ring, dates[3], name="Flor")
    moved, stays = dates[:3], dates[3]
    page = words(asked(ana, "mover", moved, dias="1", hora="19:30"))
    assert "Le escribimos a 1 registro." in page
    assert "Hay que llamar a 1" in page
    assert told(store) == [], "only tried"
    answer = done(ana, "mover", moved, dias="1", hora="19:30")
    assert "Movimos 3 talleres." in words(ana.get(answer.location))
    for old, new in zip(moved, fresh(store, moved), strict=True):
        assert new.day == old.day + timedelta(days=1)
        assert (new.starts, new.ends) == (time(19, 30), time(21, 30))
        assert (new.sequence, new.uid, new.public_id) == (1, old.uid, old.public_id)
    assert fresh(store, [stays])[0].sequence == 0
    assert told(store) == sorted([rosa.id, call.id])
    assert [(line[0], line[1]) for line in journal(store)] == [
        ("workshop changed", each.id) for each in moved
    ]
    with ring.store.read() as session:
        kept = session.execute(
            sa.text("SELECT workshop, forget_on FROM key WHERE workshop = :w"),
            {"w": dates[0].id},
        ).all()
    new_day = fresh(store, dates)[0].forget_on
    assert kept
    assert {str(row[1]) for row in kept} == {str(new_day)}


def test_many_go_to_another_venue_of_the_office(
    ana: Desk, store: Store, chicago: Office, calgary: Office, dates: list[Workshop]
) -> None:
    with store.change() as session:
        other = venue(session, chicago, name="Parroquia San Pío")
        far = venue(session, calgary, name="Calgary")
    assert done(ana, "mover", dates, sede=str(far.id)).status_code == 422
    assert done(ana, "mover", dates, sede=str(other.id)).status_code == 303
    assert {each.venue_id for each in fresh(store, dates)} == {other.id}
    assert {each.sequence for each in fresh(store, dates)} == {1}


def test_many_are_cancelled_with_a_reason_and_their_people_told(
    ana: Desk, store: Store, ring: Keyring, dates: list[Workshop]
) -> None:
    rosa = by_mail(store, ring, dates[0])
    by_mail(store, ring, dates[2])
    answer = done(ana, "cancelar", dates[:2])
    assert answer.status_code == 422
    assert "Elige por qué se cancelan." in words(answer)
    assert told(store, Cause.CANCELLED) == []
    done(ana, "cancelar", dates[:2], motivo="weather")
    assert [each.standing for each in fresh(store, dates)] == [
        *[Standing.CANCELLED] * 2,
        *[Standing.PUBLISHED] * 2,
    ]
    assert told(store, Cause.CANCELLED) == [rosa.id]
    assert [each.sequence for each in fresh(store, dates)] == [1, 1, 0, 0]
    assert journal(store)[0] == ("workshop cancelled", dates[0].id, "weather, one of 2")


def test_drafts_nobody_has_seen_are_deleted_and_nothing_else(
    ana: Desk, store: Store, chicago: Office, rights: Kind, dates: list[Workshop]
) -> None:
    with store.change() as session:
        drafts = [hold(session, chicago, rights, standing=Standing.DRAFT) for _ in range(2)]
    answer = done(ana, "borrar", [*drafts, dates[0]])
    assert answer.status_code == 422
    assert "nunca se publicó" in words(answer)
    assert done(ana, "borrar", drafts).status_code == 303
    with store.read() as session:
        there = session.scalars(sa.select(Workshop.id)).all()
    assert sorted(there) == sorted(each.id for each in dates)
    assert journal(store) == [("workshop deleted", None, f"draft {d.public_id}") for d in drafts]


def test_what_is_over_or_cancelled_stays_as_it_was(
    ana: Desk, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        past = hold(session, chicago, rights, day=clock.now().date() - timedelta(days=3))
        off = hold(session, chicago, rights, standing=Standing.CANCELLED)
        draft = hold(
            session,
            chicago,
            rights,
            day=clock.now().date() - timedelta(days=3),
            standing=Standing.DRAFT,
        )
    page = words(asked(ana, "mover", [past, off], dias="30"))
    assert "Ya empezó o ya pasó." in page
    assert "Está cancelado." in page
    assert "Sí, mover" not in page
    assert "Su fecha ya pasó" in words(asked(ana, "publicar", [draft]))
    assert "Ya pasó." in words(asked(ana, "cancelar", [past]))


def test_another_offices_workshop_does_not_exist_among_many(
    ana: Desk, store: Store, calgary: Office, rights: Kind, dates: list[Workshop]
) -> None:
    with store.change() as session:
        theirs = hold(session, calgary, rights)
    for deed in ("publicar", "mover", "cancelar", "borrar"):
        assert asked(ana, deed, [dates[0], theirs]).status_code == 404
        given = {"dias": "1", "motivo": "few"}
        assert done(ana, deed, [dates[0], theirs], **given).status_code == 404
    assert {each.sequence for each in fresh(store, [*dates, theirs])} == {0}
    assert ana.get("/org/talleres/varios?hacer=quemar&t=x").status_code == 404


def test_at_most_two_hundred_at_once_and_at_least_one(ana: Desk) -> None:
    many = "&".join(f"t={number}" for number in range(201))
    answer = ana.get(f"/org/talleres/varios?hacer=publicar&{many}")
    assert answer.status_code == 422
    assert "más de 200" in words(answer)
    assert "marca los talleres" in words(ana.get("/org/talleres/varios?hacer=publicar"))
    assert ana.post("/org/talleres/varios", hacer="publicar").status_code == 422


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Di cuántos días"),
        ({"dias": "mil"}, "número entero"),
        ({"dias": "400"}, "de -366 a 366"),
        ({"hora": "tarde"}, "como 18:30"),
        ({"dias": "-300"}, "fecha que ya pasó"),
    ],
)
def test_how_far_to_move_has_to_be_said(
    ana: Desk, store: Store, dates: list[Workshop], given: dict[str, str], said: str
) -> None:
    answer = done(ana, "mover", dates, **given)
    assert answer.status_code == 422
    assert said in words(answer)
    assert {each.sequence for each in fresh(store, dates)} == {0}


# The dates of a series


def edited(ana: Desk, workshop: Workshop, **changes: str) -> TestResponse:
    """One date, changed on its own form."""
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


def following(ana: Desk, one: Workshop, others: Sequence[Workshop], **given: Any) -> TestResponse:
    return ana.post(f"/org/talleres/{one.public_id}/serie", t=ids(others), **given)


def test_after_a_change_of_one_date_the_following_are_offered_the_same(
    ana: Desk, store: Store, ring: Keyring, dates: list[Workshop]
) -> None:
    first, second, third, fourth = dates
    by_mail(store, ring, first)
    rosa = by_mail(store, ring, third)
    shifted_day = str(second.day + timedelta(days=1))
    answer = edited(ana, second, day=shifted_day, starts="19:00", ends="21:30", capacity="25")
    page = ana.get(answer.location)
    assert "¿También cambian las siguientes fechas?" in words(page)
    start = page.text.index(f"/org/talleres/{second.public_id}/serie?")
    address = page.text[start : page.text.index('"', start)].replace("&amp;", "&")
    assert "campos=capacity" in address
    assert f"minutos={25 * 60}" in address
    assert "durar=30" in address
    seen = words(ana.get(address))
    assert "Le escribimos a 1 registro." in seen
    assert "Cambiar las 2 fechas" in seen
    assert told(store) == [], "only tried"

    given = {"campos": "capacity", "minutos": str(25 * 60), "durar": "30"}
    assert following(ana, second, [third, fourth], **given).status_code == 303
    there = fresh(store, dates)
    assert [each.day - old.day for each, old in zip(there, dates, strict=True)] == [
        timedelta(days=number) for number in (0, 1, 1, 1)
    ]
    assert [each.starts for each in there] == [time(18), *[time(19)] * 3]
    assert [each.ends for each in there] == [time(20), *[time(21, 30)] * 3]
    assert [each.capacity for each in there] == [20, 25, 25, 25]
    assert [each.sequence for each in there] == [0, 1, 1, 1]
    assert told(store) == [rosa.id]
    assert [line[1] for line in journal(store)] == [second.id, third.id, fourth.id]
    assert journal(store)[1][2].startswith(f"as {second.public_id}: capacity, day, ends, starts")


def test_all_dates_before_and_after(ana: Desk, store: Store, dates: list[Workshop]) -> None:
    second = dates[1]
    with store.change() as session:
        session.get_one(Workshop, second.id).facilitator = "Lic. Mora"
    address = f"/org/talleres/{second.public_id}/serie"
    assert "Lic. Mora" in words(ana.get(address))
    page = words(ana.get(f"{address}?campos=facilitator&alcance=todas"))
    assert "Cambiar las 3 fechas" in page
    others = [dates[0], *dates[2:]]
    following(ana, second, others, campos="facilitator", alcance="todas")
    there = fresh(store, dates)
    assert {each.facilitator for each in there} == {"Lic. Mora"}
    assert {each.sequence for each in there} == {0}
    assert told(store) == []


def test_one_date_that_cannot_stops_them_all_and_is_said_before(
    ana: Desk, store: Store, ring: Keyring, dates: list[Workshop]
) -> None:
    for name in ("Rosa", "Luz", "Flor"):
        seat(store, ring, dates[2], name=name, people=4)
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


def test_a_date_of_another_series_or_nothing_to_change_is_refused(
    ana: Desk, store: Store, chicago: Office, rights: Kind, dates: list[Workshop]
) -> None:
    with store.change() as session:
        alone = hold(session, chicago, rights)
    assert following(ana, dates[0], [alone], campos="capacity").status_code == 404
    assert following(ana, dates[0], dates[1:]).status_code == 422
    assert following(ana, dates[0], [], campos="capacity").status_code == 422
    assert following(ana, dates[0], dates[1:], campos="id,day,office").status_code == 422
    page = words(ana.get(f"/org/talleres/{alone.public_id}/serie"))
    assert "no tiene otras fechas" in page


def test_nothing_is_offered_where_there_is_no_other_date(
    ana: Desk, store: Store, dates: list[Workshop]
) -> None:
    with store.change() as session:
        for each in dates[1:]:
            session.get_one(Workshop, each.id).series = None
    answer = edited(ana, dates[0], capacity="30")
    assert "¿También cambian" not in words(ana.get(answer.location))
    with store.read() as session:
        assert session.scalars(sa.select(Series.name)).all() == ["Curso"]


def test_a_shift_goes_over_midnight_and_keeps_the_length(
    store: Store, dates: list[Workshop]
) -> None:
    plan = plan_of(dates[0])
    late = shifted(plan, 5 * 60)
    assert (late.day, late.starts, late.ends) == (plan.day, time(23), time(1))
    later = shifted(late, 90)
    assert later.day == plan.day + timedelta(days=1)
    assert (later.starts, later.ends) == (time(0, 30), time(2, 30))
    before, after = ((p.day, p.starts, p.ends) for p in (late, shifted(late, -30, 15)))
    assert span_between(before, after) == (-30, 15)
    for longer in (-120, 24 * 60):
        with pytest.raises(Refused, match="un día entero"):
            shifted(plan, 0, longer)


def test_a_shift_onto_an_hour_that_does_not_exist_is_refused(
    ana: Desk, store: Store, chicago: Office, rights: Kind
) -> None:
    gap = next(
        day
        for day in (clock.now().date() + timedelta(days=n) for n in range(2, 500))
        if clock.is_skipped(day, time(2, 30), chicago.zone)
    )
    with store.change() as session:
        early = hold(session, chicago, rights, day=gap, starts=time(1, 30), ends=time(5))
    answer = done(ana, "mover", [early], hora="02:30")
    assert answer.status_code == 422
    assert "no existen las 02:30" in words(answer)
    assert fresh(store, [early])[0].starts == time(1, 30)
