"""What waits for staff: one declaration a sort of work, from which the queue, the first page, the
morning's digest and the list of what was done today follow.

What is asked of the database is in `work_queue` (all that waits, a line for each person), in
`alerts` (what the first page shows beside it) and in `done_today`; the words are in `web.staff`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final


class WorkSort(StrEnum):
    """A sort of work that waits, the gravest first. The value is in the address of the page
    that shows it.
    """

    APPROVE = "aprobar"  # the address: a person may not read it yet
    CALL = "llamar"
    CONFIRM = "confirmar"  # a call that asks «are you still coming?»
    NOTIFY = "avisar"  # a change whose people or team nobody has decided to tell
    REVIEW = "revisar"  # registrations beyond the share of their network
    LETTER = "correos"  # that came back
    REPORT = "reportar"  # a workshop that is over


class Gravity(IntEnum):
    """The order of the lines of the queue."""

    DECISION = 0
    NEAR = 1  # its workshop starts within a day, or is on
    USUAL = 2
    LAST = 3


class AlertType(StrEnum):
    """The reason why a workshop wants action, the most serious first."""

    MISSING_REPORT = "missing report"
    APPROVAL_OVERDUE = "approval overdue"  # somebody has to be decided on at once
    CALLS = "calls"
    UNDECIDED = "undecided"  # a change that people were not told of, and nobody decided
    DOUBTFUL = "doubtful"  # seats that seem to be of one person, on one day
    APPROVAL = "approval"  # people who may not read the address yet
    EXPOSED = "exposed"  # a discreet workshop with a public address
    NO_VENUE = "no venue"
    WAITING = "waiting"
    UNPUBLISHED = "unpublished"
    LETTERS = "letters"  # that could not be delivered
    FULL = "full"


class DoneSort(StrEnum):
    """The act by which something in the queue ended."""

    CALL = "call"
    APPROVED = "approved"
    DECLINED = "declined"
    REVIEWED = "reviewed"
    RELEASED = "released"
    LETTERS = "letters"
    NOTIFIED = "notified"
    REPORTED = "reported"


@dataclass(frozen=True, kw_only=True)
class PendingItem:
    """All that is known of a sort of work in the queue.

    Staff who edit the workshops of an office and call its people act on it.
    """

    sort: WorkSort
    alerts: tuple[AlertType, ...]
    """The alerts about it on the first page, for offices whose queue the reader does not work."""
    gravity: Gravity | None = None
    """Where its lines stand in the queue; None: by how soon the workshop starts."""
    counted_as: WorkSort | None = None
    """The sort with which the digest counts it, if not by itself."""
    ended_by: Mapping[str, DoneSort] = field(default_factory=dict)
    """The actions of the audit log that end it, and what was done by them."""
    taken_back_by: Mapping[str, DoneSort] = field(default_factory=dict)
    """The actions of the audit log that take such an action back. For a decision on an address, the
    log does not say about whom it was."""


# In the order of the digest; the queue has the order of `WorkSort`.
PENDING_ITEMS: Final[tuple[PendingItem, ...]] = (
    PendingItem(
        sort=WorkSort.APPROVE,
        alerts=(AlertType.APPROVAL_OVERDUE, AlertType.APPROVAL),
        gravity=Gravity.DECISION,
        ended_by={
            "address approved": DoneSort.APPROVED,
            "addresses approved": DoneSort.APPROVED,
            "approval declined": DoneSort.DECLINED,
        },
        taken_back_by={"address decision undone": DoneSort.DECLINED},
    ),
    PendingItem(
        sort=WorkSort.REVIEW,
        alerts=(AlertType.DOUBTFUL,),
        ended_by={
            "doubtful places confirmed": DoneSort.REVIEWED,
            "doubtful places released": DoneSort.RELEASED,
        },
        taken_back_by={
            "confirmation undone": DoneSort.REVIEWED,
            "release undone": DoneSort.RELEASED,
        },
    ),
    # What came of a call is in the row of the call, not in the audit log.
    PendingItem(sort=WorkSort.CALL, alerts=(AlertType.CALLS,)),
    PendingItem(sort=WorkSort.CONFIRM, alerts=(AlertType.CALLS,), counted_as=WorkSort.CALL),
    PendingItem(
        sort=WorkSort.REPORT,
        alerts=(AlertType.MISSING_REPORT,),
        gravity=Gravity.LAST,
        ended_by={"attendance reported": DoneSort.REPORTED},
    ),
    PendingItem(
        sort=WorkSort.NOTIFY,
        alerts=(AlertType.UNDECIDED,),
        ended_by={"notification decided": DoneSort.NOTIFIED},
        taken_back_by={"change undone": DoneSort.NOTIFIED},
    ),
    PendingItem(
        sort=WorkSort.LETTER,
        alerts=(AlertType.LETTERS,),
        gravity=Gravity.LAST,
        ended_by={"letters sent again": DoneSort.LETTERS},
    ),
)
ITEMS_BY_SORT: Final[Mapping[WorkSort, PendingItem]] = {each.sort: each for each in PENDING_ITEMS}
# The sorts that the digest counts, in its order.
DIGEST_SORTS: Final = tuple(each.sort for each in PENDING_ITEMS if each.counted_as is None)
# The alerts that the queue has a line for.
QUEUED_ALERTS: Final = frozenset(alert for each in PENDING_ITEMS for alert in each.alerts)
