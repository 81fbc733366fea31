"""The report of a month: computed now, or read from a frozen revision.

Every page, file and bulletin of a month is made from one `MonthReport`. That of a closed month is
read from its revision, so all of them show the same numbers, whatever was changed since.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from outreach.clock import Month, Quarter
from outreach.db.base import Words
from outreach.domain.reporting import figures, months, releases
from outreach.domain.reporting.months import MonthRevision
from outreach.domain.reporting.releases import Embargo
from outreach.errors import Conflict, Embargoed, ErrorCode, Refusal
from outreach.reports import (
    attendance_counts,
    count_columns,
    quality,
    quarter_people,
    workshop_counts,
)
from outreach.reports.attendance_counts import Attendance
from outreach.reports.count_columns import COLUMNS, CountColumn
from outreach.reports.quality import QualityStatement
from outreach.reports.quarter_people import QuarterPeople
from outreach.reports.workshop_counts import TOTAL, NamedCode, NetworkRows, WorkshopCounts

FORMAT: Final = 1  # version of the frozen JSON: increment it when a field changes its meaning
MAX_REASON_LENGTH: Final = 300


@dataclass(frozen=True, kw_only=True)
class ReportedFigure:
    """A typed figure with its label, as it was when the report was made."""

    series: str
    label: Words
    unit: str
    value: int
    source: str
    part_of: str | None = None


@dataclass(frozen=True, kw_only=True)
class MonthReport:
    """All numbers of a month. The attendance is set only in a closed month: numbers that change
    from day to day would reveal who came (S24)."""

    count: WorkshopCounts
    by_mode: Mapping[str, int]
    by_language: Mapping[str, int]  # a workshop in two languages counts in both
    figures: tuple[ReportedFigure, ...]
    people: Attendance | None = None
    digest: str = ""  # SHA-256 of the revision it was read from
    quality: QualityStatement | None = None  # only revisions have one, and older ones have none
    quarter_people: QuarterPeople | None = None  # only where the revision completed the quarter

    @property
    def month(self) -> Month:
        return self.count.month

    @property
    def is_closed(self) -> bool:
        return self.count.state == workshop_counts.CLOSED

    def figure(self, series: str) -> int | None:
        """Returns the value of a typed figure, or None if it was not entered."""
        return next((each.value for each in self.figures if each.series == series), None)


@dataclass(frozen=True, kw_only=True)
class MonthChange:
    """A number that differs between two revisions. `what` is `workshops` (with office and kind),
    `column` (with the name of the column as series, and kind), `figure` (with series) or `people`
    (with kind)."""

    what: str
    before: int | None
    after: int | None
    office: str = ""
    kind: str = ""
    series: str = ""


@dataclass(frozen=True, kw_only=True)
class MonthDraft:
    """What the next revision would contain, and its differences from the last one."""

    latest: MonthRevision | None
    report: MonthReport
    changes: list[MonthChange]  # empty if there is no revision yet
    counted: Mapping[str, str]  # see `attendance_counts.digest_counted`


def report(
    session: Session,
    month: Month,
    *,
    now: datetime,
    number: int | None = None,
    network: NetworkRows | None = None,
    is_before_release: bool = False,
) -> MonthReport:
    """Returns the published report of a month, or that of the revision `number`. Raises NotFound if
    there is no such revision, and Embargoed if it, or the month, is not released.

    `is_before_release` is for staff: the latest revision, released or not. `network` is given by
    who has it already.
    """
    embargo = None if is_before_release else releases.load_embargo(session, now)
    if embargo is not None:
        embargo.require_released(month)
    if number is not None:
        revision = months.get_revision(session, month, number)
        if embargo is not None and not revision.is_released(now):
            assert revision.released_at is not None
            raise Embargoed(str(month), revision.released_at)
        return read_revision(revision)
    latest = months.find_latest_revision(session, month, released_by=now if embargo else None)
    is_kept = embargo is not None and embargo.shows_last_revision(month)
    if latest is None or (latest.reopened_at is not None and not is_kept):
        reopened = latest.number if latest else 0
        return live(session, month, now=now, revision=reopened, network=network)
    return read_revision(latest)


def list_closed(
    session: Session, first: Month, last: Month, *, embargo: Embargo | None
) -> dict[Month, MonthReport]:
    """Returns the report of each closed month in a range: of its last published revision; with
    `embargo` None, which is for staff, of its last one."""
    if embargo is None:
        found = months.list_closed_months(session, first, last)
    else:
        found = releases.list_published(session, first, last, embargo=embargo)
    return {month: read_revision(revision) for month, revision in found.items()}


def list_figures(
    session: Session, first: Month, last: Month, *, embargo: Embargo | None
) -> dict[Month, dict[str, int]]:
    """Returns the typed figures of each month in a range that has some, by series; those of a
    closed month are frozen. `embargo`: see `list_closed`."""
    typed = figures.list_range(session, first, last)
    if embargo is not None:
        typed = {month: values for month, values in typed.items() if not embargo.hides(month)}
    frozen = {
        month: {each.series: each.value for each in report.figures}
        for month, report in list_closed(session, first, last, embargo=embargo).items()
    }
    return {month: values for month, values in sorted((typed | frozen).items()) if values}


def live(
    session: Session,
    month: Month,
    *,
    now: datetime,
    revision: int = 0,
    network: NetworkRows | None = None,
    columns: tuple[CountColumn, ...] = COLUMNS,
) -> MonthReport:
    """Returns the provisional report of what the database contains now, without attendance."""
    session.flush()  # statements of the connection do not, and a month is closed after changes
    rows = workshop_counts.count_by_mode_and_language(session, month, now=now, columns=columns)
    cells = [
        (each.kind_id, each.office_id, each.is_synthetic, each.held, each.planned, *each.columns)
        for each in rows
    ]
    count = replace(
        workshop_counts.count(
            session, month, now=now, cells=cells, columns=columns, network=network
        ),
        revision=revision,
    )
    modes: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    for each in rows:
        if each.held:
            modes[each.mode.value] += each.held
            languages.update(dict.fromkeys(each.languages, each.held))
    return MonthReport(
        count=count,
        by_mode=_largest_first(modes),
        by_language=_largest_first(languages),
        figures=tuple(
            ReportedFigure(
                series=series, label=label, unit=unit, value=value, source=source, part_of=part_of
            )
            for series, label, unit, value, source, part_of in figures.list_values(session, month)
        ),
    )


def close(
    session: Session,
    month: Month,
    *,
    reason: str = "",
    public_cause: str | None = None,
    organizer_id: int | None = None,
    seen: int | None = None,
    draft: MonthDraft | None = None,
    now: datetime,
) -> MonthRevision:
    """Freezes and returns the next revision of a month.

    `public_cause` is what the public is told of the `reason`, if it is one of those that
    `month_tables` lists. `seen` is the number of the last revision that the user saw; `draft` is
    what to freeze, if it was computed after `months.lock`. Raises Refusal if the month is not over,
    or a further revision lacks a reason or has no changes; Conflict if `seen` is not the last
    revision.
    """
    months.lock(session, month)
    if not workshop_counts.is_over(month, now):
        raise Refusal(ErrorCode.MONTH_NOT_OVER, month=month)
    latest = months.find_latest_revision(session, month)
    number = latest.number + 1 if latest else 1
    if seen is not None and seen != number - 1:
        raise Conflict(f"revision {number - 1} of {month}")
    reason = " ".join(reason.split())[:MAX_REASON_LENGTH]
    if latest is not None and not reason:
        raise Refusal(ErrorCode.REVISION_WITHOUT_REASON, month=month)
    draft = draft or make_draft(session, month, now=now)
    if latest is not None and not draft.changes and latest.reopened_at is None:
        raise Refusal(ErrorCode.REVISION_WITHOUT_CHANGES, month=month)
    calendar = releases.get_calendar(session)
    is_scheduled = calendar is not None and calendar.covers(month)
    scheduled_at = calendar.get_release_time(month) if calendar and is_scheduled else None
    if latest is not None:  # a calendar that changed since promises nothing else
        scheduled_at = latest.scheduled_at
    released_at = max(now, scheduled_at) if scheduled_at else None
    ranges = _complete_quarter(session, draft, released_at)
    frozen = _freeze(replace(draft.report, quarter_people=ranges))
    text = json.dumps(frozen, ensure_ascii=False, separators=(",", ":"))
    revision = MonthRevision(
        month=month.number,
        number=number,
        cut=draft.report.count.cut,
        reason=reason,
        organizer_id=organizer_id,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        frozen=text,
        changes=[_without_empty(change) for change in draft.changes],
        released_at=released_at,
        scheduled_at=scheduled_at,
        public_cause=public_cause,
        counted=dict(draft.counted),
    )
    months.add_revision(session, revision)
    return revision


def make_draft(
    session: Session,
    month: Month,
    *,
    now: datetime,
    columns: tuple[CountColumn, ...] = COLUMNS,
) -> MonthDraft:
    """Returns what `close` would freeze now."""
    revisions = months.list_revisions_of_quarter(session, month.quarter)
    earlier = revisions[month]
    latest = earlier[-1] if earlier else None
    ranges = _find_quarter_people(each for of_month in revisions.values() for each in of_month)
    fixed = ranges.ranges if ranges else {}
    counted = attendance_counts.digest_counted(session, month)
    versions = [counted, *(each.counted for each in earlier)]
    cut = now.replace(microsecond=0)
    number = latest.number + 1 if latest else 1
    current = live(session, month, now=cut, revision=number, columns=columns)
    closed = replace(
        current,
        count=replace(current.count, state=workshop_counts.CLOSED),
        people=attendance_counts.count_attendance(
            session,
            month,
            _list_attendance(earlier),
            fixed=fixed,
            recounted=attendance_counts.find_recounted(versions, fixed),
        ),
        quality=quality.assess(session, month, now=cut),
    )
    changes = differences(read_revision(latest), closed) if latest else []
    return MonthDraft(latest=latest, report=closed, changes=changes, counted=counted)


def find_quarter_people(
    session: Session, quarter: Quarter, *, now: datetime
) -> QuarterPeople | None:
    """Returns the published ranges of people by office; None where the quarter has none."""
    revisions = months.list_revisions_of_quarter(session, quarter)
    return _find_quarter_people(
        each for of_month in revisions.values() for each in of_month if each.is_released(now)
    )


def list_quarters(
    session: Session, first: Month, last: Month, *, embargo: Embargo
) -> list[Quarter]:
    """Returns the quarters of the closed months in a range that have ranges of people by office."""
    reports = list_closed(session, first, last, embargo=embargo).values()
    found = (each.quarter_people for each in reports)
    return sorted(each.quarter for each in found if each and each.ranges)


def _find_quarter_people(revisions: Iterable[MonthRevision]) -> QuarterPeople | None:
    found = (read_revision(each).quarter_people for each in revisions)
    return next((each for each in found if each), None)


def _complete_quarter(
    session: Session, draft: MonthDraft, released_at: datetime | None
) -> QuarterPeople | None:
    """The ranges of people by office that a revision freezes: those of the revision before, or new
    ones if it is the first that finds all three months closed and none released after itself."""
    month, people = draft.report.month, draft.report.people
    assert people is not None
    revisions = months.list_revisions_of_quarter(session, month.quarter)
    frozen = _find_quarter_people(revisions[month])
    others = [each for other, of_month in revisions.items() if other != month for each in of_month]
    closed = {each.month for each in others}
    is_last_release = all(
        each.released_at is None or (released_at is not None and each.released_at <= released_at)
        for each in others
    )
    if frozen or len(closed) < 2 or not is_last_release or _find_quarter_people(others):
        return frozen
    published = {each: _list_attendance(of_month) for each, of_month in revisions.items()}
    published[month] = [*published[month], people]
    counted = {
        each: [*(one.counted for one in of_month), attendance_counts.digest_counted(session, each)]
        for each, of_month in revisions.items()
    }
    return quarter_people.draw(session, month.quarter, published, counted)


def _list_attendance(revisions: Sequence[MonthRevision]) -> list[Attendance]:
    return [people for each in revisions if (people := read_revision(each).people)]


def changes_of(revision: MonthRevision) -> list[MonthChange]:
    """Returns the differences of a revision from the previous one."""
    return [MonthChange(**each) for each in revision.changes]


def differences(before: MonthReport, after: MonthReport) -> list[MonthChange]:
    """Returns every number that differs between two reports. An attendance that is hidden in either
    is left out, because the difference would reveal it. So is a column that only one of them
    has."""
    changes: list[MonthChange] = []
    offices = sorted({*before.count.by_office, *after.count.by_office})
    for office in offices:
        old, new = before.count.by_office.get(office, {}), after.count.by_office.get(office, {})
        kinds = [kind for kind in {**old, **new} if kind != TOTAL]
        changes += [
            MonthChange(what="workshops", office=office, kind=kind, before=a, after=b)
            for kind in kinds
            if (a := old.get(kind, 0)) != (b := new.get(kind, 0))
        ]
    for name, column in after.count.columns.items():
        if name in before.count.columns:
            old, new = before.count.columns[name].by_kind, column.by_kind
            changes += [
                MonthChange(what="column", series=name, kind=kind, before=a, after=b)
                for kind in {**old, **new}
                if (a := old.get(kind, 0)) != (b := new.get(kind, 0))
            ]
    series = {each.series: None for each in (*before.figures, *after.figures)}
    changes += [
        MonthChange(
            what="figure", series=code, before=before.figure(code), after=after.figure(code)
        )
        for code in series
        if before.figure(code) != after.figure(code)
    ]
    if before.people and after.people:
        hidden = before.people.hidden_kinds | after.people.hidden_kinds
        old, new = before.people.published, after.people.published
        changes += [
            MonthChange(what="people", kind=kind, before=a, after=b)
            for kind in {**old, **new}
            if kind not in hidden and (a := old.get(kind, 0)) != (b := new.get(kind, 0))
        ]
    return changes


def read_revision(revision: MonthRevision) -> MonthReport:
    """Returns the report that a revision froze."""
    data = json.loads(revision.frozen)
    people = data["people"]
    offices = {slug: NamedCode(*each) for slug, each in data["offices"].items()}
    return MonthReport(
        count=WorkshopCounts(
            month=Month.from_number(revision.month),
            state=workshop_counts.CLOSED,
            revision=revision.number,
            cut=revision.cut,
            total=data["total"],
            planned=0,
            is_synthetic=data["is_reconstruction"],
            by_kind=data["by_kind"],
            by_office=data["by_office"],
            planned_by_kind={},
            kinds={code: NamedCode(name) for code, name in data["kinds"].items()},
            offices=offices,
            columns={
                name: count_columns.from_json(each)
                for name, each in data.get("columns", {}).items()  # not in older revisions
            },
        ),
        by_mode=data["by_mode"],
        by_language=data["by_language"],
        figures=tuple(ReportedFigure(**each) for each in data["figures"]),
        people=Attendance(
            published=people["told"],
            small=frozenset(people["small"]),
            withheld=frozenset(people["withheld"]),
            total=people["total"],
        ),
        digest=revision.digest,
        quality=quality.from_json(data["quality"]) if data.get("quality") else None,
        quarter_people=quarter_people.from_json(data["quarter"]) if data.get("quarter") else None,
    )


def is_sound(revision: MonthRevision) -> bool:
    """Whether the frozen JSON still has the SHA-256 digest of the day it was frozen."""
    return hashlib.sha256(revision.frozen.encode()).hexdigest() == revision.digest


def _freeze(report: MonthReport) -> dict[str, Any]:
    count, people = report.count, report.people
    assert people is not None
    columns = {name: each.as_json() for name, each in count.columns.items()}
    return {
        "format": FORMAT,
        "month": str(count.month),
        "revision": count.revision,
        "cut": count.cut.astimezone(UTC).isoformat(),
        "total": count.total,
        "is_reconstruction": count.is_synthetic,
        "by_kind": dict(count.by_kind),
        "by_office": {slug: dict(row) for slug, row in count.by_office.items()},
        "by_mode": dict(report.by_mode),
        "by_language": dict(report.by_language),
        "kinds": {code: kind.name for code, kind in count.kinds.items()},
        "offices": {slug: [each.name, each.region] for slug, each in count.offices.items()},
        "figures": [vars(each) for each in report.figures],
        "people": {
            "told": dict(people.published),
            "small": sorted(people.small),
            "withheld": sorted(people.withheld),
            "total": people.total,
        },
        "quality": report.quality.as_json() if report.quality else None,
        "quarter": report.quarter_people.as_json() if report.quarter_people else None,
        **({"columns": columns} if columns else {}),
    }


def _without_empty(change: MonthChange) -> dict[str, Any]:
    return {name: value for name, value in vars(change).items() if value != ""}


def _largest_first(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items(), key=lambda each: (-each[1], each[0])))
