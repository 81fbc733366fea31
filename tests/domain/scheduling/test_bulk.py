"""Bulk actions on workshops: previewed first, then all or nothing; only the people concerned are
notified."""

from collections.abc import Sequence
from datetime import time, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat, venue
from tests.support.course_dates import by_mail, fresh, ids, journal, make, notified
from tests.support.html_forms import value
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def dates(store: Store, chicago: Office, rights: Kind) -> list[Workshop]:
    return make(store, chicago, rights)


def preview(
    ana: StaffClient, action: str, workshops: Sequence[Workshop], **options: str
) -> TestResponse:
    fields = {"hacer": action} | options
    query = "&".join([f"{k}={v}" for k, v in fields.items()] + [f"t={i}" for i in ids(workshops)])
    return ana.get(f"/org/talleres/varios?{query}")


def submit(
    ana: StaffClient, action: str, workshops: Sequence[Workshop], **options: str
) -> TestResponse:
    return ana.post("/org/talleres/varios", hacer=action, t=ids(workshops), **options)


# On the workshop list


def test_drafts_are_published_in_bulk(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        drafts = [
            make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT) for _ in range(3)
        ]
    page = ana.get("/org/talleres?mes=" + f"{drafts[0].day:%Y-%m}" + "&elegir=todos")
    assert page.text.count(' checked><span class="visually-hidden">Elegir Conoce') == 3
    assert "¿Publicar 3 talleres?" in words(preview(ana, "publicar", drafts))
    assert {each.status for each in fresh(store, drafts)} == {WorkshopStatus.DRAFT}, (
        "a preview changes nothing"
    )
    assert journal(store) == []
    answer = submit(ana, "publicar", drafts)
    assert "Publicamos 3 talleres." in words(ana.get(answer.location))
    stored = fresh(store, drafts)
    assert {each.status for each in stored} == {WorkshopStatus.PUBLISHED}
    assert {each.sequence for each in stored} == {0}
    assert [line[:2] for line in journal(store)] == [("workshop published", d.id) for d in drafts]


def test_bulk_publishing_asks_about_a_taken_venue(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        library = venue(session, chicago)
        drafts = [
            make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT, venue=library)
            for _ in range(2)
        ]
    answer = submit(ana, "publicar", drafts)
    assert answer.status_code == 422
    assert "No se publicó. Mira primero" in words(answer)
    assert {each.status for each in fresh(store, drafts)} == {WorkshopStatus.DRAFT}
    page = preview(ana, "publicar", drafts)
    assert "Sí, publicar de todos modos" in words(page)
    sure = value(page.text, "sure")
    assert submit(ana, "publicar", drafts, sure=sure).status_code == 303
    assert {each.status for each in fresh(store, drafts)} == {WorkshopStatus.PUBLISHED}


def test_bulk_action_is_all_or_nothing(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        good = make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT)
        bad = make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT, capacity=0)
    page = words(preview(ana, "publicar", [good, bad]))
    assert "Falta: lugares." in page
    assert "1 no se puede y se queda como está." in page
    answer = submit(ana, "publicar", [good, bad])
    assert answer.status_code == 422
    assert "No se hizo nada." in words(answer)
    assert {each.status for each in fresh(store, [good, bad])} == {WorkshopStatus.DRAFT}
    assert journal(store) == []


def test_bulk_move_notifies_only_its_people(
    ana: StaffClient, store: Store, key_store: KeyStore, dates: list[Workshop]
) -> None:
    rosa = by_mail(store, key_store, dates[0])
    seat(store, key_store, dates[0], name="Luz")  # has no contact
    call = seat(store, key_store, dates[1], contact=ContactMethod.PHONE, address="+13125550142")
    by_mail(store, key_store, dates[3], name="Flor")
    moved, stays = dates[:3], dates[3]
    page = words(preview(ana, "mover", moved, dias="1", hora="19:30"))
    assert "Le escribimos a 1 registro." in page
    assert "Hay que llamar a 1" in page
    assert notified(store) == [], "only a preview"
    asked = submit(ana, "mover", moved, dias="1", hora="19:30")
    assert "¿A quién le avisamos?" in words(asked)
    assert notified(store) == [], "only the sheet"
    answer = submit(ana, "mover", moved, dias="1", hora="19:30", aviso="avisar")
    assert "Movimos 3 talleres." in words(ana.get(answer.location))
    for old, new in zip(moved, fresh(store, moved), strict=True):
        assert new.day == old.day + timedelta(days=1)
        assert (new.starts, new.ends) == (time(19, 30), time(21, 30))
        assert (new.sequence, new.uid, new.public_id) == (1, old.uid, old.public_id)
    assert fresh(store, [stays])[0].sequence == 0
    assert notified(store) == sorted([rosa.id, call.id])
    assert [(line[0], line[1]) for line in journal(store)] == [
        ("workshop changed", each.id) for each in moved
    ]
    with key_store.store.read() as session:
        counts_before = session.execute(
            sa.text("SELECT workshop, forget_on FROM key WHERE workshop = :w"),
            {"w": dates[0].id},
        ).all()
    new_day = fresh(store, dates)[0].forget_on
    assert counts_before
    assert {str(row[1]) for row in counts_before} == {str(new_day)}


def test_bulk_move_to_another_venue_of_the_office(
    ana: StaffClient, store: Store, chicago: Office, calgary: Office, dates: list[Workshop]
) -> None:
    with store.change() as session:
        other_venue = venue(session, chicago, name="Parroquia San Pío")
        foreign_venue = venue(session, calgary, name="Calgary")
    assert submit(ana, "mover", dates, sede=str(foreign_venue.id)).status_code == 422
    assert submit(ana, "mover", dates, sede=str(other_venue.id)).status_code == 303
    assert {each.venue_id for each in fresh(store, dates)} == {other_venue.id}
    assert {each.sequence for each in fresh(store, dates)} == {1}


def test_bulk_cancel_notifies_people_with_the_reason(
    ana: StaffClient, store: Store, key_store: KeyStore, dates: list[Workshop]
) -> None:
    rosa = by_mail(store, key_store, dates[0])
    by_mail(store, key_store, dates[2])
    answer = submit(ana, "cancelar", dates[:2])
    assert answer.status_code == 422
    assert "Elige por qué se cancelan." in words(answer)
    assert notified(store, NotificationType.CANCELLED) == []
    submit(ana, "cancelar", dates[:2], motivo="weather", aviso="avisar")
    assert [each.status for each in fresh(store, dates)] == [
        *[WorkshopStatus.CANCELLED] * 2,
        *[WorkshopStatus.PUBLISHED] * 2,
    ]
    assert notified(store, NotificationType.CANCELLED) == [rosa.id]
    assert [each.sequence for each in fresh(store, dates)] == [1, 1, 0, 0]
    assert journal(store)[0] == (
        "workshop cancelled",
        dates[0].id,
        '{"one_of":2,"reason":"weather"}',
    )


def test_bulk_delete_takes_unpublished_drafts_only(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind, dates: list[Workshop]
) -> None:
    with store.change() as session:
        drafts = [
            make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT) for _ in range(2)
        ]
    answer = submit(ana, "borrar", [*drafts, dates[0]])
    assert answer.status_code == 422
    assert "nunca se publicó" in words(answer)
    assert submit(ana, "borrar", drafts).status_code == 303
    with store.read() as session:
        stored = session.scalars(sa.select(Workshop.id)).all()
    assert sorted(stored) == sorted(each.id for each in dates)
    assert journal(store) == [
        ("workshop deleted", None, f'{{"draft":"{d.public_id}"}}') for d in drafts
    ]


def test_past_and_cancelled_workshops_are_not_changed(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        past_workshop = make_workshop(
            session, chicago, rights, day=clock.now().date() - timedelta(days=3)
        )
        cancelled = make_workshop(session, chicago, rights, status=WorkshopStatus.CANCELLED)
        draft = make_workshop(
            session,
            chicago,
            rights,
            day=clock.now().date() - timedelta(days=3),
            status=WorkshopStatus.DRAFT,
        )
    page = words(preview(ana, "mover", [past_workshop, cancelled], dias="30"))
    assert "Ya empezó o ya pasó." in page
    assert "Está cancelado." in page
    assert "Sí, mover" not in page
    assert "Su fecha ya pasó" in words(preview(ana, "publicar", [draft]))
    assert "Ya pasó." in words(preview(ana, "cancelar", [past_workshop]))


def test_bulk_action_on_another_office_is_not_found(
    ana: StaffClient, store: Store, calgary: Office, rights: Kind, dates: list[Workshop]
) -> None:
    with store.change() as session:
        foreign_workshop = make_workshop(session, calgary, rights)
    for action in ("publicar", "mover", "cancelar", "borrar"):
        assert preview(ana, action, [dates[0], foreign_workshop]).status_code == 404
        options = {"dias": "1", "motivo": "few"}
        assert submit(ana, action, [dates[0], foreign_workshop], **options).status_code == 404
    assert {each.sequence for each in fresh(store, [*dates, foreign_workshop])} == {0}
    assert ana.get("/org/talleres/varios?hacer=quemar&t=x").status_code == 404


def test_bulk_action_takes_one_to_two_hundred_workshops(ana: StaffClient) -> None:
    many = "&".join(f"t={number}" for number in range(201))
    answer = ana.get(f"/org/talleres/varios?hacer=publicar&{many}")
    assert answer.status_code == 422
    assert "más de 200" in words(answer)
    assert "marca los talleres" in words(ana.get("/org/talleres/varios?hacer=publicar"))
    assert ana.post("/org/talleres/varios", hacer="publicar").status_code == 422


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "Di cuántos días"),
        ({"dias": "mil"}, "número entero"),
        ({"dias": "400"}, "de -366 a 366"),
        ({"hora": "tarde"}, "como 18:30"),
        ({"dias": "-300"}, "fecha que ya pasó"),
    ],
)
def test_bulk_move_requires_a_distance(
    ana: StaffClient, store: Store, dates: list[Workshop], options: dict[str, str], expected: str
) -> None:
    answer = submit(ana, "mover", dates, **options)
    assert answer.status_code == 422
    assert expected in words(answer)
    assert {each.sequence for each in fresh(store, dates)} == {0}
