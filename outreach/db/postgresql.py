"""Creates the engine for PostgreSQL, with a timeout on everything that a connection waits for.

No request waits for minutes, whatever happens to the server or the network.
"""

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event

from outreach import database_urls


@dataclass(frozen=True)
class Timeouts:
    """After how many seconds the server cancels a session's work."""

    name: str  # `application_name`, shown by `pg_stat_activity`
    statement: int
    lock: int
    idle: int  # between two statements of one transaction


# A page takes milliseconds; the slowest legitimate one imports a file.
PAGES: Final = Timeouts("outreach pages", statement=20, lock=10, idle=60)
# A command or the worker may read ten years of data, and no visitor waits for it.
WORK: Final = Timeouts("outreach", statement=600, lock=30, idle=600)
# While a migration waits for its lock, all other statements on the table wait behind it.
MIGRATION: Final = Timeouts("outreach migration", statement=1800, lock=2, idle=600)

CONNECT_SECONDS: Final = 3  # for each host
UNACKNOWLEDGED_SECONDS: Final = 6  # until a connection that gets no answer is closed
POOL_SIZE: Final = 4  # connections: one for each of the server's threads
POOL_TIMEOUT_SECONDS: Final = 5


def engine(url: str, *, pool_size: int, timeouts: Timeouts) -> sa.Engine:
    """Makes an engine that is not connected yet.

    Options in the URL (`?connect_timeout=…`) take precedence.
    """
    address = sa.make_url(url)
    given = address.query
    defaults: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": timeouts.name,
        "tcp_user_timeout": UNACKNOWLEDGED_SECONDS * 1000,
        "keepalives": 1,
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 2,
    }
    if len(database_urls.hosts(address)) > 1:
        defaults["target_session_attrs"] = "read-write"
    missing = {name: value for name, value in defaults.items() if name not in given}
    # PostgreSQL takes the last of two options with one name, so what was given goes last.
    options = [*_options(timeouts), *_as_tuple(given.get("options", ()))]
    engine = sa.create_engine(
        address,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=pool_size,  # a thread may read while it has a change open
        pool_timeout=POOL_TIMEOUT_SECONDS,
        pool_pre_ping=True,
        connect_args={**missing, "options": " ".join(options)},
    )
    _disconnect_from_standby(engine)
    return engine


def _options(timeouts: Timeouts) -> list[str]:
    return [
        f"-c statement_timeout={timeouts.statement}s",
        f"-c lock_timeout={timeouts.lock}s",
        f"-c idle_in_transaction_session_timeout={timeouts.idle}s",
    ]


def _as_tuple(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _disconnect_from_standby(engine: sa.Engine) -> None:
    @event.listens_for(engine, "handle_error")
    def on_error(context: sa.engine.ExceptionContext) -> None:
        """Closes all connections to a server that is read-only, so that the next ones look for
        the primary.

        After a failover the old primary is read-only.
        """
        if getattr(context.original_exception, "sqlstate", None) == "25006":
            context.is_disconnect = True
