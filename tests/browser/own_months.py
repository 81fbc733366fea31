"""Months that one test each has for itself in the database that all browser tests share.

The other workshops are within 5 weeks of today, 160 days ahead and more (`data_imports`, a day for
each sheet), or 300 to 321 days ahead (`data_series`). None of these days is in an own month, on
whatever day the tests run: month 3 begins 60 days ahead at the earliest, month 4 ends 152 days
ahead at the latest, and month 12 begins 335 days ahead at the earliest."""

from enum import IntEnum, unique

from outreach import clock
from outreach.clock import Month


@unique
class OwnMonth(IntEnum):
    """So many months from today's. The first two are found by going from month to month."""

    THIRTY_BY_CALENDAR = 3
    THIRTY_BY_PLANNER_AND_SERIES = 4
    DRAG_TO_ANOTHER_DAY = 12
    DRAG_TO_ANOTHER_HOUR = 13
    ARROW_KEYS = 14
    CALENDAR_WITHOUT_JAVASCRIPT = 15
    EMPTY_HOUR = 16
    THIRTY_BY_PLANNER = 17
    PLANNER_BY_KEYBOARD = 18
    BULK_WITHOUT_JAVASCRIPT = 19
    TICKS = 20

    @property
    def month(self) -> Month:
        return Month.from_day(clock.now().date()).plus(self)
