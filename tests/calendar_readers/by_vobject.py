"""Reads with vobject, which parses the VTIMEZONE blocks of files by dateutil.

It keeps the first block of each TZID for the whole process and uses it for all files that follow,
as Radicale does with the calendars of all its users. Nothing is taken from it here.
"""

from datetime import UTC
from typing import Any

import vobject

from tests.calendar_readers import Seen


def read(body: bytes) -> list[Seen]:
    calendar = vobject.readOne(body.decode())
    calendar.validate(raiseException=True)
    return sorted(_seen(event) for event in getattr(calendar, "vevent_list", []))


def _seen(event: Any) -> Seen:
    return Seen(
        uid=event.uid.value,
        starts=event.dtstart.value.astimezone(UTC),
        ends=event.dtend.value.astimezone(UTC),
        summary=event.summary.value,
        location=event.location.value,
        status=event.status.value,
        sequence=int(event.sequence.value),
    )
