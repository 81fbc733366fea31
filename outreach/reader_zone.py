"""The time zone of whoever reads a page or a message, where it is known.

A page has it from the place of the search or from the browser; a ticket, letter or text from what
the person's registration has sealed. What is stored of a workshop is the hour of its venue or
office: this zone only says what clock is shown beside it.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# As browsers write it. A browser that hides where it is says UTC, which is nobody's clock.
_KEY: Final = re.compile(r"(?!Etc/)[A-Z][A-Za-z_]{1,19}(?:/[A-Za-z_+-]{1,20}){1,2}")

_used: ContextVar[ZoneInfo | None] = ContextVar("reader_zone", default=None)


def _know_none() -> ZoneInfo | None:
    return None


# The zone of the reader of a page: `web.middleware.reader_place` puts its own function here.
tell_zone: Callable[[], ZoneInfo | None] = _know_none


def current() -> ZoneInfo | None:
    """The zone of whoever reads what is being written; None where it is not known."""
    return _used.get() or tell_zone()


@contextmanager
def use_zone(zone: ZoneInfo | None) -> Iterator[None]:
    """Sets the zone of the reader in the block."""
    token = _used.set(zone)
    try:
        yield
    finally:
        _used.reset(token)


def parse(key: str | None) -> ZoneInfo | None:
    """A zone by the key that a browser sent; None where there is none of that name."""
    if not key or not _KEY.fullmatch(key):
        return None
    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
