"""What is told of a month: as it is now, or as a revision froze it.

Every page, file and bulletin of a month is made from one `Report`. A closed month's is read from
its revision, so that all of them agree to the digit, whatever was changed since.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.db.base import Words
from outreach.domain.reporting import figures, months
from outreach.domain.reporting.months import MonthRevision
from outreach.errors import Conflict, ErrorCode, Refusal
from outreach.reports import attendance_counts, workshop_counts
from outreach.reports.attendance_counts import Attendance
from outreach.reports.workshop_counts import TOTAL, NamedCode, WorkshopCounts

FORMAT: Final = 1  # of what is frozen: raise it when something in it changes its meaning
LONGEST_REASON: Final = 300


@dataclass(frozen=True, kw_only=True)
class ReportedFigure:
    """A typed figure, as it was when it was told."""

    series: str
    label: Words
    unit: str
    value: int
    source: str
    part_of: str | None = None


@dataclass(frozen=True, kw_only=True)
class MonthReport:
    """All that is told of a month. People only once it is closed: numbers that change from day to
    day would say who came."""

    count: WorkshopCounts
    by_mode: Mapping[str, int]
    by_language: Mapping[str, int]  # a workshop in two languages counts in both
    figures: tuple[ReportedFigure, ...]
    people: Attendance | None = None
    digest: str = ""  # SHA-256 of the revision it was read from

    @property
    def month(self) -> Month:
        return self.count.month

    @property
    def is_closed(self) -> bool:
        return self.count.state == workshop_counts.CLOSED

    def figure(self, series: str) -> int | None:
        """None where nobody has typed it."""
        return next((each.value for each in self.figures if each.series == series), None)


@dataclass(frozen=True, kw_only=True)
class MonthChange:
    """A number that differs between two revisions. `what` is `workshops` (with office and kind),
    `figure` (with series) or `people` (with kind)."""

    what: str
    before: int | None
    after: int | None
    office: str = ""
    kind: str = ""
    series: str = ""


@dataclass(frozen=True, kw_only=True)
class MonthDraft:
    """What the next revision would say of a month, and what of the last one that would change."""

    latest: MonthRevision | None
    report: MonthReport
    changes: list[MonthChange]  # none where there is no revision yet


def report(
    session: Session, month: Month, *, now: datetime, number: int | None = None
) -> MonthReport:
    """What is published of a month; `number`: what a certain revision said. Raises NotFound."""
    if number is not None:
        return read_revision(months.get_revision(session, month, number))
    latest = months.find_latest_revision(session, month)
    if latest is None or latest.reopened_at is not None:
        return live(session, month, now=now, revision=latest.number if latest else 0)
    return read_revision(latest)


def figure_months(session: Session, first: Month, last: Month) -> list[Month]:
    """The months of these whose `report` has typed figures, the first one first."""
    closed = months.list_closed_months(session, first, last)
    frozen = {month for month, revision in closed.items() if read_revision(revision).figures}
    typed = {month for month in figures.list_months(session) if first <= month <= last}
    return sorted(frozen | (typed - closed.keys()))


def count(session: Session, month: Month, *, now: datetime) -> WorkshopCounts:
    """The count of `report`, for who needs no more."""
    latest = months.find_latest_revision(session, month)
    if latest is None:
        return workshop_counts.count(session, month, now=now)
    return report(session, month, now=now).count


def live(session: Session, month: Month, *, now: datetime, revision: int = 0) -> MonthReport:
    """As the database has it now, provisional; nobody in it is counted by head."""
    rows = workshop_counts.ways(session, month, now=now)
    cells = [(kind, office, rebuilt, n, ahead) for kind, office, rebuilt, n, ahead, *_ in rows]
    found = replace(workshop_counts.count(session, month, now=now, found=cells), revision=revision)
    modes: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    for _kind, _office, _is_rebuilt, held, _ahead, mode, spoken in rows:
        if held:
            modes[mode.value] += held
            languages.update(dict.fromkeys(spoken, held))
    return MonthReport(
        count=found,
        by_mode=_most_first(modes),
        by_language=_most_first(languages),
        figures=tuple(
            ReportedFigure(
                series=series.code,
                label=series.label,
                unit=series.unit,
                value=figure.value,
                source=figure.source,
                part_of=series.part_of,
            )
            for series, figure in figures.list_figures(session, month)
        ),
    )


def close(
    session: Session,
    month: Month,
    *,
    reason: str = "",
    organizer_id: int | None = None,
    seen: int | None = None,
    draft: MonthDraft | None = None,
    now: datetime,
) -> MonthRevision:
    """Freezes the next revision. `seen` is the number of the revision that whoever asks for it saw
    as the last; `draft` what it is to say, if that was worked out since `months.lock`. Raises
    Refusal, or Conflict when somebody else was faster."""
    months.lock(session, month)
    if not workshop_counts.is_over(month, now):
        raise Refusal(ErrorCode.MONTH_NOT_OVER, month=month)
    latest = months.find_latest_revision(session, month)
    number = latest.number + 1 if latest else 1
    if seen is not None and seen != number - 1:
        raise Conflict(f"revision {number - 1} of {month}")
    reason = " ".join(reason.split())[:LONGEST_REASON]
    if latest is not None and not reason:
        raise Refusal(ErrorCode.REVISION_WITHOUT_REASON, month=month)
    draft = draft or make_draft(session, month, now=now)
    if latest is not None and not draft.changes and latest.reopened_at is None:
        raise Refusal(ErrorCode.REVISION_WITHOUT_CHANGES, month=month)
    text = json.dumps(_frozen(draft.report), ensure_ascii=False, separators=(",", ":"))
    made = MonthRevision(
        month=month.number,
        number=number,
        cut=draft.report.count.cut,
        reason=reason,
        organizer_id=organizer_id,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        frozen=text,
        changes=[_plain(change) for change in draft.changes],
    )
    months.add_revision(session, made)
    return made


def make_draft(session: Session, month: Month, *, now: datetime) -> MonthDraft:
    """What `close` would freeze now."""
    earlier = months.list_revisions(session, month)
    latest = earlier[-1] if earlier else None
    cut = now.replace(microsecond=0)
    found = live(session, month, now=cut, revision=latest.number + 1 if latest else 1)
    earlier_counts = [people for each in earlier if (people := read_revision(each).people)]
    made = replace(
        found,
        count=replace(found.count, state=workshop_counts.CLOSED),
        people=attendance_counts.of_month(session, month, earlier_counts),
    )
    changes = differences(read_revision(latest), made) if latest else []
    return MonthDraft(latest=latest, report=made, changes=changes)


def changes_of(revision: MonthRevision) -> list[MonthChange]:
    """What it changed of the revision before it."""
    return [MonthChange(**each) for each in revision.changes]


def differences(before: MonthReport, after: MonthReport) -> list[MonthChange]:
    """Every number that is not the same in both. Where people are hidden in one, nothing is told:
    a difference would tell."""
    found = []
    offices = sorted({*before.count.by_office, *after.count.by_office})
    for office in offices:
        old, new = before.count.by_office.get(office, {}), after.count.by_office.get(office, {})
        kinds = [kind for kind in {**old, **new} if kind != TOTAL]
        found += [
            MonthChange(what="workshops", office=office, kind=kind, before=a, after=b)
            for kind in kinds
            if (a := old.get(kind, 0)) != (b := new.get(kind, 0))
        ]
    series = {each.series: None for each in (*before.figures, *after.figures)}
    found += [
        MonthChange(
            what="figure", series=code, before=before.figure(code), after=after.figure(code)
        )
        for code in series
        if before.figure(code) != after.figure(code)
    ]
    if before.people and after.people:
        hidden = before.people.hidden | after.people.hidden
        old, new = before.people.published, after.people.published
        found += [
            MonthChange(what="people", kind=kind, before=a, after=b)
            for kind in {**old, **new}
            if kind not in hidden and (a := old.get(kind, 0)) != (b := new.get(kind, 0))
        ]
    return found


def read_revision(revision: MonthRevision) -> MonthReport:
    """What a revision says."""
    kept = json.loads(revision.frozen)
    people = kept["people"]
    named = {name: NamedCode(*each) for name, each in kept["offices"].items()}
    return MonthReport(
        count=WorkshopCounts(
            month=Month.from_number(revision.month),
            state=workshop_counts.CLOSED,
            revision=revision.number,
            cut=revision.cut,
            total=kept["total"],
            planned=0,
            is_synthetic=kept["is_reconstruction"],
            by_kind=kept["by_kind"],
            by_office=kept["by_office"],
            planned_by_kind={},
            kinds={code: NamedCode(name) for code, name in kept["kinds"].items()},
            offices=named,
        ),
        by_mode=kept["by_mode"],
        by_language=kept["by_language"],
        figures=tuple(ReportedFigure(**each) for each in kept["figures"]),
        people=Attendance(
            published=people["told"],
            small=frozenset(people["small"]),
            withheld=frozenset(people["withheld"]),
            total=people["total"],
        ),
        digest=revision.digest,
    )


def is_sound(revision: MonthRevision) -> bool:
    """Whether what it says is what was frozen."""
    return hashlib.sha256(revision.frozen.encode()).hexdigest() == revision.digest


def _frozen(found: MonthReport) -> dict[str, Any]:
    count, people = found.count, found.people
    assert people is not None
    return {
        "format": FORMAT,
        "month": str(count.month),
        "revision": count.revision,
        "cut": count.cut.astimezone(UTC).isoformat(),
        "total": count.total,
        "is_reconstruction": count.is_synthetic,
        "by_kind": dict(count.by_kind),
        "by_office": {slug: dict(row) for slug, row in count.by_office.items()},
        "by_mode": dict(found.by_mode),
        "by_language": dict(found.by_language),
        "kinds": {code: kind.name for code, kind in count.kinds.items()},
        "offices": {slug: [each.name, each.region] for slug, each in count.offices.items()},
        "figures": [vars(each) for each in found.figures],
        "people": {
            "told": dict(people.published),
            "small": sorted(people.small),
            "withheld": sorted(people.withheld),
            "total": people.total,
        },
    }


def _plain(change: MonthChange) -> dict[str, Any]:
    return {name: value for name, value in vars(change).items() if value != ""}


def _most_first(counted: Counter[str]) -> dict[str, int]:
    return dict(sorted(counted.items(), key=lambda each: (-each[1], each[0])))
