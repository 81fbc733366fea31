"""Lists that are shown although one line of them cannot be written."""

import logging
import traceback
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from outreach.errors import OutreachError

log: Final = logging.getLogger(__name__)
Item = TypeVar("Item")
Made = TypeVar("Made")


def make_each(items: Iterable[Item], make: Callable[[Item], Made], *, what: str) -> list[Made]:
    """Returns what `make` makes of each item. One of which it fails is left out, and the log says
    so: where in the program, and not the text of the error, which may quote what somebody typed
    (S10).

    A refusal, and trouble of the database or the machine, ends the whole list.
    """
    made = []
    for item in items:
        try:
            made.append(make(item))
        except (OutreachError, SQLAlchemyError, OSError, MemoryError):
            raise
        except Exception as error:
            log.error("left out of %s: %s at %s", what, type(error).__name__, _find_place(error))
    return made


def _find_place(error: BaseException) -> str:
    """The file and line of the program that failed."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "?"
