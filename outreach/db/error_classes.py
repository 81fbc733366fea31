"""What a database's error means for whoever asked: ask at once again, in a moment, or never."""

from enum import Enum, auto
from typing import Final

import sqlalchemy as sa


class ErrorClass(Enum):
    """None of these is about what was asked."""

    CONFLICT = auto()  # two changes met, and this one was undone
    LOST = auto()  # the server, or the way to it, is gone; another may take its place
    BUSY = auto()  # it was waited for as long as we wait


CONFLICTS: Final = frozenset({"40001", "40P01"})
# Ended by an administrator, a crash, a start that is not over; a primary that became a standby.
LOST: Final = frozenset({"57P01", "57P02", "57P03", "57P05", "25006"})
NO_CONNECTION: Final = "08"  # the class of them
# A lock, a statement or a transaction that took too long; too many connections.
BUSY: Final = frozenset({"55P03", "57014", "25P03", "53300"})


def classify(error: BaseException) -> ErrorClass | None:
    """None for what is no fault of the moment."""
    if isinstance(error, sa.exc.TimeoutError):  # no connection of the pool came free
        return ErrorClass.BUSY
    # What was asked of the driver without SQLAlchemy (`Store.mark`) comes as the driver says it.
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
    # Without a state it is the driver's own word: the way to the server is gone, or was never.
    return (
        ErrorClass.LOST
        if type(cause).__name__ in {"OperationalError", "ConnectionTimeout"}
        else None
    )


def _of_state(state: str) -> ErrorClass | None:
    if state in CONFLICTS:
        return ErrorClass.CONFLICT
    if state in LOST or state.startswith(NO_CONNECTION):
        return ErrorClass.LOST
    return ErrorClass.BUSY if state in BUSY else None


def _of_sqlite(cause: BaseException | None) -> ErrorClass | None:
    """Another wrote for longer than we wait."""
    name = getattr(cause, "sqlite_errorname", "")
    return ErrorClass.BUSY if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) else None
