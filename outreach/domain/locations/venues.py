"""Venues: where an office's workshops are held."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach import clock, network_profile
from outreach.countries import packs
from outreach.db.base import Base, Words
from outreach.db.types import RegionCode
from outreach.domain.locations import venue_fields
from outreach.domain.locations.gazetteer import miles_between
from outreach.domain.locations.venue_fields import Entrance as Entrance
from outreach.domain.locations.venue_fields import VenueData as VenueData
from outreach.domain.network.offices import Office
from outreach.domain.text import MAX_SEARCH_TEXT, fold, make_search_text
from outreach.errors import ErrorCode, NotFound, Refusal

AFFIRMED_FOR: Final = timedelta(days=90)


class Venue(Base):
    """A venue. `venue_fields.VenueData` describes the columns that an office sets."""

    __tablename__ = "venue"
    __table_args__ = (sa.UniqueConstraint("office_id", "name", "address", "city"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    office_id: Mapped[int] = mapped_column(sa.ForeignKey("office.id"), init=False)
    office: Mapped[Office] = relationship()  # who asks for a workshop has no need of it
    name: Mapped[str] = mapped_column(sa.String(120))
    address: Mapped[str] = mapped_column(sa.String(200), default="")
    city: Mapped[str] = mapped_column(sa.String(80))
    region: Mapped[str] = mapped_column(RegionCode)
    area: Mapped[str] = mapped_column(sa.String(120), default="")
    zone: Mapped[ZoneInfo]
    latitude: Mapped[float | None] = mapped_column(default=None)
    longitude: Mapped[float | None] = mapped_column(default=None)
    # About where it is, from its city: only to find what is near.
    near_latitude: Mapped[float]
    near_longitude: Mapped[float]
    city_plain: Mapped[str] = mapped_column(sa.String(80), init=False, index=True)
    is_step_free: Mapped[bool] = mapped_column(default=False)
    capacity: Mapped[int | None] = mapped_column(default=None)
    access: Mapped[Words] = mapped_column(default_factory=dict)
    is_own_room: Mapped[bool] = mapped_column(default=False)
    meeting_point: Mapped[Words] = mapped_column(default_factory=dict)
    landmark: Mapped[Words] = mapped_column(default_factory=dict)
    transit: Mapped[Words] = mapped_column(default_factory=dict)
    checkpoint: Mapped[Words] = mapped_column(default_factory=dict)
    entrance: Mapped[str] = mapped_column(sa.String(10), default="")  # an Entrance, or unknown
    # When the office last affirmed that neither police nor migration are told of workshops here.
    affirmed_on: Mapped[date | None] = mapped_column(default=None)
    retired_at: Mapped[datetime | None] = mapped_column(default=None)  # not offered any more
    # Whether a stranger named it, and staff have not called a number that they found on their own:
    # nothing is published there.
    is_unverified: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # The venue that it became (`scheduling.venue_merge`). No foreign key: a table is copied in the
    # order of its ids, and this may be a higher one.
    merged_into_id: Mapped[int | None] = mapped_column(default=None)
    changed_at: Mapped[datetime]
    # The words of its name and address, set when a row is written, as of a workshop.
    search_text: Mapped[str] = mapped_column(
        sa.String(MAX_SEARCH_TEXT), init=False, default="", server_default="", deferred=True
    )

    def __post_init__(self) -> None:
        self.city_plain = fold(self.city)

    def is_affirmed(self, today: date) -> bool:
        """Tells whether the office's word about police and migration still holds (S38)."""
        return self.affirmed_on is not None and today - self.affirmed_on <= AFFIRMED_FOR


_SEARCHED_FIELDS: Final = ("name", "address", "area", "city")


@sa.event.listens_for(Venue, "before_insert")
@sa.event.listens_for(Venue, "before_update")
def _update_search_text(_mapper: Any, _connection: Any, venue: Venue) -> None:
    state = sa.inspect(venue)
    if any(state.attrs[name].history.has_changes() for name in _SEARCHED_FIELDS):
        venue.search_text = make_venue_text(venue)


def make_venue_text(venue: Venue) -> str:
    """Returns the text that `Venue.search_text` holds."""
    return make_search_text(*(getattr(venue, each) for each in _SEARCHED_FIELDS))


MIN_STREET: Final = 4  # letters of a word of a street's name
_ZIP_CODE: Final = re.compile(
    r"[0-9]{5}|[a-z][0-9][a-z]|[0-9][a-z][0-9]|[a-z][0-9][a-z][0-9][a-z][0-9]"
)
MAX_AREA_MILES: Final = 30  # from an area to its city
_ID: Final = re.compile(r"[0-9]{1,9}")
DETAIL_FIELDS: Final = venue_fields.NAMES
_WITH_OFFICE: Final = sa.orm.joinedload(Venue.office, innerjoin=True)


def list_venues(session: Session, office: Office) -> Sequence[Venue]:
    """The venues of an office, retired ones too, but none that was merged into another."""
    return session.scalars(_OF_OFFICE, {"office": office.id}).all()


_OF_OFFICE: Final = (
    sa.select(Venue)
    .options(_WITH_OFFICE)
    .where(Venue.office_id == sa.bindparam("office"), Venue.merged_into_id.is_(None))
    .order_by(Venue.name, Venue.city, Venue.id)
)


def list_without_point(session: Session, offices: Iterable[Office]) -> Sequence[Venue]:
    """Returns the venues in use of these offices whose position nobody entered, by name."""
    return session.scalars(
        sa.select(Venue)
        .options(_WITH_OFFICE)
        .where(
            Venue.office_id.in_([each.id for each in offices]),
            Venue.latitude.is_(None),
            Venue.retired_at.is_(None),
            Venue.merged_into_id.is_(None),
        )
        .order_by(Venue.name, Venue.city, Venue.id)
    ).all()


def list_with_ids(session: Session, ids: Iterable[int]) -> Sequence[Venue]:
    """The venues with these ids, of any office, by name."""
    return session.scalars(
        sa.select(Venue).where(Venue.id.in_(sorted(ids))).order_by(Venue.name, Venue.city, Venue.id)
    ).all()


def list_merged(session: Session, office: Office) -> Sequence[Venue]:
    """Returns the venues of an office that were merged into another, whose former names they
    are.
    """
    return session.scalars(
        sa.select(Venue)
        .options(_WITH_OFFICE)
        .where(Venue.office_id == office.id, Venue.merged_into_id.is_not(None))
        .order_by(Venue.id)
    ).all()


def list_selectable(session: Session, office: Office, *, keep: int | None = None) -> list[Venue]:
    """Returns the venues that can be chosen: those not retired, and the one with id `keep`."""
    return [
        each for each in list_venues(session, office) if each.retired_at is None or each.id == keep
    ]


def get_distinct_names(venues: Iterable[Venue], *, home: str | None = None) -> dict[int, str]:
    """Returns a distinct name for each venue, by id.

    It is the venue's name, with city and address where others have the same but for accents and
    capitals. With `home`, venues of other cities have their city too.
    """
    every = list(venues)
    names = {
        each.id: each.name if home in {None, each.city} else _join(each.name, each.city)
        for each in every
    }
    for fields_ in (("name", "city"), ("name", "address", "city")):
        times = Counter(map(fold, names.values()))
        for venue in every:
            if times[fold(names[venue.id])] > 1:
                names[venue.id] = _join(*(getattr(venue, each) for each in fields_))
    seen: Counter[str] = Counter()
    for venue in every:  # what is alike to the last letter gets a number
        seen[fold(names[venue.id])] += 1
        if (number := seen[fold(names[venue.id])]) > 1:
            names[venue.id] += f" ({number})"
    return names


def _join(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def find(session: Session, office: Office, venue_id: int) -> Venue:
    """Finds a venue of this office; for one that was merged, the one it became. Raises NotFound."""
    venue = session.get(Venue, venue_id, options=[_WITH_OFFICE])
    if venue is None or venue.office_id != office.id:
        raise NotFound("venue")
    return follow(session, venue)


def follow(session: Session, venue: Venue) -> Venue:
    """Returns the venue itself, or the one that it was merged into."""
    while venue.merged_into_id is not None:
        venue = session.get_one(Venue, venue.merged_into_id, options=[_WITH_OFFICE])
    return venue


def follow_id(session: Session, venue_id: str) -> str:
    """Returns the id of a venue as a form sends it; for one merged meanwhile, the id of what it
    became.
    """
    venue = session.get(Venue, int(venue_id)) if _ID.fullmatch(venue_id) else None
    return venue_id if venue is None else str(follow(session, venue).id)


def keep_from_merging(session: Session, venue: Venue) -> Venue:
    """Returns the venue to give to a workshop: itself, or the one that it has just been merged
    into.

    No merge of it begins before the transaction ends.
    """
    session.flush()
    while (merged_into := session.scalar(_LOCK_MERGED_INTO, {"id": venue.id})) is not None:
        venue = session.get_one(Venue, merged_into, options=[_WITH_OFFICE])
    return venue


# The lock that a foreign key takes anyway: a merge waits for it, a change of the venue does not.
_LOCK_MERGED_INTO: Final = (
    sa.select(Venue.merged_into_id)
    .where(Venue.id == sa.bindparam("id"))
    .with_for_update(read=True, key_share=True)
)


def lock(session: Session, venue: Venue) -> None:
    """Locks the venue until the transaction ends, and reads what others have just changed of it."""
    # No stronger than a change of its row is: a new workshop points at it.
    session.refresh(venue, with_for_update={"of": Venue, "key_share": True})


def find_by_name(
    session: Session, office: Office, name: str, address: str, city: str
) -> Venue | None:
    return session.scalar(
        sa.select(Venue).where(
            Venue.office_id == office.id,
            Venue.name == name,
            Venue.address == address,
            Venue.city == city,
        )
    )


def find_or_create(
    session: Session,
    office: Office,
    name: str,
    *,
    address: str,
    city: str,
    region: str,
    area: str,
    zone: ZoneInfo,
    now: datetime,
) -> Venue:
    """Finds the office's venue of that name and address, or creates one about where its city is.

    An area is added to one that had none.
    """
    venue = find_by_name(session, office, name, address, city)
    if venue is not None:
        venue = follow(session, venue)
        add_area(venue, area, now=now)
        return venue
    latitude, longitude = _locate_area(office, region, city, area)
    venue = Venue(
        office=office,
        name=name,
        address=address,
        city=city,
        region=region,
        area=area,
        zone=zone,
        near_latitude=latitude,
        near_longitude=longitude,
        is_own_room=is_at_office(office, address, city),
        changed_at=now,
    )
    try:
        with session.begin_nested():
            session.add(venue)
    except sa.exc.IntegrityError:  # somebody made it in this very moment
        there = find_by_name(session, office, name, address, city)
        if there is None:
            raise
        return there
    return venue


def add_area(venue: Venue, area: str, *, now: datetime) -> None:
    """Stores the area of a venue that has none."""
    if area and not venue.area:
        venue.area, venue.changed_at = area, clock.second_after(venue.changed_at, now)


def complete(venue: Venue, data: VenueData, *, now: datetime) -> None:
    """Adds to a known venue what was typed of a new one and the known one does not say."""
    add_area(venue, data.area, now=now)
    venue.is_step_free = venue.is_step_free or data.is_step_free


def add(
    session: Session,
    office: Office,
    data: VenueData,
    *,
    now: datetime,
    is_unverified: bool = False,
) -> Venue:
    """Adds a venue; one at the office's address is its own room. Raises Refusal where there is one
    of that name and address, and as `require_public_meeting_point` does."""
    require_own_name(session, office, data, None)
    require_public_meeting_point(data)
    data = replace(
        data, is_own_room=data.is_own_room or is_at_office(office, data.address, data.city)
    )
    near = _locate_area(office, data.region, data.city, data.area)
    venue = Venue(
        office=office,
        near_latitude=near[0],
        near_longitude=near[1],
        changed_at=now,
        is_unverified=is_unverified,
        **{name: getattr(data, name) for name in DETAIL_FIELDS},
    )
    session.add(venue)
    flush_unique(session)
    return venue


def flush_unique(session: Session) -> None:
    """Flushes a new or changed venue. Raises Refusal where a concurrent request has stored one of
    that name and address."""
    try:
        session.flush()
    except sa.exc.IntegrityError:
        raise Refusal(ErrorCode.VENUE_EXISTS) from None


def require_own_name(
    session: Session, office: Office, data: VenueData, venue: Venue | None
) -> None:
    """Raises Refusal where another venue of the office has this name and address, or had it before
    it was merged."""
    there = find_by_name(session, office, data.name, data.address, data.city)
    if there is None or there is venue:
        return
    if there.merged_into_id is not None:
        raise Refusal(ErrorCode.VENUE_MERGED, name=follow(session, there).name)
    raise Refusal(ErrorCode.VENUE_EXISTS)


def require_public_meeting_point(data: VenueData) -> None:
    """Raises Refusal where the meeting point, which everybody reads, tells the name of the venue or
    its address: in full, or its number with a word of its street."""
    name, address = fold(data.name), fold(data.address)
    numbers = {word for word in address.split() if word.isdigit()}
    streets = {word for word in address.split() if len(word) >= MIN_STREET and word.isalpha()}
    for text in map(fold, data.meeting_point.values()):
        words = set(text.split())
        reveals_it = any(f" {each} " in f" {text} " for each in (name, address) if each)
        if reveals_it or (words & numbers and words & streets):
            raise Refusal(ErrorCode.MEETING_POINT_TELLS_ADDRESS)


def is_at_office(office: Office, address: str, city: str) -> bool:
    """Tells whether a venue has the address of the office itself.

    The office's may end with city, region and postal code besides.
    """
    own, words = fold(office.address).split(), fold(address).split()
    place = {*fold(f"{office.city} {office.region}").split()}
    return (
        bool(words)
        and fold(city) == fold(office.city)
        and own[: len(words)] == words
        and all(each in place or _ZIP_CODE.fullmatch(each) for each in own[len(words) :])
    )


def find_postal_code(address: str) -> str:
    """Returns the postal code at the end of an address, as a country of the network has them.

    It is empty without one. Chicago, IL 60608-1234 or Calgary AB T2P 1J9.
    """
    found = _compile_postal_codes(network_profile.current().countries).search(address)
    return found[1].upper() if found else ""


@cache
def _compile_postal_codes(countries: tuple[str, ...]) -> re.Pattern[str]:
    patterns = "|".join(packs.load(code).postal_pattern for code in countries)
    return re.compile(rf"\b({patterns})\W*$", re.IGNORECASE | re.ASCII)


def update_location(venue: Venue) -> None:
    """Computes the columns that follow from the city and the area."""
    venue.city_plain = fold(venue.city)
    venue.near_latitude, venue.near_longitude = _locate_area(
        venue.office, venue.region, venue.city, venue.area
    )


def update_locations(session: Session) -> int:
    """Computes the columns of `update_location` for all venues; returns how many have moved.

    They are computed with the gazetteer of this version.
    """
    moved = 0
    for venue in session.scalars(sa.select(Venue).options(_WITH_OFFICE).order_by(Venue.id)):
        before = venue.near_latitude, venue.near_longitude
        update_location(venue)
        moved += before != (venue.near_latitude, venue.near_longitude)
    return moved


def _locate_area(office: Office, region: str, city: str, area: str) -> tuple[float, float]:
    """Returns the middle of the published area: of «Zona de Pilsen» where it is known, else of
    the city, else of the office's city.

    It is never where the venue is: distances are public (S13).
    """
    is_own_city = region == office.region and fold(city) == fold(office.city)
    here = office.latitude, office.longitude
    town = here if is_own_city else _find_position(f"{city}, {region}")
    quarter = _find_position(f"{area}, {city}, {region}") if area and town else None
    if quarter and town and miles_between(quarter, town) < MAX_AREA_MILES:
        return quarter
    return town or here


def _find_position(words: str) -> tuple[float, float] | None:
    from outreach.domain.locations.interpretation import MeaningKind, interpret  # and rapidfuzz

    meaning = interpret(words)
    is_point = meaning.kind is MeaningKind.POINT and meaning.place is not None
    return meaning.place.position if is_point and meaning.place else None
