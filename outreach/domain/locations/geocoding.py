"""Geocoding: what a typed place means. A ZIP code, a Canadian postal code, an office, a city, a
state or a province; accents and capitals do not matter."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.locations import regions
from outreach.domain.locations.venues import Venue
from outreach.domain.locations.zip_codes import ZipCode
from outreach.domain.network.offices import Office
from outreach.domain.text import fold


class LocationScale(StrEnum):
    EVERYWHERE = "everywhere"
    OFFICE = "office"
    CITY = "city"
    REGION = "region"
    NEAR = "near"  # around a position
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Location:
    """A place. `region` is a code, `position` latitude and longitude in degrees."""

    scale: LocationScale
    typed: str = ""
    name: str = ""  # as it is spelled: «Rockford»
    region: str = ""
    office: int | None = None
    city: str = ""  # folded
    position: tuple[float, float] | None = None

    @property
    def spelling(self) -> str:
        """The canonical spelling, which `resolve` maps to the same place: IL, joliet il, 60608."""
        if self.scale is LocationScale.REGION:
            return self.region
        if self.scale is LocationScale.NEAR and self.typed.isdigit():
            return self.typed
        return f"{fold(self.name)} {self.region.lower()}".strip()


ANYWHERE: Final = Location(scale=LocationScale.EVERYWHERE)


def resolve(session: Session, typed: str) -> Location:
    """The place that a typed text means; of scale UNKNOWN where it is not found."""
    text = fold(typed)[:80]
    if not text:
        return ANYWHERE
    return (
        _by_zip(session, text)
        or _by_postal_code(session, typed)
        or _by_office(session, text)
        or _by_region(session, text)
        or _by_city(session, text)
        or Location(scale=LocationScale.UNKNOWN, typed=typed.strip()[:80])
    )


def distance_in_miles(
    position: tuple[float, float] | None, latitude: float | None, longitude: float | None
) -> float | None:
    """The distance in miles by the haversine formula, to within half a percent; None if unknown."""
    if position is None or latitude is None or longitude is None:
        return None
    lat1, lon1, lat2, lon2 = map(math.radians, (*position, latitude, longitude))
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * 3958.8 * math.asin(math.sqrt(half))


def _by_zip(session: Session, text: str) -> Location | None:
    digits = text[:5]
    if not (len(text) in {5, 10} and digits.isascii() and digits.isdigit()):
        return None
    row = session.get(ZipCode, digits)
    if row is None:
        return None
    return Location(
        scale=LocationScale.NEAR,
        typed=digits,
        name=row.city,
        region=row.region,
        position=(row.latitude, row.longitude),
    )


def _by_postal_code(session: Session, typed: str) -> Location | None:
    """By the first letter of a Canadian postal code: «M5V 2T6» is Ontario."""
    code = typed.upper().replace(" ", "")
    shape = "".join("9" if c.isdigit() else "A" if c.isalpha() else "?" for c in code)
    if shape not in {"A9A", "A9A9A9"} or code[0] not in regions.POSTAL:
        return None
    return replace(_region(session, regions.POSTAL[code[0]]), typed=typed.strip())


def _by_office(session: Session, text: str) -> Location | None:
    for office in session.scalars(sa.select(Office).order_by(Office.slug)):
        names = (
            {fold(office.slug), fold(office.city)}
            | {
                fold(f"{office.city} {name}")
                for name in (office.region, *regions.NAMES.get(office.region, {}).values())
            }
            | {fold(name) for name in office.name.values()}
        )
        if text in names:
            return Location(
                scale=LocationScale.OFFICE,
                typed=text,
                name=office.city,
                region=office.region,
                office=office.id,
                city=fold(office.city),
                position=(office.latitude, office.longitude),
            )
    return None


def _by_region(session: Session, text: str) -> Location | None:
    code = regions.find_region_code(text)
    return None if code is None else _region(session, code)


def _region(session: Session, code: str) -> Location:
    middle = session.execute(
        sa.select(sa.func.avg(ZipCode.latitude), sa.func.avg(ZipCode.longitude)).where(
            ZipCode.region == code
        )
    ).one()
    if middle[0] is None:
        middle = session.execute(
            sa.select(sa.func.avg(Office.latitude), sa.func.avg(Office.longitude)).where(
                Office.region == code
            )
        ).one()
    position = None if middle[0] is None else (float(middle[0]), float(middle[1]))
    return Location(scale=LocationScale.REGION, typed=code, region=code, position=position)


def _by_city(session: Session, text: str) -> Location | None:
    """A city with a venue, or any city of the United States: «Joliet», «joliet il»."""
    city, _, last = text.rpartition(" ")
    region = regions.find_region_code(last) if city else None
    city_name = city if region else text
    venue = session.scalars(
        sa.select(Venue).where(Venue.city_plain == city_name).limit(1)
        if region is None
        else sa.select(Venue).where(Venue.city_plain == city_name, Venue.region == region).limit(1)
    ).first()
    if venue is not None:
        return Location(
            scale=LocationScale.CITY,
            typed=text,
            name=venue.city,
            region=venue.region,
            city=city_name,
            position=(venue.near_latitude, venue.near_longitude),
        )
    query = sa.select(
        ZipCode.region,
        sa.func.min(ZipCode.city),
        sa.func.avg(ZipCode.latitude),
        sa.func.avg(ZipCode.longitude),
        sa.func.count(),
    ).where(ZipCode.city_plain == city_name)
    if region is not None:
        query = query.where(ZipCode.region == region)
    # Of several cities with the name, the one with most ZIP codes.
    row = session.execute(
        query.group_by(ZipCode.region).order_by(sa.func.count().desc(), ZipCode.region).limit(1)
    ).first()
    if row is None:
        return None
    return Location(
        scale=LocationScale.NEAR,
        typed=text,
        name=row[1],
        region=row[0],
        position=(float(row[2]), float(row[3])),
    )
