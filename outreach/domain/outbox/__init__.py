"""The outbox: what is owed to people, on its way out.

`delivery_queue` is how a worker takes a notice and says how its try ended; `manual_calls` is what
is left for the staff: calls, and what was given up.
"""

from outreach.domain.outbox.delivery_queue import (
    LEASE,
    Reader,
    Route,
    Taken,
    Waiting,
    count_dead,
    count_late,
    drop,
    has_due,
    is_moot,
    mark_done,
    mark_doubtful,
    mark_refused,
    put_back,
    take,
    waiting,
)
from outreach.domain.outbox.manual_calls import (
    ToDo,
    calls_of,
    dead_of,
    find,
    mark_called,
    to_call,
    to_do,
    try_again,
    undo_called,
    unsent,
)

__all__ = [
    "LEASE",
    "Reader",
    "Route",
    "Taken",
    "ToDo",
    "Waiting",
    "calls_of",
    "count_dead",
    "count_late",
    "dead_of",
    "drop",
    "find",
    "has_due",
    "is_moot",
    "mark_called",
    "mark_done",
    "mark_doubtful",
    "mark_refused",
    "put_back",
    "take",
    "to_call",
    "to_do",
    "try_again",
    "undo_called",
    "unsent",
    "waiting",
]
