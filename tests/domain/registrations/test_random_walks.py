"""Random walks through registration: in any order of events no seat is given twice, no waitlisted
party that fits is skipped, and no registration is lost.

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
from tests.conftest import DATABASES
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
INDEXES = st.integers(0, 1_000)
HOURS = st.integers(0, 3)
ONE_IN_SIX = st.sampled_from([False] * 5 + [True])
NEEDS = st.sampled_from([(), (), (CHILDCARE,)])
WAITS = st.sampled_from([1, 20, 70, 125, 600, 1_440, 1_500, 2_200])  # minutes


class RegistrationWalk(RuleBasedStateMachine):
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

    # Actions of people

    @rule(parties=st.lists(st.tuples(PARTIES, NEEDS, st.booleans(), HOURS), min_size=2, max_size=6))
    def register_several(self, parties: list[tuple[int, tuple[str, ...], bool, int]]) -> None:
        for party in parties:
            self.register(*party)

    @rule(people=PARTIES, needs=NEEDS, is_reachable=st.booleans(), hour=HOURS)
    def register(self, people: int, needs: tuple[str, ...], is_reachable: bool, hour: int) -> None:
        now, model = self._advance("register"), self.model
        party = Party("", people, frozenset(needs), is_reachable, now, now)
        error = model.seat(party, hour, now)
        with _expect_error(error):
            party.id = self.stage.register(
                people,
                needs=Codes(needs),
                contact=ContactMethod.EMAIL if is_reachable else ContactMethod.NONE,
                slot=_hour(hour) if model.hours else "",
            )
        if error is None:
            model.parties.append(party)

    @precondition(lambda self: self.model.with_status(SEATED, WAITING, OFFERED, LAPSED))
    @rule(index=INDEXES)
    def cancel(self, index: int) -> None:
        now, party = self._advance("cancel"), self._choose(index, SEATED, WAITING, OFFERED, LAPSED)
        self.stage.cancel(party.id)
        party.is_reachable = False
        held_seats = party.holds
        party.lose(CANCELLED)
        if held_seats:
            self.model.offer(now)

    @precondition(lambda self: self.model.with_status(SEATED, WAITING))
    @rule(index=INDEXES, people=PARTIES, needs=NEEDS, hour=HOURS)
    def change(self, index: int, people: int, needs: tuple[str, ...], hour: int) -> None:
        now, model, party = (
            self._advance("change"),
            self.model,
            self._choose(index, SEATED, WAITING),
        )
        old = (party.people, party.needs, party.hour, party.status)
        error = model.change(party, people, frozenset(needs), hour, now)
        with _expect_error(error):
            self.stage.change(party.id, people, needs, _hour(hour) if model.hours else "")
        if error is None:
            model.offer(now)
        else:
            party.people, party.needs, party.hour, party.status = old

    @precondition(lambda self: self.model.with_status(OFFERED, SEATED, WAITING, LAPSED))
    @rule(index=INDEXES, is_any=st.integers(0, 5))
    def accept(self, index: int, is_any: int) -> None:
        now, model = self._advance("accept"), self.model
        wanted = (OFFERED,) if is_any and model.with_status(OFFERED) else tuple(_LIVE)
        party = self._choose(index, *wanted)
        if model.is_on:
            model.lapse(now)
        try:
            self.stage.accept(party.id)
        except RegistrationClosed:
            # The refused request rolls back the offers that it expired; the worker expires them
            # again.
            assert not model.is_on or party.status not in {SEATED, OFFERED}
            self.stage.work()
            model.round(now)
            return
        assert model.is_on
        assert party.status in {SEATED, OFFERED}
        if party.status is OFFERED:
            party.status, party.until, party.has_confirmed = SEATED, None, True

    @precondition(lambda self: self.model.with_status(LAPSED))
    @rule(index=INDEXES)
    def rejoin(self, index: int) -> None:
        now, party = self._advance("rejoin"), self._choose(index, LAPSED)
        try:
            self.stage.rejoin(party.id)
        except RegistrationClosed:
            assert not self.model.is_on
            return
        party.lose(WAITING)
        party.waitlisted_at, party.lapses, party.asked, party.heard = now, 0, None, None
        self.model.offer(now)

    @precondition(lambda self: self.model.with_status(SEATED))
    @rule(index=INDEXES)
    def confirm(self, index: int) -> None:
        self._advance("confirm")
        party = self._choose(index, SEATED)
        self.stage.confirm(party.id)
        party.has_confirmed = True

    # Actions of staff

    @precondition(lambda self: self.model.with_status(WAITING, OFFERED))
    @rule(index=INDEXES)
    def grant(self, index: int) -> None:
        self._advance("grant")
        model, party = self.model, self._choose(index, WAITING, OFFERED)
        is_allowed = party.status is OFFERED or (model.is_on and model.fits(party))
        try:
            self.stage.grant(party.id)
        except (Full, RegistrationClosed):
            assert not is_allowed
            return
        assert is_allowed
        if party.status is WAITING:
            party.hour = model.first_hour(party.people)
        party.status, party.until = SEATED, None

    @rule(capacity=st.integers(0, 7))
    def resize(self, capacity: int) -> None:
        now, model = self._advance("resize"), self.model
        capacity = max(1, capacity) if model.hours else capacity
        min_capacity = max(map(model.held, range(model.hours))) if model.hours else model.held()
        changes = {"slot_places": capacity} if model.hours else {"capacity": capacity}
        if capacity < min_capacity:
            with pytest.raises(Refusal):
                self.stage.change_workshop(**changes)
            return
        self.stage.change_workshop(**changes)
        if capacity != model.capacity:
            model.capacity = capacity
            model.offer(now)

    @precondition(lambda self: self.model.hours)
    @rule(hours=st.integers(1, 4))
    def set_hours(self, hours: int) -> None:
        now, model = self._advance("set hours"), self.model
        old_hours = model.hours or 0
        if hours == old_hours:
            return
        if any(model.held(hour) for hour in range(hours, old_hours)):
            with pytest.raises(Refusal):
                self.stage.change_workshop(ends=_end(hours))
            return
        # Each hour keeps its start: what people answered stays.
        self.stage.change_workshop(ends=_end(hours))
        model.hours = hours
        model.offer(now)

    @rule(childcare=st.sampled_from([None, 0, 1, 2, 3]))
    def set_childcare_limit(self, childcare: int | None) -> None:
        now, model = self._advance("set childcare limit"), self.model
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
    @rule(is_sure=ONE_IN_SIX)
    def cancel_workshop(self, is_sure: bool) -> None:
        if is_sure:
            self._advance("cancel workshop")
            self.stage.call_off()
            self.model.is_on = False

    @precondition(lambda self: not self.model.is_on)
    @rule()
    def reinstate(self) -> None:
        now = self._advance("reinstate")
        self.stage.reinstate()
        self.model.is_on = True
        self.model.renew(now)
        self.model.offer(now)

    @precondition(lambda self: self.model.is_on and self.stage.now < self.model.starts)
    @rule(is_sure=ONE_IN_SIX)
    def postpone(self, is_sure: bool) -> None:
        if not is_sure:
            return
        now = self._advance("postpone")
        self.day += timedelta(days=1)
        self.stage.change_workshop(day=self.day)
        workshop = self.stage.workshop()
        assert workshop.confirm_at is not None
        self.model.starts, self.model.confirm_at = workshop.starts_at, workshop.confirm_at
        self.model.renew(now)
        self.model.forget_answers()
        self.model.offer(now)

    # Time and delivery

    @rule(minutes=WAITS)
    def wait(self, minutes: int) -> None:
        now = self._advance("wait", minutes)
        self.stage.work()
        self.model.lapse(now)
        self.model.round(now)

    @precondition(lambda self: any(p.asked and not p.heard for p in self.model.parties))
    @rule()
    def deliver_reconfirmations(self) -> None:
        now = self._advance("deliver reconfirmations")
        self.stage.deliver(NotificationType.RECONFIRM)
        for party in self.model.with_status(SEATED):
            if party.asked is not None and party.heard is None and not party.has_confirmed:
                party.heard = now

    # Invariants

    @invariant()
    def database_equals_model(self) -> None:
        workshop_id = self.stage.workshop_id
        with self.store.read() as session:
            rows = session.execute(_ROWS, {"workshop": workshop_id}).all()
            offers = Counter(session.scalars(_OFFERS, {"workshop": workshop_id}))
            assert faults(session, workshop_id) == []
            if self.model.is_on and not self.model.is_late(self.stage.now):
                assert stranded(session, workshop_id) == []
        stored = {row.id: (row.status, row.people, row.offered_until, row.lapses) for row in rows}
        assert stored == {p.id: (p.status, p.people, p.until, p.lapses) for p in self.model.parties}
        notified = [p.id for p in self.model.with_status(OFFERED) if p.is_reachable]
        assert offers == Counter(notified)

    def _advance(self, step: str, minutes: int = 0) -> datetime:
        self.steps[step] += 1
        # Stay before the start: check-in is not part of the model.
        latest = self.model.starts - timedelta(minutes=5)
        wanted = self.stage.now + timedelta(minutes=minutes)
        self.stage.now = min(wanted, max(latest, self.stage.now)) + timedelta(seconds=1)
        return self.stage.now

    def _choose(self, index: int, *statuses: Any) -> Party:
        found = self.model.with_status(*statuses)
        return found[index % len(found)]


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


def _expect_error(error: type[Exception] | None) -> AbstractContextManager[object]:
    return nullcontext() if error is None else pytest.raises(error)


def _end(hours: int | None) -> time:
    return time(18 + (hours or 6) // 3, (hours or 6) % 3 * 20)


def _hour(hour: int) -> str:
    return f"{18 + hour // 3}:{hour % 3 * 20:02}"


def _run_walks(
    store: Store, office: Office, kind: Kind, *, walks: int, length: int, is_same: bool
) -> Counter[str]:
    """Runs the walks; returns the number of steps by action."""
    steps: Counter[str] = Counter()
    attributes = {"store": store, "office": office, "kind": kind, "steps": steps}
    machine = type("Walk", (RegistrationWalk,), attributes)
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


@pytest.mark.thorough
def test_few_hundred_random_steps_violate_no_invariant(
    store: Store, chicago: Office, rights: Kind
) -> None:
    steps = _run_walks(store, chicago, rights, walks=8, length=40, is_same=True)
    assert steps.total() > 200


@pytest.mark.long
def test_ten_thousand_random_steps_violate_no_invariant(
    store: Store, chicago: Office, rights: Kind
) -> None:
    """Each of the two databases gets half of the steps."""
    steps: Counter[str] = Counter()
    while steps.total() < 10_000 // len(DATABASES):
        steps += _run_walks(store, chicago, rights, walks=50, length=60, is_same=False)
    database = store.engine.dialect.name
    print(f"\n{database}: {steps.total()} steps, 0 violations; {dict(steps.most_common())}")
