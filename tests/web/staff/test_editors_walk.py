"""Two organizers move, lengthen, edit, cancel, reinstate and undo the same workshops in any order,
on pages that may be old, while people register and leave and the worker writes to them: nobody's
change is lost without a word, and nobody gets a message that is not true.

A hundred steps run with every test run, 10,000 with `tests/run --long`.
"""

from datetime import time, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.change_notifications import NotifyMode
from outreach.keystore import KeyStore
from tests.conftest import DATABASES
from tests.support.editors_world import EditorsWorld, day_after
from tests.support.fixed_clock import fixed_clock
from tests.support.notification_world import HOURS

pytestmark = [fixed_clock, pytest.mark.any_database]

EDITORS = st.integers(0, 1)
INDEXES = st.integers(0, 1)
PEOPLE = st.integers(0, 20)
DAYS = st.integers(0, 6).map(day_after)
STARTS = st.sampled_from(sorted(HOURS))
ENDS = st.sampled_from([time(15), time(16), time(17, 30)])
CAPACITIES = st.integers(1, 6)
# None: the sheet of messages stays open.
MODES = st.sampled_from(
    [NotifyMode.NOTIFY] * 4 + [NotifyMode.LATER] * 2 + [NotifyMode.NOBODY, None, None]
)
CHOICES = st.sampled_from([NotifyMode.NOTIFY, NotifyMode.LATER, NotifyMode.NOBODY])
CONTACTS = st.sampled_from(
    [(ContactMethod.EMAIL, False)] * 3
    + [(ContactMethod.PHONE, True), (ContactMethod.PHONE, False), (ContactMethod.NONE, False)]
)
MINUTES = st.sampled_from([0, 1, 1, 4, 6, 6, 30, 600, 1_440, 4_320])


class EditorsWalk(RuleBasedStateMachine):
    given: tuple[Flask, Store, KeyStore, Config, Office, Kind]

    def __init__(self) -> None:
        super().__init__()
        self.world = EditorsWorld(*self.given)

    @initialize(contacts=st.lists(CONTACTS, min_size=1, max_size=3))
    def begin_with_people(self, contacts: list[tuple[ContactMethod, bool]]) -> None:
        for contact, takes_texts in contacts:
            self.world.register(0, contact, takes_texts=takes_texts)

    @rule(who=EDITORS, index=INDEXES, form=st.sampled_from(["mover", "editar", "cancelar"]))
    def look(self, who: int, index: int, form: str) -> None:
        self.world.look(who, index, form)

    @rule(who=EDITORS, index=INDEXES, mode=MODES, day=DAYS, starts=STARTS)
    def drag(self, who: int, index: int, mode: NotifyMode | None, day: Any, starts: time) -> None:
        ends = time(starts.hour + 4)
        self.world.move(who, index, mode, day=day, starts=starts, ends=ends)

    @rule(who=EDITORS, index=INDEXES, mode=MODES, ends=ENDS)
    def lengthen(self, who: int, index: int, mode: NotifyMode | None, ends: time) -> None:
        self.world.move(who, index, mode, ends=ends)

    @rule(who=EDITORS, index=INDEXES, mode=MODES, starts=STARTS, capacity=CAPACITIES)
    def edit(
        self, who: int, index: int, mode: NotifyMode | None, starts: time, capacity: int
    ) -> None:
        ends = time(starts.hour + 4)
        self.world.edit(who, index, mode, starts=starts, ends=ends, capacity=capacity)

    @rule(who=EDITORS, index=INDEXES, mode=MODES, capacity=CAPACITIES)
    def edit_capacity(self, who: int, index: int, mode: NotifyMode | None, capacity: int) -> None:
        self.world.edit(who, index, mode, capacity=capacity)

    @rule(who=EDITORS, index=INDEXES, mode=MODES)
    def cancel(self, who: int, index: int, mode: NotifyMode | None) -> None:
        self.world.cancel(who, index, mode)

    @precondition(lambda self: any(each.is_cancelled for each in self.world.facts.values()))
    @rule(who=EDITORS, index=INDEXES, mode=MODES)
    def reinstate(self, who: int, index: int, mode: NotifyMode | None) -> None:
        self.world.reinstate(who, index, mode)

    @rule(who=EDITORS, mode=CHOICES)
    def answer_sheet(self, who: int, mode: NotifyMode) -> None:
        self.world.answer_sheet(who, mode)

    @rule(who=EDITORS, back=st.integers(0, 3))
    def undo(self, who: int, back: int) -> None:
        self.world.undo_change(who, back)

    @rule(index=INDEXES, contact=CONTACTS)
    def register(self, index: int, contact: tuple[ContactMethod, bool]) -> None:
        self.world.register(index, contact[0], takes_texts=contact[1])

    @rule(number=PEOPLE)
    def leave(self, number: int) -> None:
        self.world.leave(number)

    @rule(number=PEOPLE)
    def accept(self, number: int) -> None:
        self.world.accept(number)

    @rule(minutes=MINUTES)
    def wait(self, minutes: int) -> None:
        self.world.wait(timedelta(minutes=minutes))

    @rule()
    def call(self) -> None:
        self.world.call()

    @invariant()
    def nobody_is_forgotten(self) -> None:
        self.world.check()

    @invariant()
    def seats_are_enough(self) -> None:
        self.world.require_seats()

    def teardown(self) -> None:
        self.world.finish()


@pytest.fixture
def given(
    app: Flask, store: Store, key_store: KeyStore, config: Config, chicago: Office, rights: Kind
) -> tuple[Flask, Store, KeyStore, Config, Office, Kind]:
    return app, store, key_store, config, chicago, rights


@pytest.fixture
def world(given: tuple[Flask, Store, KeyStore, Config, Office, Kind]) -> EditorsWorld:
    """With a person whose confirmation was sent."""
    made = EditorsWorld(*given)
    made.register(0, ContactMethod.EMAIL, takes_texts=False)
    made.wait(timedelta(minutes=1))
    return made


def run(given: object, *, walks: int, length: int, is_same: bool) -> None:
    machine = type("Walk", (EditorsWalk,), {"given": given})
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


def test_cancellation_of_what_was_moved_meanwhile_is_refused(world: EditorsWorld) -> None:
    world.look(0, 0, "cancelar")
    world.move(1, 0, NotifyMode.LATER, day=day_after(3))
    world.cancel(0, 0, NotifyMode.NOTIFY)
    assert not world.facts[0].is_cancelled
    world.cancel(0, 0, NotifyMode.NOTIFY)
    assert world.facts[0].is_cancelled


def test_cancellation_leaves_the_seats_that_were_changed_meanwhile(world: EditorsWorld) -> None:
    world.look(0, 0, "cancelar")
    world.edit(1, 0, NotifyMode.LATER, capacity=5)
    world.cancel(0, 0, NotifyMode.NOTIFY)
    assert world.facts[0].is_cancelled
    assert world.facts[0].capacity == 5


def test_edit_of_what_was_cancelled_meanwhile_is_refused(world: EditorsWorld) -> None:
    world.look(0, 0, "editar")
    world.cancel(1, 0, NotifyMode.LATER)
    world.edit(0, 0, NotifyMode.NOTIFY, capacity=5)
    assert world.facts[0].capacity == 3


def test_change_of_a_cancelled_workshop_is_kept_once_people_know_it(world: EditorsWorld) -> None:
    """It was nothing to tell them then; after the reinstatement their confirmation says it."""
    world.register(0, ContactMethod.EMAIL, takes_texts=False)
    world.cancel(0, 0, NotifyMode.NOBODY)
    world.edit(0, 0, NotifyMode.NOBODY, ends=time(13))
    world.reinstate(0, 0, NotifyMode.LATER)
    world.wait(timedelta(minutes=5))
    world.undo_change(1, 1)
    assert world.facts[0].ends == time(13)
    world.check()


@pytest.mark.thorough
def test_nobody_loses_a_change_or_gets_a_wrong_message_in_a_hundred_steps(given: object) -> None:
    run(given, walks=4, length=25, is_same=True)


@pytest.mark.long
def test_nobody_loses_a_change_or_gets_a_wrong_message_in_thousands_of_steps(
    given: object,
) -> None:
    """Each of the two databases gets half of the walks."""
    run(given, walks=200 // len(DATABASES), length=50, is_same=False)
