"""The workshops of a month, counted by kind and by office.

A month is the one of each workshop's local day, stored with it: counting needs no time zone, and
one month is read from an index alone, however many workshops there are.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.db.base import Words
from outreach.db.types import Codes
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import COUNTED_STATUSES, DeliveryMode, Workshop, WorkshopStatus
from outreach.i18n import N_

TOTAL: Final = "total"
OPEN: Final = "open"  # provisional
CLOSED: Final = "closed"


# The counting rules (COUNT01 to COUNT09), printed under every table.
RULES: Final = (
    N_("Cada taller cuenta una sola vez."),
    N_("Cuenta en su tipo principal, aunque trate también de otros temas."),
    N_("Cuenta para la oficina que lo organiza, sin importar en qué ciudad se dé."),
    N_("Cuenta en el mes de su día, según el reloj del lugar donde se da."),
    N_("Cada sesión de una serie cuenta como un taller."),
    N_("No cuentan los borradores, los cancelados ni los que no se realizaron."),
    N_("Un taller publicado cuyo día ya pasó cuenta como realizado, salvo que se diga que no."),
    N_(
        "Un mes en curso o futuro muestra lo realizado hasta el corte; "
        "lo planeado se dice aparte y no se suma."
    ),
    N_("Los talleres en línea, los discretos y los que solo tienen enlace cuentan como los demás."),
)


class NamedCode(NamedTuple):
    """A kind or an office, as a table names it."""

    name: Words
    region: str = ""  # of an office: IL, QC


@dataclass(frozen=True, kw_only=True)
class WorkshopCounts:
    """The count of one month; `held` so far where the month is not over."""

    month: Month
    state: str  # OPEN: provisional, or CLOSED
    revision: int
    cut: datetime
    total: int
    planned: int
    is_synthetic: bool  # some of what is counted is a reconstruction: say so
    by_kind: Mapping[str, int]  # in the order of kinds; the core ones even at 0
    by_office: Mapping[str, Mapping[str, int]]  # offices with at least one; each has its `total`
    planned_by_kind: Mapping[str, int]
    kinds: Mapping[str, NamedCode]  # every kind of `by_kind` and `planned_by_kind`
    offices: Mapping[str, NamedCode]  # every office of `by_office`
    rules: tuple[str, ...] = RULES

    @property
    def is_over(self) -> bool:
        return self.planned == 0 and self.cut.date() > self.month.last


# Kind, office, whether reconstructed (1 or 0), held, planned.
Cell = sa.Row[int, int, int, int, int]


# The table's columns, not the mapper's, and no converting of each row's truth: of the time that a
# month takes, the object-relational way was a third.
_TABLE: Final = Workshop.__table__.c
_IS_HELD: Final = sa.or_(
    _TABLE.standing == WorkshopStatus.HELD,
    _TABLE.ends_at <= sa.bindparam("now", type_=Workshop.ends_at.type),
)
# The standings are written into the statement: only so do PostgreSQL and SQLite see that an index
# holds all that are counted, and nothing else.
IS_COUNTED: Final = _TABLE.standing.in_(
    sa.bindparam("counted", COUNTED_STATUSES, expanding=True, literal_execute=True)
)
_OF_MONTH: Final = (_TABLE.month == sa.bindparam("month"), IS_COUNTED)
_CELL: Final[tuple[sa.ColumnElement[int], sa.ColumnElement[int], sa.ColumnElement[int]]] = (
    _TABLE.kind_id,
    _TABLE.office_id,
    sa.cast(_TABLE.is_synthetic, sa.Integer),
)
# Grouped in the order of the index, so that the database need not sort.
_ORDER: Final = (_TABLE.standing, _TABLE.kind_id, _TABLE.office_id, _TABLE.is_synthetic)
_HELD: Final = sa.func.sum(sa.case((_IS_HELD, 1), else_=0))
_NONE: Final = sa.literal_column("0", sa.Integer)
_CELLS: Final[sa.Select[int, int, int, int, int]] = (
    sa.select(*_CELL, sa.func.count(), _NONE).where(*_OF_MONTH).group_by(*_ORDER)
)
_CELLS_SO_FAR: Final[sa.Select[int, int, int, int, int]] = (
    sa.select(*_CELL, _HELD, sa.func.count() - _HELD).where(*_OF_MONTH).group_by(*_ORDER)
)
_WAYS: Final[sa.Select[int, int, int, int, int, DeliveryMode, Codes]] = (
    sa.select(*_CELL, _HELD, sa.func.count() - _HELD, Workshop.mode, Workshop.languages)
    .where(*_OF_MONTH)
    .group_by(*_ORDER, Workshop.mode, Workshop.languages)
)
_KINDS: Final = sa.select(Kind.id, Kind.code, Kind.is_core, Kind.name).order_by(Kind.position)
_OFFICES: Final = sa.select(Office.id, Office.slug, Office.name, Office.region).order_by(
    Office.slug
)


def cells(session: Session, month: Month, *, now: datetime) -> Sequence[Cell]:
    """The bare numbers of a month: kind, office, whether reconstructed, how many were held, how
    many are planned. A month that is over is read from its index alone."""
    if is_over(month, now):
        rows = session.execute(_CELLS, {"month": month.number})
    else:
        rows = session.execute(_CELLS_SO_FAR, {"month": month.number, "now": now})
    return rows.all()


def ways(
    session: Session, month: Month, *, now: datetime
) -> Sequence[sa.Row[int, int, int, int, int, DeliveryMode, Codes]]:
    """The cells, parted by mode and by languages. All tables of a month come from this one
    statement, so that each has the same sum, whatever others change meanwhile."""
    return session.execute(_WAYS, {"month": month.number, "now": now}).all()


def count(
    session: Session,
    month: Month,
    *,
    now: datetime,
    found: Iterable[tuple[int, int, int, int, int]] | None = None,
) -> WorkshopCounts:
    """The count of a month as of `now`; `found`: the cells that it is to be made from."""
    held: dict[int, int] = {}
    planned: dict[int, int] = {}
    offices: dict[int, dict[int, int]] = {}
    is_synthetic = False
    if found is None:
        found = cells(session, month, now=now)
    for kind_id, office_id, is_rebuilt, done, ahead in found:
        held[kind_id] = held.get(kind_id, 0) + done
        planned[kind_id] = planned.get(kind_id, 0) + ahead
        is_synthetic = is_synthetic or bool(is_rebuilt)
        if done:
            mine = offices.setdefault(office_id, {})
            mine[kind_id] = mine.get(kind_id, 0) + done
    kinds = session.execute(_KINDS).all()
    by_office, office_names = {}, {}
    for office_id, slug, name, region in session.execute(_OFFICES):
        if office_id not in offices:
            continue
        mine = offices[office_id]
        row = {kind.code: mine[kind.id] for kind in kinds if kind.id in mine}
        by_office[slug] = row | {TOTAL: sum(mine.values())}
        office_names[slug] = NamedCode(name, region)
    by_kind = {k.code: held.get(k.id, 0) for k in kinds if k.is_core or held.get(k.id)}
    planned_by_kind = {k.code: planned[k.id] for k in kinds if planned.get(k.id)}
    return WorkshopCounts(
        month=month,
        state=OPEN,
        revision=0,
        cut=now,
        total=sum(held.values()),
        planned=sum(planned.values()),
        is_synthetic=is_synthetic,
        by_kind=by_kind,
        by_office=by_office,
        planned_by_kind=planned_by_kind,
        kinds={k.code: NamedCode(k.name) for k in kinds if k.code in by_kind | planned_by_kind},
        offices=office_names,
    )


def as_json(count: WorkshopCounts, translate: Callable[[str], str] = str) -> dict[str, Any]:
    """What `counts --format json` and the page's JSON give (COUNT10); only ever added to."""
    return {
        "month": str(count.month),
        "state": count.state,
        "revision": count.revision,
        "cut": count.cut.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "total": count.total,
        "planned": count.planned,
        "is_reconstruction": count.is_synthetic,
        "by_kind": dict(count.by_kind),
        "by_office": {slug: dict(row) for slug, row in count.by_office.items()},
        "rules": [translate(rule) for rule in count.rules],
    }


def by_region(count: WorkshopCounts) -> dict[str, int]:
    """What was held in each state or province, by its letters: {"IL": 7, …}. A region that no
    office of the month is in is left out."""
    regions: Counter[str] = Counter()
    for slug, row in count.by_office.items():
        regions[count.offices[slug].region] += row[TOTAL]
    return dict(sorted(regions.items()))


def months(session: Session) -> list[Month]:
    """The months that have anything to count, the first one first."""
    walk = _walk()
    has_any = sa.exists().where(Workshop.month == walk.c.month, IS_COUNTED)
    found = session.scalars(sa.select(walk.c.month).where(has_any).order_by(walk.c.month))
    return [Month.from_number(number) for number in found]


def _walk(first: int = 0) -> sa.CTE:
    """The numbers of all months since `first` that have a workshop, of whatever standing.

    Goes from month to month on the index, so that a million workshops cost as much as a hundred.
    """
    start = sa.select(sa.func.min(Workshop.month).label("month")).where(Workshop.month >= first)
    walk = start.cte("months", recursive=True)
    following = (
        sa.select(sa.func.min(Workshop.month)).where(Workshop.month > walk.c.month)
    ).scalar_subquery()
    return walk.union_all(sa.select(following).where(walk.c.month.is_not(None)))


def history(
    session: Session,
    first: Month,
    last: Month,
    *,
    now: datetime,
    by: sa.SQLColumnExpression[int] = Workshop.kind_id,
    office_id: int | None = None,
    kind_id: int | None = None,
) -> Iterator[tuple[Month, int, bool, int, int]]:
    """Of each month of these that has any: the kind (or what `by` says), whether reconstructed, how
    many were held and how many are planned; of one office or one kind if it is given."""
    asked: list[sa.ColumnElement[bool]] = [IS_COUNTED]
    if office_id is not None:
        asked.append(Workshop.office_id == office_id)
    if kind_id is not None:
        asked.append(Workshop.kind_id == kind_id)
    rebuilt = _rebuilt(session, first, last, by, asked)
    over = min(last, _first_running(now).plus(-1))
    running = max(first, over.following)
    ranged = by is Workshop.kind_id and session.get_bind().dialect.name == "sqlite"
    found: list[sa.Select[int, int, int, int]] = []
    if first <= over:
        found.append((_by_range if ranged else _by_group)(first, over, by, asked))
    if running <= last:
        held = sa.func.sum(sa.case((is_held(now), 1), else_=0))
        found.append(_by_group(running, last, by, asked, held))
    for statement in found:
        for number, what, done, ahead in session.execute(statement):
            if done or ahead:
                month = Month.from_number(number)
                yield month, what, (number, what) in rebuilt, int(done), int(ahead)


def _by_group(
    first: Month,
    last: Month,
    by: sa.SQLColumnExpression[int],
    asked: Sequence[sa.ColumnElement[bool]],
    held: sa.ColumnElement[int] | None = None,
) -> sa.Select[int, int, int, int]:
    """Without `held`, of months that are over: read from an index alone."""
    every = sa.func.count()
    numbers = (every, _NONE) if held is None else (held, every - held)
    return (
        sa.select(Workshop.month, by, *numbers)
        .where(Workshop.month.between(_month_parameter(first), _month_parameter(last)), *asked)
        .group_by(Workshop.month, by)
    )


def _month_parameter(month: Month) -> sa.BindParameter[int]:
    """Written into the statement: PostgreSQL, asked for the fifth time with the values apart, plans
    for any range, as if it were a short one."""
    return sa.bindparam(None, month.number, sa.Integer(), literal_execute=True)


def _by_range(
    first: Month, last: Month, _by: object, asked: Sequence[sa.ColumnElement[bool]]
) -> sa.Select[int, int, int, int]:
    """The same by kind, for SQLite, which counts each range of its index in half the time that it
    takes to look of each row whether it is still of the same group. Kinds at none come too."""
    walk = _walk(first.number)
    number = (
        sa.select(sa.func.count())
        .where(Workshop.month == walk.c.month, Workshop.kind_id == Kind.id, *asked)
        .scalar_subquery()
    )
    return (
        sa.select(walk.c.month, Kind.id, number, _NONE)
        .select_from(walk.join(Kind, sa.true()))
        .where(walk.c.month <= last.number)
    )


def _rebuilt(
    session: Session,
    first: Month,
    last: Month,
    by: sa.SQLColumnExpression[int],
    asked: Sequence[sa.ColumnElement[bool]],
) -> set[tuple[int, int]]:
    """The months, and kinds or whatever it is by, of which something is reconstructed. Asked by
    itself: these few have an index of their own, and to look at each of a million whether it is
    one of them takes a third of the time of all."""
    rows = session.execute(
        sa.select(Workshop.month, by)
        .where(Workshop.is_synthetic, Workshop.month.between(first.number, last.number), *asked)
        # In the order of their index, which SQLite takes for it.
        .group_by(Workshop.month, Workshop.status, by)
    )
    return {(number, what) for number, what in rows}


def _first_running(now: datetime) -> Month:
    """The first month that is not over."""
    this = Month.of(now.date()).plus(-1)
    return this.following if is_over(this, now) else this


def is_held(now: datetime) -> sa.ColumnElement[bool]:
    """The condition that a workshop that counts has been held by then."""
    return sa.or_(Workshop.status == WorkshopStatus.HELD, Workshop.ends_at <= now)


def is_over(month: Month, now: datetime) -> bool:
    """Whether everything of the month has ended, in every zone and past midnight too."""
    return now >= datetime.combine(month.following.first, time(), UTC) + timedelta(days=3)
