"""The hours of texts: from 8 to 20 by the clock of the venue, unless the workshop starts before the
next morning and is not over. The outbox of texts asks `find_next` for every text that is not urgent
(S36)."""

from datetime import datetime, time, timedelta
from typing import Final

from outreach import clock
from outreach.domain.workshops import Workshop

FROM: Final = time(8)
UNTIL: Final = time(20)


def is_daytime(workshop: Workshop, at: datetime) -> bool:
    """Tells whether it is an hour of texts by the clock of the venue."""
    return FROM <= at.astimezone(workshop.zone).time() < UNTIL


def find_next(workshop: Workshop, at: datetime, *, is_change: bool = False) -> datetime:
    """Returns the first instant from `at` on at which a text about the workshop may be sent.

    `is_change`: the text tells of the last change of the workshop.
    """
    if is_daytime(workshop, at):
        return at
    there = at.astimezone(workshop.zone)
    day = there.date() + timedelta(days=there.time() >= UNTIL)
    morning = clock.instant(day, FROM, workshop.zone)
    starts_at = workshop.find_first_start(at) if is_change else workshop.starts_at
    is_past = workshop.ends_at.astimezone(workshop.zone).date() < there.date()
    return at if morning >= starts_at and not is_past else morning
