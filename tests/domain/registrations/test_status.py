"""Every status transition is made by its function, and no other transition is possible."""

from collections.abc import Callable
from contextlib import suppress
from datetime import time

import pytest

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import (
    STATUSES_WITH_SEATS,
    TRANSITIONS,
    ContactMethod,
    Registration,
    RegistrationStatus,
    StatusEvent,
    doubtful,
)
from outreach.domain.registrations.message_types import REMINDERS
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.workshops import Workshop
from outreach.errors import OutreachError
from tests.support.scenario import HOUR, MONDAY, STARTS, Stage, faults, stage

pytestmark = pytest.mark.any_database

SEATED, WAITING, OFFERED = (
    RegistrationStatus.CONFIRMED,
    RegistrationStatus.WAITLISTED,
    RegistrationStatus.OFFERED,
)
CANCELLED, LAPSED = RegistrationStatus.CANCELLED, RegistrationStatus.EXPIRED
Transition = tuple[RegistrationStatus, StatusEvent]


@pytest.fixture
def scene(store: Store, chicago: Office, rights: Kind) -> "Scene":
    return Scene(
        stage(
            store,
            chicago,
            rights,
            way=Way.SLOTS,
            ends=time(18, 40),
            slot_minutes=20,
            has_childcare=True,
            support={"childcare": 2},
            confirm_days=4,
            frees_silence=True,
        )
    )


class Scene:
    """Two consultations, at 18:00 and 18:20. Elena has the first; the tests follow Luz, who needs
    childcare."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.elena = stage.register(contact=ContactMethod.NONE, slot="18:00")
        self.luz = ""

    def bring_to(self, status: RegistrationStatus, event: StatusEvent | None = None) -> None:
        """Brings the registration of Luz to this status."""
        if status in {WAITING, OFFERED, LAPSED}:
            rosa = self.stage.register(contact=ContactMethod.NONE, slot="18:20")
            self._register_luz("")
        else:
            self._register_luz("18:20")
        if status in {OFFERED, LAPSED}:
            self.stage.cancel(rosa)
        for _ in range({LAPSED: 2, OFFERED: event is StatusEvent.EXPIRE_SECOND}.get(status, 0)):
            self.stage.work(at=self.stage.now + 25 * HOUR)
        if status is CANCELLED:
            self.stage.cancel(self.luz)
        if (status, event) == (WAITING, StatusEvent.NO_ANSWER):
            self._show_a_seat()
        assert self.stage.status(self.luz) is status

    def _show_a_seat(self) -> None:
        """Only a waitlisted party that appears to have a seat is asked whether it comes."""
        with self.stage.store.change() as session:
            luz = session.get_one(Registration, self.luz)
            luz.is_beyond_share = luz.appears_confirmed = True

    def _register_luz(self, hour: str) -> None:
        self.luz = self.stage.register(needs=("childcare",), slot=hour, wants_reminder=True)

    def snapshot(self) -> tuple[object, ...]:
        luz = self.stage.of(self.luz)
        return (
            luz.status,
            luz.people,
            luz.slot_id,
            luz.offered_until,
            luz.lapses,
            luz.key_id,
            self.stage.notification_types(self.luz),
        )


def _offer(scene: Scene) -> None:
    scene.stage.cancel(scene.elena)


def _accept(scene: Scene) -> None:
    scene.stage.accept(scene.luz)


def _lapse(scene: Scene) -> None:
    with suppress(OutreachError):  # moves Luz behind others on the waitlist, if there are any
        scene.stage.register(contact=ContactMethod.NONE)
    scene.stage.work(at=scene.stage.now + 24 * HOUR)


def _drop(scene: Scene) -> None:
    scene.stage.work(at=scene.stage.now + 24 * HOUR)


def _grant(scene: Scene) -> None:
    if scene.stage.status(scene.luz) is WAITING:
        scene.stage.now = STARTS - 2 * HOUR  # too late for an automatic offer
        scene.stage.cancel(scene.elena)
    scene.stage.grant(scene.luz)


def _free_silent(scene: Scene) -> None:
    confirm_at = scene.stage.workshop().confirm_at
    assert confirm_at is not None
    scene.stage.now = confirm_at
    scene.stage.ask()
    scene.stage.deliver(NotificationType.RECONFIRM)
    scene.stage.now = confirm_at + 36 * HOUR
    scene.stage.free_silent()


def _rejoin(scene: Scene) -> None:
    if scene.stage.left():  # somebody else takes the seat of Luz
        with suppress(OutreachError):
            scene.stage.register(contact=ContactMethod.NONE, slot="18:20")
    scene.stage.rejoin(scene.luz)


def _cancel(scene: Scene) -> None:
    scene.stage.cancel(scene.luz)


def _release(scene: Scene) -> None:
    key_id = scene.stage.of(scene.luz).key_id
    with scene.stage.store.change() as session:
        workshop = session.get_one(Workshop, scene.stage.workshop_id)
        doubtful.release(session, workshop, [key_id] if key_id else [], now=scene.stage.now)


FUNCTIONS: dict[StatusEvent, Callable[[Scene], None]] = {
    StatusEvent.OFFER: _offer,
    StatusEvent.ACCEPT: _accept,
    StatusEvent.EXPIRE: _lapse,
    StatusEvent.EXPIRE_SECOND: _drop,
    StatusEvent.GRANT: _grant,
    StatusEvent.RELEASE: _release,
    StatusEvent.NO_ANSWER: _free_silent,
    StatusEvent.REJOIN: _rejoin,
    StatusEvent.CANCEL: _cancel,
}

# The notifications of Luz that are queued after each transition; none has been sent yet.
QUEUED: dict[Transition, set[NotificationType]] = {
    (WAITING, StatusEvent.OFFER): {NotificationType.WAITLISTED, NotificationType.OFFER},
    (WAITING, StatusEvent.GRANT): {NotificationType.WAITLISTED, NotificationType.SEAT_GRANTED},
    (WAITING, StatusEvent.CANCEL): set(),
    (WAITING, StatusEvent.NO_ANSWER): {NotificationType.OFFER_EXPIRED},
    (OFFERED, StatusEvent.ACCEPT): {
        NotificationType.WAITLISTED,
        NotificationType.REGISTERED,
        *REMINDERS,
    },
    (OFFERED, StatusEvent.EXPIRE): {NotificationType.WAITLISTED, NotificationType.OFFER_EXPIRED},
    (OFFERED, StatusEvent.EXPIRE_SECOND): {
        NotificationType.WAITLISTED,
        NotificationType.OFFER_EXPIRED,
    },
    (OFFERED, StatusEvent.GRANT): {
        NotificationType.WAITLISTED,
        NotificationType.SEAT_GRANTED,
        *REMINDERS,
    },
    (OFFERED, StatusEvent.RELEASE): {NotificationType.WAITLISTED},
    (OFFERED, StatusEvent.CANCEL): set(),
    (SEATED, StatusEvent.CANCEL): set(),
    # Obsolete: they are not sent to somebody without a seat.
    (SEATED, StatusEvent.RELEASE): {NotificationType.REGISTERED, *REMINDERS},
    (SEATED, StatusEvent.NO_ANSWER): {NotificationType.OFFER_EXPIRED},
    (LAPSED, StatusEvent.REJOIN): {NotificationType.WAITLISTED},
    (LAPSED, StatusEvent.CANCEL): set(),
}
OTHER_EVENTS = [
    (start, event)
    for start in RegistrationStatus
    for event in StatusEvent
    if (start, event) not in TRANSITIONS
]


@pytest.mark.parametrize("transition", TRANSITIONS, ids=" ".join)
def test_each_transition_leads_to_its_status(scene: Scene, transition: Transition) -> None:
    start, event = transition
    scene.bring_to(start, event)
    FUNCTIONS[event](scene)
    after = scene.stage.of(scene.luz)
    assert after.status is TRANSITIONS[transition]
    assert (after.slot_id is not None) is (after.status in STATUSES_WITH_SEATS)
    assert (after.offered_until is not None) is (after.status is OFFERED)
    assert (after.key_id is None) is (after.status is CANCELLED)
    assert set(scene.stage.notification_types(scene.luz)) == QUEUED[transition]
    is_held = after.status in STATUSES_WITH_SEATS
    assert scene.stage.supported() == {"childcare": 1 if is_held else 2}
    with scene.stage.store.read() as session:
        assert faults(session, scene.stage.workshop_id) == []


@pytest.mark.parametrize(("start", "event"), OTHER_EVENTS)
def test_event_without_a_transition_changes_nothing(
    scene: Scene, start: RegistrationStatus, event: StatusEvent
) -> None:
    scene.bring_to(start)
    before = scene.snapshot()
    with suppress(OutreachError):
        FUNCTIONS[event](scene)
    assert scene.snapshot() == before
    with scene.stage.store.read() as session:
        assert faults(session, scene.stage.workshop_id) == []


def test_every_status_event_has_a_test_function() -> None:
    assert {event for _start, event in TRANSITIONS} == set(StatusEvent) == set(FUNCTIONS)
    assert set(QUEUED) == set(TRANSITIONS)


def test_every_status_is_reachable_and_cancelled_is_final() -> None:
    assert set(TRANSITIONS.values()) | {SEATED, WAITING} == set(RegistrationStatus)
    assert not [start for start, _event in TRANSITIONS if start is CANCELLED]


def test_registration_without_contact_gets_no_notifications(scene: Scene) -> None:
    scene.stage.register(contact=ContactMethod.NONE, slot="18:20")
    registration_id = scene.stage.register(contact=ContactMethod.NONE)
    scene.stage.cancel(scene.elena)
    assert scene.stage.status(registration_id) is OFFERED
    assert scene.stage.of(registration_id).offered_until == MONDAY + 24 * HOUR
    for _offer in range(2):
        scene.stage.work(at=scene.stage.now + 24 * HOUR)
    scene.stage.rejoin(registration_id)
    scene.stage.accept(registration_id)
    assert scene.stage.status(registration_id) is SEATED
    assert scene.stage.notification_types(registration_id) == []
