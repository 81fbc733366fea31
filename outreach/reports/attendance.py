"""How many people came: head counts without names, of the whole network, by kind.

A small number can point at somebody, so a cell under 5 is not told, nor what it could be worked out
from (safety.md S24): not by subtracting, not beside an earlier revision, and not by who knows this
file. Which other cell is withheld, and whether the total is told, therefore never depends on a
number that is hidden, but on the order of kinds and on a sum that leaves every small cell all its
values from 0 to 4.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.domain.kinds import Kind
from outreach.domain.workshops import Standing, Workshop

LEAST_TOLD: Final = 5
# From this sum on, a small cell and a withheld one beside it may each be anything they could be.
LEAST_HIDDEN: Final = 2 * LEAST_TOLD


@dataclass(frozen=True, kw_only=True)
class Attendance:
    """People by kind, fit to publish. A kind in `small` shows «<5»; one in `withheld` shows that
    it is not told; `total` is None where it is not told either."""

    told: Mapping[str, int]
    small: frozenset[str]
    withheld: frozenset[str]
    total: int | None

    @property
    def hidden(self) -> frozenset[str]:
        return self.small | self.withheld


def of_month(
    session: Session, month: Month, hidden_before: frozenset[str] | None = None
) -> Attendance:
    """People at the workshops that were held and reported, the whole network together;
    `hidden_before` as of `suppress`."""
    rows = session.execute(
        sa.select(Kind.code, sa.func.sum(Workshop.head_count).label("people"))
        .join(Kind, Kind.id == Workshop.kind_id)
        .where(
            Workshop.month == month.number,
            Workshop.standing == Standing.HELD,
            Workshop.head_count.is_not(None),
        )
        .group_by(Kind.code, Kind.position)
        .order_by(Kind.position, Kind.code)
    )
    return suppress({code: int(people or 0) for code, people in rows}, hidden_before)


def suppress(people: Mapping[str, int], hidden_before: frozenset[str] | None = None) -> Attendance:
    """Leaves out what is under 5, and what would give it away. `people` is in the order of kinds.

    `hidden_before` are the kinds that any earlier revision of the month hid; None where there is
    no earlier one. What was hidden once stays so. Beside an earlier revision a total is told only
    as long as nothing ever was hidden: the difference of two totals would tell.
    """
    small = frozenset(kind for kind, number in people.items() if number < LEAST_TOLD)
    is_first = hidden_before is None
    withheld = frozenset(kind for kind in people if kind in (hidden_before or ())) - small
    others = [kind for kind in people if kind not in small and kind not in withheld]
    if is_first and small and others:
        withheld = frozenset(others[-1:])
    told = {kind: people[kind] for kind in others if kind not in withheld}
    total = sum(people.values())
    hides_enough = is_first and bool(withheld) and total - sum(told.values()) >= LEAST_HIDDEN
    is_safe = (not small and not hidden_before) or hides_enough
    return Attendance(told=told, small=small, withheld=withheld, total=total if is_safe else None)
