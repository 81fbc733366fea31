"""Publishing a workshop: fields that must not be missing, and warnings that are shown once."""

from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.db.store import Store
from outreach.domain.locations.venues import Venue
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_data, workshop_service
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus, publish_checks
from outreach.domain.workshops.publish_checks import PublishWarning, RequiredField
from outreach.errors import ErrorCode
from outreach.keystore import KeyStore
from tests.conftest import LONG_AGO, kind, make_workshop, office, seat, venue
from tests.support.fixed_clock import fixed_clock
from tests.support.refusals import refuses
from tests.support.registration_forms import link_of
from tests.support.staff_client import StaffClient, employ, signed_in_as, words
from tests.web.staff.test_workshops import typed

pytestmark = [pytest.mark.any_database, fixed_clock]

TUESDAY = date(2027, 2, 2)  # no holiday in any region
TRANSLATED = {"es": "Tus derechos", "en": "Your rights", "fr": "Vos droits"}
TEMPLATES = Path(__file__).parents[3] / "templates"
LINK = "https://sala.example/canario"


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def draft(store: Store, office: Office, kind: Kind, **changes: Any) -> Workshop:
    fields: dict[str, Any] = {"day": TUESDAY, "status": WorkshopStatus.DRAFT, "title": TRANSLATED}
    fields |= changes
    with store.change() as session:
        if fields.get("venue"):
            fields["venue"] = session.get_one(Venue, fields["venue"].id)
        return make_workshop(session, office, kind, **fields)


@pytest.mark.parametrize(
    ("missing_fields", "label"),
    [
        ({"venue": None}, "sede"),
        ({"mode": DeliveryMode.VIDEO_CALL, "venue": None}, "enlace"),
        ({"mode": DeliveryMode.LIVE_STREAM, "venue": None}, "enlace"),
        ({"mode": DeliveryMode.HYBRID}, "enlace"),
        ({"languages": ()}, "idioma"),
        ({"capacity": 0}, "lugares"),
        ({"title": {"en": "Rights"}}, "título"),
        ({"venue": None, "capacity": 0}, "sede, lugares"),
    ],
)
def test_draft_with_a_missing_field_is_not_published(
    ana: StaffClient,
    store: Store,
    chicago: Office,
    rights: Kind,
    missing_fields: dict[str, Any],
    label: str,
) -> None:
    workshop = draft(store, chicago, rights, **missing_fields)
    page = words(ana.get(f"/org/talleres/{workshop.public_id}"))
    assert f"Falta: {label}." in page
    answer = ana.post(f"/org/talleres/{workshop.public_id}/publicar", sure=" ".join(PublishWarning))
    assert answer.status_code == 422
    assert f"Falta: {label}. No se publicó." in words(answer)
    assert _status(store, workshop) is WorkshopStatus.DRAFT


def test_phone_of_workshop_office_or_network_is_required(store: Store, rights: Kind) -> None:
    with store.change() as session:
        office_without_phone = office("tucson", "Tucson", "AZ", "America/Phoenix", phone="")
        session.add(office_without_phone)
    workshop = draft(store, office_without_phone, rights)
    with store.change() as session, refuses(ErrorCode.FIELDS_MISSING, fields=[RequiredField.PHONE]):
        workshop_service.publish(session, session.get_one(Workshop, workshop.id), now=LONG_AGO)
    assert publish_checks.find_missing_fields(workshop, phone="1 800 555 0100") == []
    with store.change() as session:
        workshop_service.publish(
            session, session.get_one(Workshop, workshop.id), now=LONG_AGO, is_in_file=True
        )
    assert _status(store, workshop) is WorkshopStatus.PUBLISHED


@pytest.mark.parametrize(
    ("unusual_fields", "warning"),
    [
        ({"title": {"es": "Tus derechos"}}, PublishWarning.ONE_LANGUAGE),
        ({"day": date(2027, 12, 25)}, PublishWarning.HOLIDAY),
        (
            {"day": date(2027, 11, 7), "starts": time(1, 30), "ends": time(4)},
            PublishWarning.DOUBLED,
        ),
        ({"day": date(2026, 1, 2)}, PublishWarning.PAST),
        ({"day": date(2026, 1, 7)}, PublishWarning.SOON),
        ({"way": Way.OPEN, "online_url": LINK}, PublishWarning.UNSEEN_LINK),
    ],
)
def test_publish_warning_for_unusual_data(
    store: Store,
    chicago: Office,
    rights: Kind,
    unusual_fields: dict[str, Any],
    warning: PublishWarning,
) -> None:
    workshop = draft(store, chicago, rights, **unusual_fields)
    assert _warnings(store, workshop) == [warning]


def test_publish_warning_for_small_occupied_or_retired_venue(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        room = venue(session, chicago, capacity=15)
        make_workshop(
            session, chicago, rights, venue=room, day=TUESDAY, starts=time(19), ends=time(21)
        )
        make_workshop(
            session, chicago, rights, venue=room, day=TUESDAY, starts=time(20), ends=time(22)
        ).status = WorkshopStatus.CANCELLED
    same = draft(store, chicago, rights, venue=room, capacity=15)
    assert _warnings(store, same) == [PublishWarning.TAKEN]
    evening = draft(store, chicago, rights, venue=room, starts=time(21), ends=time(22), capacity=15)
    assert _warnings(store, evening) == [], "it starts when the other ends"
    morning = draft(store, chicago, rights, venue=room, starts=time(8), ends=time(9), overbooked=1,
                 capacity=15)  # fmt: skip
    assert _warnings(store, morning) == [PublishWarning.CROWDED]
    with store.change() as session:
        session.get_one(Venue, room.id).retired_at = LONG_AGO
    assert _warnings(store, morning) == [PublishWarning.CROWDED, PublishWarning.RETIRED]


def test_publish_warning_for_a_public_discreet_workshop(
    store: Store, chicago: Office, women: Kind
) -> None:
    public_workshop = draft(store, chicago, women, visibility=Visibility.PUBLIC)
    assert _warnings(store, public_workshop) == [PublishWarning.OPEN_ADDRESS]
    assert _warnings(store, draft(store, chicago, women)) == []


def test_form_shows_warnings_once_and_keeps_its_input(ana: StaffClient, store: Store) -> None:
    answer = ana.post("/org/talleres/nuevo", **typed(title_en="", sure="", day=str(TUESDAY)))
    assert answer.status_code == 422
    page = words(answer)
    assert "No se publicó todavía." in page
    assert "El título está solo en español" in page
    assert "Publicar de todos modos" in page
    assert 'name="sure" value="language"' in answer.text
    assert 'name="title_es" type="text" value="Conoce tus derechos"' in answer.text
    assert _count(store, Workshop) == _count(store, Venue) == 0
    wider = typed(title_en="", sure="language", day="2027-12-25")
    assert "Ese día es feriado" in words(ana.post("/org/talleres/nuevo", **wider)), "a new warning"
    confirmed = typed(title_en="", sure="language", day=str(TUESDAY))
    assert ana.post("/org/talleres/nuevo", **confirmed).status_code == 303
    assert _count(store, Workshop) == 1


def test_page_of_a_draft_shows_warnings(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    workshop = draft(store, chicago, rights, title={"es": "Tus derechos"})
    address = f"/org/talleres/{workshop.public_id}"
    page = ana.get(address)
    assert "El título está solo en español" in words(page)
    assert 'name="sure" value="language"' in page.text
    refused = ana.post(f"{address}/publicar")
    assert refused.status_code == 422
    assert "No se publicó. Mira primero esto." in words(refused)
    assert ana.post(f"{address}/publicar", sure="language").status_code == 303
    assert "Antes de publicar" not in words(ana.get(address))


def test_draft_is_saved_without_venue_and_published_with_one(
    ana: StaffClient, store: Store
) -> None:
    answer = ana.post("/org/talleres/nuevo", **typed(venue="", action="draft"))
    assert answer.status_code == 303
    with store.read() as session:
        workshop = session.scalars(sa.select(Workshop)).one()
    assert workshop.venue is None
    assert "Sin sede todavía" in words(ana.get(f"/org/talleres/{workshop.public_id}"))
    edit = f"/org/talleres/{workshop.public_id}/editar"
    refused = ana.post(edit, **typed(venue=""))
    assert refused.status_code == 422
    assert "Falta la sede." in words(refused)
    assert ana.post(edit, **typed()).status_code == 303
    assert _status(store, workshop) is WorkshopStatus.PUBLISHED
    assert ana.post(edit, **typed(venue="", action="save")).status_code == 422


def test_choosing_another_kind_fills_untouched_fields(ana: StaffClient, store: Store) -> None:
    with store.change() as session:
        session.add(
            kind(
                "laboral",
                "Derechos laborales",
                position=2,
                capacity=25,
                party_limit=2,
                way=Way.OPEN,
                bring={"es": "Un recibo de pago."},
                has_reminders=False,
            )
        )
    form = typed(
        filled_by="derechos",
        kind="laboral",
        action="kind",
        title_es="Tus derechos",
        title_en="",
        summary_es="Qué derechos tienes y qué hacer si te detienen.",
        bring_es="Nada. No necesitas identificación ni papeles.",
        capacity="40",
        party_limit="3",
        languages=["en"],
        day="pronto",
    )
    filled = ana.post("/org/talleres/nuevo", **form)
    assert filled.status_code == 200
    for expected in (
        'name="title_es" type="text" value="Derechos laborales"',
        'name="capacity" type="text" value="25"',
        'name="party_limit" type="text" value="3"',  # edited before the kind was changed
        'name="way" value="open" checked',
        'name="languages" value="en" checked',
        'name="day" type="date" value="pronto"',
        'name="filled_by" value="laboral"',
        'name="venue_name" type="text" value="Biblioteca de Pilsen"',
        ">\nUn recibo de pago.</textarea>",
    ):
        assert expected in filled.text, expected
    assert 'name="languages" value="es" checked' not in filled.text
    assert _count(store, Workshop) == 0


def test_new_workshop_has_the_defaults_of_its_kind(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.read() as session:
        kind = kinds.find(session, "derechos")
        data = workshop_data.from_kind(kind, offices.find(session, "chicago"), TUESDAY, time(10))
    assert data.ends == time(11, 30)
    same = ("summary", "description"), ("title", "short_name"), ("bring", "bring")
    assert all(getattr(data, field) == getattr(kind, kind_field) for field, kind_field in same)
    for name in ("capacity", "party_limit", "way", "retention_days", "has_reminders",
                 "visibility", "opens_days", "confirm_days", "frees_silence"):  # fmt: skip
        assert getattr(data, name) == getattr(kind, name), name


def test_online_link_is_on_no_public_page(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        hybrid = make_workshop(session, chicago, rights, mode=DeliveryMode.HYBRID, online_url=LINK)
        online = make_workshop(
            session, chicago, rights, mode=DeliveryMode.VIDEO_CALL, online_url=LINK, venue=None
        )
    for each in (hybrid, online):
        paths = [f"/es/t/{each.public_id}{end}" for end in ("", "/lugar", ".ics")]
        for path in (*paths, f"/api/v1/workshops/{each.public_id}", "/es/cal/chicago.ics", "/es/"):
            answer = ana.client.get(path)
            assert answer.status_code == 200, path
            assert "canario" not in answer.text, path


def test_online_link_of_hybrid_workshop_is_for_people_with_a_seat(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        hybrid = make_workshop(
            session, chicago, rights, mode=DeliveryMode.HYBRID, online_url=LINK, capacity=1
        )
    first, second = seat(store, key_store, hybrid), seat(store, key_store, hybrid, name="Luz")
    ticket = ana.client.get(link_of(key_store, first))
    assert f'href="{LINK}"' in ticket.text
    assert "1805 S. Ejemplo St." in words(ticket)
    assert "canario" not in ana.client.get(link_of(key_store, second)).text


def test_no_letter_contains_the_online_link() -> None:
    """The registration page, to which the letter links, shows it."""
    for text in sorted(TEMPLATES.glob("[mt]*/*.txt")):
        assert "online_url" not in text.read_text(), text.name


def _warnings(store: Store, workshop: Workshop) -> list[PublishWarning]:
    with store.read() as session:
        stored = session.get_one(Workshop, workshop.id)
        return [each.what for each in publish_checks.find_warnings(session, stored, now=LONG_AGO)]


def _status(store: Store, workshop: Workshop) -> WorkshopStatus:
    with store.read() as session:
        return session.get_one(Workshop, workshop.id).status


def _count(store: Store, table: type[Workshop] | type[Venue]) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
