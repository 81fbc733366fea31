"""Copies the ZIP codes of the United States from the zipcodes package into a table."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.locations.zip_codes import ZipCode
from outreach.domain.text import fold


def fill(session: Session) -> int:
    """Fills the table if it is empty. Returns the number of rows added (42,789)."""
    if session.scalar(sa.select(ZipCode.code).limit(1)) is not None:
        return 0
    import zipcodes  # imported here, since its data takes a second to load

    rows = {
        row["zip_code"]: {
            "code": row["zip_code"],
            "city": row["city"],
            "city_plain": fold(row["city"]),
            "region": row["state"],
            "latitude": float(row["lat"]),
            "longitude": float(row["long"]),
        }
        for row in zipcodes.list_all()  # type: ignore[no-untyped-call]  # it has no types
    }
    session.execute(sa.insert(ZipCode), list(rows.values()))
    return len(rows)
