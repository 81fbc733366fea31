"""Seats kept for proven contacts: half of those of an ordinary workshop (S29).

They are kept at a workshop that somebody wanted while the brake was on (`keystore.save_rates`),
until a day after its end, since a party has a day to prove its contact. A day before the start they
are open to everybody. A party that finds only kept seats is waitlisted, with a claim where it can
prove its contact (`contact_proof.py`). Seats that proven parties hold count in the half.

A rule that is computed and not a second count: nothing has to be corrected after a cancellation or
a change of the capacity.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.registrations.models import (
    STATUSES_WITH_SEATS,
    ContactMethod,
    Registration,
    RegistrationData,
    SeatClaim,
)
from outreach.domain.workshops import Workshop

OPEN_BEFORE: Final = timedelta(hours=24)  # the start: then all seats are open to everybody
PROVE_WITHIN: Final = timedelta(hours=24)  # of the registration
_PRECISION: Final = timedelta(minutes=1)  # a later end by less is not worth a write


@dataclass(frozen=True)
class Keeping:
    """That a party leaves the seats that are kept, as all do who register by themselves."""

    provable: Set[ContactMethod]  # the contacts to which the installation can send a link
    brake_ends_at: datetime | None  # None while the brake is off

    def can_prove(self, data: RegistrationData) -> bool:
        has_text = data.contact is not ContactMethod.PHONE or data.may_leave_message
        return data.contact in self.provable and has_text


_NOW: Final = sa.bindparam("now", type_=Workshop.starts_at.type)
_DAY_AHEAD: Final = sa.bindparam("day_ahead", type_=Workshop.starts_at.type)
_IS_KEPT: Final = sa.and_(
    Workshop.kept_until.is_not(None),
    Workshop.kept_until > _NOW,
    Workshop.starts_at > _DAY_AHEAD,
    Workshop.is_discreet.is_(False),
)
_PROVEN: Final = (
    sa.select(sa.func.coalesce(sa.func.sum(Registration.people), 0))
    .where(
        Registration.workshop_id == Workshop.id,
        # No IN, whose list is written out anew at each execution.
        sa.or_(*(Registration.status == each for each in STATUSES_WITH_SEATS)),
        Registration.claim == SeatClaim.PROVEN,
    )
    .correlate(Workshop)
    .scalar_subquery()
)
_KEPT: Final = (Workshop.capacity + Workshop.overbooked) // 2 - _PROVEN  # or less than zero
_START: Final = (
    sa.update(Workshop)
    .where(
        Workshop.id == sa.bindparam("workshop"),
        Workshop.is_discreet.is_(False),
        Workshop.starts_at > _DAY_AHEAD,
        sa.or_(
            Workshop.kept_until.is_(None),
            Workshop.kept_until < sa.bindparam("enough", type_=Workshop.starts_at.type),
        ),
    )
    .values(kept_until=sa.bindparam("until", type_=Workshop.starts_at.type))
)
_COUNT: Final = sa.select(_KEPT).where(Workshop.id == sa.bindparam("workshop"), _IS_KEPT)


def leaves_kept(people: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """The condition that a workshop has so many seats beside those that are kept; with the
    parameters of `instants`."""
    return sa.or_(sa.not_(_IS_KEPT), Workshop.seats_left - people >= _KEPT)


def instants(now: datetime) -> dict[str, Any]:
    return {"now": now, "day_ahead": now + OPEN_BEFORE}


def start(session: Session, workshop_id: int, brake_ends_at: datetime, *, now: datetime) -> None:
    """Keeps half of the seats of a workshop, unless it is discreet or begins within a day."""
    until = brake_ends_at + PROVE_WITHIN
    session.connection().execute(
        _START,
        {
            "workshop": workshop_id,
            "day_ahead": now + OPEN_BEFORE,
            "until": until,
            "enough": until - _PRECISION,
        },
    )


def is_kept(workshop: Workshop, now: datetime) -> bool:
    """Whether seats of this workshop are kept, as far as it has just been read."""
    return (
        workshop.kept_until is not None
        and workshop.kept_until > now
        and workshop.starts_at > now + OPEN_BEFORE
        and not workshop.is_discreet
    )


def count(session: Session, workshop_id: int, *, now: datetime) -> int:
    """How many seats are kept of those that are left; the workshop may have fewer left."""
    parameters = {"workshop": workshop_id, **instants(now)}
    kept = session.connection().execute(_COUNT, parameters).scalar_one_or_none()
    return max(0, kept or 0)
