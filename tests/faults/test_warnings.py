"""A warning of danger arrives, whatever the gateway does and whatever strangers used up; whoever it
has not reached is told to nobody as told (S31, S36)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import time, timedelta
from typing import Any, Final

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from outreach import clock
from outreach.config import Texts
from outreach.db.store import Store
from outreach.domain import outbox
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.change_notifications import NotifyDecision
from outreach.domain.registrations.notifications import Notification
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.mail import delivery
from outreach.mail.delivery_round import deliver
from outreach.mail.sms_gateway import SmsMessage
from outreach.mail.text_budget import TextBudget, TextPurse
from outreach.maintenance.worker import Worker
from tests.conftest import make_workshop, seat
from tests.support.fixed_clock import FIXED_NOW
from tests.support.gateway_server import Gateway, serve_gateway
from tests.support.ports import free_port
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

ROSA: Final = "+13125550142"
QUEUE: Final = "/org/por-atender"
NOBODY_LEFT: Final = "No falta nadie por avisar."
A_DAY: Final = 200
OLD: Final = FIXED_NOW - timedelta(days=2)  # a registration that is not young (S30)
Make = Callable[..., "Scene"]


@pytest.fixture(autouse=True)
def clock_of_test() -> Iterator[time_machine.Traveller]:
    """Noon in Chicago."""
    with time_machine.travel(FIXED_NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with serve_gateway() as gateway:
        yield gateway


@dataclass(frozen=True)
class Scene:
    """A workshop in an hour at which Rosa wants texts, who is at its door, and who calls people."""

    app: Flask
    store: Store
    key_store: KeyStore
    workshop: Workshop
    rosa: Registration
    tomas: StaffClient
    ana: StaffClient

    @property
    def path(self) -> str:
        return f"/org/talleres/{self.workshop.public_id}/peligro"

    def warn_of_danger(self) -> None:
        assert self.tomas.post(self.path, do="close").status_code == 303
        assert self.tomas.post(self.path, do="tell").status_code == 303

    def danger_page(self) -> str:
        return words(self.tomas.get(self.path))

    def queue(self) -> str:
        return words(self.ana.get(QUEUE))

    def run_worker(self) -> None:
        Worker(self.app).once()

    def add_strangers(self, number: int) -> None:
        """Texts that strangers cause at another workshop."""
        with self.store.change() as session:
            other = make_workshop(
                session, self.workshop.office, self.workshop.kind, capacity=number
            )
        for each in range(number):
            by_text: dict[str, Any] = {"contact": ContactMethod.PHONE, "may_leave_message": True}
            address = f"+1312556{each:04}"
            seat(self.store, self.key_store, other, address=address, **by_text)

    def use_up(self) -> None:
        config = self.app.extensions["outreach_config"]
        budget = TextBudget(config, self.key_store)
        for _ in range(config.texts.a_day):
            budget.count(TextPurse.OF_STAFF)


def start_soon(session: Any, office: Office, kind: Kind, **changes: Any) -> Workshop:
    day = FIXED_NOW.astimezone(office.zone).date()
    return make_workshop(
        session, office, kind, **{"day": day, "starts": time(13), "ends": time(15)} | changes
    )


def by_phone(scene_or_store: Any, workshop: Workshop, **changes: Any) -> Registration:
    plain = {"contact": ContactMethod.PHONE, "address": ROSA, "may_leave_message": True}
    store, key_store = scene_or_store
    return seat(store, key_store, workshop, now=OLD, **plain | changes)


def list_texted(gateway: Gateway) -> list[str]:
    return [gateway.read_text(each)[0] for each in gateway.asked]


@pytest.fixture
def make_scene(
    make_app: Callable[..., Flask], store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> Make:
    def make(url: str, kind: Kind = rights, **changes: Any) -> Scene:
        texts = Texts(url=url, body="To={to}&Body={text}", seconds=1, a_day=A_DAY)
        app = make_app(texts=replace(texts, **changes) if url else Texts())
        with store.change() as session:
            workshop = start_soon(session, chicago, kind)
        return Scene(
            app, store, key_store, workshop,
            by_phone((store, key_store), workshop, name="Rosa"),
            signed_in_as(app, store, employ(store, "tomas@example.org", Role.DOOR)),
            signed_in_as(app, store, employ(store)),
        )  # fmt: skip

    return make


def test_two_hundred_texts_of_strangers_leave_the_warning_its_way(
    make_scene: Make, gateway: Gateway
) -> None:
    scene = make_scene(gateway.url)
    scene.add_strangers(200)
    scene.run_worker()
    assert len(gateway.asked) == A_DAY // 2
    scene.warn_of_danger()
    assert NOBODY_LEFT not in scene.danger_page()
    scene.run_worker()
    assert list_texted(gateway)[A_DAY // 2 :] == [ROSA]
    assert NOBODY_LEFT in scene.danger_page()
    assert "Rosa" not in scene.queue()


def test_warning_passes_a_budget_that_is_used_up(make_scene: Make, gateway: Gateway) -> None:
    scene = make_scene(gateway.url)
    scene.use_up()
    scene.warn_of_danger()
    scene.run_worker()
    assert list_texted(gateway) == [ROSA]
    assert NOBODY_LEFT in scene.danger_page()


@pytest.mark.parametrize("answer", ["away", "none", "say nothing", "hang up", 429, 503, 403, 401])
def test_who_was_not_handed_the_warning_stands_in_the_queue(
    make_scene: Make, gateway: Gateway, answer: int | str
) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    scene = make_scene({"away": away, "none": ""}.get(str(answer), gateway.url))
    gateway.answers = [answer] * 9
    scene.warn_of_danger()
    for _ in range(2):  # before a round and after it
        page = scene.danger_page()
        assert NOBODY_LEFT not in page
        assert "1 persona todavía no lo sabe" in page
        assert "Rosa" in scene.queue()
        assert "1 Por llamar" in words(scene.ana.get("/org/"))
        detail = words(scene.ana.get(f"/org/talleres/{scene.workshop.public_id}"))
        assert "1 persona todavía no lo sabe" in detail
        scene.run_worker()
    called = scene.ana.post(
        f"{QUEUE}/llamada/{scene.workshop.public_id}",
        registration=scene.rosa.id,
        outcome="answered",
        attempt=1,
    )
    assert called.status_code == 303
    assert NOBODY_LEFT in scene.danger_page()
    assert "1 persona todavía no lo sabe" not in words(
        scene.ana.get(f"/org/talleres/{scene.workshop.public_id}")
    )


def test_warning_is_tried_again_soon_and_ends_the_call(
    make_scene: Make, gateway: Gateway, clock_of_test: time_machine.Traveller
) -> None:
    scene = make_scene(gateway.url)
    gateway.answers = [429] * 3
    scene.warn_of_danger()
    for _ in range(3):
        scene.run_worker()
        assert "Rosa" in scene.queue()
        clock_of_test.shift(timedelta(minutes=2, seconds=10))
    scene.run_worker()
    assert list_texted(gateway) == [ROSA] * 4
    assert "Rosa" not in scene.queue()
    assert NOBODY_LEFT in scene.danger_page()


def test_warning_overtakes_what_waits_for_a_slow_gateway(
    make_scene: Make, gateway: Gateway
) -> None:
    scene = make_scene(gateway.url)
    scene.run_worker()  # her confirmation
    gateway.asked.clear()
    scene.add_strangers(4)
    gateway.answers = ["say nothing"] * 2
    config = scene.app.extensions["outreach_config"]
    transport = delivery.text_transport(config)
    assert transport is not None

    @contextmanager
    def warning_after_one() -> Iterator[Callable[[SmsMessage], None]]:
        with transport() as send:

            def send_and_warn(text: SmsMessage) -> None:
                try:
                    send(text)
                finally:
                    if len(gateway.asked) == 1:
                        scene.warn_of_danger()

            yield send_and_warn

    with scene.app.app_context():
        for _ in range(2):
            deliver(
                delivery.text_outlets(scene.store, scene.key_store, config, warning_after_one),
                now=clock.now(),
            )
    asked = list_texted(gateway)
    assert ROSA not in asked[:1]
    assert ROSA in asked[:3], "not after all that waited"


def test_whoever_has_a_seat_is_warned_before_the_waitlist(
    make_scene: Make, gateway: Gateway, store: Store, key_store: KeyStore
) -> None:
    scene = make_scene(gateway.url)
    with store.change() as session:
        session.execute(sa.update(Workshop).values(seats_left=0))
    waiting = by_phone((store, key_store), scene.workshop, address="+13125550143")
    with store.change() as session:
        first = sa.update(Registration).where(Registration.id == waiting.id)
        session.execute(first.values(queue_number=0))
    scene.warn_of_danger()
    scene.run_worker()
    assert list_texted(gateway) == [ROSA, "+13125550143"]


@pytest.mark.parametrize("answer", [403, "none"])
def test_at_a_discreet_workshop_only_who_allowed_calls_is_called(
    make_scene: Make, gateway: Gateway, store: Store, key_store: KeyStore, women: Kind,
    answer: int | str,
) -> None:  # fmt: skip
    scene = make_scene("" if answer == "none" else gateway.url, women)
    gateway.answers = [403] * 9
    allows = {"Luz": {"takes_calls": True}, "Eva": {"may_leave_message": False}}
    callable_ids = {
        by_phone((store, key_store), scene.workshop, name=name, address=f"+1312555019{n}", **how).id
        for n, (name, how) in enumerate(allows.items())
    }
    seat(store, key_store, scene.workshop, name="Ada", contact=ContactMethod.NONE, now=OLD)
    scene.warn_of_danger()
    scene.run_worker()
    has_texts = answer != "none"
    with store.read() as session:
        workshop = session.get_one(Workshop, scene.workshop.id)
        calls = outbox.list_calls(session, workshop, now=clock.now(), has_texts=has_texts)
    assert {each.registration_id for each in calls} == callable_ids
    page = scene.danger_page()
    assert "4 personas todavía no lo saben" in page
    assert "2 por llamar" in page
    assert "1 dejó un teléfono al que no se llama: lo ve en su enlace" in page
    assert "1 no dejó contacto: lo ve en su enlace" in page
    assert "Deja a una persona cerca de la puerta de antes" in page
    queue = scene.queue()
    assert "Por atender (2)" in queue
    assert "1 llamada privada" in queue
    assert not [name for name in ("Rosa", "Luz", "Eva", "Ada", women.name["es"]) if name in queue]


@pytest.mark.parametrize(
    ("hours", "is_moved", "leaves"),
    [(23, False, True), (23, True, True), (25, False, False), (25, True, False)],
)
def test_changes_of_the_last_day_pass_the_budget_and_others_are_called_about(
    make_scene: Make, gateway: Gateway, clock_of_test: time_machine.Traveller, store: Store,
    key_store: KeyStore, chicago: Office, rights: Kind, hours: int, is_moved: bool, leaves: bool,
) -> None:  # fmt: skip
    scene = make_scene(gateway.url)
    starts = (FIXED_NOW + timedelta(hours=hours)).astimezone(chicago.zone)
    with store.change() as session:
        workshop = start_soon(
            session, chicago, rights, day=starts.date(), starts=starts.time(),
            ends=(starts + timedelta(hours=2)).time(),
        )  # fmt: skip
    luz = by_phone((store, key_store), workshop, name="Luz", address="+13125550143")
    scene.use_up()
    with store.change() as session:
        row = session.get_one(Workshop, workshop.id)
        decision = NotifyDecision()
        if is_moved:
            data = workshop_service.get_data(row)
            data = replace(data, day=data.day + timedelta(days=7))
            workshop_service.change(session, row, data, now=clock.now(), decision=decision)
        else:
            workshop_service.cancel(session, row, now=clock.now(), decision=decision)
    scene.run_worker()
    assert list_texted(gateway) == (["+13125550143"] if leaves else [])
    clock_of_test.shift(outbox.manual_calls.MAX_WAIT + timedelta(seconds=1))
    assert ("Luz" in scene.queue()) is not leaves
    with store.read() as session:
        known = session.get_one(Registration, luz.id).known_facts
        facts = session.get_one(Workshop, workshop.id).facts
    assert (known in {None, facts}) is leaves


def test_letter_that_waits_has_reached_nobody(
    make_scene: Make, store: Store, key_store: KeyStore, clock_of_test: time_machine.Traveller
) -> None:
    """Without a mail server."""
    scene = make_scene("")
    ana = seat(
        store, key_store, scene.workshop, name="Lupe", contact=ContactMethod.EMAIL,
        address="lupe@example.org", now=OLD,
    )  # fmt: skip
    scene.warn_of_danger()
    assert "1 por correo: no ha salido" in scene.danger_page()
    clock_of_test.shift(outbox.manual_calls.MAX_WAIT + timedelta(seconds=1))
    scene.run_worker()
    line = words(scene.ana.get(f"{QUEUE}?ver=correos"))
    assert "Lupe" in line
    assert "Mandar otra vez" not in line, "it is not given up"
    with store.change() as session:
        [row] = session.scalars(
            sa.select(Notification).where(
                Notification.registration_id == ana.id, Notification.cause == "cancelled"
            )
        )
        row.is_dead, row.done_at = True, clock.now()
    assert "Mandar otra vez" in words(scene.ana.get(f"{QUEUE}?ver=correos"))
