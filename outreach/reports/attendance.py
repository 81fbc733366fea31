"""How many people came: head counts without names, of the whole network, by kind.

A small number can point at somebody, so a cell under 5 is not told, nor is one from which it could
be worked out (safety.md S24).
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


def of_month(session: Session, month: Month, before: Attendance | None = None) -> Attendance:
    """People at the workshops that were held and reported, the whole network together; `before` is
    what was published of the month already."""
    rows = session.execute(
        sa.select(Kind.code, sa.func.sum(Workshop.head_count).label("people"))
        .join(Kind, Kind.id == Workshop.kind_id)
        .where(
            Workshop.month == month.number,
            Workshop.standing == Standing.HELD,
            Workshop.head_count.is_not(None),
        )
        .group_by(Kind.code, Kind.position)
        .order_by(Kind.position)
    )
    return suppress({code: int(people or 0) for code, people in rows}, before)


def suppress(people: Mapping[str, int], before: Attendance | None = None) -> Attendance:
    """Leaves out what is under 5, and what would give it away, also beside what was published
    `before`: a cell that was hidden once stays so, and then the total is not told again."""
    small = frozenset(kind for kind, number in people.items() if number < LEAST_TOLD)
    was_hidden = before.hidden if before else frozenset[str]()
    withheld = frozenset(kind for kind in people if kind in was_hidden and kind not in small)
    others = {k: n for k, n in people.items() if k not in small and k not in withheld}
    if len(small) + len(withheld) == 1 and others:
        withheld |= {min(others, key=lambda kind: (others[kind], kind))}
    told = {kind: number for kind, number in others.items() if kind not in withheld}
    total = sum(people.values())
    if before is not None and (small or withheld or was_hidden):
        return Attendance(told=told, small=small, withheld=withheld, total=None)
    hidden = total - sum(told.values())
    is_safe = not small or _leaves_doubt(len(small), len(withheld), hidden, told)
    return Attendance(told=told, small=small, withheld=withheld, total=total if is_safe else None)


def _leaves_doubt(small: int, withheld: int, hidden: int, told: Mapping[str, int]) -> bool:
    """Whether who knows the sum of the hidden cells is still unsure of each small one.

    A small cell is from 0 to 4. One that is withheld is from 5 to the least that is told, because
    it is always the least of the others that we withhold.
    """
    most = LEAST_TOLD - 1
    least_told = min(told.values(), default=hidden)
    low = hidden - (small - 1) * most - withheld * least_told
    high = hidden - withheld * LEAST_TOLD
    return min(most, high) > max(0, low)
