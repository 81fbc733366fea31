"""Accommodations with a limit: childcare, and interpreters by language. A party with the need takes
one place of it while it holds a seat. A need that `Workshop.support` does not name has no limit.

The caller has locked the workshop's row, so that no place is given twice.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.registrations import totals
from outreach.domain.registrations.models import INTERPRETER, AccessNeed
from outreach.domain.workshops import Workshop
from outreach.errors import ErrorCode, Refusal


def list_offered(workshop: Workshop) -> list[str]:
    """Returns the access needs that this workshop can meet, also those with no place left."""
    offered = {
        AccessNeed.STEP_FREE.value: workshop.mode.has_venue,
        AccessNeed.CHILDCARE.value: workshop.has_childcare and workshop.mode.has_venue,
        **{f"{INTERPRETER}{lang}": True for lang in workshop.interpretation},
        AccessNeed.REMOTE_INTERPRETER.value: bool(workshop.interpretation),
        AccessNeed.SIGN_LANGUAGE.value: True,
    }
    return [need for need, is_offered in offered.items() if is_offered]


def is_interpretation(need: str) -> bool:
    """Whether a need is an interpreter of some kind."""
    return need.startswith(INTERPRETER) or need in {
        AccessNeed.REMOTE_INTERPRETER,
        AccessNeed.SIGN_LANGUAGE,
    }


def get_left(session: Session, workshop_id: int) -> Mapping[str, int]:
    """How many places of each accommodation are left, by need; an absent need has no limit."""
    # Asks the row: the workshop may have been read before a limit was set.
    limits = session.scalar(_LIMITS, {"workshop": workshop_id})
    if not limits:
        return {}
    counted = totals.read(session, workshop_id)
    return {need: max(0, limit - counted[totals.need_name(need)]) for need, limit in limits.items()}


_LIMITS: Final = sa.select(Workshop.support).where(Workshop.id == sa.bindparam("workshop"))


def list_used_up(session: Session, workshop: Workshop, *, as_shown: bool = False) -> set[str]:
    """Returns the needs of which no place is left.

    With `as_shown`, returns those that the public of a discreet workshop is shown as used up.
    """
    if as_shown:
        return set(workshop.shown_used_up) & workshop.support.keys()
    return {need for need, left in get_left(session, workshop.id).items() if left == 0}


def find_used_up(session: Session, workshop_id: int, needs: Iterable[str]) -> str | None:
    """The first of these needs that has no place left; None where all have."""
    wanted = sorted(needs)
    left = get_left(session, workshop_id) if wanted else {}
    return next((need for need in wanted if left.get(need, 1) <= 0), None)


def require_room(session: Session, workshop: Workshop, limits: Mapping[str, int]) -> None:
    """Raises Refusal where a new limit is less than what parties with seats were promised."""
    counted = totals.read(session, workshop.id)
    for need, limit in limits.items():
        promised = counted[totals.need_name(need)]
        if limit < promised:
            raise Refusal(ErrorCode.ACCOMMODATION_PROMISED, promised=promised)
