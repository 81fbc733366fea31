"""Attendance of the whole network by kind of workshop, with small numbers suppressed (S24).

A small number can identify a person, so a cell under 5 is not published, nor anything it can be
derived from: by subtraction, by comparison with an earlier revision, or by a reader who knows this
algorithm. A small difference between two revisions identifies the few people of the one workshop
that was reported late, so a number that differs by 1 to 4 from a published one is withheld too.
Where ranges by office are published (`quarter_people`), every number that differs is withheld: the
difference is that of the one office whose workshops changed. So is one that is the same for other
workshops: nobody came to the one that was added or taken out.

Which cell is withheld to protect a small one, and whether the total is published, depends on the
order of kinds and on a sum that leaves every value from 0 to 4 possible for each small cell. It
never depends on a hidden number.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.domain.network.kinds import Kind
from outreach.domain.workshops import Workshop, WorkshopStatus

MIN_PUBLISHED: Final = 5
# From this sum on, the total narrows neither a small cell nor the cell withheld to protect it.
MIN_HIDDEN: Final = 2 * MIN_PUBLISHED


@dataclass(frozen=True, kw_only=True)
class Attendance:
    """Attendance by code of the kind, fit to publish. A kind in `small` is shown as «<5», one in
    `withheld` as withheld; `total` is None if it must not be published."""

    published: Mapping[str, int]
    small: frozenset[str]
    withheld: frozenset[str]
    total: int | None

    @property
    def hidden_kinds(self) -> frozenset[str]:
        return self.small | self.withheld


def count_attendance(
    session: Session,
    month: Month,
    earlier: Sequence[Attendance] = (),
    *,
    fixed: Collection[str] = (),
    recounted: Collection[str] = (),
) -> Attendance:
    """Returns the attendance of all held and reported workshops of a month. `earlier`, `fixed` and
    `recounted`: see `suppress`."""
    rows = session.execute(
        sa.select(Kind.code, sa.func.sum(Workshop.head_count).label("people"))
        .join(Kind, Kind.id == Workshop.kind_id)
        .where(
            Workshop.month == month.number,
            Workshop.status == WorkshopStatus.HELD,
            Workshop.head_count.is_not(None),
        )
        .group_by(Kind.code, Kind.position)
        .order_by(Kind.position, Kind.code)
    )
    people = {code: int(number or 0) for code, number in rows}
    return suppress(people, earlier, fixed=fixed, recounted=recounted)


def digest_counted(session: Session, month: Month) -> dict[str, str]:
    """Returns, by code of the kind, a digest of the workshops that `count_attendance` adds up."""
    rows = session.execute(
        sa.select(Kind.code, Workshop.uid)
        .join(Kind, Kind.id == Workshop.kind_id)
        .where(
            Workshop.month == month.number,
            Workshop.status == WorkshopStatus.HELD,
            Workshop.head_count.is_not(None),
        )
        .order_by(Kind.code, Workshop.uid)
    )
    return {
        code: hashlib.sha256(" ".join(uid for _, uid in of_kind).encode()).hexdigest()
        for code, of_kind in groupby(rows, key=lambda row: str(row[0]))
    }


def find_recounted(
    versions: Iterable[Mapping[str, str] | None], kinds: Collection[str]
) -> frozenset[str]:
    """Returns those of `kinds` of which these results of `digest_counted` do not all have the same
    workshops; all of them if one is not known."""
    known = list(versions)
    if None in known:
        return frozenset(kinds)
    return frozenset(kind for kind in kinds if len({each.get(kind) for each in known if each}) > 1)


def suppress(
    people: Mapping[str, int],
    earlier: Sequence[Attendance] = (),
    *,
    fixed: Collection[str] = (),
    recounted: Collection[str] = (),
) -> Attendance:
    """Hides numbers under 5 and every number they could be derived from.

    `people` is ordered by the position of the kinds. `earlier` holds what each previous revision of
    the month published. A kind that was hidden once stays hidden, and a number that differs by 1 to
    4 from a published one is withheld, or by anything if it is one of the kinds in `fixed`, or in
    any case if it is in `recounted` as well. With earlier revisions, the total is published only if
    nothing was ever hidden: otherwise the difference of two totals would reveal a hidden number.
    """
    hidden_before = frozenset[str]().union(*(each.hidden_kinds for each in earlier))
    small = frozenset(kind for kind, number in people.items() if number < MIN_PUBLISHED)
    withheld = frozenset(
        kind
        for kind, number in people.items()
        if kind not in small
        and (
            kind in hidden_before
            or (kind in fixed and kind in recounted)
            or _is_near(kind, number, earlier, is_fixed=kind in fixed)
        )
    )
    others = [kind for kind in people if kind not in small and kind not in withheld]
    is_first = not earlier
    if is_first and small and others:
        withheld |= frozenset(others[-1:])
    published = {kind: people[kind] for kind in others if kind not in withheld}
    total = sum(people.values())
    hides_enough = is_first and bool(withheld) and total - sum(published.values()) >= MIN_HIDDEN
    is_safe = (not small and not withheld and not hidden_before) or hides_enough
    return Attendance(
        published=published, small=small, withheld=withheld, total=total if is_safe else None
    )


def _is_near(kind: str, number: int, earlier: Sequence[Attendance], *, is_fixed: bool) -> bool:
    """Whether the number differs from a published one by less than the published minimum; for a
    fixed kind, by anything."""
    differences = [abs(number - each.published.get(kind, number)) for each in earlier]
    return any(each > 0 and (is_fixed or each < MIN_PUBLISHED) for each in differences)
