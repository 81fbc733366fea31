"""Makes sure that no other process has a database open that is to be replaced or moved."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from outreach.errors import CommandError

DISCONNECT_SECONDS: Final = 2.0  # that PostgreSQL may take to end a closed connection
_OTHER_CONNECTIONS: Final = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND usename = current_user AND pid <> pg_backend_pid()"
)


@contextmanager
def lock_file(path: Path) -> Iterator[sqlite3.Connection]:
    """Locks a SQLite file exclusively during the block. Raises CommandError where it is open
    elsewhere, and sqlite3.DatabaseError for a file that is not SQLite's."""
    with closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as connection:
        try:
            # Effective only before the first access.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise
            raise _in_use(str(path)) from None
        yield connection


def require(url: str) -> None:
    """Raises CommandError where the database is open elsewhere. On PostgreSQL it sees connections
    of our account only."""
    path = file_of(url)
    if path is None:
        engine = sa.create_engine(url, hide_parameters=True, poolclass=sa.NullPool)
        deadline = time.monotonic() + DISCONNECT_SECONDS
        # Within one transaction pg_stat_activity would not change.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while others := connection.scalar(_OTHER_CONNECTIONS):
                if time.monotonic() > deadline:
                    raise _in_use(f"the database on PostgreSQL ({others} connections)")
                time.sleep(0.05)
    elif path.exists():
        with lock_file(path):
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
