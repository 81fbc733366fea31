"""The nouns of the work: offices, workshops, registrations, notices. Knows nothing of the web."""

from outreach.db.base import Base
from outreach.domain import (
    bulletins,
    circulars,
    copies,
    ctags,
    entries,
    figures,
    installation,
    journal,
    kinds,
    months,
    notices,
    offices,
    organizers,
    places,
    registrations,
    series,
    slots,
    subscribers,
    support,
    venues,
    workshops,
)

__all__ = [
    "bulletins",
    "circulars",
    "copies",
    "ctags",
    "entries",
    "figures",
    "installation",
    "journal",
    "kinds",
    "metadata",
    "months",
    "notices",
    "offices",
    "organizers",
    "places",
    "registrations",
    "series",
    "slots",
    "subscribers",
    "support",
    "venues",
    "workshops",
]

metadata = Base.metadata
