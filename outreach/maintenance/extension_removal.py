"""Deletes what an extension has stored, after what is not about people was written to files."""

import csv
from collections.abc import Collection
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.migrations import schema_state


def count_rows(session: Session, name: str) -> dict[str, int]:
    """Returns how many rows each of its tables has in one of the databases. It needs no package of
    the extension."""
    return {
        table.name: session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for table in _list_tables(session, name)
    }


def export(session: Session, name: str, tables: Collection[str], folder: Path) -> list[Path]:
    """Writes these tables of the extension as CSV files (UTF-8, with a head) into a folder, and
    returns them. Raises OSError, also where a file is there already."""
    written = []
    for table in _list_tables(session, name):
        if table.name not in tables:
            continue
        path = folder / f"{table.name}.csv"
        with path.open("x", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(column.name for column in table.columns)
            writer.writerows(session.execute(sa.select(table)))
        written.append(path)
    return written


def drop(session: Session, name: str) -> None:
    """Drops its tables and its revision from one of the databases, in the session's transaction."""
    for table in reversed(_list_tables(session, name)):
        table.drop(session.connection())
    version = sa.Table(schema_state.name_version_table(name), sa.MetaData())
    version.drop(session.connection(), checkfirst=True)


def _list_tables(session: Session, name: str) -> list[sa.Table]:
    """Returns its tables as they are in the database, each after those that it refers to; none of
    what no migration of an extension of that name has made, as the core's."""
    connection = session.connection()
    names = sa.inspect(connection).get_table_names()
    if name not in schema_state.list_extensions(names):
        return []
    own = schema_state.select_own(names, name)
    found = sa.MetaData()
    found.reflect(connection, only=sorted(own))
    return [each for each in found.sorted_tables if each.name in own]
