"""The months of one test each have no workshop of another, on whatever day the tests run."""

from datetime import date, timedelta

import pytest

from tests.browser import data_imports, data_series
from tests.browser.own_months import OwnMonth

NEAR = range(36)  # 5 weeks


@pytest.mark.parametrize("own", OwnMonth)
def test_no_other_workshop_is_in_an_own_month(own: OwnMonth) -> None:
    days_ahead = [*NEAR, *data_imports.DAYS_AHEAD, *data_series.DAYS_AHEAD]
    for number in range(366 + 3 * 365):
        today = date(2027, 1, 1) + timedelta(days=number)
        month = own.month_from(today)
        first, last = (month.first - today).days, (month.last - today).days
        assert not any(first <= ahead <= last for ahead in days_ahead), today
