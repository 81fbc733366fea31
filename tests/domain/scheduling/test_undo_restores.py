"""An act that is undone within its hold leaves the queue, the outbox and what each person was told
as they were (S36): random series of acts, refusals of the mail server and rounds of the worker, and
after each of them an act with its undo."""

from collections.abc import Callable
from datetime import time, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.change_notifications import NotifyMode
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.keystore import KeyStore
from tests.domain.scheduling.test_notification_walks import (
    CONTACTS,
    INDEXES,
    MINUTES,
    PEOPLE,
    STARTS,
)
from tests.support.fixed_clock import fixed_clock
from tests.support.undo_world import UndoWorld

pytestmark = fixed_clock

MODES = st.sampled_from(
    [NotifyMode.NOTIFY] * 4 + [NotifyMode.LATER] * 2 + [NotifyMode.NOBODY, NotifyMode.URGENT]
)
Given = tuple[Flask, Store, KeyStore, Config, Office, Kind]
Act = Callable[[UndoWorld], None]
ACTS: st.SearchStrategy[Act] = st.one_of(
    st.builds(lambda i, m, s: lambda w: w.change(i, m, starts=s), INDEXES, MODES, STARTS),
    st.builds(lambda i, m, p: lambda w: w.change(i, m, venue=p), INDEXES, MODES, INDEXES),
    st.builds(
        lambda i, m, n: lambda w: w.change(i, m, capacity=n), INDEXES, MODES, st.integers(1, 6)
    ),
    st.builds(lambda m, s: lambda w: w.change_series(m, s), MODES, STARTS),
    st.builds(lambda i, m: lambda w: w.switch(i, m), INDEXES, MODES),
    st.builds(
        lambda m, n, to, new: lambda w: w.change_venue_words(m, n, to, new),
        MODES, INDEXES, st.sampled_from(["name", "address", "room"]), INDEXES,
    ),
    st.builds(lambda m, s: lambda w: w.change_stop(m, starts=s), MODES, STARTS),
    st.builds(lambda m: lambda w: w.switch_stop(m), MODES),
)  # fmt: skip


class UndoWalk(RuleBasedStateMachine):
    given: Given

    def __init__(self) -> None:
        super().__init__()
        self.world = UndoWorld(*self.given)

    @initialize(contacts=st.lists(CONTACTS, min_size=2, max_size=5), index=INDEXES)
    def begin(self, contacts: list[tuple[ContactMethod, bool]], index: int) -> None:
        for number, (contact, takes_texts) in enumerate(contacts):
            at = index if number < 2 else number % 3
            self.world.register(at, contact, takes_texts=takes_texts)

    @rule(index=INDEXES, contact=CONTACTS)
    def register(self, index: int, contact: tuple[ContactMethod, bool]) -> None:
        self.world.register(index, contact[0], takes_texts=contact[1])

    @rule(number=PEOPLE)
    def leave(self, number: int) -> None:
        self.world.leave(number)

    @rule(number=PEOPLE)
    def accept(self, number: int) -> None:
        self.world.accept(number)

    @rule(number=PEOPLE)
    def approve(self, number: int) -> None:
        self.world.approve(number)

    @rule(index=INDEXES, number=PEOPLE, can_come=st.booleans())
    def answer(self, index: int, number: int, can_come: bool) -> None:
        self.world.answer(index, number, can_come=can_come)

    @rule(is_final=st.booleans())
    def refuse(self, is_final: bool) -> None:
        self.world.refuse(is_final=is_final)

    @rule(act=ACTS)
    def act(self, act: Act) -> None:
        act(self.world)

    @rule(index=INDEXES, mode=MODES)
    def decide(self, index: int, mode: NotifyMode) -> None:
        self.world.notify(index, mode)

    @rule(minutes=MINUTES)
    def wait(self, minutes: int) -> None:
        self.world.wait(timedelta(minutes=minutes))

    @rule()
    def call(self) -> None:
        self.world.call_all()

    @rule(act=ACTS, minutes=st.sampled_from([0, 1, 4]), has_round=st.booleans())
    def act_and_undo(self, act: Act, minutes: int, has_round: bool) -> None:
        require_restored(self.world, act, minutes=minutes, has_round=has_round)


def require_restored(
    world: UndoWorld, act: Act, *, minutes: int = 0, has_round: bool = False
) -> bool:
    """Whether the act was undone; then everything is as it was."""
    found = world.act_and_undo(lambda: act(world), minutes=minutes, has_round=has_round)
    if found is None:
        return False
    before, after = found
    for name, rows in before.items():
        lost, made = set(rows) - set(after[name]), set(after[name]) - set(rows)
        assert rows == after[name], world.say(f"{name}: lost {lost}, made {made}")
    return True


@pytest.fixture
def given(
    app: Flask, store: Store, key_store: KeyStore, config: Config, chicago: Office, rights: Kind
) -> Given:
    return app, store, key_store, config, chicago, rights


@pytest.fixture
def world(given: Given) -> UndoWorld:
    made = UndoWorld(*given)
    made.register(0, ContactMethod.EMAIL, takes_texts=False)
    made.register(0, ContactMethod.PHONE, takes_texts=False)
    made.register(0, ContactMethod.PHONE, takes_texts=False)
    made.wait(UNDO_WINDOW)
    return made


@pytest.mark.parametrize("is_final", [True, False])
def test_letter_that_had_failed_is_not_queued_anew_by_an_undo(
    world: UndoWorld, is_final: bool
) -> None:
    world.change(0, NotifyMode.NOTIFY, starts=time(11))
    world.refuse(is_final=is_final)
    world.wait(UNDO_WINDOW)
    sent = len(world.sent)
    assert require_restored(world, lambda w: w.change(0, NotifyMode.NOTIFY, starts=time(13)))
    world.wait(UNDO_WINDOW)
    # One that was refused for now is tried again, as without the change that was undone.
    assert len(world.sent) == sent + (not is_final), world.say("a letter went out all the same")


def test_calls_that_wait_are_there_at_once_after_an_undo(world: UndoWorld) -> None:
    world.change(0, NotifyMode.NOTIFY, starts=time(11))
    world.wait(UNDO_WINDOW)
    assert len(world.read_queue(world.now)["calls"]) == 2
    assert require_restored(world, lambda w: w.change(0, NotifyMode.NOTIFY, starts=time(13)))
    assert len(world.read_queue(world.now)["calls"]) == 2


def test_undo_keeps_a_decision_to_notify_later(world: UndoWorld) -> None:
    world.change(0, NotifyMode.LATER, starts=time(11))
    sent = len(world.sent)
    assert require_restored(
        world, lambda w: w.change(0, NotifyMode.NOTIFY, venue=1), minutes=4, has_round=True
    )
    world.wait(UNDO_WINDOW)
    assert len(world.sent) == sent


def test_undo_keeps_a_decision_to_tell_nobody(world: UndoWorld) -> None:
    world.change(0, NotifyMode.NOBODY, starts=time(11))
    assert require_restored(world, lambda w: w.change(0, NotifyMode.NOBODY, venue=1))


def test_undo_sends_no_second_reminder(world: UndoWorld) -> None:
    """It was sent for the old day; the new day is a week later."""
    world.wait(timedelta(days=9, hours=6))
    sent = len(world.sent)
    moved = world.read(0).day + timedelta(days=7)
    assert require_restored(world, lambda w: w.change(0, NotifyMode.NOTIFY, day=moved))
    world.wait(UNDO_WINDOW)
    assert len(world.sent) == sent


def test_undo_brings_back_the_question_that_waits_for_a_call(world: UndoWorld) -> None:
    """Another hour deletes the question whether they still come."""
    world.register(1, ContactMethod.PHONE, takes_texts=False)
    world.wait(timedelta(days=7, hours=6))
    assert NotificationType.RECONFIRM in {each[1] for each in world.read_queue(world.now)["calls"]}
    assert require_restored(world, lambda w: w.change(1, NotifyMode.NOTIFY, starts=time(13)))


def test_undo_brings_back_the_question_that_waits_for_the_day(world: UndoWorld) -> None:
    """It is a text, which the worker took at night and put off."""
    world.register(1, ContactMethod.PHONE, takes_texts=True)
    world.change(1, NotifyMode.NOTIFY, starts=time(11))
    world.wait(timedelta(days=7, hours=15))
    causes = {each[1] for each in world.read_queue(world.now)["notifications"]}
    assert NotificationType.RECONFIRM in causes, world.say("no question waits")
    assert require_restored(world, lambda w: w.change(1, NotifyMode.LATER, starts=time(13)))
    sent = len(world.sent)
    world.wait(timedelta(hours=12))
    asked = [each for each in world.sent[sent:] if "@" not in each]
    assert len(asked) == 1, world.say("not asked once by day")


def test_undo_of_two_changes_one_after_the_other_restores_the_queue(world: UndoWorld) -> None:
    world.change(0, NotifyMode.NOTIFY, starts=time(11))
    before = world.read_queue(world.now)
    world.change(0, NotifyMode.NOTIFY, starts=time(13))
    world.change(0, NotifyMode.NOTIFY, venue=1)
    for _each in range(2):
        batch, _known = world.batches.pop()
        assert world._undo(batch)
    assert world.read_queue(world.now) == before


def test_undo_of_an_earlier_change_leaves_what_a_later_one_queued(world: UndoWorld) -> None:
    world.change(0, NotifyMode.NOTIFY, starts=time(11))
    world.change(0, NotifyMode.NOTIFY, venue=1)
    batch, _known = world.batches[-2]
    assert world._undo(batch)
    sent = len(world.sent)
    world.wait(UNDO_WINDOW)
    assert len(world.sent) == sent + 1, "of the other venue"


def test_notice_of_what_another_letter_has_said_need_not_be_restored(given: Given) -> None:
    """The confirmation goes out while the notice of a change is on hold, and says the new hour."""
    world = UndoWorld(*given)
    for _person in range(2):
        world.register(0, ContactMethod.EMAIL, takes_texts=False)
    world.change_series(NotifyMode.NOTIFY, time(11))
    assert require_restored(world, lambda it: it.change_series(NotifyMode.NOTIFY, time(9)))


def run(given: Given, *, walks: int, length: int, is_same: bool) -> None:
    machine = type("Walk", (UndoWalk,), {"given": given})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=walks,
            stateful_step_count=length,
            derandomize=is_same,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        ),
    )


@pytest.mark.thorough
def test_undo_restores_all_after_two_hundred_steps(given: Given) -> None:
    run(given, walks=8, length=25, is_same=True)


@pytest.mark.long
def test_undo_restores_all_after_thousands_of_steps(given: Given) -> None:
    run(given, walks=200, length=50, is_same=False)
