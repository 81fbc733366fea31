"""Two who meet in the middle: the second begins when the first has done this much and no more, so
that what a race may do is done every time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, get_ident
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from outreach.db.store import Store

PATIENCE: Final = 30  # seconds until a meeting that does not come about is a failure
One = TypeVar("One")
Other = TypeVar("Other")
_WAITS: Final = sa.text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


def meet(
    store: Store, first: Callable[[], One], second: Callable[[], Other], *, at: str
) -> tuple[One, Other]:
    """What both come to. `second` begins as soon as `first` has asked its database a statement
    with `at` in it; then `first` goes on when `second` has ended, or has to wait for it."""
    ready, has_ended, who = Barrier(2), Event(), [0]

    def pause(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if get_ident() == who[0] and at in statement:
            who[0] = 0
            ready.wait(PATIENCE)
            while not (has_ended.is_set() or _is_held_up(store)):
                pass

    def go_first() -> One:
        who[0] = get_ident()
        return first()

    def go_second() -> Other:
        ready.wait(PATIENCE)
        try:
            return second()
        finally:
            has_ended.set()

    sa.event.listen(store.engine, "after_cursor_execute", pause)
    try:
        with ThreadPoolExecutor(2) as pool:
            one, other = pool.submit(go_first), pool.submit(go_second)
            return one.result(), other.result()
    finally:
        sa.event.remove(store.engine, "after_cursor_execute", pause)


def _is_held_up(store: Store) -> bool:
    """Whether somebody waits for what another holds. On SQLite whoever changes anything does."""
    if store.is_sqlite:
        return True
    with store.engine.connect() as connection:
        return bool(connection.scalar(_WAITS))
