"""What staff are written to about at once: somebody awaits approval, a workshop is full, a burst.

The worker compares what is so with the rows of `StaffAlert`. A row is stored with the letters about
it, so that a workshop causes each of them once; it is deleted, and the next time counts again,
when it is so no more and a day has passed. What comes soon after another alert of the office is
left to the next letter. All alerts of one instant are one letter to each staff member: they have
the `made_at` of its mailing.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach.db.base import Base
from outreach.domain.dashboard import digests
from outreach.domain.network import staff
from outreach.domain.network.staff import StaffMember
from outreach.domain.newsletter import mail_choices, mailings
from outreach.domain.newsletter.mail_choices import StaffLetter
from outreach.domain.newsletter.mailings import Mailing, MailingTopic
from outreach.domain.registrations import address_approval, doubtful
from outreach.domain.reporting import missing_reports
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore.bursts import BurstKeys

REPEATED_AFTER: Final = timedelta(days=1)  # about one thing of one workshop
INTERVAL: Final = timedelta(minutes=10)  # between two letters about one office


class StaffAlertType(StrEnum):
    """The event that an alert tells of. It is stored, and names the letter that staff can turn
    off.
    """

    APPROVAL = "approval"
    FULL = "full"
    BURST = "burst"

    @property
    def letter(self) -> StaffLetter:
        return StaffLetter(self.value)


class StaffAlert(Base):
    """Notes that the staff of a workshop's office were written to about it."""

    __tablename__ = "staff_alert"

    workshop_id: Mapped[int] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="CASCADE"), primary_key=True
    )
    workshop: Mapped[Workshop] = relationship(init=False)
    alert_type: Mapped[StaffAlertType] = mapped_column(primary_key=True)
    made_at: Mapped[datetime] = mapped_column(index=True)


Occasion = tuple[int, StaffAlertType]  # id of a workshop, and what has happened there


def list_occasions(
    session: Session,
    bursts: Sequence[BurstKeys],
    *,
    now: datetime,
    workshop_ids: Collection[int] | None = None,
) -> set[Occasion]:
    """Returns the occasions for an alert that exist now, at all upcoming workshops or at these.

    `bursts` are those that the key store has.
    """
    undecided = [each for each in bursts if each.decision is None]
    seen = {each.burst.workshop for each in doubtful.count_seats(session, undecided)}
    # The index is on the local day, which differs from the UTC day by at most one.
    is_upcoming = sa.and_(
        Workshop.day >= now.date() - timedelta(days=1),
        Workshop.status == WorkshopStatus.PUBLISHED,
        Workshop.starts_at > now,
    )
    conditions = {
        StaffAlertType.APPROVAL: address_approval.has_awaiting(now),
        StaffAlertType.FULL: digests.is_full(now),
        StaffAlertType.BURST: Workshop.id.in_(seen),
    }
    chosen = [] if workshop_ids is None else [Workshop.id.in_(workshop_ids)]
    return {
        (workshop_id, alert_type)
        for alert_type, condition in conditions.items()
        for workshop_id in session.scalars(
            sa.select(Workshop.id).where(is_upcoming, condition, *chosen)
        )
    }


def has_work(session: Session, occasions: Collection[Occasion], *, now: datetime) -> bool:
    """Tells whether `enqueue` would change anything."""
    return bool(_list_new(session, occasions, now)) or bool(_list_ended(session, occasions, now))


def enqueue(session: Session, occasions: Collection[Occasion], *, now: datetime) -> int:
    """Stores what is new and queues one letter for each staff member concerned; returns how many
    letters. Of two workers, one does so."""
    for alert in _list_ended(session, occasions, now):
        session.delete(alert)
    session.flush()
    made = [
        workshop
        for workshop, alert_type in _list_new(session, occasions, now)
        if _store(session, workshop.id, alert_type, now)
    ]
    letters = _list_recipients(session, {each.office.slug for each in made})
    mailings.notify_staff(session, letters, MailingTopic.ALERT, now=now)
    return len(letters)


def list_of_mailing(
    session: Session, mailing: Mailing, bursts: Sequence[BurstKeys], *, now: datetime
) -> list[StaffAlert]:
    """Returns the alerts that a letter tells of, by start.

    They are the alerts of its instant that are still true, at the offices of its recipient,
    and of a sort that the recipient wants to read.
    """
    if mailing.organizer_id is None:
        return []
    made = session.scalars(
        sa.select(StaffAlert)
        .join(Workshop, Workshop.id == StaffAlert.workshop_id)
        .where(StaffAlert.made_at == mailing.made_at)
        .order_by(Workshop.starts_at, Workshop.id, StaffAlert.alert_type)
    ).all()
    ids = {each.workshop_id for each in made}
    current = list_occasions(session, bursts, now=now, workshop_ids=ids)
    choice = mail_choices.read(session, mailing.organizer_id)
    slugs = {each.workshop.office.slug for each in made}
    readers = {slug: _list_readers(session, slug) for slug in slugs}
    return [
        each
        for each in made
        if (each.workshop_id, each.alert_type) in current
        and mailing.organizer_id in readers[each.workshop.office.slug]
        and choice.wants(each.alert_type.letter)
    ]


def delete_old(session: Session, *, now: datetime) -> None:
    """Deletes the alerts of workshops that have begun, and of those that are published no more."""
    is_past = sa.or_(Workshop.starts_at < now, Workshop.status != WorkshopStatus.PUBLISHED)
    session.execute(
        sa.delete(StaffAlert)
        .where(
            # A value and no EXISTS, for which PostgreSQL would read all workshops.
            sa.select(is_past).where(Workshop.id == StaffAlert.workshop_id).scalar_subquery(),
            StaffAlert.made_at < now - REPEATED_AFTER,
        )
        .execution_options(synchronize_session=False)
    )


def _list_new(
    session: Session, occasions: Collection[Occasion], now: datetime
) -> list[tuple[Workshop, StaffAlertType]]:
    """Returns the occasions that are not stored yet.

    Those of an office that has just got a letter are left for later.
    """
    rows = session.execute(sa.select(StaffAlert.workshop_id, StaffAlert.alert_type))
    stored = {(row[0], row[1]) for row in rows}
    new = sorted(set(occasions) - stored)
    if not new:
        return []
    recent = set(
        session.scalars(
            sa.select(Workshop.office_id)
            .join(StaffAlert, StaffAlert.workshop_id == Workshop.id)
            .where(StaffAlert.made_at > now - INTERVAL)
        )
    )
    ids = {workshop_id for workshop_id, _type in new}
    found = session.scalars(sa.select(Workshop).where(Workshop.id.in_(ids)))
    workshops = {each.id: each for each in found if each.office_id not in recent}
    return [(workshops[each], kind) for each, kind in new if each in workshops]


def _list_ended(
    session: Session, occasions: Collection[Occasion], now: datetime
) -> list[StaffAlert]:
    """Returns the stored alerts that are a day old and not true any more."""
    old = session.scalars(sa.select(StaffAlert).where(StaffAlert.made_at < now - REPEATED_AFTER))
    return [each for each in old if (each.workshop_id, each.alert_type) not in occasions]


def _store(session: Session, workshop_id: int, alert_type: StaffAlertType, now: datetime) -> bool:
    try:
        with session.begin_nested():
            session.add(StaffAlert(workshop_id=workshop_id, alert_type=alert_type, made_at=now))
    except IntegrityError:  # another worker was first
        return False
    return True


def _list_recipients(session: Session, slugs: Iterable[str]) -> list[int]:
    readers = {each for slug in slugs for each in _list_readers(session, slug)}
    choices = mail_choices.read_all(session, readers)
    wanted = mail_choices.LetterGroup.ALERTS
    return sorted(each for each in readers if choices[each].wants_any(wanted))


def _list_readers(session: Session, slug: str) -> set[int]:
    """Returns the ids of the staff members who decide at an office and can be written to.

    Where it has none, they are those who administer the network.
    """
    own = {each for each, _slug in missing_reports.list_reporters(session, [slug])}
    known = sa.select(StaffMember.id).where(mail_choices.CAN_BE_WRITTEN_TO)
    found = set(session.scalars(known.where(StaffMember.id.in_(own))))
    if found:
        return found
    return set(session.scalars(known.where(StaffMember.id.in_(staff.list_admin_ids(session)))))
