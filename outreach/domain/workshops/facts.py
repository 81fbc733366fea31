"""What people have to know of a workshop so as not to go in vain: a digest of it."""

import hashlib
from collections.abc import Mapping
from datetime import date, time
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Way
from outreach.domain.workshops.models import DeliveryMode, Workshop

_TIME_SIZE: Final = 8  # bytes: when it is and how one attends, before the place
_PLACE_SIZE: Final = 8
SIZE: Final = _TIME_SIZE + _PLACE_SIZE
CANCELLED: Final = bytes(8)  # every cancelled workshop has it: nothing else matters then
UNKNOWN: Final = b"\xff" * 8  # equals no workshop's


class WhenAndWhere(Protocol):
    """What facts are computed from: a workshop, or the data of one."""

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
    @property
    def way(self) -> Way: ...


def compute_facts(workshop: Workshop) -> bytes:
    """Returns SIZE bytes that are equal as long as day, hours, zone, mode, venue and address are.

    A cancelled workshop gives CANCELLED. The name of a venue is not in them: nobody goes in
    vain for another name. With time slots the end is not either, which is nobody's own hour.
    """
    return CANCELLED if workshop.is_cancelled else compute_facts_of_data(workshop)


def compute_facts_of_data(workshop: WhenAndWhere) -> bytes:
    """Returns what `compute_facts` gives of a workshop that is not cancelled, or of its data."""
    when = _digest(
        workshop.day.isoformat(),
        workshop.starts.isoformat(),
        "" if workshop.way is Way.SLOTS else workshop.ends.isoformat(),
        workshop.zone.key,
        workshop.mode.value,
        *(["second hour"] if workshop.is_second_hour else []),
    )
    return when[:_TIME_SIZE] + compute_place(workshop.venue)


def says_when(known: bytes | None, workshop: WhenAndWhere) -> bool:
    """Tells whether somebody who was last told the facts `known` knows day and hours of the
    workshop.

    For a cancelled workshop, these are the ones that it had. None: nothing has changed since.
    """
    return known is None or known[:_TIME_SIZE] == compute_facts_of_data(workshop)[:_TIME_SIZE]


def compute_place(venue: Venue | None) -> bytes:
    """Returns the part of the facts that says where, for a workshop at that venue."""
    place = (str(venue.id), venue.address, venue.city, venue.region) if venue is not None else ()
    return _digest(*place)[:_PLACE_SIZE]


def rename_place(known: bytes, places: Mapping[bytes, bytes]) -> bytes:
    """Returns the facts `known` with the place replaced where its venue has another id by now.

    `places` has the new `compute_place` by the former one.
    """
    place = known[_TIME_SIZE:]
    return known[:_TIME_SIZE] + places.get(place, place)


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode()).digest()
