"""Random walks through registration: in any order of events no seat is given twice, no party that
fits is passed over and none is lost.

A few hundred steps run with every test run. Ten thousand on each database:

    tests/run --long -- tests/domain/registrations/test_random_walks.py -s
"""

from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.errors import Full, Refusal, RegistrationClosed
from tests.support.random_walk import (
    CANCELLED,
    CHILDCARE,
    LAPSED,
    OFFERED,
    SEATED,
    WAITING,
    Model,
    Party,
)
from tests.support.scenario import DAY, STARTS, Stage, faults, stage, stranded

pytestmark = pytest.mark.any_database

PARTIES = st.integers(1, 4)
PICKS = st.integers(0, 1_000)
HOURS = st.integers(0, 3)
SELDOM = st.sampled_from([False] * 5 + [True])
NEEDS = st.sampled_from([(), (), (CHILDCARE,)])
WAITS = st.sampled_from([1, 20, 70, 125, 600, 1_440, 1_500, 2_200])  # minutes


class Walk(RuleBasedStateMachine):
    store: Store
    office: Office
    kind: Kind
    steps: Counter[str]

    @initialize(
        capacity=st.integers(1, 6), has_hours=st.booleans(), childcare=st.sampled_from([None, 0, 1])
    )
    def begin(self, capacity: int, has_hours: bool, childcare: int | None) -> None:
        hours = 3 if has_hours else None
        fields: dict[str, Any] = {"capacity": capacity, "confirm_days": 4, "frees_silence": True}
        if has_hours:
            fields |= {"way": Way.SLOTS, "slot_minutes": 20, "slot_places": capacity}
            fields |= {"ends": _end(hours)}
        if childcare is not None:
            fields |= {"support": {CHILDCARE: childcare}}
        self.stage: Stage = stage(self.store, self.office, self.kind, has_childcare=True, **fields)
        confirm_at = self.stage.workshop().confirm_at
        assert confirm_at is not None
        self.model = Model(capacity, hours, childcare, STARTS, confirm_at)
        self.day = DAY

    # What people do

    @rule(parties=st.lists(st.tuples(PARTIES, NEEDS, st.booleans(), HOURS), min_size=2, max_size=6))
    def many_register(self, parties: list[tuple[int, tuple[str, ...], bool, int]]) -> None:
        for party in parties:
            self.register(*party)

    @rule(people=PARTIES, needs=NEEDS, is_reachable=st.booleans(), hour=HOURS)
    def register(self, people: int, needs: tuple[str, ...], is_reachable: bool, hour: int) -> None:
        now, model = self._tick("register"), self.model
        party = Party("", people, frozenset(needs), is_reachable, now, now)
        error = model.seat(party, hour, now)
        with _raises(error):
            party.id = self.stage.register(
                people,
                needs=Codes(needs),
                contact=ContactMethod.EMAIL if is_reachable else ContactMethod.NONE,
                slot=_hour(hour) if model.hours else "",
            )
        if error is None:
            model.parties.append(party)

    @precondition(lambda self: self.model.with_status(SEATED, WAITING, OFFERED, LAPSED))
    @rule(pick=PICKS)
    def cancel(self, pick: int) -> None:
        now, party = self._tick("cancel"), self._pick(pick, SEATED, WAITING, OFFERED, LAPSED)
        self.stage.cancel(party.id)
        party.is_reachable = False
        held = party.holds
        party.lose(CANCELLED)
        if held:
            self.model.offer(now)

    @precondition(lambda self: self.model.with_status(SEATED, WAITING))
    @rule(pick=PICKS, people=PARTIES, needs=NEEDS, hour=HOURS)
    def change(self, pick: int, people: int, needs: tuple[str, ...], hour: int) -> None:
        now, model, party = self._tick("change"), self.model, self._pick(pick, SEATED, WAITING)
        old = (party.people, party.needs, party.hour, party.status)
        error = model.change(party, people, frozenset(needs), hour, now)
        with _raises(error):
            self.stage.change(party.id, people, needs, _hour(hour) if model.hours else "")
        if error is None:
            model.offer(now)
        else:
            party.people, party.needs, party.hour, party.status = old

    @precondition(lambda self: self.model.with_status(OFFERED, SEATED, WAITING, LAPSED))
    @rule(pick=PICKS, is_any=st.integers(0, 5))
    def accept(self, pick: int, is_any: int) -> None:
        now, model = self._tick("accept"), self.model
        wanted = (OFFERED,) if is_any and model.with_status(OFFERED) else tuple(_LIVE)
        party = self._pick(pick, *wanted)
        if model.is_on:
            model.lapse(now)
        try:
            self.stage.accept(party.id)
        except RegistrationClosed:
            # What was passed on meanwhile is passed on by the worker too: the page's change is not
            # kept.
            assert not model.is_on or party.status not in {SEATED, OFFERED}
            self.stage.work()
            model.round(now)
            return
        assert model.is_on
        assert party.status in {SEATED, OFFERED}
        if party.status is OFFERED:
            party.status, party.until, party.has_confirmed = SEATED, None, True

    @precondition(lambda self: self.model.with_status(LAPSED))
    @rule(pick=PICKS)
    def rejoin(self, pick: int) -> None:
        now, party = self._tick("rejoin"), self._pick(pick, LAPSED)
        try:
            self.stage.rejoin(party.id)
        except RegistrationClosed:
            assert not self.model.is_on
            return
        party.lose(WAITING)
        party.waitlisted_at, party.lapses, party.asked, party.heard = now, 0, None, None
        self.model.offer(now)

    @precondition(lambda self: self.model.with_status(SEATED))
    @rule(pick=PICKS)
    def confirm(self, pick: int) -> None:
        self._tick("confirm")
        party = self._pick(pick, SEATED)
        self.stage.confirm(party.id)
        party.has_confirmed = True

    # What the staff do

    @precondition(lambda self: self.model.with_status(WAITING, OFFERED))
    @rule(pick=PICKS)
    def grant(self, pick: int) -> None:
        self._tick("grant")
        model, party = self.model, self._pick(pick, WAITING, OFFERED)
        may = party.status is OFFERED or (model.is_on and model.fits(party))
        try:
            self.stage.grant(party.id)
        except (Full, RegistrationClosed):
            assert not may
            return
        assert may
        if party.status is WAITING:
            party.hour = model.first_hour(party.people)
        party.status, party.until = SEATED, None

    @rule(capacity=st.integers(0, 7))
    def resize(self, capacity: int) -> None:
        now, model = self._tick("resize"), self.model
        capacity = max(1, capacity) if model.hours else capacity
        fewest = max(map(model.held, range(model.hours))) if model.hours else model.held()
        changes = {"slot_places": capacity} if model.hours else {"capacity": capacity}
        if capacity < fewest:
            with pytest.raises(Refusal):
                self.stage.change_workshop(**changes)
            return
        self.stage.change_workshop(**changes)
        if capacity != model.capacity:
            model.capacity = capacity
            model.offer(now)

    @precondition(lambda self: self.model.hours)
    @rule(hours=st.integers(1, 4))
    def lengthen(self, hours: int) -> None:
        now, model = self._tick("lengthen"), self.model
        was = model.hours or 0
        if hours == was:
            return
        if any(model.held(hour) for hour in range(hours, was)):
            with pytest.raises(Refusal):
                self.stage.change_workshop(ends=_end(hours))
            return
        self.stage.change_workshop(ends=_end(hours))
        model.hours = hours
        if model.is_on:
            model.forget_answers()
        model.offer(now)

    @rule(childcare=st.sampled_from([None, 0, 1, 2, 3]))
    def support(self, childcare: int | None) -> None:
        now, model = self._tick("support"), self.model
        used = sum(CHILDCARE in p.needs for p in model.parties if p.holds)
        changes: dict[str, Any] = {"support": {} if childcare is None else {CHILDCARE: childcare}}
        if childcare is not None and childcare < used and childcare != model.childcare:
            with pytest.raises(Refusal):
                self.stage.change_workshop(**changes)
            return
        self.stage.change_workshop(**changes)
        if childcare != model.childcare:
            model.childcare = childcare
            model.offer(now)

    @precondition(lambda self: self.model.is_on)
    @rule(is_sure=SELDOM)
    def call_off(self, is_sure: bool) -> None:
        if is_sure:
            self._tick("call off")
            self.stage.call_off()
            self.model.is_on = False

    @precondition(lambda self: not self.model.is_on)
    @rule()
    def reinstate(self) -> None:
        now = self._tick("reinstate")
        self.stage.reinstate()
        self.model.is_on = True
        self.model.renew(now)
        self.model.offer(now)

    @precondition(lambda self: self.model.is_on and self.stage.now < self.model.starts)
    @rule(is_sure=SELDOM)
    def put_off(self, is_sure: bool) -> None:
        if not is_sure:
            return
        now = self._tick("put off")
        self.day += timedelta(days=1)
        self.stage.change_workshop(day=self.day)
        workshop = self.stage.workshop()
        assert workshop.confirm_at is not None
        self.model.starts, self.model.confirm_at = workshop.starts_at, workshop.confirm_at
        self.model.renew(now)
        self.model.forget_answers()
        self.model.offer(now)

    # What time does

    @rule(minutes=WAITS)
    def wait(self, minutes: int) -> None:
        now = self._tick("wait", minutes)
        self.stage.work()
        self.model.lapse(now)
        self.model.round(now)

    @precondition(lambda self: any(p.asked and not p.heard for p in self.model.parties))
    @rule()
    def question_arrives(self) -> None:
        now = self._tick("question arrives")
        self.stage.deliver(NotificationType.RECONFIRM)
        for party in self.model.with_status(SEATED):
            if party.asked is not None and party.heard is None and not party.has_confirmed:
                party.heard = now

    # What is true after every step

    @invariant()
    def the_database_says_the_same(self) -> None:
        workshop_id = self.stage.workshop_id
        with self.store.read() as session:
            rows = session.execute(_ROWS, {"workshop": workshop_id}).all()
            offers = Counter(session.scalars(_OFFERS, {"workshop": workshop_id}))
            assert faults(session, workshop_id) == []
            if self.model.is_on and not self.model.is_late(self.stage.now):
                assert stranded(session, workshop_id) == []
        there = {row.id: (row.status, row.people, row.offered_until, row.lapses) for row in rows}
        assert there == {p.id: (p.status, p.people, p.until, p.lapses) for p in self.model.parties}
        notified = [p.id for p in self.model.with_status(OFFERED) if p.is_reachable]
        assert offers == Counter(notified)

    def _tick(self, step: str, minutes: int = 0) -> datetime:
        self.steps[step] += 1
        # What comes after the start is the door's, and not walked here.
        latest = self.model.starts - timedelta(minutes=5)
        wanted = self.stage.now + timedelta(minutes=minutes)
        self.stage.now = min(wanted, max(latest, self.stage.now)) + timedelta(seconds=1)
        return self.stage.now

    def _pick(self, pick: int, *statuses: Any) -> Party:
        found = self.model.with_status(*statuses)
        return found[pick % len(found)]


_LIVE = (OFFERED, SEATED, WAITING, LAPSED)
_ROWS = sa.select(
    Registration.id,
    Registration.status,
    Registration.people,
    Registration.offered_until,
    Registration.lapses,
).where(Registration.workshop_id == sa.bindparam("workshop"))
_OFFERS = (
    sa.select(Notification.registration_id)
    .join(Notification.registration)
    .where(
        Registration.workshop_id == sa.bindparam("workshop"),
        Notification.cause == NotificationType.OFFER,
        Notification.done_at.is_(None),
    )
)


def _raises(error: type[Exception] | None) -> AbstractContextManager[object]:
    return nullcontext() if error is None else pytest.raises(error)


def _end(hours: int | None) -> time:
    return time(18 + (hours or 6) // 3, (hours or 6) % 3 * 20)


def _hour(hour: int) -> str:
    return f"{18 + hour // 3}:{hour % 3 * 20:02}"


def _walk(
    store: Store, office: Office, kind: Kind, *, walks: int, length: int, is_same: bool
) -> Counter[str]:
    """Walks, and says how many steps of each kind it took."""
    steps: Counter[str] = Counter()
    where = {"store": store, "office": office, "kind": kind, "steps": steps}
    machine = type("Walk", (Walk,), where)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=walks,
            stateful_step_count=length,
            derandomize=is_same,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return steps


def test_few_hundred_random_steps_violate_no_invariant(
    store: Store, chicago: Office, rights: Kind
) -> None:
    steps = _walk(store, chicago, rights, walks=8, length=40, is_same=True)
    assert steps.total() > 200


@pytest.mark.long
def test_ten_thousand_random_steps_violate_no_invariant(
    store: Store, chicago: Office, rights: Kind
) -> None:
    steps: Counter[str] = Counter()
    while steps.total() < 10_000:
        steps += _walk(store, chicago, rights, walks=100, length=60, is_same=False)
    database = store.engine.dialect.name
    print(f"\n{database}: {steps.total()} steps, 0 violations; {dict(steps.most_common())}")
