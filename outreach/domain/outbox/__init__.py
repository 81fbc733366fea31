"""The outbox: notifications that leave by letter or text, and what is left for the staff.

Imports registrations. Open `outbox_table` first: claiming, settling and retrying, for every table
of messages; `delivery_queue` applies it to notifications. `manual_calls` is what staff do
themselves: calls, and letters that were given up. `messaging` writes to the people of a workshop;
`link_recovery` queues «find my link».
"""

from outreach.domain.outbox.delivery_queue import (
    LETTERS,
    TEXTS,
    NotificationReader,
    backlog,
    count_dead,
    is_obsolete,
)
from outreach.domain.outbox.manual_calls import (
    ToDo,
    calls_of,
    dead_of,
    find,
    mark_called,
    retry_delivery,
    to_call,
    to_do,
    undo_called,
    unsent,
)
from outreach.domain.outbox.outbox_table import LEASE, Backlog, ClaimedMessage, OutboxTable

__all__ = [
    "LEASE",
    "LETTERS",
    "TEXTS",
    "Backlog",
    "ClaimedMessage",
    "NotificationReader",
    "OutboxTable",
    "ToDo",
    "backlog",
    "calls_of",
    "count_dead",
    "dead_of",
    "find",
    "is_obsolete",
    "mark_called",
    "retry_delivery",
    "to_call",
    "to_do",
    "undo_called",
    "unsent",
]
