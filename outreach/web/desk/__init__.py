"""The staff's pages: sign in, today, workshops, the people of one, its door. Always in Spanish."""

from outreach.web.desk import (
    attending,
    bulletin,
    by_hand,
    calendar,
    caller,
    cancelling,
    editing,
    entrance,
    export,
    held,
    listing,
    messaging,
    month,
    more,
    one,
    policy,
    today,
)
from outreach.web.desk.staff import desk, signed

__all__ = [
    "attending",
    "bulletin",
    "by_hand",
    "calendar",
    "caller",
    "cancelling",
    "desk",
    "editing",
    "entrance",
    "export",
    "held",
    "listing",
    "messaging",
    "month",
    "more",
    "one",
    "policy",
    "signed",
    "today",
]
