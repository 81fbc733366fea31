"""Whether anybody else has a database open: what is put in its place, or moved away, must not be
written to meanwhile."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from outreach.errors import CommandError

LEAVING: Final = 2.0  # seconds that PostgreSQL may take to let go of who has just left
_OTHERS: Final = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND usename = current_user AND pid <> pg_backend_pid()"
)


@contextmanager
def alone(path: Path) -> Iterator[sqlite3.Connection]:
    """Nobody else can open this SQLite file for as long as the block lasts. Raises CommandError
    where somebody has it open, and sqlite3.DatabaseError for what is no SQLite file."""
    with closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as connection:
        try:
            # Asked before anything else: only then SQLite wants the whole file for itself.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise
            raise _in_use(str(path)) from None
        yield connection


def require(url: str) -> None:
    """Raises CommandError where somebody has this database open: on PostgreSQL, by our account."""
    path = file_of(url)
    if path is None:
        engine = sa.create_engine(url, hide_parameters=True, poolclass=sa.NullPool)
        until = time.monotonic() + LEAVING
        # Within one transaction the answer would stay what it was.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while others := connection.scalar(_OTHERS):
                if time.monotonic() > until:
                    raise _in_use(f"the database on PostgreSQL ({others} connections)")
                time.sleep(0.05)
    elif path.exists():
        with alone(path):
            pass


def file_of(url: str) -> Path | None:
    """The file of a SQLite database; None for PostgreSQL. Raises CommandError for one in memory."""
    address = sa.make_url(url)
    if address.get_backend_name() != "sqlite":
        return None
    if not address.database or address.database == ":memory:":
        raise CommandError("A database in memory can be neither restored nor moved.")
    return Path(address.database)


def _in_use(what: str) -> CommandError:
    return CommandError(
        f"Somebody has {what} open. Stop `outreach serve` and `outreach worker` first, on every "
        "host."
    )
