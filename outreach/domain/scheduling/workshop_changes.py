"""Changes that staff can undo: what a workshop was before one of them, for a day.

A row is stored with a change whose decision names a batch. It holds fields of the workshop, nothing
of people; what they had been asked and what waited to be said is in `kept_queue`, and goes with the
person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach.db.base import Base
from outreach.db.types import Codes
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.workshops import Workshop, partners
from outreach.domain.workshops.partners import ChosenPartners
from outreach.domain.workshops.series import WorkshopSeries

KEPT_FOR: Final = timedelta(days=1)
STATUS: Final = "status"
CHOSEN: Final = frozenset({"partners", "speakers"})  # ids, kept beside the fields

Values = Mapping[str, Any]  # by field of `WorkshopData` or name of CHOSEN, as JSON


class ChangeAction(StrEnum):
    EDITED = "edited"
    CANCELLED = "cancelled"
    REINSTATED = "reinstated"


class WorkshopChange(Base):
    __tablename__ = "workshop_change"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    workshop_id: Mapped[int] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="CASCADE"), index=True
    )
    workshop: Mapped[Workshop] = relationship(init=False)
    batch: Mapped[str] = mapped_column(sa.String(26), index=True)
    action: Mapped[ChangeAction]
    before: Mapped[dict[str, Any]] = mapped_column(sa.JSON)  # only the fields that changed
    after: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    changes_facts: Mapped[bool]  # what people have to know (`workshops.facts`)
    approved_count: Mapped[int]  # parties who may read the address
    made_at: Mapped[datetime] = mapped_column(index=True)
    # What waited to be said (`kept_queue`); empty where the change concerns nobody.
    queue_before: Mapped[dict[str, Any]] = mapped_column(
        sa.JSON, default_factory=dict, server_default="{}"
    )


def record_change(
    session: Session,
    workshop: Workshop,
    action: ChangeAction,
    *,
    batch: str,
    before: Values,
    changes_facts: bool,
    now: datetime,
) -> WorkshopChange:
    """Stores a change that was just made, and returns it; `before` has the fields that changed."""
    change = WorkshopChange(
        workshop_id=workshop.id,
        batch=batch,
        action=action,
        before=dict(before),
        after={name: read_value(session, workshop, name) for name in before},
        changes_facts=changes_facts,
        approved_count=count_approved(session, workshop),
        made_at=now,
    )
    session.add(change)
    session.flush()
    return change


def set_chosen(
    session: Session,
    workshop: Workshop,
    wanted: ChosenPartners,
    *,
    former: ChosenPartners,
    batch: str,
    now: datetime,
) -> frozenset[str]:
    """Sets partners and speakers, and stores the `former` ones with the other changes of this
    batch.

    Without a batch nothing is stored. Returns which of the two changed. Raises NotFound as
    `partners.set_chosen`.
    """
    new = partners.set_chosen(session, workshop, wanted, former=former)
    if not new or not batch:
        return new
    before = {name: sorted(getattr(former, name)) for name in sorted(new)}
    change = session.scalar(
        sa.select(WorkshopChange).where(
            WorkshopChange.workshop_id == workshop.id, WorkshopChange.batch == batch
        )
    )
    if change is None:
        record_change(
            session, workshop, ChangeAction.EDITED, batch=batch, before=before,
            changes_facts=False, now=now,
        )  # fmt: skip
    else:
        after = {name: read_value(session, workshop, name) for name in before}
        change.before, change.after = before | change.before, change.after | after
        session.flush()
    return new


def restore_chosen(session: Session, workshop: Workshop, values: Values) -> None:
    """Sets partners and speakers to those that are among the values from before the change."""
    current = partners.get_chosen(session, workshop)
    given = {name: tuple(values[name]) for name in CHOSEN & values.keys()}
    partners.set_chosen(session, workshop, replace(current, **given))


def read_value(session: Session, workshop: Workshop, name: str) -> Any:
    """Returns a field of a workshop, its partners or its speakers, as JSON."""
    if name in CHOSEN:
        return sorted(getattr(partners.get_chosen(session, workshop), name))
    return encode(getattr(workshop, name))


def count_approved(session: Session, workshop: Workshop) -> int:
    return session.scalar(_COUNT_APPROVED, {"workshop": workshop.id}) or 0


_COUNT_APPROVED: Final = sa.select(sa.func.count()).where(
    Registration.workshop_id == sa.bindparam("workshop"), Registration.approved_at.is_not(None)
)


def list_batch(session: Session, batch: str) -> Sequence[WorkshopChange]:
    """The changes of a batch, in the order of their workshops."""
    return session.scalars(
        sa.select(WorkshopChange)
        .join(WorkshopChange.workshop)
        .where(WorkshopChange.batch == batch)
        .order_by(WorkshopChange.workshop_id, WorkshopChange.id)
    ).all()


def find_latest(session: Session, workshop: Workshop, *, now: datetime) -> WorkshopChange | None:
    """Returns the last change of a workshop, if it is still kept."""
    return session.scalar(
        sa.select(WorkshopChange)
        .where(WorkshopChange.workshop_id == workshop.id, WorkshopChange.made_at > now - KEPT_FOR)
        .order_by(WorkshopChange.made_at.desc(), WorkshopChange.id.desc())
        .limit(1)
    )


def list_kept(session: Session, workshop: Workshop, *, now: datetime) -> list[WorkshopChange]:
    """Returns the changes of a workshop that are still kept, the oldest first."""
    return list(
        session.scalars(
            sa.select(WorkshopChange)
            .where(
                WorkshopChange.workshop_id == workshop.id, WorkshopChange.made_at > now - KEPT_FOR
            )
            .order_by(WorkshopChange.made_at, WorkshopChange.id)
        )
    )


def delete_old(session: Session, *, now: datetime) -> None:
    session.execute(sa.delete(WorkshopChange).where(WorkshopChange.made_at <= now - KEPT_FOR))


def encode(value: object) -> Any:
    """Returns a value of `WorkshopData` as JSON."""
    if isinstance(value, (Office, Kind, Venue, WorkshopSeries)):
        return value.id
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, ZoneInfo):
        return value.key
    if isinstance(value, StrEnum):
        return value.value
    return list(value) if isinstance(value, Codes) else value


def decode(session: Session, name: str, value: Any, current: object) -> Any:
    """Returns the value of a field from its JSON. `current` is a value of that field, for its
    type.
    """
    entity = _ENTITIES.get(name)
    if entity is not None:
        return None if value is None else session.get_one(entity, value)
    if name in {"starts", "ends"}:
        return time.fromisoformat(value)
    if name == "day":
        return date.fromisoformat(value)
    if name == "zone":
        return ZoneInfo(value)
    if isinstance(current, (StrEnum, Codes)):
        return type(current)(value)
    return value


_ENTITIES: Final[Mapping[str, type[Base]]] = {
    "office": Office,
    "kind": Kind,
    "venue": Venue,
    "series": WorkshopSeries,
}
