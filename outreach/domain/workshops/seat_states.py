"""The three states in which the public sees the seats of a discreet workshop (S28), as numbers.

An hour of a day of consultations, and an accommodation with a limit, are free or not.
"""

from typing import Final

FULL: Final = 0
FEW: Final = 5  # «pocos lugares»: 1 to 5
MANY: Final = 11  # more seats are not told apart
_BACK_TO_FEW: Final = 2  # free seats from which a full workshop is no longer shown as full
_BACK_TO_MANY: Final = 8  # and one with few seats as one with many


def compute_shown(seats_left: int, shown: int = MANY) -> int:
    """Returns the state for so many free seats: FULL, FEW or MANY.

    `shown` is the state before, which is left for a freer one only when clearly more seats
    are free.
    """
    if seats_left <= 0 or (shown == FULL and seats_left < _BACK_TO_FEW):
        return FULL
    if seats_left <= FEW or (shown <= FEW and seats_left < _BACK_TO_MANY):
        return FEW
    return MANY


def compute_appears_free(seats_left: int, capacity: int, *, was_free: bool) -> bool:
    """Tells whether an hour or an accommodation is shown as free.

    One that was shown as taken is shown as free only when clearly more is free, as in
    `compute_shown`.
    """
    return seats_left >= (1 if was_free else min(_BACK_TO_FEW, max(capacity, 1)))
