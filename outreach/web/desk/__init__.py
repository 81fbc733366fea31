"""The staff's pages: sign in, today, workshops, the people of one, its door. Always in Spanish."""

from outreach.web.desk import (
    attending,
    bulletin,
    by_hand,
    calendar,
    cancelling,
    editing,
    entrance,
    held,
    listing,
    month,
    more,
    offline,
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
    "cancelling",
    "desk",
    "editing",
    "entrance",
    "held",
    "listing",
    "month",
    "more",
    "offline",
    "one",
    "policy",
    "signed",
    "today",
]
