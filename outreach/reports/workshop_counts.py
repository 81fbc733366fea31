"""Counts of the workshops of a month, by kind and by office.

The month of a workshop is that of its local day. It is stored in a column, so counting needs no
time zone, and a month is counted from a covering index alone.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, Final, NamedTuple, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.db.base import Words
from outreach.db.types import Codes
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import COUNTED_STATUSES, DeliveryMode, Workshop, WorkshopStatus
from outreach.i18n import N_
from outreach.reports.count_columns import ColumnCounts, ColumnSums, CountColumn

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
    """The name of a kind or an office in the tables."""

    name: Words
    region: str = ""  # state or province of an office: IL, QC


@dataclass(frozen=True, kw_only=True)
class WorkshopCounts:
    """The counts of one month; up to the cut if the month is not over."""

    month: Month
    state: str  # OPEN (provisional) or CLOSED
    revision: int
    cut: datetime
    total: int
    planned: int
    is_synthetic: bool  # some counted workshops are a reconstruction; pages must say so
    by_kind: Mapping[str, int]  # in the order of kinds; core kinds even if 0
    by_office: Mapping[str, Mapping[str, int]]  # offices with at least one workshop, with `total`
    planned_by_kind: Mapping[str, int]
    kinds: Mapping[str, NamedCode]  # every kind of `by_kind` and `planned_by_kind`
    offices: Mapping[str, NamedCode]  # every office of `by_office`
    columns: Mapping[str, ColumnCounts] = field(default_factory=dict)  # see `count_columns`
    rules: tuple[str, ...] = RULES

    @property
    def is_over(self) -> bool:
        return self.planned == 0 and self.cut.date() > self.month.last


class NetworkRows(Protocol):
    """All kinds by position and all offices by slug, where a caller has them in memory."""

    @property
    def kinds(self) -> Sequence[Kind]: ...

    @property
    def offices(self) -> Sequence[Office]: ...


# Kind id, office id, whether synthetic (1 or 0), held, planned.
Cell = sa.Row[int, int, int, int, int]


# Columns of the table instead of mapped attributes, and integers instead of booleans: the ORM took
# a third of the time of a count.
_TABLE: Final = Workshop.__table__.c
_IS_HELD: Final = sa.or_(
    _TABLE.status == WorkshopStatus.HELD,
    _TABLE.ends_at <= sa.bindparam("now", type_=Workshop.ends_at.type),
)
# The statuses are literals in the statement: only then do PostgreSQL and SQLite use the partial
# index of the counted statuses.
IS_COUNTED: Final = _TABLE.status.in_(
    sa.bindparam("counted", COUNTED_STATUSES, expanding=True, literal_execute=True)
)
_OF_MONTH: Final = (_TABLE.month == sa.bindparam("month"), IS_COUNTED)
_CELL: Final[tuple[sa.ColumnElement[int], sa.ColumnElement[int], sa.ColumnElement[int]]] = (
    _TABLE.kind_id,
    _TABLE.office_id,
    sa.cast(_TABLE.is_synthetic, sa.Integer),
)
# Grouping in the order of the index avoids a sort.
_ORDER: Final = (_TABLE.status, _TABLE.kind_id, _TABLE.office_id, _TABLE.is_synthetic)
_HELD: Final = sa.func.sum(sa.case((_IS_HELD, 1), else_=0))
_NONE: Final = sa.literal_column("0", sa.Integer)
_CELLS: Final[sa.Select[int, int, int, int, int]] = (
    sa.select(*_CELL, sa.func.count(), _NONE).where(*_OF_MONTH).group_by(*_ORDER)
)
_CELLS_SO_FAR: Final[sa.Select[int, int, int, int, int]] = (
    sa.select(*_CELL, _HELD, sa.func.count() - _HELD).where(*_OF_MONTH).group_by(*_ORDER)
)
_KINDS: Final = sa.select(Kind.id, Kind.code, Kind.is_core, Kind.name).order_by(
    Kind.position, Kind.code
)
_OFFICES: Final = sa.select(Office.id, Office.slug, Office.name, Office.region).order_by(
    Office.slug
)


def list_cells(session: Session, month: Month, *, now: datetime) -> Sequence[Cell]:
    """Returns (kind id, office id, whether synthetic, held, planned) of a month. A month that is
    over is read from its covering index alone."""
    if is_over(month, now):
        rows = session.connection().execute(_CELLS, {"month": month.number})
    else:
        rows = session.connection().execute(_CELLS_SO_FAR, {"month": month.number, "now": now})
    return rows.all()


class ReportCell(NamedTuple):
    """The workshops of a kind, an office, a mode and languages in a month."""

    kind_id: int
    office_id: int
    is_synthetic: int  # 1 or 0
    held: int
    planned: int
    mode: DeliveryMode
    languages: Codes
    columns: tuple[int, ...]  # how many of those held are of each column


def count_by_mode_and_language(
    session: Session, month: Month, *, now: datetime, columns: tuple[CountColumn, ...]
) -> list[ReportCell]:
    """Returns the cells split by mode and languages. All tables of a month are computed from this
    one statement, so their sums agree despite concurrent changes."""
    values = {"month": month.number, "now": now}
    rows = session.connection().execute(_select_by_mode_and_language(columns), values)
    width = len(ReportCell._fields) - 1
    return [ReportCell._make((*row[:width], tuple(row[width:]))) for row in rows]


@cache
def _select_by_mode_and_language(
    columns: tuple[CountColumn, ...],
) -> sa.Select[*tuple[Any, ...]]:
    sums = [
        sa.func.sum(sa.case((sa.and_(_IS_HELD, each.condition), 1), else_=0)) for each in columns
    ]
    return (
        sa.select(*_CELL, _HELD, sa.func.count() - _HELD, Workshop.mode, Workshop.languages, *sums)
        .where(*_OF_MONTH)
        .group_by(*_ORDER, Workshop.mode, Workshop.languages)
    )


def count(
    session: Session,
    month: Month,
    *,
    now: datetime,
    cells: Iterable[Sequence[int]] | None = None,
    columns: Sequence[CountColumn] = (),
    network: NetworkRows | None = None,
) -> WorkshopCounts:
    """Returns the counts of a month as of `now`, from `cells` and of the kinds and offices of
    `network` if they were queried already. Cells end with the numbers of `columns`."""
    held: dict[int, int] = {}
    planned: dict[int, int] = {}
    offices: dict[int, dict[int, int]] = {}
    is_synthetic = False
    column_sums = ColumnSums(columns)
    if cells is None:
        cells = list_cells(session, month, now=now)
    for kind_id, office_id, is_cell_synthetic, held_count, planned_count, *numbers in cells:
        column_sums.add(kind_id, office_id, numbers)
        held[kind_id] = held.get(kind_id, 0) + held_count
        planned[kind_id] = planned.get(kind_id, 0) + planned_count
        is_synthetic = is_synthetic or bool(is_cell_synthetic)
        if held_count:
            office_counts = offices.setdefault(office_id, {})
            office_counts[kind_id] = office_counts.get(kind_id, 0) + held_count
    kinds: Sequence[Kind | sa.Row[int, str, bool, Words]]
    every_office: Sequence[Office | sa.Row[int, str, Words, str]]
    if network is None:
        connection = session.connection()
        kinds, every_office = connection.execute(_KINDS).all(), connection.execute(_OFFICES).all()
    else:
        kinds, every_office = network.kinds, network.offices
    codes = [(kind.id, kind.code) for kind in kinds]
    by_office, office_names = {}, {}
    for office in every_office:
        office_counts = offices.get(office.id, {})
        if not office_counts:
            continue
        row = {code: office_counts[id_] for id_, code in codes if id_ in office_counts}
        by_office[office.slug] = row | {TOTAL: sum(office_counts.values())}
        office_names[office.slug] = NamedCode(office.name, office.region)
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
        columns=column_sums.get_counts(codes, [(each.id, each.slug) for each in every_office]),
    )


def as_json(count: WorkshopCounts, translate: Callable[[str], str] = str) -> dict[str, Any]:
    """Returns the JSON of `counts --format json` and of the page (COUNT10); fields are only ever
    added."""
    columns = {name: each.as_json(translate) for name, each in count.columns.items()}
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
        **({"columns": columns} if columns else {}),
    }


def by_region(count: WorkshopCounts) -> dict[str, int]:
    """Returns the number of held workshops by state or province: {"IL": 7, …}. Regions without an
    office in the month are left out."""
    regions: Counter[str] = Counter()
    for slug, row in count.by_office.items():
        regions[count.offices[slug].region] += row[TOTAL]
    return dict(sorted(regions.items()))


def months(session: Session) -> list[Month]:
    """Returns the months with counted workshops, in order."""
    walk = _month_numbers()
    has_any = sa.exists().where(Workshop.month == walk.c.month, IS_COUNTED)
    numbers = session.scalars(sa.select(walk.c.month).where(has_any).order_by(walk.c.month))
    return [Month.from_number(number) for number in numbers]


def _month_numbers(first: int | sa.ColumnElement[int] = 0) -> sa.CTE:
    """The numbers of all months since `first` with a workshop of any status.

    A recursive query that skips from month to month on the index (a loose index scan), so its cost
    depends on the number of months, not of workshops.
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
    """Yields (month, id, whether synthetic, held, planned) for each month of the range with counted
    workshops.

    `id` is that of the kind, or of the column `by`. `office_id` and `kind_id` restrict the count to
    one office or kind.
    """
    values = {
        name: value
        for name, value in (("office", office_id), ("kind", kind_id))
        if value is not None
    }
    connection = session.connection()
    whole = {"first": first.number, "last": last.number, **values}
    synthetic = {
        (number, id_) for number, id_ in connection.execute(_select_synthetic(by, *values), whole)
    }
    last_over = min(last, _first_running(now).plus(-1))
    first_running = max(first, last_over.following)
    is_ranged = by is Workshop.kind_id and connection.dialect.name == "sqlite"
    statements: list[tuple[sa.Select[int, int, int, int], dict[str, Any]]] = []
    if first <= last_over:
        over = _select_by_range(*values) if is_ranged else _select_by_group(by, *values)
        statements.append((over, {"first": first.number, "last": last_over.number}))
    if first_running <= last:
        running = _select_by_group(by, *values, is_over=False)
        months = {"first": first_running.number, "last": last.number, "now": now}
        statements.append((running, months))
    for statement, months in statements:
        rows = connection.execute(statement, months | values)
        for number, id_, held_count, planned_count in rows:
            if held_count or planned_count:
                month = Month.from_number(number)
                is_synthetic = (number, id_) in synthetic
                yield month, id_, is_synthetic, int(held_count), int(planned_count)


def _list_conditions(*names: str) -> list[sa.ColumnElement[bool]]:
    """Returns the conditions of a counted workshop. `names` are the parameters that limit them:
    office, kind."""
    columns = {"office": Workshop.office_id, "kind": Workshop.kind_id}
    return [IS_COUNTED, *(columns[name] == sa.bindparam(name) for name in names)]


@cache
def _select_by_group(
    by: sa.SQLColumnExpression[int], *names: str, is_over: bool = True
) -> sa.Select[int, int, int, int]:
    """Counts by GROUP BY. Months that are over are read from an index alone."""
    total = sa.func.count()
    held, planned = (total, _NONE) if is_over else (_HELD, total - _HELD)
    months = Workshop.month.between(_month_parameter("first"), _month_parameter("last"))
    return (
        sa.select(Workshop.month, by, held, planned)
        .where(months, *_list_conditions(*names))
        .group_by(Workshop.month, by)
    )


def _month_parameter(name: str) -> sa.BindParameter[int]:
    """A month as a literal in the statement. With bound values, PostgreSQL switches to a generic
    plan after five executions, which assumes a short range."""
    return sa.bindparam(name, type_=sa.Integer(), literal_execute=True)


@cache
def _select_by_range(*names: str) -> sa.Select[int, int, int, int]:
    """Counts by kind with a subquery for each range of the index: in SQLite, twice as fast as GROUP
    BY. Returns kinds with 0 too."""
    walk = _month_numbers(sa.bindparam("first"))
    number = (
        sa.select(sa.func.count())
        .where(
            Workshop.month == walk.c.month,
            Workshop.kind_id == Kind.id,
            *_list_conditions(*names),
        )
        .scalar_subquery()
    )
    return (
        sa.select(walk.c.month, Kind.id, number, _NONE)
        .select_from(walk.join(Kind, sa.true()))
        .where(walk.c.month <= sa.bindparam("last"))
    )


@cache
def _select_synthetic(by: sa.SQLColumnExpression[int], *names: str) -> sa.Select[int, int]:
    """Selects (number of the month, id) where some workshops are synthetic.

    A separate query, because synthetic workshops have an index of their own: checking the flag of
    each counted workshop took a third of the total time.
    """
    return (
        sa.select(Workshop.month, by)
        .where(
            Workshop.is_synthetic,
            Workshop.month.between(sa.bindparam("first"), sa.bindparam("last")),
            *_list_conditions(*names),
        )
        # In the order of the index, so that SQLite uses it.
        .group_by(Workshop.month, Workshop.status, by)
    )


def _first_running(now: datetime) -> Month:
    """Returns the first month that is not over."""
    previous = Month.from_day(now.date()).plus(-1)
    return previous.following if is_over(previous, now) else previous


def is_held(now: datetime) -> sa.ColumnElement[bool]:
    """Returns the SQL condition that a counted workshop was held by `now`."""
    return sa.or_(Workshop.status == WorkshopStatus.HELD, Workshop.ends_at <= now)


def is_over(month: Month, now: datetime) -> bool:
    """Whether all workshops of the month have ended, in every time zone and past midnight too."""
    return now >= datetime.combine(get_end_day(month), time(), UTC)


def get_end_day(month: Month) -> date:
    """Returns the day, in UTC, from which the month is over: the fourth of the next month."""
    return month.following.first + timedelta(days=3)
