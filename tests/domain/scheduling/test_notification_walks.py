"""Random series of changes, bulletins, reminders, undos, decisions and worker rounds: what each
person was told last is what is true, nobody is told twice of one thing, and nobody of what was
undone.

Two hundred steps run with every test run, 20,000 with `tests/run --long`.
"""

from datetime import time, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.change_notifications import NotifyMode
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.roster import undecided_changes
from outreach.keystore import KeyStore
from tests.conftest import DATABASES
from tests.support.fixed_clock import fixed_clock
from tests.support.mailing_world import MailingWorld
from tests.support.notification_world import FIRST_DAY, HOURS, NotificationWorld

pytestmark = [fixed_clock, pytest.mark.any_database]

INDEXES = st.integers(0, 2)
PEOPLE = st.integers(0, 20)
STARTS = st.sampled_from(sorted(HOURS))
ENDS = st.sampled_from([time(15), time(16)])
MODES = st.sampled_from(
    [NotifyMode.NOTIFY] * 4 + [NotifyMode.LATER] * 2 + [NotifyMode.NOBODY, NotifyMode.URGENT]
)
CONTACTS = st.sampled_from(
    [(ContactMethod.EMAIL, False)] * 3
    + [(ContactMethod.PHONE, True)] * 2
    + [(ContactMethod.PHONE, False), (ContactMethod.NONE, False)]
)
SHEET_MODES = st.sampled_from([NotifyMode.NOTIFY] * 3 + [NotifyMode.LATER, NotifyMode.NOBODY])
LANGUAGES = st.sampled_from(["es", "en", "fr"])
SLUGS = st.sampled_from(["chicago", "calgary", "seattle"])
MINUTES = st.sampled_from([0, 1, 1, 4, 6, 6, 30, 600, 1_440, 4_320, 11_000])


class MailingWalk(RuleBasedStateMachine):
    """The bulletin and its subscribers, reminders to offices, and the worker."""

    given: tuple[Flask, Store, KeyStore, Config, Office, Kind]

    def __init__(self) -> None:
        super().__init__()
        self.world = MailingWorld(*self.given)

    @initialize(languages=st.lists(LANGUAGES, max_size=3))
    def begin_with_readers(self, languages: list[str]) -> None:
        for lang in languages:
            self.world.subscribe(is_confirmed=True, lang=lang)
        self.world.write_bulletin()

    @rule(is_confirmed=st.booleans(), lang=LANGUAGES)
    def subscribe(self, is_confirmed: bool, lang: str) -> None:
        self.world.subscribe(is_confirmed=is_confirmed, lang=lang)

    @rule(number=INDEXES)
    def confirm(self, number: int) -> None:
        self.world.confirm(number)

    @rule(number=INDEXES)
    def unsubscribe(self, number: int) -> None:
        self.world.unsubscribe(number)

    @rule()
    def write_bulletin(self) -> None:
        self.world.write_bulletin()

    @rule(mode=SHEET_MODES)
    def publish(self, mode: NotifyMode) -> None:
        self.world.publish(mode)

    @rule(mode=SHEET_MODES)
    def decide_mail(self, mode: NotifyMode) -> None:
        self.world.decide_mail(mode)

    @rule()
    def undo_bulletin(self) -> None:
        self.world.undo_bulletin()

    @rule(slugs=st.frozensets(SLUGS, min_size=1))
    def remind(self, slugs: frozenset[str]) -> None:
        self.world.remind(slugs)

    @rule()
    def undo_reminders(self) -> None:
        self.world.undo_reminders()

    @rule(slug=SLUGS)
    def complete(self, slug: str) -> None:
        self.world.complete(slug)

    @rule(number=st.integers(0, 3))
    def change_account(self, number: int) -> None:
        self.world.change_account(number)

    @rule(is_final=st.booleans())
    def refuse_letters(self, is_final: bool) -> None:
        self.world.refuse_letters(is_final=is_final)

    @rule(minutes=MINUTES)
    def wait(self, minutes: int) -> None:
        self.world.wait(timedelta(minutes=minutes))

    @invariant()
    def nobody_is_forgotten(self) -> None:
        self.world.check()

    def teardown(self) -> None:
        self.world.finish()


class NotificationWalk(MailingWalk):
    """All of it: people of workshops too, and what changes for them."""

    @initialize(contacts=st.lists(CONTACTS, min_size=1, max_size=4), index=INDEXES)
    def begin_with_people(self, contacts: list[tuple[ContactMethod, bool]], index: int) -> None:
        for contact, takes_texts in contacts:
            self.world.register(index, contact, takes_texts=takes_texts)

    @rule(index=INDEXES, contact=CONTACTS)
    def register(self, index: int, contact: tuple[ContactMethod, bool]) -> None:
        self.world.register(index, contact[0], takes_texts=contact[1])

    @rule(number=PEOPLE)
    def leave(self, number: int) -> None:
        self.world.leave(number)

    @rule(number=PEOPLE)
    def accept(self, number: int) -> None:
        self.world.accept(number)

    @rule(index=INDEXES, mode=MODES, starts=STARTS)
    def change_hour(self, index: int, mode: NotifyMode, starts: object) -> None:
        self.world.change(index, mode, starts=starts)

    @rule(index=INDEXES, mode=MODES, ends=ENDS)
    def change_end(self, index: int, mode: NotifyMode, ends: time) -> None:
        self.world.change(index, mode, ends=ends)

    @rule(index=INDEXES, mode=MODES, place=INDEXES)
    def change_place(self, index: int, mode: NotifyMode, place: int) -> None:
        self.world.change(index, mode, venue=place)

    @rule(index=INDEXES, mode=MODES, capacity=st.integers(1, 6))
    def change_capacity(self, index: int, mode: NotifyMode, capacity: int) -> None:
        self.world.change(index, mode, capacity=capacity)

    @rule(mode=MODES, starts=STARTS)
    def change_series(self, mode: NotifyMode, starts: time) -> None:
        self.world.change_series(mode, starts)

    @rule(index=INDEXES, mode=MODES)
    def switch(self, index: int, mode: NotifyMode) -> None:
        self.world.switch(index, mode)

    @rule(mode=MODES, number=INDEXES, to=st.sampled_from(["name", "address", "room"]), new=INDEXES)
    def change_venue(self, mode: NotifyMode, number: int, to: str, new: int) -> None:
        self.world.change_venue_words(mode, number, to, new)

    @rule(kept=INDEXES, merged=INDEXES)
    def merge(self, kept: int, merged: int) -> None:
        if kept != merged:
            self.world.merge(kept, merged)

    @rule()
    def undo_merge(self) -> None:
        self.world.undo_merge()

    @rule(mode=MODES, starts=STARTS)
    def change_stop(self, mode: NotifyMode, starts: object) -> None:
        self.world.change_stop(mode, starts=starts)

    @rule(mode=MODES)
    def switch_stop(self, mode: NotifyMode) -> None:
        self.world.switch_stop(mode)

    @rule(index=INDEXES, is_notified=st.booleans())
    def endanger(self, index: int, is_notified: bool) -> None:
        self.world.endanger(index, is_notified=is_notified)

    @rule(index=INDEXES, mode=MODES)
    def decide(self, index: int, mode: NotifyMode) -> None:
        self.world.notify(index, mode)

    @rule(number=PEOPLE)
    def approve(self, number: int) -> None:
        self.world.approve(number)

    @rule(number=PEOPLE)
    def undo_approval(self, number: int) -> None:
        self.world.undo_approval(number)

    @rule()
    def undo(self) -> None:
        self.world.undo()

    @rule()
    def call(self) -> None:
        self.world.call()


@pytest.fixture
def given(
    app: Flask, store: Store, key_store: KeyStore, config: Config, chicago: Office, rights: Kind
) -> tuple[Flask, Store, KeyStore, Config, Office, Kind]:
    return app, store, key_store, config, chicago, rights


@pytest.fixture
def world(given: tuple[Flask, Store, KeyStore, Config, Office, Kind]) -> NotificationWorld:
    """With two venues of one address, and a person whose confirmation was sent."""
    made = NotificationWorld(*given)
    made.change_venue_words(NotifyMode.NOTIFY, 1, "address", 0)
    made.register(0, ContactMethod.EMAIL, takes_texts=False)
    made.wait(UNDO_WINDOW)
    return made


def run(walk: type[MailingWalk], given: object, *, walks: int, length: int, is_same: bool) -> None:
    machine = type("Walk", (walk,), {"given": given})
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


def test_merge_within_the_hold_leaves_nobody_to_tell_of_a_change_that_is_undone(
    world: NotificationWorld,
) -> None:
    [rosa] = world.active()
    world.change(0, NotifyMode.NOTIFY, starts=time(11))
    world.merge(1, 0)
    assert world.read(0).venue_id == world.venue_ids[1]
    world.undo()
    world.wait(UNDO_WINDOW)
    assert len(rosa.messages) == 1, world.say("told of what was undone")
    world.finish()
    assert len(rosa.messages) == 1


@pytest.mark.parametrize("mode", [NotifyMode.NOTIFY, NotifyMode.LATER])
def test_merge_and_its_undo_keep_who_is_to_be_notified(
    world: NotificationWorld, mode: NotifyMode
) -> None:
    [rosa] = world.active()
    world.change(0, mode, starts=time(11))
    world.merge(1, 0)
    world.check()
    world.undo_merge()
    world.check()
    world.undo()
    world.finish()
    assert len(rosa.messages) == 1, world.say("told of what was undone")


def test_cancelled_merged_and_reinstated_within_the_hold_tells_nobody(
    world: NotificationWorld,
) -> None:
    [rosa] = world.active()
    world.switch(0, NotifyMode.NOTIFY)
    world.merge(1, 0)
    world.switch(0, NotifyMode.NOTIFY)
    world.finish()
    assert len(rosa.messages) == 1, world.say("told of what was undone")


def test_merge_leaves_a_decision_to_tell_nobody(world: NotificationWorld) -> None:
    [rosa] = world.active()
    world.change(0, NotifyMode.NOBODY, starts=time(11))
    world.merge(1, 0)
    world.check()
    world.wait(UNDO_WINDOW)
    assert len(rosa.messages) == 1
    with world.store.read() as session:
        workshop = world.read(0)
        assert not undecided_changes.is_undecided(session, workshop, now=world.now)


def test_cancellation_says_no_day_that_nobody_was_notified_of(world: NotificationWorld) -> None:
    """Whoever knows of another day takes what is cancelled for something else, and goes."""
    world.register(2, ContactMethod.EMAIL, takes_texts=False)
    [_, luz] = world.active()
    world.wait(timedelta(0))
    world.change(2, NotifyMode.LATER, day=FIRST_DAY)
    world.switch(2, NotifyMode.NOTIFY)
    world.finish()
    assert [each.partition(":")[0] for each in luz.messages] == [
        "Tu lugar",
        "Se canceló lo que tenías apartado",
    ]


def test_letter_says_until_when_if_the_end_alone_has_changed(world: NotificationWorld) -> None:
    """The stop that moved took the end of its workshop along."""
    world.register(2, ContactMethod.EMAIL, takes_texts=False)
    [_, luz] = world.active()
    world.change(2, NotifyMode.NOTIFY, starts=time(13))
    world.wait(timedelta(0))
    world.change_stop(NotifyMode.NOTIFY, starts=time(13))
    world.change(2, NotifyMode.NOTIFY, starts=time(13))
    assert world.read(2).ends == time(19)
    world.finish()
    assert [each.partition(":")[0] for each in luz.messages] == ["Tu lugar", "Cambio"]
    assert luz.known.ends == time(19)


def test_reminder_is_not_sent_beside_a_change_that_says_the_same(
    world: NotificationWorld,
) -> None:
    """The worker was away for two days."""
    [rosa] = world.active()
    world.wait(timedelta(days=8))
    world.change_series(NotifyMode.NOTIFY, time(13))
    world.wait(timedelta(days=2))
    assert [each.partition(":")[0] for each in rosa.messages] == ["Tu lugar", "Tu lugar", "Cambio"]
    world.finish()


def test_reminder_is_not_sent_beside_a_confirmation(world: NotificationWorld) -> None:
    world.wait(timedelta(days=8))
    world.register(0, ContactMethod.EMAIL, takes_texts=False)
    world.wait(timedelta(days=2))
    [_, luz] = world.active()
    assert [each.partition(":")[0] for each in luz.messages] == ["Tu lugar"]


def test_reminder_is_sent_where_the_letter_of_that_day_said_something_else(
    world: NotificationWorld,
) -> None:
    world.wait(timedelta(days=9, hours=7))
    world.register(2, ContactMethod.EMAIL, takes_texts=False)
    world.wait(timedelta(0))
    world.change(2, NotifyMode.LATER, day=FIRST_DAY)
    world.wait(timedelta(0))
    [_, luz] = world.active()
    assert len(luz.messages) == 1, "the change can still be undone"
    world.wait(UNDO_WINDOW + timedelta(seconds=1))
    [_, luz] = world.active()
    assert [each.partition(":")[0] for each in luz.messages] == ["Tu lugar", "Mañana"]


@pytest.mark.thorough
@pytest.mark.parametrize("walk", [NotificationWalk, MailingWalk])
def test_what_people_know_is_true_after_a_hundred_steps(
    given: object, walk: type[MailingWalk]
) -> None:
    run(walk, given, walks=6, length=20, is_same=True)


@pytest.mark.long
@pytest.mark.parametrize("walk", [NotificationWalk, MailingWalk])
def test_what_people_know_is_true_after_thousands_of_steps(
    given: object, walk: type[MailingWalk]
) -> None:
    """Each of the two databases gets half of the walks."""
    run(walk, given, walks=200 // len(DATABASES), length=50, is_same=False)
