"""Names of places that offices add: what people of its district say and no map has."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.db.types import RegionCode
from outreach.domain.locations.gazetteer import (
    SPOKEN_POPULATION,
    GazetteerPlace,
    PlaceKind,
    Position,
)
from outreach.domain.locations.interpretation import Meaning, MeaningKind, interpret
from outreach.domain.locations.place_text import canonicalize, without_article
from outreach.domain.network.offices import Office
from outreach.errors import ErrorCode, NotFound, Refusal

MAX_NAMES: Final = 200  # for each office


class OfficePlace(Base):
    """A name and the place that it means, as the gazetteer had it when the name was added."""

    __tablename__ = "office_place"
    __table_args__ = (sa.UniqueConstraint("office_id", "words"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    office_id: Mapped[int] = mapped_column(sa.ForeignKey("office.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(sa.String(80))
    words: Mapped[str] = mapped_column(sa.String(80), index=True)  # canonical, without its article
    meaning: Mapped[str] = mapped_column(sa.String(120))  # what was typed: «60608», «Cicero, IL»
    parent: Mapped[str] = mapped_column(sa.String(80))
    region: Mapped[str] = mapped_column(RegionCode)
    latitude: Mapped[float]
    longitude: Mapped[float]
    changed_at: Mapped[datetime]

    @property
    def place(self) -> GazetteerPlace:
        position = self.latitude, self.longitude
        return _make_place(self.name, self.parent, self.region, position)


def _make_place(name: str, parent: str, region: str, position: Position) -> GazetteerPlace:
    return GazetteerPlace(PlaceKind.TOWN, name, region, position, SPOKEN_POPULATION, parent)


def list_names(session: Session, office: Office) -> Sequence[OfficePlace]:
    """The names that an office has added, in alphabetical order."""
    return session.scalars(
        sa.select(OfficePlace).where(OfficePlace.office_id == office.id).order_by(OfficePlace.words)
    ).all()


def load_places(session: Session) -> Mapping[str, list[GazetteerPlace]]:
    """Returns the places of all offices by name, as `canonicalize` writes it without its
    article.
    """
    found: dict[str, list[GazetteerPlace]] = {}
    for words, name, parent, region, latitude, longitude in session.connection().execute(_PLACES):
        place = _make_place(name, parent, region, (latitude, longitude))
        found.setdefault(words, []).append(place)
    return found


_PLACES: Final = sa.select(
    OfficePlace.words,
    OfficePlace.name,
    OfficePlace.parent,
    OfficePlace.region,
    OfficePlace.latitude,
    OfficePlace.longitude,
).order_by(OfficePlace.id)


# Number and latest change of offices, kinds and names: the row differs after any change. For
# `Store.read_row`, since it is read after each commit, as each registration is one.
NETWORK_VERSION: Final = (
    "SELECT * FROM (SELECT count(*), max(changed_at) FROM office) AS offices, "
    "(SELECT count(*), max(changed_at) FROM kind) AS kinds, "
    "(SELECT count(*), max(id), max(changed_at) FROM office_place) AS names"
)


def add(session: Session, office: Office, name: str, meaning: str, *, now: datetime) -> OfficePlace:
    """Adds a name for the place that `meaning` says. Raises Refusal where the office has the name,
    has too many, or where `meaning` is not one place."""
    understood = interpret(meaning)
    place = _one_place(understood)
    words = without_article(canonicalize(name))
    there = list_names(session, office)
    if len(words) < 3 or not any(letter.isalpha() for letter in words):
        raise Refusal(ErrorCode.PLACE_NAME_UNCLEAR)
    if any(each.words == words for each in there):
        raise Refusal(ErrorCode.PLACE_NAME_EXISTS)
    if len(there) >= MAX_NAMES:
        raise Refusal(ErrorCode.TOO_MANY_PLACE_NAMES)
    row = OfficePlace(
        office_id=office.id,
        name=name,
        words=words,
        meaning=meaning,
        parent=place.parent or (place.name if place.kind is not PlaceKind.COUNTY else ""),
        region=place.region,
        latitude=place.position[0],
        longitude=place.position[1],
        changed_at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except sa.exc.IntegrityError:  # somebody added it in this very moment
        raise Refusal(ErrorCode.PLACE_NAME_EXISTS) from None
    return row


def remove(session: Session, office: Office, row_id: int) -> OfficePlace:
    """Removes a name of this office. Raises NotFound."""
    row = session.get(OfficePlace, row_id)
    if row is None or row.office_id != office.id:
        raise NotFound("place name")
    session.delete(row)
    return row


def _one_place(understood: Meaning) -> GazetteerPlace:
    if understood.kind is not MeaningKind.POINT or understood.place is None:
        raise Refusal(ErrorCode.PLACE_NOT_CLEAR)
    return understood.place
