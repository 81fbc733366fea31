"""Classifies trouble of the databases and disks: whether a retry may succeed, and the safe reason
that log, metrics and commands name."""

import errno
from enum import StrEnum
from typing import Final

import sqlalchemy as sa


class ErrorClass(StrEnum):
    """The reasons why a statement fails without being wrong.

    A value says the reason, and nothing of anybody.
    """

    CONFLICT = "conflict"  # a serialization failure or deadlock: retry at once
    LOST = "not reachable"  # the server or the connection is gone: retry in a moment
    BUSY = "locked"  # a lock or a connection did not become free within the timeout
    DISK_FULL = "disk full"
    READ_ONLY = "read-only"
    DISK_ERROR = "disk error"  # a file cannot be opened, read or written
    # Nothing in an error says so: whoever has the store compares versions.
    SCHEMA_NEWER = "schema newer"
    SCHEMA_OLDER = "schema older"


# These end by themselves; the others wait for somebody who mends the host.
PASSING: Final = frozenset({ErrorClass.CONFLICT, ErrorClass.LOST, ErrorClass.BUSY})

CONFLICTS: Final = frozenset({"40001", "40P01"})
# Shutdown by an administrator, crash, starting up, idle timeout; read-only: now a standby.
LOST: Final = frozenset({"57P01", "57P02", "57P03", "57P05", "25006"})
CONNECTION_CLASS: Final = "08"  # the first two characters of the state
# Timeout of a lock, a statement or an idle transaction; too many connections.
BUSY: Final = frozenset({"55P03", "57014", "25P03", "53300"})
DISK_FULL: Final = "53100"
# The first that fits: without room SQLite cannot extend its shared memory either.
_OF_SQLITE: Final = (
    (("SQLITE_BUSY", "SQLITE_LOCKED"), ErrorClass.BUSY),
    (("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"), ErrorClass.DISK_FULL),
    (("SQLITE_READONLY",), ErrorClass.READ_ONLY),
    (("SQLITE_IOERR", "SQLITE_CANTOPEN"), ErrorClass.DISK_ERROR),
)
_OF_SYSTEM: Final = {
    errno.ENOSPC: ErrorClass.DISK_FULL,
    errno.EDQUOT: ErrorClass.DISK_FULL,
    errno.EFBIG: ErrorClass.DISK_FULL,
    errno.EROFS: ErrorClass.READ_ONLY,
}


def classify(error: BaseException) -> ErrorClass | None:
    """Returns the class of an error; None if the program, or what it was given, is at fault."""
    if isinstance(error, sa.exc.TimeoutError):  # the connection pool was empty for too long
        return ErrorClass.BUSY
    # `Store.mark` uses the driver without SQLAlchemy, so its errors are those of the driver.
    cause: BaseException | None = error
    is_cut = False
    if isinstance(error, sa.exc.DBAPIError):
        cause, is_cut = error.orig, error.connection_invalidated
    if isinstance(cause, OSError):
        return _OF_SYSTEM.get(cause.errno or 0)
    if cause is None or not type(cause).__module__.startswith("psycopg"):
        return _of_sqlite(cause)
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return _of_state(state)
    if is_cut:
        return ErrorClass.LOST
    # An error without a state is raised by the driver: it has no connection to the server.
    return (
        ErrorClass.LOST
        if type(cause).__name__ in {"OperationalError", "ConnectionTimeout"}
        else None
    )


def describe(error: BaseException) -> str:
    """Returns what may be logged of an error: its Python class, and its reason if it has one.

    Its text is not logged: it may quote what somebody typed.
    """
    kind = type(error.orig) if isinstance(error, sa.exc.DBAPIError) else type(error)
    reason = classify(error)
    return kind.__name__ if reason is None else f"{reason} ({kind.__name__})"


def _of_state(state: str) -> ErrorClass | None:
    if state in CONFLICTS:
        return ErrorClass.CONFLICT
    if state in LOST or state.startswith(CONNECTION_CLASS):
        return ErrorClass.LOST
    if state == DISK_FULL:
        return ErrorClass.DISK_FULL
    return ErrorClass.BUSY if state in BUSY else None


def _of_sqlite(cause: BaseException | None) -> ErrorClass | None:
    name = getattr(cause, "sqlite_errorname", "")
    return next((each for names, each in _OF_SQLITE if name.startswith(names)), None)
