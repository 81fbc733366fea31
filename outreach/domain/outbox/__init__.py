"""The outbox: notifications that leave by letter or text, and what is left for the staff.

Imports registrations. Open `outbox_table` first: claiming, recording the outcome and retrying,
for every table of messages; `delivery_queue` applies it to notifications. `manual_calls` lists
what staff do themselves: calls, and letters that were given up. `reminder_folds` joins the
reminders of a day to one recipient. `messaging` writes to the people
of a workshop; `link_recovery` queues «find my link».
"""

from outreach.domain.outbox.delivery_queue import (
    LETTERS,
    TEXT_REMINDERS,
    TEXTS,
    TEXTS_OF_STAFF,
    TEXTS_OF_STRANGERS,
    WARNING_LETTERS,
    WARNING_TEXTS,
    NotificationReader,
    backlog,
    count_dead,
    is_obsolete,
    is_over,
    is_repeated,
    may_be_true_again,
)
from outreach.domain.outbox.manual_calls import (
    QUESTIONS,
    ToDo,
    find,
    list_calls,
    list_calls_and_letters,
    list_calls_of_message,
    list_calls_to,
    list_undelivered,
    list_unsent_letters,
    mark_all_called,
    mark_called,
    retry_delivery,
    to_do,
    undo_called,
)
from outreach.domain.outbox.outbox_table import LEASE, Backlog, ClaimedMessage, OutboxTable

__all__ = [
    "LEASE",
    "LETTERS",
    "QUESTIONS",
    "TEXTS",
    "TEXTS_OF_STAFF",
    "TEXTS_OF_STRANGERS",
    "TEXT_REMINDERS",
    "WARNING_LETTERS",
    "WARNING_TEXTS",
    "Backlog",
    "ClaimedMessage",
    "NotificationReader",
    "OutboxTable",
    "ToDo",
    "backlog",
    "count_dead",
    "find",
    "is_obsolete",
    "is_over",
    "is_repeated",
    "list_calls",
    "list_calls_and_letters",
    "list_calls_of_message",
    "list_calls_to",
    "list_undelivered",
    "list_unsent_letters",
    "mark_all_called",
    "mark_called",
    "may_be_true_again",
    "retry_delivery",
    "to_do",
    "undo_called",
]
