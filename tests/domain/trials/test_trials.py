"""A trial from its start to its result: reminders, check-in, counts, forgetting."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.notifications import Notification
from outreach.domain.trials import assignment, outcomes, trials
from outreach.domain.trials.trials import EndReason, Trial, TrialArm, TrialWorkshop, Wording
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.errors import Conflict
from outreach.keystore import KeyStore, MasterKeys
from outreach.mail import delivery
from outreach.mail.delivery_round import deliver
from outreach.privacy import erasure, retention
from tests.conftest import make_workshop, seat
from tests.support.arrivals import store_arrival
from tests.support.daytime import noon_of
from tests.support.fixed_clock import fixed_clock
from tests.support.loading import run

pytestmark = fixed_clock  # a trial ends by days, and no test may run into the next

SENTENCE = "Te esperamos."
PARTIES = 40


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, capacity=100)


def start(store: Store, *, reminders: int = 100, days: int = 100) -> int:
    now = clock.now()
    with store.change() as session:
        last_day = now.date() + timedelta(days=days)
        trial = trials.start(
            session, Wording.WELCOME, reminders=reminders, last_day=last_day, now=now
        )
        return trial.id


def fill(store: Store, key_store: KeyStore, workshop: Workshop, number: int = PARTIES) -> None:
    for index in range(number):
        seat(
            store,
            key_store,
            workshop,
            contact=ContactMethod.EMAIL,
            address=f"rosa{index}@example.org",
            wants_reminder=True,
        )


def remind(
    app: Flask, store: Store, key_store: KeyStore, config: Config, *, now: datetime
) -> dict[str, bool]:
    """Delivers confirmations today, and reminders as the worker does; by address, whether a
    reminder has the sentence."""
    folder = config.data / "letters"
    transport = delivery.letter_transport(app.extensions["outreach_config"])
    assert transport is not None
    with app.app_context():
        deliver(delivery.letter_outlets(store, key_store, config, transport), now=clock.now())
        assignment.assign(store, key_store, now=now)
        deliver(delivery.letter_outlets(store, key_store, config, transport), now=now)
    letters = [path.read_text() for path in Path(folder).glob("*.eml")]
    return {
        address_of(letter): SENTENCE in letter for letter in letters if "Te recordamos" in letter
    }


def address_of(letter: str) -> str:
    found = re.search(r"^To: (\S+)", letter, re.MULTILINE)
    assert found is not None
    return found[1]


def report(store: Store, workshop: Workshop, came: set[str], *, head_count: int) -> None:
    """Check-in and report: these registrations came."""
    with store.change() as session:
        for registration_id in came:
            store_arrival(session, session.get_one(Registration, registration_id), 1)
        row = session.get_one(Workshop, workshop.id)
        row.status, row.head_count = WorkshopStatus.HELD, head_count


def arms_of(store: Store) -> dict[bool, TrialArm]:
    with store.read() as session:
        return {arm.is_new: arm for arm in session.scalars(sa.select(TrialArm))}


def later(key_store: KeyStore, config: Config, workshop: Workshop, days: int) -> KeyStore:
    return KeyStore(
        key_store.store, MasterKeys(config.keys), noon_of(workshop.day + timedelta(days=days))
    )


def list_assigned(store: Store) -> dict[str, bool]:
    """By registration, whether it got the new wording."""
    with store.read() as session:
        rows = session.execute(
            sa.select(Notification.registration_id, TrialArm.is_new).join(
                TrialArm, TrialArm.id == Notification.trial_arm_id
            )
        )
        return {row[0]: row[1] for row in rows}


@pytest.fixture
def app(make_app: Callable[..., Flask], config: Config) -> Flask:
    return make_app(mail_folder=config.data / "letters")


def test_trial_counts_who_came_by_wording(
    app: Flask, store: Store, key_store: KeyStore, config: Config, workshop: Workshop
) -> None:
    trial_id = start(store)
    fill(store, key_store, workshop)
    sentences = remind(app, store, key_store, config, now=workshop.remind_at)
    assigned = list_assigned(store)
    assert len(sentences) == len(assigned) == PARTIES
    new = {registration_id for registration_id, is_new in assigned.items() if is_new}
    usual = assigned.keys() - new
    assert sum(sentences.values()) == len(new)
    assert min(len(new), len(usual)) > PARTIES // 5
    # Everybody comes but two of the new wording, and three of the usual one; one gave it back.
    gone = min(new)
    erasure.erase(store, key_store, config, [gone], now=workshop.starts_at)
    absent = set(sorted(new - {gone})[:2]) | set(sorted(usual)[:3])
    came = assigned.keys() - absent - {gone}
    report(store, workshop, came, head_count=len(came))
    after = workshop.ends_at + timedelta(days=8)
    assert outcomes.count(store, later(key_store, config, workshop, 6), now=after) == 0
    retention.purge(store, later(key_store, config, workshop, 8), now=after)
    arms = arms_of(store)
    assert (arms[True].reminded, arms[True].came, arms[True].absent) == (
        len(new),
        len(new) - 3,
        2,
    )
    assert (arms[False].reminded, arms[False].came, arms[False].absent) == (
        len(usual),
        len(usual) - 3,
        3,
    )
    assert list_assigned(store) == {}
    with store.change() as session:
        trial = session.get_one(Trial, trial_id)
        assert trials.get_result(session, trial) is None  # while it runs
        trials.end(session, trial, EndReason.STOPPED, now=after)
        result = trials.get_result(session, trial)
    assert result is not None
    assert (result.new.part, result.usual.part) == (2, 3)
    assert not result.difference.is_less
    assert not result.difference.is_more


def test_nothing_of_a_trial_is_in_reminders_unless_one_runs(
    app: Flask, store: Store, key_store: KeyStore, config: Config, workshop: Workshop
) -> None:
    fill(store, key_store, workshop, 3)
    assert set(remind(app, store, key_store, config, now=workshop.remind_at).values()) == {False}
    assert list_assigned(store) == {}


def test_discreet_workshops_are_in_no_trial(
    app: Flask, store: Store, key_store: KeyStore, config: Config, chicago: Office, women: Kind
) -> None:
    start(store)
    with store.change() as session:
        workshop = make_workshop(session, chicago, women, capacity=100)
    assert workshop.is_discreet
    fill(store, key_store, workshop, 6)
    remind(app, store, key_store, config, now=workshop.remind_at)
    assert list_assigned(store) == {}
    letters = [path.read_text() for path in Path(config.data / "letters").glob("*.eml")]
    assert letters
    assert not any(SENTENCE in letter for letter in letters)


def test_wording_of_a_registration_does_not_change_and_differs_between_trials(
    key_store: KeyStore,
) -> None:
    people = [f"{number:026}" for number in range(400)]
    first = [assignment.gets_new(key_store, 1, each) for each in people]
    assert first == [assignment.gets_new(key_store, 1, each) for each in people]
    assert 150 < sum(first) < 250
    second = [assignment.gets_new(key_store, 2, each) for each in people]
    assert 150 < sum(map(bool.__ne__, first, second)) < 250


def test_workshop_without_a_complete_check_in_is_not_counted(
    app: Flask, store: Store, key_store: KeyStore, config: Config, workshop: Workshop
) -> None:
    start(store)
    fill(store, key_store, workshop, 10)
    remind(app, store, key_store, config, now=workshop.remind_at)
    report(store, workshop, set(sorted(list_assigned(store))[:4]), head_count=9)
    after = workshop.ends_at + timedelta(days=8)
    assert outcomes.count(store, later(key_store, config, workshop, 8), now=after) == 1
    assert [arm.reminded for arm in arms_of(store).values()] == [0, 0]
    with store.read() as session:
        assert session.scalars(sa.select(TrialWorkshop)).all() == []
    assert list_assigned(store) == {}


def test_cancelled_workshop_is_not_counted(
    app: Flask, store: Store, key_store: KeyStore, config: Config, workshop: Workshop
) -> None:
    start(store)
    fill(store, key_store, workshop, 4)
    remind(app, store, key_store, config, now=workshop.remind_at)
    with store.change() as session:
        session.get_one(Workshop, workshop.id).status = WorkshopStatus.CANCELLED
    after = workshop.ends_at + timedelta(days=8)
    assert outcomes.count(store, later(key_store, config, workshop, 8), now=after) == 1
    assert [arm.reminded for arm in arms_of(store).values()] == [0, 0]


def test_interrupted_round_counts_nobody_twice(
    store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    start(store)
    fill(store, key_store, workshop, 6)
    assert assignment.assign(store, key_store, now=workshop.remind_at) == 6
    assert assignment.assign(store, key_store, now=workshop.remind_at) == 0
    assert sum(arm.assigned for arm in arms_of(store).values()) == 6
    with store.read() as session:
        rows = session.scalars(sa.select(TrialWorkshop.reminders)).all()
    assert sum(rows) == 6


def test_one_trial_runs_at_a_time(store: Store) -> None:
    start(store)
    with pytest.raises(Conflict):
        start(store)


def end_reason(store: Store, trial_id: int) -> EndReason | None:
    with store.read() as session:
        return session.get_one(Trial, trial_id).end_reason


def test_trial_ends_when_it_has_its_reminders(
    store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    trial_id = start(store, reminders=5)
    fill(store, key_store, workshop)
    assignment.assign(store, key_store, now=workshop.remind_at)
    assert end_reason(store, trial_id) is None
    assignment.assign(store, key_store, now=workshop.remind_at)
    assert end_reason(store, trial_id) is EndReason.ENOUGH


def test_trial_ends_after_its_last_day(store: Store, key_store: KeyStore) -> None:
    trial_id = start(store, days=3)
    assignment.assign(store, key_store, now=clock.now() + timedelta(days=3))
    assert end_reason(store, trial_id) is None
    assignment.assign(store, key_store, now=clock.now() + timedelta(days=4))
    assert end_reason(store, trial_id) is EndReason.LAST_DAY


@pytest.mark.parametrize(("absent", "expected"), [(90, EndReason.HARM), (60, None)])
def test_trial_ends_when_the_new_wording_does_harm(
    app: Flask,
    store: Store,
    key_store: KeyStore,
    config: Config,
    workshop: Workshop,
    absent: int,
    expected: EndReason | None,
) -> None:
    trial_id = start(store)
    fill(store, key_store, workshop, 1)
    remind(app, store, key_store, config, now=workshop.remind_at)
    report(store, workshop, set(list_assigned(store)), head_count=1)
    with store.change() as session:
        for arm in session.get_one(Trial, trial_id).arms:
            arm.reminded, arm.absent = 200, absent if arm.is_new else 50
    after = workshop.ends_at + timedelta(days=8)
    outcomes.count(store, later(key_store, config, workshop, 8), now=after)
    assert end_reason(store, trial_id) is expected


def test_command_shows_no_result_before_the_end(config: Config, store: Store) -> None:
    assert "No trial yet" in run(config, "trials").output
    assert run(config, "trials", "start", "welcome", "--fewer", "40").exit_code == 2
    done = run(config, "trials", "start", "welcome")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "planned for 1,251 reminders of each wording" in done.output
    assert run(config, "trials", "start", "empty-chair").exit_code == 1
    with store.change() as session:
        for arm in session.scalars(sa.select(TrialArm)):
            arm.assigned, arm.reminded, arm.came = 1_300, 1_200, 800
            arm.absent = 240 if arm.is_new else 300
    shown = run(config, "trials").output
    assert "It runs." in shown
    assert "bsent" not in shown
    assert run(config, "trials", "end").exit_code == 0
    assert run(config, "trials", "end").exit_code == 1
    shown = run(config, "trials").output
    assert "Absent of 100: 25.0 usual, 20.0 new; +5.0 fewer" in shown
    assert "The new wording leaves fewer chairs empty." in shown
