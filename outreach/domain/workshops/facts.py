"""What people have to know of a workshop so as not to go in vain: a digest of it."""

import hashlib
from typing import Final

from outreach.domain.workshops.models import Workshop

SIZE: Final = 8  # bytes
CANCELLED: Final = bytes(SIZE)  # of every cancelled workshop: nothing else matters then
UNKNOWN: Final = b"\xff" * SIZE  # equals no workshop's


def compute_facts(workshop: Workshop) -> bytes:
    """SIZE bytes, equal as long as day, hours, zone, mode, venue and address are, and whether it is
    cancelled. A venue may be renamed: nobody goes in vain for that."""
    if workshop.is_cancelled:
        return CANCELLED
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
