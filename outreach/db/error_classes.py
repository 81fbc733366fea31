"""Classifies errors of the database by whether and when a retry may succeed."""

from enum import Enum, auto
from typing import Final

import sqlalchemy as sa


class ErrorClass(Enum):
    """A temporary error, which is not the fault of the statement."""

    CONFLICT = auto()  # a serialization failure or deadlock: retry at once
    LOST = auto()  # the server or the connection is gone: retry in a moment
    BUSY = auto()  # a lock or a connection did not become free within the timeout


CONFLICTS: Final = frozenset({"40001", "40P01"})
# Shutdown by an administrator, crash, starting up, idle timeout; read-only: now a standby.
LOST: Final = frozenset({"57P01", "57P02", "57P03", "57P05", "25006"})
CONNECTION_CLASS: Final = "08"  # the first two characters of the state
# Timeout of a lock, a statement or an idle transaction; too many connections.
BUSY: Final = frozenset({"55P03", "57014", "25P03", "53300"})


def classify(error: BaseException) -> ErrorClass | None:
    """The class of an error; None if it is not temporary."""
    if isinstance(error, sa.exc.TimeoutError):  # of the connection pool
        return ErrorClass.BUSY
    # `Store.mark` uses the driver without SQLAlchemy, so its errors are those of the driver.
    cause: BaseException | None = error
    is_cut = False
    if isinstance(error, sa.exc.DBAPIError):
        cause, is_cut = error.orig, error.connection_invalidated
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


def _of_state(state: str) -> ErrorClass | None:
    if state in CONFLICTS:
        return ErrorClass.CONFLICT
    if state in LOST or state.startswith(CONNECTION_CLASS):
        return ErrorClass.LOST
    return ErrorClass.BUSY if state in BUSY else None


def _of_sqlite(cause: BaseException | None) -> ErrorClass | None:
    name = getattr(cause, "sqlite_errorname", "")
    return ErrorClass.BUSY if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) else None
