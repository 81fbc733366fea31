"""Places people name when they say where they are: ZIP codes, states, cities, offices."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.domain.text import fold


class ZipCode(Base):
    """Where a ZIP code of the United States is. Filled by `db upgrade` from the zipcodes package,
    whose own first look-up takes seconds: never in a request."""

    __tablename__ = "zip_code"

    code: Mapped[str] = mapped_column(sa.String(5), primary_key=True)
    city: Mapped[str] = mapped_column(sa.String(80))
    city_plain: Mapped[str] = mapped_column(sa.String(80))
    region: Mapped[str] = mapped_column(sa.String(3))
    latitude: Mapped[float]
    longitude: Mapped[float]

    __table_args__ = (sa.Index(None, "region", "city_plain"),)


def get_city_position(session: Session, region: str, city: str) -> tuple[float, float] | None:
    """The mean latitude and longitude of a city's ZIP codes; None if it has none."""
    latitude, longitude = session.execute(
        sa.select(sa.func.avg(ZipCode.latitude), sa.func.avg(ZipCode.longitude)).where(
            ZipCode.region == region, ZipCode.city_plain == fold(city)
        )
    ).one()
    return None if latitude is None else (float(latitude), float(longitude))
