"""How far the reports of the network's month are, for those who administer all offices."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from outreach import clock
from outreach.clock import Month
from outreach.domain.newsletter import report_reminders
from outreach.domain.newsletter.report_reminders import NoReach
from outreach.domain.reporting import months
from outreach.reports import coverage
from outreach.web.staff.common import workshop_labels

_WITHOUT_READER = frozenset({NoReach.NO_ACCOUNT, NoReach.DISABLED, NoReach.UNCONFIRMED})


@dataclass(frozen=True, kw_only=True)
class NetworkMonth:
    """The month that closes next. `pending` are past workshops without a report, `total` all past
    ones; `owing` offices have some, and nobody signs in for those `unmanned`."""

    month: Month
    days_left: int  # until the day on which it closes
    closes: str  # in words
    total: int
    pending: int
    owing: int
    unmanned: int

    @property
    def reported(self) -> int:
        return self.total - self.pending

    @property
    def share(self) -> float:
        """The workshops with a report, in percent of `total`."""
        return 100 * self.reported / self.total if self.total else 0.0


def load(session: Session, *, now: datetime) -> NetworkMonth:
    """The month that closes next, as it is now. Needs the language of a request."""
    today = clock.network_day(now)
    month = months.find_closing_next(now)
    closes_at = months.get_closing_time(month)
    rows = coverage.matrix(session, month, None, now=now).rows
    reach = report_reminders.find_reach(session, [row.slug for row in rows], month, now=now)
    return NetworkMonth(
        month=month,
        days_left=(clock.network_day(closes_at) - today).days,
        closes=workshop_labels.headquarters_moment(closes_at),
        total=sum(row.total for row in rows),
        # A workshop without a report counts as held, and so in the total.
        pending=sum(row.pending for row in rows),
        owing=sum(row.pending > 0 for row in rows),
        unmanned=sum(each.cause in _WITHOUT_READER for each in reach),
    )
