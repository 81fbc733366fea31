"""The staff's pages: sign in, today, workshops, the people of one, its door. Always in Spanish."""

from outreach.web.desk import (
    attending,
    bulletin,
    by_hand,
    calendar,
    cancelling,
    certificates,
    door_sheet,
    editing,
    entrance,
    flyers,
    held,
    listing,
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
    "cancelling",
    "certificates",
    "desk",
    "door_sheet",
    "editing",
    "entrance",
    "flyers",
    "held",
    "listing",
    "month",
    "more",
    "one",
    "policy",
    "signed",
    "today",
]
