"""How many people came: head counts without names, of the whole network, by kind.

A small number can point at somebody, so a cell under 5 is not told, nor what it could be worked out
from (S24): not by subtracting, not beside an earlier revision, and not by who knows this
file. A small difference of two revisions points at somebody as well, at the few who came to the one
workshop that was reported late: a number that is so near to one that was told is not told either.

Which cell is withheld beside a small one, and whether the total is told, never depends on a number
that is hidden, but on the order of kinds and on a sum that leaves every small cell all its values
from 0 to 4. What is withheld for being near may be more or less than before, by 1 to 4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.domain.network.kinds import Kind
from outreach.domain.workshops import Workshop, WorkshopStatus

MIN_PUBLISHED: Final = 5
# From this sum on, a small cell and a withheld one beside it may each be anything they could be.
MIN_HIDDEN: Final = 2 * MIN_PUBLISHED


@dataclass(frozen=True, kw_only=True)
class Attendance:
    """People by kind, fit to publish. A kind in `small` shows «<5»; one in `withheld` shows that
    it is not told; `total` is None where it is not told either."""

    published: Mapping[str, int]
    small: frozenset[str]
    withheld: frozenset[str]
    total: int | None

    @property
    def hidden(self) -> frozenset[str]:
        return self.small | self.withheld


def of_month(session: Session, month: Month, earlier: Sequence[Attendance] = ()) -> Attendance:
    """People at the workshops that were held and reported, the whole network together; `earlier`
    as of `suppress`."""
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
    return suppress({code: int(people or 0) for code, people in rows}, earlier)


def suppress(people: Mapping[str, int], earlier: Sequence[Attendance] = ()) -> Attendance:
    """Leaves out what is under 5, and what would give it away. `people` is in the order of kinds.

    `earlier` is what each revision of the month before this one tells. What was hidden once stays
    so, and a number that differs by 1 to 4 from one that was told is not told. Beside an earlier
    revision a total is told only as long as nothing ever was hidden: the difference of two totals
    would tell.
    """
    hidden_before = frozenset[str]().union(*(each.hidden for each in earlier))
    small = frozenset(kind for kind, number in people.items() if number < MIN_PUBLISHED)
    withheld = frozenset(
        kind
        for kind, number in people.items()
        if kind not in small and (kind in hidden_before or _is_near(kind, number, earlier))
    )
    others = [kind for kind in people if kind not in small and kind not in withheld]
    is_first = not earlier
    if is_first and small and others:
        withheld = frozenset(others[-1:])
    published = {kind: people[kind] for kind in others if kind not in withheld}
    total = sum(people.values())
    hides_enough = is_first and bool(withheld) and total - sum(published.values()) >= MIN_HIDDEN
    is_safe = (not small and not withheld and not hidden_before) or hides_enough
    return Attendance(
        published=published, small=small, withheld=withheld, total=total if is_safe else None
    )


def _is_near(kind: str, number: int, earlier: Sequence[Attendance]) -> bool:
    """Whether it differs from a number that was told by fewer than may be told by themselves."""
    return any(
        0 < abs(number - each.published.get(kind, number)) < MIN_PUBLISHED for each in earlier
    )
