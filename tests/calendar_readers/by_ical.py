"""Reads with ical, the strictly typed parser of Home Assistant."""

from datetime import UTC, datetime

import pytest

from tests.calendar_readers import Seen


def read(body: bytes) -> list[Seen]:
    try:
        from ical.calendar_stream import IcsCalendarStream
    except ModuleNotFoundError:
        pytest.fail("ical is not here; tests/run --long installs it")
    calendar = IcsCalendarStream.calendar_from_ics(body.decode())
    return sorted(
        Seen(
            uid=event.uid,
            starts=_instant(event.dtstart),
            ends=_instant(event.dtend),
            summary=event.summary or "",
            location=event.location or "",
            status=event.status.value if event.status else "",
            sequence=event.sequence or 0,
        )
        for event in calendar.events
    )


def _instant(moment: object) -> datetime:
    assert isinstance(moment, datetime)
    return moment.astimezone(UTC)
