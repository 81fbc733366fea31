"""The page of the queue: what waits, opened lines, outcomes of calls, and the acts that end it."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask import Flask
from time_machine import TimeMachineFixture

from outreach import clock
from outreach.db.store import Store
from outreach.domain import outbox
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network import staff
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.registrations import ContactMethod, Registration, notifications
from outreach.domain.registrations import RegistrationStatus as Place
from outreach.domain.registrations.call_attempts import CallAttempt, CallOutcome
from outreach.domain.registrations.change_notifications import LATER
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from outreach.maintenance import scheduled_jobs
from tests.conftest import make_workshop, seat
from tests.support import html_forms
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.staff_client import StaffClient, at_once, employ, signed_in_as, words
from tests.web.staff.conftest import workshop_of

pytestmark = [pytest.mark.any_database, fixed_clock]

PHONE: Final = "+13125550142"
QUEUE: Final = "/org/por-atender"


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def bea(app: Flask, store: Store, chicago: Office) -> StaffClient:
    """A colleague of Ana's."""
    return signed_in_as(app, store, employ(store, "bea@example.org"))


def with_phone(
    store: Store, key_store: KeyStore, workshop: Workshop, name: str = "Luz", **changes: Any
) -> Registration:
    return seat(
        store, key_store, workshop, name=name, contact=ContactMethod.PHONE, address=PHONE, **changes
    )


def enqueue(store: Store, party: Registration, cause: NotificationType) -> int:
    with store.change() as session:
        notifications.enqueue(session, party.id, cause, now=clock.now())
        session.flush()
        return session.scalars(sa.select(sa.func.max(Notification.id))).one()


def to_call(
    store: Store, key_store: KeyStore, workshop: Workshop, name: str = "Luz", **changes: Any
) -> Registration:
    """Somebody who has to be called about a change, and about a cancelled reminder."""
    party = with_phone(store, key_store, workshop, name, **changes)
    enqueue(store, party, NotificationType.CHANGED)
    return party


def record(
    staff_client: StaffClient,
    workshop: Workshop,
    party: Registration,
    outcome: str,
    attempt: int = 1,
    **fields: Any,
) -> Any:
    return staff_client.post(
        f"{QUEUE}/llamada/{workshop.public_id}",
        registration=party.id,
        outcome=outcome,
        attempt=attempt,
        **fields,
    )


def open_line(staff_client: StaffClient, workshop: Workshop, party: Registration) -> str:
    answer = staff_client.post(
        f"{QUEUE}/abrir/{workshop.public_id}", registration=party.id, ver="", oficina=""
    )
    return answer.get_data(as_text=True)


def attempts(store: Store) -> list[tuple[CallOutcome | None, int]]:
    with store.read() as session:
        rows = session.scalars(sa.select(CallAttempt).order_by(CallAttempt.id))
        return [(each.outcome, each.number) for each in rows]


def actions(store: Store) -> list[str]:
    with store.read() as session:
        return list(session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))


def wait(
    app: Flask, store: Store, time_machine: TimeMachineFixture, until: datetime
) -> StaffClient:
    """Ana at that time, signed in again."""
    time_machine.move_to(until)
    with store.read() as session:
        ana = staff.get_by_email(session, "ana@example.org")
    return signed_in_as(app, store, ana.id)


def segments(page: str) -> dict[str, int]:
    """The filters with their numbers."""
    nav = page.partition('class="segments')[2].partition("</nav>")[0]
    found = re.findall(r"<a [^>]*>\s*([^<]*?)\s*<b>(\d+)</b>", nav)
    return {name.strip(): int(number) for name, number in found}


def test_each_person_is_one_line_with_all_that_waits_for_them(
    ana: StaffClient, store: Store, key_store: KeyStore, open_workshop: Workshop
) -> None:
    luz = to_call(store, key_store, open_workshop)
    enqueue(store, luz, NotificationType.SEAT_GRANTED)
    page = ana.get(QUEUE).text
    assert page.count('class="call"') == 1
    assert "2 motivos" in page
    assert "Cambió la hora o el lugar" in page
    assert "Ya tiene lugar" in page
    assert segments(page) == {"Todo": 1, "Por llamar": 1}


def test_number_is_masked_until_it_is_asked_for_and_the_look_is_logged(
    ana: StaffClient, store: Store, key_store: KeyStore, open_workshop: Workshop
) -> None:
    luz = to_call(store, key_store, open_workshop)
    page = ana.get(QUEUE).text
    assert "Luz" in page
    assert "5550142" not in page
    opened = open_line(ana, open_workshop, luz)
    assert f"tel:{PHONE}" in opened
    assert f'id="{luz.id}" open' in opened
    assert actions(store) == ["contact seen"]


def test_approval_waits_at_the_head_and_takes_three_acts_from_the_first_page(
    ana: StaffClient,
    store: Store,
    key_store: KeyStore,
    circle: Workshop,
    open_workshop: Workshop,
) -> None:
    for number in range(3):
        to_call(store, key_store, open_workshop, f"Persona {number}")
    eva = seat(
        store, key_store, circle, name="Eva", contact=ContactMethod.EMAIL, address="e@example.com"
    )
    today = ana.get("/org/").text
    assert f'href="{QUEUE}?ver=aprobar"><b>1</b>' in today
    everything = ana.get(QUEUE).text
    assert everything.index(eva.id) < everything.index("Persona 0")
    page = ana.get(f"{QUEUE}?ver=aprobar").text  # the first act
    assert "1 registro espera la dirección" in page
    for secret in ("Eva", "Círculo", "Persona"):
        assert secret not in page, secret
    opened = open_line(ana, circle, eva)  # the second
    assert "Eva" in opened
    assert "¿Quién le habló de esto?" in opened
    answer = ana.post(  # the third
        f"/org/talleres/{circle.public_id}/por-aprobar",
        do="approve", registration=eva.id, desde="por-atender", ver="aprobar", oficina="",
    )  # fmt: skip
    done = f"{QUEUE}?ver=aprobar&hecho=aprobadas&registro={eva.id}"
    assert answer.headers["Location"] == done
    page = ana.get(done).text
    assert "Aprobado. Ve la dirección en 5 minutos" in page
    assert segments(page) == {"Todo": 3, "Por aprobar": 0, "Por llamar": 3}

    def causes() -> Sequence[NotificationType]:
        found = sa.select(Notification.cause).where(Notification.registration_id == eva.id)
        with store.read() as session:
            return session.scalars(found).all()

    assert NotificationType.APPROVED not in causes()
    scheduled_jobs.end_approval_undo_windows(store, now=clock.now() + UNDO_WINDOW)
    assert NotificationType.APPROVED in causes()
    assert actions(store) == ["contact seen", "addresses approved"]


def test_approval_is_undone_where_it_was_made(
    ana: StaffClient, store: Store, key_store: KeyStore, circle: Workshop
) -> None:
    eva = seat(
        store, key_store, circle, name="Eva", contact=ContactMethod.EMAIL, address="e@example.com"
    )
    decide = f"/org/talleres/{circle.public_id}/por-aprobar"
    fields = {"registration": eva.id, "desde": "por-atender", "ver": "", "oficina": ""}
    answer = ana.post(decide, do="approve", **fields)
    undo = html_forms.fields(ana.get(answer.headers["Location"]).text, decide)
    assert (undo["do"], undo["registration"]) == ("undo", eva.id)
    answer = ana.post(decide, **undo)
    page = ana.get(answer.headers["Location"]).text
    assert "espera otra vez que decidas" in page
    assert segments(page) == {"Todo": 1, "Por aprobar": 1}
    assert "Deshacer" not in page
    scheduled_jobs.end_approval_undo_windows(store, now=clock.now() + UNDO_WINDOW)
    with store.read() as session:
        assert session.get_one(Registration, eva.id).approved_at is None


def test_discreet_line_shows_nothing_of_the_person_until_it_is_opened(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    circle = workshop_of(store, chicago, women, title={"es": "Círculo"})
    luz = to_call(store, key_store, circle)
    page = ana.get(QUEUE).text
    assert "1 llamada privada" in page
    assert "Taller privado" in page
    for secret in ("Luz", "Círculo", "0142", "Cambió", "mensaje"):
        assert secret not in page, secret
    assert "contact seen" not in actions(store)
    opened = open_line(ana, circle, luz)
    assert f"tel:{PHONE}" in opened
    assert "Llamo por su cita. ¿Puede hablar ahora?" in opened
    assert actions(store) == ["contact seen"]
    assert attempts(store) == [(None, 1)]


def test_sensitive_line_is_opened_too(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office
) -> None:
    from tests.conftest import kind

    with store.change() as session:
        daca = kind("daca", "DACA", sensitivity="high")
        session.add(daca)
    workshop = workshop_of(store, chicago, daca, title={"es": "DACA"})
    to_call(store, key_store, workshop)
    page = ana.get(QUEUE).text
    assert "1 llamada privada" in page
    assert "Luz" not in page


def test_colleague_does_not_open_a_discreet_call_that_is_open(
    ana: StaffClient,
    bea: StaffClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    women: Kind,
) -> None:
    circle = workshop_of(store, chicago, women)
    luz = to_call(store, key_store, circle)
    assert PHONE in open_line(ana, circle, luz)
    page = open_line(bea, circle, luz)
    assert PHONE not in page
    assert "Otra persona del equipo abrió hoy esta llamada" in page
    refused = record(bea, circle, luz, "answered")
    assert "Abre primero la llamada." in words(refused)
    assert PHONE in open_line(ana, circle, luz)
    assert attempts(store) == [(None, 1)]


@pytest.mark.parametrize("outcome", ["no answer", "answered", "later"])
def test_discreet_call_is_not_made_twice_on_one_day(
    app: Flask,
    ana: StaffClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    women: Kind,
    outcome: str,
    time_machine: TimeMachineFixture,
) -> None:
    circle = workshop_of(store, chicago, women)
    luz = to_call(store, key_store, circle)
    opened = open_line(ana, circle, luz)
    hours = re.findall(r'<option value="([^"]*T[^"]*)"', opened)
    assert record(ana, circle, luz, outcome, at=hours[0]).status_code == 303
    enqueue(store, luz, NotificationType.SEAT_GRANTED)
    assert "No hay nada por atender." in ana.get(QUEUE).text
    assert "Por llamar" not in words(ana.get(f"/org/talleres/{circle.public_id}"))
    page = ana.post(
        f"/org/talleres/{circle.public_id}/contacto", registration=luz.id, tab="llamadas"
    )
    assert PHONE not in page.text
    assert "se llama una vez al día" in page.text
    ana = wait(app, store, time_machine, FIXED_NOW + timedelta(days=1, hours=4))
    assert "1 llamada privada" in ana.get(QUEUE).text
    assert PHONE in open_line(ana, circle, luz)


def test_somebody_else_answered_ends_calls_for_good(
    app: Flask,
    ana: StaffClient,
    store: Store,
    key_store: KeyStore,
    open_workshop: Workshop,
    time_machine: TimeMachineFixture,
) -> None:
    luz = to_call(store, key_store, open_workshop, may_leave_message=True)
    assert _is_text_due(store)
    record(ana, open_workshop, luz, "other person")
    assert not _is_text_due(store)
    enqueue(store, luz, NotificationType.SEAT_GRANTED)
    ana = wait(app, store, time_machine, FIXED_NOW + timedelta(days=3))
    assert "No hay nada por atender." in ana.get(QUEUE).text
    page = open_line(ana, open_workshop, luz)
    assert "A ese número ya no se llama" in page
    assert PHONE not in page
    record(ana, open_workshop, luz, "no answer", attempt=2)
    assert attempts(store) == [(CallOutcome.OTHER_PERSON, 1)]


def _is_text_due(store: Store) -> bool:
    with store.read() as session:
        return outbox.TEXTS.has_due(session, now=clock.now())


def test_nobody_answers_and_the_line_comes_back_by_itself(
    app: Flask,
    ana: StaffClient,
    store: Store,
    key_store: KeyStore,
    open_workshop: Workshop,
    time_machine: TimeMachineFixture,
) -> None:
    luz = to_call(store, key_store, open_workshop)
    page = ana.get(record(ana, open_workshop, luz, "no answer").headers["Location"]).text
    assert "Vuelve sola a la lista." in page
    assert "No hay nada por atender." in page
    ana = wait(app, store, time_machine, FIXED_NOW + timedelta(hours=1))
    assert "No hay nada por atender." in ana.get(QUEUE).text
    ana = wait(app, store, time_machine, FIXED_NOW + timedelta(hours=20))
    page = words(ana.get(QUEUE))
    assert "Luz" in page
    assert "No contestó" in page
    assert "ana@example.org" in page


def test_call_is_put_off_until_the_hour_that_was_asked_for(
    app: Flask,
    ana: StaffClient,
    store: Store,
    key_store: KeyStore,
    open_workshop: Workshop,
    time_machine: TimeMachineFixture,
) -> None:
    luz = to_call(store, key_store, open_workshop)
    hour = datetime(2026, 11, 28, 20, 0, tzinfo=UTC)  # 2 p. m. of the next day in Chicago
    assert f'value="{hour:%Y-%m-%dT%H:%M}">mañana, 2:00 p. m.' in _plain(ana.get(QUEUE).text)
    for wrong in ("", "tomorrow", "2026-11-20T20:00", "2027-11-20T20:00", "2026-11-28T20:30"):
        assert record(ana, open_workshop, luz, "later", at=wrong).status_code == 422
    assert record(ana, open_workshop, luz, "later", at=f"{hour:%Y-%m-%dT%H:%M}").status_code == 303
    ana = wait(app, store, time_machine, hour - timedelta(minutes=1))
    assert "No hay nada por atender." in ana.get(QUEUE).text
    ana = wait(app, store, time_machine, hour)
    assert "Luz" in ana.get(QUEUE).text


def _plain(text: str) -> str:
    return re.sub(r"[\u202f\u00a0]", " ", text)


def test_one_call_tells_everything_and_a_slip_is_taken_back(
    ana: StaffClient, store: Store, key_store: KeyStore, open_workshop: Workshop
) -> None:
    luz = to_call(store, key_store, open_workshop)
    enqueue(store, luz, NotificationType.SEAT_GRANTED)
    done = ana.get(record(ana, open_workshop, luz, "answered").headers["Location"]).text
    assert "Anotado: contestó." in done
    assert "No hay nada por atender." in done
    [attempt] = re.findall(r'name="attempt" value="(\d+)"', done)
    ana.post(f"{QUEUE}/corregir/{open_workshop.public_id}", attempt=attempt)
    assert "2 motivos" in ana.get(QUEUE).text
    assert attempts(store) == []
    assert actions(store) == ["call made", "call taken back"]


def test_colleague_does_not_take_an_outcome_back(
    ana: StaffClient,
    bea: StaffClient,
    store: Store,
    key_store: KeyStore,
    open_workshop: Workshop,
) -> None:
    luz = to_call(store, key_store, open_workshop)
    record(ana, open_workshop, luz, "other person")
    with store.read() as session:
        attempt_id = session.scalars(sa.select(CallAttempt.id)).one()
    bea.post(f"{QUEUE}/corregir/{open_workshop.public_id}", attempt=attempt_id)
    assert attempts(store) == [(CallOutcome.OTHER_PERSON, 1)]


@pytest.mark.races
def test_outcome_that_is_sent_several_times_counts_once(
    app: Flask, ana: StaffClient, store: Store, key_store: KeyStore, open_workshop: Workshop
) -> None:
    luz = to_call(store, key_store, open_workshop)
    form = {"registration": luz.id, "outcome": "no answer", "attempt": "1"}
    sent = at_once(app, ana, f"{QUEUE}/llamada/{open_workshop.public_id}", form)
    assert {each.status_code for each in sent} == {303}
    assert attempts(store) == [(CallOutcome.NO_ANSWER, 1)]
    assert actions(store) == ["call made"]


@pytest.mark.races
def test_discreet_call_is_opened_by_one_colleague_only(
    app: Flask, ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    circle = workshop_of(store, chicago, women)
    luz = to_call(store, key_store, circle)
    sent = at_once(app, ana, f"{QUEUE}/abrir/{circle.public_id}", {"registration": luz.id})
    assert {each.status_code for each in sent} == {200}
    assert attempts(store) == [(None, 1)]


def test_yes_to_an_offer_and_no_to_the_reconfirmation(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop = workshop_of(store, chicago, rights, capacity=2)
    luz = with_phone(store, key_store, workshop)
    enqueue(store, luz, NotificationType.RECONFIRM)
    with store.change() as session:
        session.execute(sa.update(Registration).values(asked_at=clock.now()))
    page = ana.get(QUEUE).text
    assert segments(page) == {"Todo": 1, "Por confirmar": 1}
    assert "¿Sigue viniendo?" in page
    record(ana, workshop, luz, "yes")
    assert "No hay nada por atender." in ana.get(QUEUE).text
    with store.read() as session:
        assert session.get_one(Registration, luz.id).confirmed_at is not None
    assert attempts(store) == [(CallOutcome.ANSWERED, 1)]
    with store.change() as session:
        session.execute(sa.update(Registration).values(confirmed_at=None))
    enqueue(store, luz, NotificationType.RECONFIRM)
    for _ in range(2):  # the second finds nobody any more
        assert record(ana, workshop, luz, "no", attempt=2).status_code == 303
    with store.read() as session:
        assert session.get_one(Registration, luz.id).status is Place.CANCELLED
    assert attempts(store) == []  # erased with the person


def test_no_without_a_question_erases_nobody(
    ana: StaffClient, store: Store, key_store: KeyStore, open_workshop: Workshop
) -> None:
    luz = to_call(store, key_store, open_workshop)
    assert record(ana, open_workshop, luz, "no").status_code == 422
    with store.read() as session:
        assert session.get_one(Registration, luz.id).status is Place.CONFIRMED


def test_letter_that_came_back_is_sent_again(
    ana: StaffClient, store: Store, key_store: KeyStore, open_workshop: Workshop
) -> None:
    ivan = seat(
        store, key_store, open_workshop, name="Iván",
        contact=ContactMethod.EMAIL, address="i@example.com",
    )  # fmt: skip
    with store.change() as session:
        session.execute(sa.update(Notification).values(is_dead=True, done_at=clock.now()))
    page = ana.get(QUEUE).text
    assert segments(page) == {"Todo": 1, "Correos devueltos": 1}
    assert "Iván" in page
    ana.post(
        f"/org/talleres/{open_workshop.public_id}/correos",
        registration=ivan.id, desde="por-atender",
    )  # fmt: skip
    with store.read() as session:
        assert not session.scalars(sa.select(Notification.is_dead)).one()


def test_change_that_nobody_decided_on_waits(
    ana: StaffClient, store: Store, key_store: KeyStore, open_workshop: Workshop
) -> None:
    seat(store, key_store, open_workshop, contact=ContactMethod.EMAIL, address="i@example.com")
    with store.change() as session:
        workshop = session.get_one(Workshop, open_workshop.id)
        workshop_service.cancel(session, workshop, now=clock.now(), decision=LATER)
    page = ana.get(QUEUE).text
    assert segments(page)["Por avisar"] == 1
    assert f'href="/org/talleres/{open_workshop.public_id}"' in page


def test_number_is_reported_where_it_waits_and_a_slip_is_asked_about(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    past = workshop_of(
        store, chicago, rights, day=FIXED_NOW.date() - timedelta(days=4), capacity=40
    )
    with store.change() as session:
        session.execute(sa.update(Workshop).values(walk_ins=19))
    page = words(ana.get(QUEUE))
    assert "en la entrada se marcaron 19" in page
    address = f"{QUEUE}/reportar/{past.public_id}"
    asked = ana.post(address, people="190", held="yes")
    assert asked.status_code == 422
    assert "¿Fueron 190? Lo esperado era cerca de 19." in words(asked)
    assert "Escribe cuántas personas" in words(ana.post(address, people="mil", held="yes"))
    assert ana.post(address, people="190", sure="190").status_code == 303
    with store.read() as session:
        workshop = session.get_one(Workshop, past.id)
        assert (workshop.status, workshop.head_count) == (WorkshopStatus.HELD, 190)
    assert actions(store) == ["attendance reported"]
    assert "No hay nada por atender." in ana.get(QUEUE).text


def test_workshop_that_was_not_held_is_reported_without_a_number(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    past = workshop_of(store, chicago, rights, day=FIXED_NOW.date() - timedelta(days=4))
    ana.post(f"{QUEUE}/reportar/{past.public_id}", people="", held="no")
    with store.read() as session:
        assert session.get_one(Workshop, past.id).status is WorkshopStatus.NOT_HELD


def test_queue_has_own_offices_only_and_filters_by_office(
    app: Flask,
    store: Store,
    key_store: KeyStore,
    open_workshop: Workshop,
    calgary: Office,
    rights: Kind,
) -> None:
    there = workshop_of(store, calgary, rights)
    to_call(store, key_store, open_workshop, "Luz")
    eva = to_call(store, key_store, there, "Eva")
    ana = signed_in_as(app, store, employ(store))
    both = signed_in_as(
        app, store, employ(store, "bea@example.org", Role.ORGANIZER, "chicago", "calgary")
    )
    elena = signed_in_as(app, store, employ(store, "e@example.org", Role.ADMIN, ALL_OFFICES))
    assert "Eva" not in ana.get(QUEUE).text
    assert ana.get(f"{QUEUE}?oficina=calgary").status_code == 404
    assert open_line(ana, there, eva).count("Eva") == 0
    assert record(ana, there, eva, "other person").status_code == 404
    assert record(ana, open_workshop, eva, "other person").status_code == 404
    assert attempts(store) == []
    for client in (both, elena):
        page = client.get(QUEUE).text
        assert "Luz" in page
        assert "Eva" in page
        page = client.get(f"{QUEUE}?oficina=calgary").text
        assert "Luz" not in page
        assert "Eva" in page
    for role in (Role.READER, Role.DOOR):
        visitor = signed_in_as(app, store, employ(store, f"{role}@example.org", role))
        assert visitor.get(QUEUE).status_code == 403


def test_navigation_counts_lines_and_a_minute_later_the_new_ones(
    app: Flask,
    ana: StaffClient,
    store: Store,
    key_store: KeyStore,
    open_workshop: Workshop,
    time_machine: TimeMachineFixture,
) -> None:
    def shown(ana: StaffClient) -> str:
        nav = ana.get("/org/mas").text.partition('class="staff-nav"')[2].partition("</nav>")[0]
        badge = nav.partition('class="nav-count">')[2].partition("</a>")[0]
        return " ".join(re.sub("<[^>]+>", " ", badge).split())

    assert shown(ana) == ""
    luz = to_call(store, key_store, open_workshop)
    assert shown(ana) == ""  # counted less than a minute ago
    ana = wait(app, store, time_machine, FIXED_NOW + timedelta(minutes=2))
    assert shown(ana) == "1 por atender"
    record(ana, open_workshop, luz, "answered")
    assert shown(ana) == ""  # at once, since somebody of the office acted


@pytest.mark.thorough
def test_queue_of_two_hundred_lines_takes_few_statements(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind, women: Kind
) -> None:
    def fill(number: int) -> None:
        for kind, changes in ((rights, {}), (women, {"visibility": Visibility.APPROVED})):
            workshop = workshop_of(store, chicago, kind, capacity=200, **changes)
            for each in range(number):
                to_call(store, key_store, workshop, f"Persona {each}")
        with store.change() as session:
            for _ in range(number):
                day = FIXED_NOW.date() - timedelta(days=3)
                make_workshop(session, chicago, rights, day=day, starts=time(9), ends=time(10))

    fill(3)
    few = _count_statements(ana)
    fill(64)
    page = ana.get(QUEUE).text
    assert segments(page)["Todo"] == 201
    assert page.count('class="call') >= 50
    assert "Página 1 de 5" in words(ana.get(QUEUE))
    many = _count_statements(ana)
    assert many <= few + 4
    assert many < 45


def _count_statements(ana: StaffClient) -> int:
    """How many statements the page takes, on both databases."""
    statements: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    sa.event.listen(sa.engine.Engine, "before_cursor_execute", count)
    try:
        assert ana.get(QUEUE).status_code == 200
    finally:
        sa.event.remove(sa.engine.Engine, "before_cursor_execute", count)
    return len(statements)
