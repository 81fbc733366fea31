"""When the public sees how full a sensitive workshop is: late, so that nobody sees one person.

Whoever watches the page of a workshop of high sensitivity, discreet or not, must not see that one
more person registered, or was left without a seat (S28, S29). The public sees one of three states
(`seat_states`), and a change of state after a random delay of up to an hour. So it is with each
hour of a day of consultations and with each accommodation that has a limit: shown as free or not.
The rows of workshop and slots keep the state that is shown.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.types import Codes
from outreach.domain.network.kinds import HIGH_SENSITIVITIES, Kind, Way
from outreach.domain.registrations import accommodations, capacity
from outreach.domain.workshops import Workshop, WorkshopStatus, time_slots
from outreach.domain.workshops.seat_states import compute_appears_free, compute_shown
from outreach.domain.workshops.time_slots import TimeSlot

MIN_DELAY: Final = timedelta(minutes=1)
MAX_DELAY: Final = timedelta(hours=1)


class StateKey(NamedTuple):
    """Names what has a state that is shown: a workshop, one of its slots or one of its
    accommodations.
    """

    workshop_id: int
    slot_id: int | None = None
    need: str | None = None


@dataclass
class DelayedStates:
    """Remembers when each state that has changed will be shown.

    The worker keeps it in memory; another worker that takes over draws the delays anew.
    """

    due_at: dict[StateKey, datetime] = field(default_factory=dict)
    generator: random.Random = field(default_factory=random.SystemRandom)

    def find_due(
        self, states: Mapping[StateKey, tuple[int, int]], *, now: datetime
    ) -> dict[StateKey, int]:
        """Returns the states that are to be shown now.

        `states` has every state together with the one that is shown. A state that has changed back
        meanwhile has nothing to show.
        """
        changed = {key: state for key, (state, shown) in states.items() if state != shown}
        self.due_at = {key: self.due_at.get(key) or now + self._draw() for key in changed}
        return {key: state for key, state in changed.items() if self.due_at[key] <= now}

    def _draw(self) -> timedelta:
        return timedelta(seconds=self.generator.uniform(MIN_DELAY.seconds, MAX_DELAY.seconds))


_SENSITIVE_KINDS: Final = sa.select(Kind.id).where(Kind.sensitivity.in_(HIGH_SENSITIVITIES))


def list_states(session: Session, *, now: datetime) -> dict[StateKey, tuple[int, int]]:
    """Returns, for workshops ahead that hide their seats, the true state and the one that is shown.

    A workshop with slots has no state of its own: it follows from the slots that are shown.
    """
    is_watched = (
        sa.or_(Workshop.is_discreet.is_(True), Workshop.kind_id.in_(_SENSITIVE_KINDS)),
        Workshop.status == WorkshopStatus.PUBLISHED,
        Workshop.starts_at > now,
    )
    states: dict[StateKey, tuple[int, int]] = {}
    for workshop_id, seats_left, shown in session.execute(
        sa.select(Workshop.id, Workshop.seats_left, Workshop.shown_seats).where(
            *is_watched, Workshop.way != Way.SLOTS
        )
    ):
        states[StateKey(workshop_id)] = (compute_shown(seats_left, shown), shown)
    for slot in session.scalars(sa.select(TimeSlot).join(Workshop).where(*is_watched)):
        states[StateKey(slot.workshop_id, slot_id=slot.id)] = _compare(
            slot.seats_left, slot.capacity, was_free=slot.appears_free
        )
    for workshop in session.scalars(sa.select(Workshop).where(*is_watched)):
        left = accommodations.get_left(session, workshop.id) if workshop.support else {}
        for need, number in left.items():
            states[StateKey(workshop.id, need=need)] = _compare(
                number, workshop.support[need], was_free=need not in workshop.shown_used_up
            )
    return states


def _compare(left: int, limit: int, *, was_free: bool) -> tuple[int, int]:
    return int(compute_appears_free(left, limit, was_free=was_free)), int(was_free)


def show(session: Session, states: Mapping[StateKey, int]) -> None:
    """Stores these states, which the public sees from now on."""
    for key, state in states.items():
        if key.need is None:
            session.execute(_update(key, state).execution_options(synchronize_session=False))
        else:
            _show_need(session, key.workshop_id, key.need, is_free=bool(state))
    for workshop_id in {key.workshop_id for key in states if key.slot_id is not None}:
        shown = time_slots.compute_shown_seats(session, workshop_id)
        update = _update(StateKey(workshop_id), shown)
        session.execute(update.execution_options(synchronize_session=False))


def _show_need(session: Session, workshop_id: int, need: str, *, is_free: bool) -> None:
    workshop = session.get_one(Workshop, workshop_id)
    capacity.lock(session, workshop)
    others = [each for each in workshop.shown_used_up if each != need]
    workshop.shown_used_up = Codes(others if is_free else [*others, need])
    session.flush()


def _update(key: StateKey, state: int) -> sa.Update:
    if key.slot_id is not None:
        slot = sa.update(TimeSlot).where(TimeSlot.id == key.slot_id)
        return slot.values(appears_free=bool(state))
    return sa.update(Workshop).where(Workshop.id == key.workshop_id).values(shown_seats=state)
