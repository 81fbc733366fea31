"""Reads with icalendar and recurring-ical-events, using the VTIMEZONE blocks of the file."""

from datetime import UTC, date, datetime
from typing import Any

import recurring_ical_events
from icalendar import Calendar

from tests.calendar_readers import Misread, Seen

BEGIN, END = date(2024, 12, 1), date(2032, 1, 1)


def read(body: bytes) -> list[Seen]:
    """The events, sorted. Raises Misread if icalendar reports errors."""
    calendar: Any = Calendar.from_ical(body)
    errors = [error for part in calendar.walk() for error in part.errors]
    if errors:
        raise Misread(f"icalendar: {errors}")
    zones = {zone["TZID"]: zone.to_tz(lookup_tzid=False) for zone in calendar.timezones}
    found = recurring_ical_events.of(calendar).between(BEGIN, END)
    return sorted(
        Seen(
            uid=str(event["UID"]),
            starts=_instant(event.start, event["DTSTART"].params.get("TZID"), zones),
            ends=_instant(event.end, event["DTEND"].params.get("TZID"), zones),
            summary=str(event["SUMMARY"]),
            location=str(event["LOCATION"]),
            status=str(event["STATUS"]),
            sequence=int(event["SEQUENCE"]),
        )
        for event in found
    )


def _instant(moment: datetime, key: str | None, zones: dict[str, Any]) -> datetime:
    """The instant by the VTIMEZONE of the file; without a key it is written in UTC. Raises Misread
    if icalendar's own zone differs."""
    if key is None:
        return moment.astimezone(UTC)
    instant: datetime = moment.replace(tzinfo=zones[key]).astimezone(UTC)
    if moment.astimezone(UTC) != instant:
        raise Misread(f"icalendar: {moment} is {instant} by the block of {key}")
    return instant
