"""Venues that are rooms of the office itself, and meeting points.

A venue at the address of its office is an own room. Staff can tick others.
"""

import re
import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "main_own_room"
down_revision = "main_neutral_code"


def upgrade() -> None:
    op.add_column('venue', sa.Column('is_own_room', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('venue', sa.Column('meeting_point', sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
    rows = op.get_bind().execute(
        sa.text(
            "SELECT v.id AS id, v.address AS address, v.city AS city, o.address AS office_address, "
            "o.city AS office_city, o.region AS region "
            "FROM venue v JOIN office o ON o.id = v.office_id "
            "WHERE v.address <> '' AND o.address <> ''"
        )
    ).all()
    own = [{"id": row.id} for row in rows if _is_at_office(row)]
    if own:
        op.get_bind().execute(sa.text("UPDATE venue SET is_own_room = true WHERE id = :id"), own)


def _is_at_office(row: Any) -> bool:
    """As `venues.is_at_office`, which may change."""
    own, words = _words(row.office_address), _words(row.address)
    place = set(_words(f"{row.office_city} {row.region}"))
    return (
        bool(words)
        and _words(row.city) == _words(row.office_city)
        and own[: len(words)] == words
        and all(each in place or _ZIP_CODE.fullmatch(each) for each in own[len(words) :])
    )


_ZIP_CODE = re.compile(r"[0-9]{5}|[a-z][0-9][a-z]|[0-9][a-z][0-9]|[a-z][0-9][a-z][0-9][a-z][0-9]")


def _words(text: str) -> list[str]:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c if c.isalnum() else " " for c in apart if not unicodedata.combining(c)).split()
