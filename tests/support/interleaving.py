"""Runs two transactions interleaved: the second starts when the first has reached a certain
statement, so that a race happens in every run."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, get_ident
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from outreach.db.store import Store

TIMEOUT_SECONDS: Final = 30
One = TypeVar("One")
Other = TypeVar("Other")
_WAITS: Final = sa.text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


def meet(
    store: Store, first: Callable[[], One], second: Callable[[], Other], *, at: str
) -> tuple[One, Other]:
    """The results of both.

    `second` starts as soon as `first` has executed a statement that contains `at`; then `first`
    continues once `second` has ended or waits for a lock."""
    ready, has_ended, who = Barrier(2), Event(), [0]

    def pause(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if get_ident() == who[0] and at in statement:
            who[0] = 0
            ready.wait(TIMEOUT_SECONDS)
            while not (has_ended.is_set() or _is_blocked(store)):
                pass

    def go_first() -> One:
        who[0] = get_ident()
        return first()

    def go_second() -> Other:
        ready.wait(TIMEOUT_SECONDS)
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


def _is_blocked(store: Store) -> bool:
    """Whether a connection waits for a lock. On SQLite every second writer does."""
    if store.is_sqlite:
        return True
    with store.engine.connect() as connection:
        return bool(connection.scalar(_WAITS))
