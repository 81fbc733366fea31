"""The events of calendars as Evolution reads them, for by_libecal: Debian's own Python runs it."""

import json
import sys
from typing import Any

import gi

gi.require_version("ECal", "2.0")
gi.require_version("ICalGLib", "3.0")

from gi.repository import ECal, ICalGLib  # noqa: E402 - after their versions are chosen

BEGINS, ENDS = "20240101T000000Z", "20400101T000000Z"


def main() -> None:
    json.dump([_read(text) for text in json.load(sys.stdin)], sys.stdout)


def _read(text: str) -> list[tuple[str, int, int]]:
    calendar = ICalGLib.Component.new_from_string(text)
    begins, ends = (ICalGLib.Time.new_from_string(each) for each in (BEGINS, ENDS))
    found = []

    def look_up(tzid: str, *_others: Any) -> Any:
        """As ECalClient does: a zone of the system is preferred to the one in the file."""
        known = ECal.match_tzid(tzid)
        if known:
            return ICalGLib.Timezone.get_builtin_timezone_from_tzid(known)
        return calendar.get_timezone(tzid)

    def keep(event: Any, starts: Any, ends: Any, *_others: Any) -> bool:
        found.append((event.get_uid(), _seconds(starts), _seconds(ends)))
        return True

    utc = ICalGLib.Timezone.get_utc_timezone()
    event = calendar.get_first_component(ICalGLib.ComponentKind.VEVENT_COMPONENT)
    while event:
        ECal.recur_generate_instances_sync(
            event, begins, ends, keep, None, look_up, None, utc, None
        )
        event = calendar.get_next_component(ICalGLib.ComponentKind.VEVENT_COMPONENT)
    return found


def _seconds(moment: Any) -> int:
    seconds: int = moment.as_timet_with_zone(moment.get_timezone())
    return seconds


if __name__ == "__main__":
    main()
