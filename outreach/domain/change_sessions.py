"""The sessions that change the main database: the audit log, the change counters and the changes of
the public list follow them.

Whoever opens the main database to change it calls `install` once for its store; `Store.change`
raises without. Importing this or any other module registers nothing: a command that happens to
import less than the web does records the same.
"""

from functools import cache

from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.domain.audit import hash_chain
from outreach.domain.calendar import change_counters, public_changes


class ChangeSession(Session):
    """A session that changes the main database."""


def install(store: Store) -> None:
    """Lets a store of the main database change it, with all that has to follow a change."""
    _listen()
    store.use_change_sessions(ChangeSession)


@cache
def _listen() -> None:
    """Registers the listeners, once in a process: SQLAlchemy would add them again for each store,
    while sessions of other threads go through them."""
    hash_chain.listen(ChangeSession)
    # Last, since whoever has incremented the network's number keeps all others waiting.
    change_counters.listen(ChangeSession)
    public_changes.listen(ChangeSession)  # after that, whatever a transaction changes
