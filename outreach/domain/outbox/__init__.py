"""The outbox: what is owed to people, on its way out.

`delivery_queue` is how a worker takes a notice and says how its try ended; `manual_calls` is what
is left for the staff: calls, and what was given up.
"""

from outreach.domain.outbox.delivery_queue import (
    LEASE,
    ClaimedMessage,
    DeliveryChannel,
    Reader,
    Waiting,
    claim,
    count_dead,
    count_late,
    discard,
    has_due,
    is_obsolete,
    mark_done,
    mark_refused,
    mark_uncertain,
    release,
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
    "ClaimedMessage",
    "DeliveryChannel",
    "Reader",
    "ToDo",
    "Waiting",
    "calls_of",
    "claim",
    "count_dead",
    "count_late",
    "dead_of",
    "discard",
    "find",
    "has_due",
    "is_obsolete",
    "mark_called",
    "mark_done",
    "mark_refused",
    "mark_uncertain",
    "release",
    "to_call",
    "to_do",
    "try_again",
    "undo_called",
    "unsent",
    "waiting",
]
