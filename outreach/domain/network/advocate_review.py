"""The yearly review of discreet kinds by a local organization that accompanies women.

Staff of headquarters record its name and day. `outreach doctor` and the first page of admins say
when there are discreet kinds and the review is missing or more than a year old.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.network.installation_settings import InstallationSetting
from outreach.domain.network.kinds import Kind

MAX_AGE: Final = timedelta(days=365)
MAX_NAME_LENGTH: Final = 120
_NAME: Final = "advocate_review"


@dataclass(frozen=True)
class AdvocateReview:
    organization: str
    day: date

    def is_current(self, today: date) -> bool:
        return today - self.day <= MAX_AGE


def find(session: Session) -> AdvocateReview | None:
    """Returns the last review; None where none is recorded."""
    row = session.get(InstallationSetting, _NAME, populate_existing=True)
    if row is None:
        return None
    day, _gap, organization = row.value.partition(" ")
    return AdvocateReview(organization, date.fromisoformat(day))


def record(session: Session, review: AdvocateReview) -> None:
    session.merge(InstallationSetting(name=_NAME, value=f"{review.day} {review.organization}"))


def is_due(session: Session, *, today: date) -> bool:
    """Tells whether there are discreet kinds and no review within a year."""
    review = find(session)
    if review is not None and review.is_current(today):
        return False
    return session.scalar(sa.select(Kind.id).where(Kind.is_discreet.is_(True)).limit(1)) is not None
