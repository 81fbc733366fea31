"""vobject, with dateutil's reading of the file's own zones."""

from datetime import UTC
from typing import Any

import vobject

from tests.calendar_readers import Seen


def read(body: bytes) -> list[Seen]:
    # vobject keeps the first block it meets of a zone for all files that a process reads.
    known = vars(vobject.icalendar)["__tzidMap"]
    for key in [key for key in known if key != "UTC"]:
        del known[key]
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
