"""What people have to know of a workshop so as not to go in vain: a digest of it."""

import hashlib
from datetime import date, time
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from outreach.domain.locations.venues import Venue
from outreach.domain.workshops.models import DeliveryMode, Workshop

SIZE: Final = 8  # bytes
CANCELLED: Final = bytes(SIZE)  # of every cancelled workshop: nothing else matters then
UNKNOWN: Final = b"\xff" * SIZE  # equals no workshop's


class WhenAndWhere(Protocol):
    """A workshop, or the data of one."""

    @property
    def day(self) -> date: ...
    @property
    def starts(self) -> time: ...
    @property
    def ends(self) -> time: ...
    @property
    def is_second_hour(self) -> bool: ...
    @property
    def zone(self) -> ZoneInfo: ...
    @property
    def mode(self) -> DeliveryMode: ...
    @property
    def venue(self) -> Venue | None: ...


def compute_facts(workshop: Workshop) -> bytes:
    """SIZE bytes, equal as long as day, hours, zone, mode, venue and address are, and whether it is
    cancelled. A venue may be renamed: nobody goes in vain for that."""
    return CANCELLED if workshop.is_cancelled else compute_facts_of_data(workshop)


def compute_facts_of_data(workshop: WhenAndWhere) -> bytes:
    """The same of a workshop that is not cancelled."""
    venue = workshop.venue
    place = (str(venue.id), venue.address, venue.city, venue.region) if venue is not None else ()
    parts = (
        workshop.day.isoformat(),
        workshop.starts.isoformat(),
        workshop.ends.isoformat(),
        workshop.zone.key,
        workshop.mode.value,
        *place,
        *(["second hour"] if workshop.is_second_hour else []),
    )
    digest = hashlib.sha256("\0".join(parts).encode()).digest()[: SIZE - 1]
    return b"\x01" + digest
