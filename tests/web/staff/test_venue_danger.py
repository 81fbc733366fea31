"""«Peligro en la sede»: closing at once, telling after a second factor, reopening."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.accounts.sessions import StaffSession
from outreach.config import Texts
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.scheduling import tours, workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.domain.workshops.tour_stops import TourStop
from outreach.keystore import KeyStore
from outreach.web.staff.checkin.checkin_offline import CLOSED_STATUS
from tests.conftest import make_workshop, seat, venue
from tests.security.test_hidden_address import CANARY, crawl, text_of
from tests.support.checkin_phone import counts, take_along, token_of, walk_in
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.limits import UNLIMITED
from tests.support.public_urls import FurnishedSite, in_every_status, manage_token
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = fixed_clock

WARNED: Final = (NotificationType.CANCELLED, NotificationType.REINSTATED)


@dataclass(frozen=True)
class Scene:
    """A workshop that starts in an hour, with one party by each contact, and who is at its door."""

    tomas: StaffClient
    store: Store
    key_store: KeyStore
    workshop: Workshop
    parties: dict[str, Registration]

    @property
    def path(self) -> str:
        return f"/org/talleres/{self.workshop.public_id}/peligro"

    def press(self, what: str, **more: str) -> TestResponse:
        return self.tomas.post(self.path, do=what, **more)

    def read(self) -> Workshop:
        with self.store.read() as session:
            return session.get_one(Workshop, self.workshop.id)

    def list_pending(self) -> dict[str, tuple[NotificationType, bool]]:
        """What waits to be said to each party, and whether at night too, by name."""
        names = {each.id: name for name, each in self.parties.items()}
        with self.store.read() as session:
            rows = session.scalars(
                sa.select(Notification).where(
                    Notification.done_at.is_(None), Notification.cause.in_(WARNED)
                )
            )
            assert all(each.due_at <= clock.now() for each in rows)
            found = session.scalars(
                sa.select(Notification).where(
                    Notification.done_at.is_(None), Notification.cause.in_(WARNED)
                )
            )
            return {names[each.registration_id]: (each.cause, each.is_urgent) for each in found}

    def list_actions(self) -> list[str]:
        with self.store.read() as session:
            actions = session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id))
            return [each for each in actions if "danger" in each]

    def forget_factor(self) -> None:
        with self.store.change() as session:
            long_ago = clock.now() - timedelta(hours=2)
            session.execute(sa.update(StaffSession).values(proven_at=long_ago))


def soon(store: Store, office: Office, kind: Kind, visibility: Visibility) -> Workshop:
    with store.change() as session:
        place = venue(
            session,
            office,
            name="Casa Canaria",
            address="Calle Canario 99",
            latitude=41.123456,
            longitude=-87.123456,
        )
        day = FIXED_NOW.astimezone(office.zone).date()
        hours = {"day": day, "starts": time(13, 0), "ends": time(15, 0)}
        return make_workshop(session, office, kind, venue=place, visibility=visibility, **hours)


@pytest.fixture
def scene(app: Flask, store: Store, key_store: KeyStore, chicago: Office, rights: Kind) -> Scene:
    workshop = soon(store, chicago, rights, Visibility.PUBLIC)
    contacts: dict[str, dict[str, Any]] = {
        "Rosa": {"contact": ContactMethod.EMAIL, "address": "rosa@example.org"},
        "Luz": {
            "contact": ContactMethod.PHONE,
            "address": "+13125550142",
            "may_leave_message": True,
        },
        "Eva": {"contact": ContactMethod.NONE},
    }
    parties = {
        name: seat(store, key_store, workshop, name=name, **contact)
        for name, contact in contacts.items()
    }
    tomas = signed_in_as(app, store, employ(store, "tomas@example.org", Role.DOOR))
    return Scene(tomas, store, key_store, workshop, parties)


def test_one_press_closes_and_shows_whom_to_tell(scene: Scene) -> None:
    door = scene.tomas.get(f"/org/talleres/{scene.workshop.public_id}/entrada")
    assert "Peligro en la sede" in words(door)
    scene.forget_factor()
    assert scene.press("close").headers["Location"] == scene.path
    sheet = words(scene.tomas.get(scene.path))
    assert "La entrada está cerrada" in sheet
    assert "Urgente: avisar ya" in sheet
    assert "1 por correo" in sheet
    closed = scene.read()
    assert closed.status is WorkshopStatus.CANCELLED
    assert closed.visibility is Visibility.PHONE_ONLY
    assert closed.sequence == scene.workshop.sequence + 1
    assert scene.list_pending() == {}, "closing tells nobody"
    scene.press("close")
    assert scene.read().sequence == closed.sequence
    assert scene.list_actions() == ["closed for danger"]


def test_sheet_says_that_texts_leave_at_any_hour(
    scene: Scene, make_app: Callable[..., Flask]
) -> None:
    scene.press("close")
    app = make_app(texts=Texts(url="https://sms.example/send"))
    eva = signed_in_as(app, scene.store, employ(scene.store, "eva@example.org", Role.DOOR))
    sheet = words(eva.get(scene.path))
    assert "1 por mensaje de texto: sale solo, a cualquier hora" in sheet
    assert "entre 8 a. m. y 8 p. m." not in sheet


def test_phone_without_a_network_hears_of_the_closing_and_keeps_what_it_noted(
    scene: Scene,
) -> None:
    """Its marks have no time, so those of before the closing cannot be told from later ones."""
    phone = take_along(scene.tomas, scene.workshop)
    token = token_of(scene.store, scene.key_store, scene.parties["Rosa"])
    before, later = phone.came(token), walk_in()
    assert phone.tell(before).status_code == 200
    scene.press("close")
    assert phone.tell().status_code == CLOSED_STATUS, "also with nothing to send"
    assert phone.tell(later).status_code == CLOSED_STATUS
    assert counts(scene.store, scene.workshop) == (1, 0)
    scene.press("reopen", sure="yes")
    assert phone.tell(later).status_code == 200
    assert counts(scene.store, scene.workshop) == (1, 1)


def test_nobody_enters_or_registers_and_the_door_leads_to_the_sheet(scene: Scene) -> None:
    scene.press("close")
    door = f"/org/talleres/{scene.workshop.public_id}/entrada"
    rosa = scene.parties["Rosa"]
    assert scene.tomas.get(door).headers["Location"] == scene.path
    scene.tomas.post(door, do="arrived", registration=rosa.id)
    scene.tomas.post(door, do="more")
    with scene.store.read() as session:
        assert session.get_one(Registration, rosa.id).arrived_count == 0
        assert session.get_one(Workshop, scene.workshop.id).walk_ins == 0
    manifest = scene.tomas.post(f"/org/puerta/{scene.workshop.public_id}/paquete.json")
    assert manifest.status_code >= 400
    assert not scene.read().is_open(clock.now())


def test_telling_asks_for_the_factor_and_passes_hold_and_night(scene: Scene) -> None:
    scene.press("close")
    scene.forget_factor()
    asked = scene.press("tell")
    assert asked.status_code == 401
    assert f'value="{scene.path}"' in asked.text
    assert scene.list_pending() == {}
    fresh(scene)
    scene.press("tell")
    warning = (NotificationType.CANCELLED, True)
    assert scene.list_pending() == {"Rosa": warning, "Luz": warning}, "Eva wants no message"
    page = words(scene.tomas.get(scene.path))
    assert "3 personas todavía no lo saben" in page
    for line in ("1 por correo: no ha salido", "1 por llamar", "1 no dejó contacto"):
        assert line in page
    scene.press("tell")
    assert len(scene.list_pending()) == 2
    assert scene.list_actions() == ["closed for danger", "told of danger"]


def fresh(scene: Scene) -> None:
    with scene.store.change() as session:
        session.execute(sa.update(StaffSession).values(proven_at=clock.now()))


def test_nobody_is_notified_while_it_is_open(scene: Scene) -> None:
    page = scene.press("tell")
    assert page.status_code == 422
    assert scene.list_pending() == {}
    assert scene.list_actions() == []


def test_reopening_needs_the_factor_and_a_tick(scene: Scene) -> None:
    scene.press("close")
    assert scene.press("reopen").status_code == 422
    scene.forget_factor()
    assert scene.press("reopen", sure="yes").status_code == 401
    assert scene.read().is_closed_for_danger
    fresh(scene)
    assert scene.press("reopen", sure="yes").status_code == 303, "nobody was told: nobody has to be"
    opened = scene.read()
    assert opened.status is WorkshopStatus.PUBLISHED
    assert opened.visibility is Visibility.PUBLIC
    assert scene.list_pending() == {}
    assert scene.list_actions() == ["closed for danger", "reopened after danger"]


def test_who_was_notified_is_notified_that_it_takes_place(scene: Scene) -> None:
    scene.press("close")
    scene.press("tell")
    with scene.store.change() as session:
        rosa = scene.parties["Rosa"].id
        session.execute(
            sa.update(Registration).values(known_facts=b"\0" * 8).where(Registration.id == rosa)
        )
        session.execute(sa.update(Notification).values(done_at=clock.now()))
    sheet = scene.press("reopen", sure="yes")
    assert "¿A quién le avisamos?" in words(sheet)
    assert scene.read().is_closed_for_danger, "the sheet comes first"
    scene.press("reopen", sure="yes", aviso="avisar")
    assert scene.list_pending() == {"Rosa": (NotificationType.REINSTATED, False)}


def test_reinstating_is_no_way_around_the_confirmation(
    scene: Scene, app: Flask, store: Store
) -> None:
    scene.press("close")
    ana = signed_in_as(app, store, employ(store))
    path = f"/org/talleres/{scene.workshop.public_id}"
    assert "Reactivar el taller" not in words(ana.get(path))
    assert ana.post(f"{path}/reactivar", aviso="avisar").status_code == 422
    assert scene.read().is_closed_for_danger


def test_page_leads_to_the_other_workshops_at_the_venue(
    scene: Scene, store: Store, chicago: Office, rights: Kind
) -> None:
    hours = {"day": scene.workshop.day, "starts": time(16), "ends": time(18)}
    with store.change() as session:
        place = session.get_one(Venue, scene.workshop.venue_id)
        other = make_workshop(session, chicago, rights, venue=place, **hours)
    scene.press("close")
    assert f"/org/talleres/{other.public_id}/peligro" in scene.tomas.get(scene.path).text


def test_stop_of_a_tour_that_is_reinstated_does_not_reopen_it(scene: Scene) -> None:
    with scene.store.change() as session:
        workshop = session.get_one(Workshop, scene.workshop.id)
        tour = tours.add(session, workshop.office, "Gira", "nonce", now=clock.now())
        place = workshop.venue
        stop = TourStop(
            tour_id=tour.id, day=workshop.day, starts=workshop.starts, ends=workshop.ends,
            city="Chicago", region="IL", zone=workshop.zone, venue=place,
            kinds=Codes([workshop.kind.code]), capacity=None,
        )  # fmt: skip
        session.add(stop)
        session.flush()
        workshop.stop_id = stop.id
        session.flush()
        tours.cancel_stop(session, stop, now=clock.now())
        tours.reinstate_stop(session, stop, now=clock.now())
        workshop_service.close_for_danger(session, workshop, now=clock.now())
        tours.cancel_stop(session, stop, now=clock.now())
        assert tours.reinstate_stop(session, stop, now=clock.now()) == []
    assert scene.read().is_closed_for_danger


def test_other_offices_readers_and_strangers_cannot_close(
    scene: Scene, app: Flask, store: Store, calgary: Office
) -> None:
    for number, (role, office, status) in enumerate(
        [(Role.ORGANIZER, "calgary", 404), (Role.READER, "chicago", 403)]
    ):
        other = signed_in_as(app, store, employ(store, f"otra{number}@example.org", role, office))
        assert other.get(scene.path).status_code == status
        assert other.post(scene.path, do="close").status_code == status
    assert app.test_client().post(scene.path, data={"do": "close"}).status_code in {303, 401}
    phone = take_along(scene.tomas, scene.workshop)
    pretended = app.test_client().post(
        scene.path,
        data={"do": "close"},
        headers={"Authorization": f"Bearer {phone.manifest['door_pass']}"},
    )
    assert pretended.status_code in {303, 401}
    assert not scene.read().is_closed_for_danger


def test_a_day_before_it_is_cancelled_instead(scene: Scene) -> None:
    with scene.store.change() as session:
        workshop = session.get_one(Workshop, scene.workshop.id)
        workshop.day += timedelta(days=2)
        workshop.retime()
    page = scene.press("close")
    assert page.status_code == 422
    assert "cancélalo" in words(page)


@pytest.mark.thorough
@pytest.mark.any_database("what pages say")
@pytest.mark.parametrize("is_discreet", [False, True])
def test_address_is_on_no_public_page_until_it_reopens(
    make_app: Callable[..., Flask],
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    women: Kind,
    is_discreet: bool,
) -> None:
    kind = women if is_discreet else rights
    visibility = Visibility.REGISTERED if is_discreet else Visibility.PUBLIC
    workshop = soon(store, chicago, kind, visibility)
    link = manage_token(key_store, seat(store, key_store, workshop))
    links = {"hers": link} | in_every_status(store, key_store, workshop)
    site = FurnishedSite(make_app(limits=UNLIMITED), {"it": workshop}, links, "x" * 22, ())
    ticket = f"/es/r/{link}"
    assert CANARY.search(site.app.test_client().get(ticket).text)
    with store.change() as session:
        workshop_service.close_for_danger(
            session, session.get_one(Workshop, workshop.id), now=clock.now()
        )
    page = words(site.app.test_client().get(ticket))
    assert "se canceló" in page
    assert "Te damos la dirección" not in page
    revealing = [answer.request.path for answer in crawl(site) if CANARY.search(text_of(answer))]
    assert revealing == []
    if not is_discreet:
        return
    with store.change() as session:
        workshop_service.reopen_after_danger(
            session, session.get_one(Workshop, workshop.id), now=clock.now()
        )
    with store.read() as session:
        assert session.get_one(Workshop, workshop.id).visibility is Visibility.REGISTERED
