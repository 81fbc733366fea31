"""When the public sees how full a discreet workshop is: late, so that nobody sees one registration.

Whoever watches its page must not see that one more person registered (S28). The public sees one of
three states (`seat_states`), and a change of state after a random delay of up to an hour. The
workshop's row keeps the state that is shown.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.workshops.models import Workshop, WorkshopStatus
from outreach.domain.workshops.seat_states import compute_shown

MIN_DELAY: Final = timedelta(minutes=1)
MAX_DELAY: Final = timedelta(hours=1)


@dataclass
class DelayedStates:
    """When each workshop whose state has changed shows it. Kept by the worker; another one that
    takes over draws the delays anew."""

    due_at: dict[int, datetime] = field(default_factory=dict)
    generator: random.Random = field(default_factory=random.SystemRandom)

    def find_due(self, states: Mapping[int, tuple[int, int]], *, now: datetime) -> dict[int, int]:
        """The states to show now, by id of workshop. `states` has seats left and the state shown,
        of all workshops; one that has changed back meanwhile has nothing to show."""
        due: dict[int, int] = {}
        changed = {
            workshop_id: state
            for workshop_id, (seats_left, shown) in states.items()
            if (state := compute_shown(seats_left, shown)) != shown
        }
        self.due_at = {
            workshop_id: self.due_at.get(workshop_id) or now + self._draw()
            for workshop_id in changed
        }
        for workshop_id, state in changed.items():
            if self.due_at[workshop_id] <= now:
                due[workshop_id] = state
        return due

    def _draw(self) -> timedelta:
        return timedelta(seconds=self.generator.uniform(MIN_DELAY.seconds, MAX_DELAY.seconds))


def list_states(session: Session, *, now: datetime) -> dict[int, tuple[int, int]]:
    """Seats left and the state shown, of discreet workshops to come, by id."""
    rows = session.execute(
        sa.select(Workshop.id, Workshop.seats_left, Workshop.shown_seats).where(
            Workshop.is_discreet.is_(True),
            Workshop.status == WorkshopStatus.PUBLISHED,
            Workshop.starts_at > now,
        )
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def show(session: Session, states: Mapping[int, int]) -> None:
    """Shows these states from now on."""
    for workshop_id, state in states.items():
        session.execute(
            sa.update(Workshop)
            .where(Workshop.id == workshop_id)
            .values(shown_seats=state)
            .execution_options(synchronize_session=False)
        )
