"""Rows of the key store that are each sealed under their `id`: the keys of registrations, and what
extensions keep about people.

The tables are found in the database, and not in what is installed: so their rows are sealed again,
and their letters told apart, also where an extension is off or gone, and without asking it.
"""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.keystore.keystore import KeyStore
from outreach.keystore.models import DayKey, IndexKey, Key, Secret

COLUMNS: Final = ("id", "sealed", "generation")
# The key store's own keys, which are sealed under names of their own.
OWN_KEYS: Final = tuple(
    sa.table(each.__tablename__, sa.column("generation")) for each in (IndexKey, DayKey, Secret)
)


def list_tables(session: Session) -> list[sa.TableClause]:
    """Returns the tables whose rows are sealed under their `id`, by name."""
    found = sa.inspect(session.connection())
    own = {each.name for each in OWN_KEYS}
    return [
        sa.table(name, *map(sa.column, COLUMNS))
        for name in sorted(found.get_table_names())
        if name not in own
        and {column["name"] for column in found.get_columns(name)}.issuperset(COLUMNS)
    ]


def recipient_id(table: str, row_id: bytes) -> str:
    """Returns what `KeyStore.letter_id` is given for letters about a row of an extension: they are
    deleted from the folder of OUTREACH_MAIL_FOLDER when the row is gone."""
    return f"{table} {row_id.hex()}"


def list_recipient_ids(key_store: KeyStore) -> set[str]:
    """Returns the `recipient_id` of each row of extensions."""
    with key_store.store.read() as session:
        return {
            recipient_id(table.name, row_id)
            for table in list_tables(session)
            if table.name != Key.__tablename__
            for row_id in session.scalars(sa.select(table.c.id))
        }
