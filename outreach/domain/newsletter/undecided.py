"""Everything that staff wanted to decide later: people who were not notified of a change, and
bulletins whose letters nobody has decided on."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.newsletter import bulletins
from outreach.domain.newsletter.bulletins import BulletinEdition
from outreach.domain.registrations import change_notifications
from outreach.domain.workshops import Workshop


@dataclass(frozen=True)
class UndecidedMessage:
    """A workshop whose people, or a bulletin whose subscribers, wait for a decision of staff."""

    workshop: Workshop | None = None
    edition: BulletinEdition | None = None

    @property
    def office_id(self) -> int | None:
        """The id of the office that decides; None: headquarters."""
        return None if self.workshop is None else self.workshop.office_id


def list_undecided(
    session: Session, office_ids: Collection[int] | None, *, now: datetime
) -> list[UndecidedMessage]:
    """The workshops of these offices by start, the nearest first; with `office_ids` None those of
    the whole network, and then the bulletins by month."""
    query = sa.select(Workshop).where(change_notifications.awaits_decision(now))
    if office_ids is not None:
        query = query.where(Workshop.office_id.in_(office_ids))
    found = [
        UndecidedMessage(workshop=each)
        for each in session.scalars(query.order_by(Workshop.starts_at, Workshop.id))
    ]
    if office_ids is None:
        found += [UndecidedMessage(edition=each) for each in bulletins.list_undecided(session)]
    return found
