"""Months that one test each has for itself in the database that all browser tests share.

The other workshops are within 5 weeks of today, or on the days of `data_imports` and `data_series`.
None of these days is in an own month, on whatever day the tests run: `test_own_months`."""

from datetime import date
from enum import IntEnum, unique

from outreach import clock
from outreach.clock import Month


@unique
class OwnMonth(IntEnum):
    """So many months from today's. The first two are found by going from month to month."""

    THIRTY_BY_CALENDAR = 3
    THIRTY_BY_PLANNER_AND_SERIES = 4
    END_OF_SERIES = 5
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
        return self.month_from(clock.now().date())

    def month_from(self, today: date) -> Month:
        return Month.from_day(today).plus(self)
