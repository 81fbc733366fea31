"""People who await approval to read an address: the queue's card, the decision, the letter."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.newsletter.mailings import Mailing, MailingTopic
from outreach.domain.registrations import ContactMethod, Registration, address_approval
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.mail import delivery, mailings
from outreach.mail.delivery_round import deliver
from outreach.maintenance import scheduled_jobs
from tests.conftest import make_workshop, seat
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.login import server_key
from tests.support.ports import free_port
from tests.support.smtp_server import Postman, serve_mail
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = [pytest.mark.any_database, fixed_clock]

# A Saturday; the fixed clock is the Friday of the week before.
DAY: Final = date(2026, 12, 5)
NEAR: Final = datetime(2026, 12, 4, 0, 0, tzinfo=UTC)  # 48 hours before 18:00 in Chicago
HELD_UNTIL: Final = FIXED_NOW + UNDO_WINDOW + timedelta(minutes=1)  # undo is possible until then
TITLE: Final = "Círculo de mujeres"


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, women: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def workshop(store: Store, chicago: Office, women: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(
            session, chicago, women, day=DAY, visibility=Visibility.APPROVED, title={"es": TITLE}
        )


def detail(ana: StaffClient, workshop: Workshop) -> TestResponse:
    return ana.get(f"/org/talleres/{workshop.public_id}")


def decide(ana: StaffClient, workshop: Workshop, what: str, *who: Registration) -> TestResponse:
    return ana.post(
        f"/org/talleres/{workshop.public_id}/por-aprobar",
        do=what,
        registration=[each.id for each in who],
    )


def states(store: Store) -> list[tuple[bool, bool]]:
    """Of each registration, in their order: approved, declined."""
    with store.read() as session:
        rows = session.scalars(sa.select(Registration).order_by(Registration.queue_number))
        return [(each.approved_at is not None, each.is_declined) for each in rows]


def test_card_has_the_questions_and_decides_on_several_in_one_act(
    ana: StaffClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    luz, flor, eva = (
        seat(store, key_store, workshop, name=name) for name in ("Luz", "Flor", "Eva")
    )
    page = words(detail(ana, workshop))
    assert "3 registros esperan la dirección" in page
    assert "«¿Puede hablar ahora?»" in page
    assert "«¿Quién le habló de esto?»" in page
    assert decide(ana, workshop, "approve", luz, flor).status_code == 303
    assert states(store) == [(True, False), (True, False), (False, False)]
    assert decide(ana, workshop, "decline", eva).status_code == 303
    assert states(store)[2] == (False, True)
    page = words(detail(ana, workshop))
    assert "esperan la dirección" not in page
    assert "Dirección solo por teléfono" in page
    with store.read() as session:
        entries = session.execute(sa.select(AuditEntry.action, AuditEntry.details)).all()
    logged = [(row.action, row.details) for row in entries if row.action != "list seen"]
    assert logged == [
        ("addresses approved", '{"parties":2}'),
        ("approval declined", '{"parties":1}'),
    ]


def test_nothing_is_sent_to_who_left_no_contact_or_is_declined(
    ana: StaffClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    luz = seat(store, key_store, workshop, name="Luz")
    flor, eva = (
        seat(
            store, key_store, workshop, name=name,
            contact=ContactMethod.EMAIL, address="flor@example.com",
        )
        for name in ("Flor", "Eva")
    )  # fmt: skip
    decide(ana, workshop, "approve", luz, flor)
    decide(ana, workshop, "decline", eva)
    assert scheduled_jobs.end_approval_undo_windows(store, now=HELD_UNTIL) == 3
    with store.read() as session:
        notified = session.scalars(
            sa.select(Notification.registration_id).where(
                Notification.cause == NotificationType.APPROVED
            )
        ).all()
    assert notified == [flor.id]


@pytest.mark.parametrize("what", ["approve", "decline"])
def test_decisions_are_undone_one_by_one_or_together(
    ana: StaffClient, store: Store, key_store: KeyStore, workshop: Workshop, what: str
) -> None:
    luz, flor, eva = (
        seat(
            store, key_store, workshop, name=name,
            contact=ContactMethod.EMAIL, address="flor@example.com",
        )
        for name in ("Luz", "Flor", "Eva")
    )  # fmt: skip
    decide(ana, workshop, what, luz, flor, eva)
    page = words(detail(ana, workshop))
    assert "3 decisiones sobre la dirección. Vale en 5 min." in page
    path = f"/org/talleres/{workshop.public_id}/persona"
    assert ana.post(path, registration=luz.id, do="undo").status_code == 303
    assert states(store)[0] == (False, False)
    decide(ana, workshop, "undo", flor, eva)
    assert states(store) == [(False, False)] * 3
    assert scheduled_jobs.end_approval_undo_windows(store, now=HELD_UNTIL) == 0
    assert ana.post(path, registration=luz.id, do="undo").status_code == 422
    with store.read() as session:
        cause = Notification.cause == NotificationType.APPROVED
        assert session.scalars(sa.select(Notification.id).where(cause)).all() == []
        actions = session.scalars(sa.select(AuditEntry.action)).all()
    assert actions.count("address decision undone") == 2


@pytest.mark.parametrize("what", ["approve", "decline"])
def test_only_who_awaits_approval_is_decided_on(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, women: Kind,
    workshop: Workshop, what: str,
) -> None:  # fmt: skip
    with store.change() as session:
        other = make_workshop(
            session, chicago, women, day=DAY, visibility=Visibility.APPROVED, capacity=1
        )
    elsewhere = seat(store, key_store, other)
    waiting = seat(store, key_store, other)
    answer = decide(ana, workshop, what, elsewhere, waiting)
    assert answer.location.endswith("hecho=igual")
    assert decide(ana, other, what, waiting).location.endswith("hecho=igual")
    assert states(store) == [(False, False), (False, False)]
    assert decide(ana, other, what).status_code == 422
    assert decide(ana, other, "delete", elsewhere).status_code == 422


def test_declined_person_can_be_approved_later(
    ana: StaffClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    luz = seat(store, key_store, workshop, name="Luz")
    decide(ana, workshop, "decline", luz)
    path = f"/org/talleres/{workshop.public_id}/persona"
    assert ana.post(path, registration=luz.id, do="approve").status_code == 303
    assert states(store) == [(True, False)]


def test_alert_does_not_name_a_discreet_workshop(
    elena: StaffClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    seat(store, key_store, workshop, name="Luz")
    card = alert_card(elena)
    assert "1 registro espera la dirección" in words_of(card)
    assert "Taller privado" in words_of(card)
    assert "task-urgent" not in card
    for secret in (TITLE, "mujeres", "Luz"):
        assert secret not in card, secret


@pytest.fixture
def elena(app: Flask, store: Store, chicago: Office) -> StaffClient:
    """Of the network: she has cards of what the offices find in their queue."""
    return signed_in_as(app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES))


def alert_card(staff_client: StaffClient) -> str:
    page = staff_client.get("/org/").text
    found = re.search(r'<ul class="tasks">.*?</ul>', page, re.DOTALL)
    assert found is not None
    return found[0]


def words_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_undecided_48_hours_before_is_red(
    ana: StaffClient, elena: StaffClient, store: Store, key_store: KeyStore, chicago: Office,
    women: Kind,
) -> None:  # fmt: skip
    near = FIXED_NOW + timedelta(hours=40)
    with store.change() as session:
        workshop = make_workshop(
            session, chicago, women, day=near.astimezone(chicago.zone).date(), starts=time(4),
            ends=time(6), visibility=Visibility.APPROVED,
        )  # fmt: skip
    assert workshop.starts_at - FIXED_NOW == timedelta(hours=40)
    luz = seat(store, key_store, workshop, name="Luz")
    late = "Empieza en menos de 48 horas: decide ya, o llama."
    card = alert_card(elena)
    assert "task-urgent" in card
    assert late in words_of(card)
    assert late in words(ana.get("/org/por-atender"))
    assert late not in words(ana.get("/org/")), "the queue has it"
    assert "decide ya, o llama" in words(detail(ana, workshop))
    decide(ana, workshop, "approve", luz)
    assert "task-urgent" not in elena.get("/org/").text
    assert late not in words(ana.get("/org/por-atender"))


# The letter


@pytest.fixture
def postman() -> Iterator[Postman]:
    postman = Postman(free_port())
    with serve_mail(postman):
        yield postman


def list_letters(store: Store) -> list[int | None]:
    with store.read() as session:
        topic = Mailing.topic == MailingTopic.APPROVAL
        return list(session.scalars(sa.select(Mailing.organizer_id).where(topic)))


def test_office_gets_one_letter_for_each_workshop_that_comes_near(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, women: Kind,
    workshop: Workshop,
) -> None:  # fmt: skip
    employ(store, "puerta@example.org", Role.DOOR, "chicago")
    employ(store, "red@example.org", Role.ADMIN, ALL_OFFICES)
    seat(store, key_store, workshop, name="Luz")
    assert scheduled_jobs.ask_for_approvals(store, now=NEAR - timedelta(minutes=1)) == 0
    assert scheduled_jobs.ask_for_approvals(store, now=NEAR) == 1
    seat(store, key_store, workshop, name="Flor")
    assert scheduled_jobs.ask_for_approvals(store, now=NEAR + timedelta(hours=1)) == 0
    with store.change() as session:
        next_day = make_workshop(
            session, chicago, women, day=DAY + timedelta(days=1), visibility=Visibility.APPROVED
        )
    seat(store, key_store, next_day, name="Eva")
    assert scheduled_jobs.ask_for_approvals(store, now=NEAR + timedelta(days=1)) == 1
    assert len(set(list_letters(store))) == 1


def test_office_without_staff_is_left_to_the_network(
    store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    admin = employ(store, "red@example.org", Role.ADMIN, ALL_OFFICES)
    seat(store, key_store, workshop, name="Luz")
    assert scheduled_jobs.ask_for_approvals(store, now=NEAR) == 1
    assert list_letters(store) == [admin]


def test_letter_names_day_and_city_and_neither_kind_nor_person(
    app: Flask, store: Store, key_store: KeyStore, config: Config, postman: Postman,
    ana: StaffClient, workshop: Workshop,
) -> None:  # fmt: skip
    seat(store, key_store, workshop, name="Luz")
    scheduled_jobs.ask_for_approvals(store, now=NEAR)
    config = replace(config, smtp_url=f"smtp://127.0.0.1:{postman.port}", smtp_seconds=5)
    transport = delivery.letter_transport(config)
    assert transport is not None
    with app.app_context():
        deliver(
            mailings.letter_outlets(
                store, key_store, config, transport, server_key=server_key(app)
            ),
            now=NEAR,
        )
    [letter] = postman.letters
    text = f"{letter['Subject']}\n{letter.get_content()}"
    assert "sábado 5 de diciembre" in text
    assert "Chicago" in text
    for secret in (TITLE, "mujeres", "Luz", "1805"):
        assert secret not in text, secret


def test_letter_about_people_decided_on_meanwhile_is_not_sent(
    app: Flask, store: Store, key_store: KeyStore, config: Config, postman: Postman,
    ana: StaffClient, workshop: Workshop,
) -> None:  # fmt: skip
    luz = seat(store, key_store, workshop, name="Luz")
    scheduled_jobs.ask_for_approvals(store, now=NEAR)
    decide(ana, workshop, "approve", luz)
    config = replace(config, smtp_url=f"smtp://127.0.0.1:{postman.port}", smtp_seconds=5)
    transport = delivery.letter_transport(config)
    assert transport is not None
    with app.app_context():
        deliver(
            mailings.letter_outlets(
                store, key_store, config, transport, server_key=server_key(app)
            ),
            now=NEAR,
        )
    assert postman.letters == []


# From when to look again


@pytest.mark.parametrize(
    ("registered", "now", "look"),
    [
        # Tuesday evening: Wednesday at ten.
        ("2026-11-17T23:00", "2026-11-17T23:00", "2026-11-18T16:00"),
        # Friday: Monday.
        ("2026-11-20T18:00", "2026-11-20T18:00", "2026-11-23T16:00"),
        # Thanksgiving is a day off.
        ("2026-11-25T18:00", "2026-11-25T18:00", "2026-11-27T16:00"),
        # The office is late: the next working day.
        ("2026-11-17T23:00", "2026-11-18T17:00", "2026-11-19T16:00"),
        # Not later than 48 hours before the start (Saturday 18:00).
        ("2026-12-03T20:00", "2026-12-03T20:00", "2026-12-04T00:00"),
        # Then there is nothing to wait for: they call.
        ("2026-12-04T00:00", "2026-12-04T00:00", None),
    ],
)
def test_page_says_when_to_look_again(
    store: Store, key_store: KeyStore, workshop: Workshop,
    registered: str, now: str, look: str | None,
) -> None:  # fmt: skip
    luz = seat(store, key_store, workshop, name="Luz")
    with store.change() as session:
        found = session.get_one(Registration, luz.id)
        found.registered_at = datetime.fromisoformat(registered).replace(tzinfo=UTC)
        at = address_approval.compute_next_look(
            found, now=datetime.fromisoformat(now).replace(tzinfo=UTC)
        )
    assert at == (None if look is None else datetime.fromisoformat(look).replace(tzinfo=UTC))
