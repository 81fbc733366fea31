"""The queue of the staff: one line for each person and workshop with all that waits for a person.

Several things that wait for one person are one line, and one call. A line that needs a decision on
an address is first, then what is about a workshop that starts soon, then the rest, each the oldest
first. A call that ended, or comes back later, is in no line (`call_attempts.py`).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.types import Instant
from outreach.domain import outbox
from outreach.domain.dashboard.pending_items import ITEMS_BY_SORT, Gravity, WorkSort
from outreach.domain.network.offices import Office
from outreach.domain.registrations import (
    ACTIVE_STATUSES,
    STATUSES_WITH_SEATS,
    ContactMethod,
    Registration,
    address_approval,
    call_attempts,
    totals,
)
from outreach.domain.registrations.call_attempts import NO_HISTORY, CallHistory
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.reporting import missing_reports
from outreach.domain.roster import undecided_changes
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore.bursts import BurstKeys

IS_NEAR: Final = timedelta(hours=24)  # before the start
BATCH: Final = 500  # keys in one statement
_IS_OF_OFFICES: Final = Workshop.office_id.in_(sa.bindparam("offices", expanding=True))
_NOW: Final = sa.bindparam("now", type_=Instant)
_IS_AHEAD: Final = sa.and_(
    _IS_OF_OFFICES, Workshop.status == WorkshopStatus.PUBLISHED, Workshop.starts_at > _NOW
)
_AWAITING: Final = (
    sa.select(Registration)
    .where(
        Registration.workshop_id.in_(
            sa.select(Workshop.id).where(_IS_OF_OFFICES, address_approval.has_awaiting(_NOW))
        ),
        address_approval.IS_AWAITING,
    )
    .options(sa.orm.joinedload(Registration.workshop, innerjoin=True))
)
_UNDECIDED: Final = (
    sa.select(Workshop)
    .where(_IS_OF_OFFICES, undecided_changes.awaits_decision(_NOW))
    .order_by(Workshop.id)
)
_COUNT_DOUBTFUL: Final = (
    sa.select(Registration.workshop_id, sa.func.count())
    .join(Workshop, Workshop.id == Registration.workshop_id)
    .where(
        Registration.key_id.in_(sa.bindparam("keys", expanding=True)),
        Registration.status.in_(ACTIVE_STATUSES),
        Registration.is_released.is_(False),
        _IS_AHEAD,
    )
    .group_by(Registration.workshop_id)
)
_WITHOUT_REPORT: Final = (
    sa.select(Workshop)
    .where(_IS_OF_OFFICES, missing_reports.is_missing(_NOW, sa.bindparam("since", type_=Instant)))
    .order_by(Workshop.id)
)
# Most offices have few sorts of work: one row says which, and only those are read.
_IS_WAITING: Final = sa.select(
    *(
        sa.exists(statement.with_only_columns(sa.literal_column("1")).order_by(None)).label(name)
        for name, statement in (
            ("awaiting", _AWAITING),
            ("undecided", _UNDECIDED),
            ("without_report", _WITHOUT_REPORT),
        )
    )
)


@dataclass(frozen=True, kw_only=True, repr=False)
class WorkLine:
    """All that waits for one person at one workshop, or for the workshop itself."""

    workshop: Workshop
    sorts: Sequence[WorkSort]  # in their order, at least one
    since: datetime  # when the oldest of these began to wait
    registration: Registration | None = None  # None: it is about the workshop
    calls: Sequence[Notification] = ()
    letters: Sequence[Notification] = ()
    history: CallHistory = NO_HISTORY
    count: int = 0  # how many registrations are to be reviewed
    came: int = 0  # people who were marked at the door of a workshop to report
    expected: int = 0  # people with a seat at it

    @property
    def is_private(self) -> bool:
        """Whether the line has to be opened, which is logged, before anything of the person is
        shown.
        """
        return self.registration is not None and self.workshop.is_sensitive

    @property
    def questions(self) -> Sequence[Notification]:
        """The calls in which an answer is noted: to an offer, or to the reconfirmation."""
        return [each for each in self.calls if each.cause in outbox.QUESTIONS]


@dataclass(kw_only=True)
class _Collected:
    """The work that was found for one person."""

    registration: Registration
    awaits_approval: bool = False
    calls: list[Notification] = field(default_factory=list)
    letters: list[Notification] = field(default_factory=list)


def load(
    session: Session,
    slugs: Collection[str],
    *,
    now: datetime,
    has_texts: bool = False,
    bursts: Sequence[BurstKeys] = (),
) -> list[WorkLine]:
    """Returns the lines of these offices in the order of the queue.

    They are the offices where the staff member edits workshops and calls people.
    `has_texts`: a gateway is configured; `bursts` are those that the key store has.
    """
    office_ids = session.scalars(sa.select(Office.id).where(Office.slug.in_(slugs))).all()
    if not office_ids:
        return []
    values = {"offices": office_ids, "now": now, "since": now - missing_reports.WITHIN}
    waiting = session.execute(_IS_WAITING, values).one()
    lines = _list_people(session, office_ids, now, has_texts, has_awaiting=waiting.awaiting)
    if bursts:
        lines += _list_bursts(session, office_ids, now, bursts)
    if waiting.undecided:
        lines += _list_undecided(session, values)
    if waiting.without_report:
        lines += _list_reports(session, values)
    lines.sort(
        key=lambda line: (_weigh(line, now), line.since, line.workshop.starts_at, _id_of(line))
    )
    return lines


def count_by_sort(lines: Iterable[WorkLine]) -> Counter[WorkSort]:
    """Counts the lines that have something of each sort; a line may count for several."""
    return Counter(sort for line in lines for sort in line.sorts)


def count_for_digest(lines: Iterable[WorkLine]) -> Counter[WorkSort]:
    """Counts the lines by sort as the digest has them: it counts some sorts as another one."""
    counts: Counter[WorkSort] = Counter()
    for line in lines:
        counts.update({ITEMS_BY_SORT[sort].counted_as or sort for sort in line.sorts})
    return counts


def _weigh(line: WorkLine, now: datetime) -> Gravity:
    declared = ITEMS_BY_SORT[line.sorts[0]].gravity
    if declared is not None:
        return declared
    return Gravity.NEAR if line.workshop.starts_at <= now + IS_NEAR else Gravity.USUAL


def _id_of(line: WorkLine) -> tuple[int, str]:
    return line.workshop.id, line.registration.id if line.registration is not None else ""


# People


def _list_people(
    session: Session,
    office_ids: Sequence[int],
    now: datetime,
    has_texts: bool,
    *,
    has_awaiting: bool,
) -> list[WorkLine]:
    found: dict[str, _Collected] = {}
    if has_awaiting:
        for registration in _select_awaiting(session, office_ids, now):
            found[registration.id] = _Collected(registration=registration, awaits_approval=True)
    calls, letters = outbox.list_calls_and_letters(
        session, office_ids, now=now, has_texts=has_texts
    )
    for call in calls:
        _collect(found, call).calls.append(call)
    for letter in letters:
        _collect(found, letter).letters.append(letter)
    with_phone = [
        each.registration
        for each in found.values()
        if each.registration.contact is ContactMethod.PHONE
    ]
    histories = call_attempts.read_histories(session, with_phone)
    return [
        _make_line(each, histories.get(registration_id, NO_HISTORY))
        for registration_id, each in found.items()
    ]


def _collect(found: dict[str, _Collected], notification: Notification) -> _Collected:
    registration = notification.registration
    return found.setdefault(registration.id, _Collected(registration=registration))


def _make_line(collected: _Collected, history: CallHistory) -> WorkLine:
    registration, calls = collected.registration, collected.calls
    due = [each.due_at for each in (*calls, *collected.letters)]
    if collected.awaits_approval:
        due.append(registration.registered_at)
    is_asked = {each.cause is NotificationType.RECONFIRM for each in calls}
    has = {
        WorkSort.APPROVE: collected.awaits_approval,
        WorkSort.CALL: False in is_asked,
        WorkSort.CONFIRM: True in is_asked,
        WorkSort.LETTER: bool(collected.letters),
    }
    return WorkLine(
        workshop=registration.workshop,
        registration=registration,
        sorts=[sort for sort in WorkSort if has.get(sort)],
        since=min(due),
        calls=calls,
        letters=collected.letters,
        history=history,
    )


def _select_awaiting(
    session: Session, office_ids: Sequence[int], now: datetime
) -> Sequence[Registration]:
    """Returns the parties that await approval to read an address, at workshops that are ahead."""
    return session.scalars(_AWAITING, {"offices": office_ids, "now": now}).all()


# Workshops


def _list_bursts(
    session: Session, office_ids: Sequence[int], now: datetime, bursts: Sequence[BurstKeys]
) -> list[WorkLine]:
    """Returns lines for the workshops ahead at which undecided bursts have registrations.

    Each says how many registrations these are, and since when.
    """
    undecided = [each for each in bursts if each.decision is None]
    began = {each.workshop: each.began_at for each in reversed(undecided)}
    key_ids = [key_id for each in undecided for key_id in each.key_ids]
    counts: Counter[int] = Counter()
    for start in range(0, len(key_ids), BATCH):
        keys = {"keys": key_ids[start : start + BATCH]}
        rows = session.execute(_COUNT_DOUBTFUL, {"offices": office_ids, "now": now, **keys})
        counts.update({row[0]: row[1] for row in rows})
    # The key of who has just moved may still be one of the workshop before.
    known = {workshop_id: count for workshop_id, count in counts.items() if workshop_id in began}
    return [
        WorkLine(workshop=each, sorts=[WorkSort.REVIEW], count=known[each.id], since=began[each.id])
        for each in (_find_workshops(session, list(known)) if known else [])
    ]


def _list_undecided(session: Session, values: Mapping[str, object]) -> list[WorkLine]:
    workshops = session.scalars(_UNDECIDED, values).all()
    return [
        WorkLine(workshop=each, sorts=[WorkSort.NOTIFY], since=each.changed_at)
        for each in workshops
    ]


def _list_reports(session: Session, values: Mapping[str, object]) -> list[WorkLine]:
    workshops = session.scalars(_WITHOUT_REPORT, values).all()
    ids = [each.id for each in workshops]
    arrived = totals.read_all(session, ids) if ids else {}
    expected = _count_expected(session, ids)
    return [
        WorkLine(
            workshop=each,
            sorts=[WorkSort.REPORT],
            since=each.ends_at,
            came=arrived[each.id][totals.ARRIVED] + each.walk_ins,
            expected=expected.get(each.id, 0),
        )
        for each in workshops
    ]


def _count_expected(session: Session, workshop_ids: Sequence[int]) -> dict[int, int]:
    """Counts the people who hold seats, by id of workshop."""
    if not workshop_ids:
        return {}
    rows = session.execute(
        sa.select(Registration.workshop_id, sa.func.sum(Registration.people))
        .where(
            Registration.workshop_id.in_(workshop_ids),
            Registration.status.in_(STATUSES_WITH_SEATS),
        )
        .group_by(Registration.workshop_id)
    )
    return {row[0]: row[1] for row in rows}


def _find_workshops(session: Session, ids: Sequence[int]) -> Sequence[Workshop]:
    return session.scalars(
        sa.select(Workshop).where(Workshop.id.in_(ids)).order_by(Workshop.id)
    ).all()
