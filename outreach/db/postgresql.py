"""What a connection to PostgreSQL waits for, and for how long: nobody who asks for a page waits
minutes, whatever becomes of the server."""

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event

from outreach import database_urls


@dataclass(frozen=True)
class Timeouts:
    """Who asks, and the longest that the server lets it wait, in seconds."""

    name: str  # as `pg_stat_activity` shows it
    statement: int
    lock: int
    idle: int  # between two statements of one transaction


# A page takes milliseconds; the longest honest one loads a file of staff.
PAGES: Final = Timeouts("outreach pages", statement=20, lock=10, idle=60)
# A command or the worker may read ten years, and nobody waits for it.
WORK: Final = Timeouts("outreach", statement=600, lock=30, idle=600)
# Whoever waits for a migration's lock keeps everybody else from the table: two seconds of them.
MIGRATION: Final = Timeouts("outreach migration", statement=1800, lock=2, idle=600)

CONNECT: Final = 3  # seconds, for each host
UNHEARD: Final = 6  # seconds until a network that swallows all is given up
POOL: Final = 4  # connections kept: one for each of the server's threads
POOL_WAIT: Final = 5  # seconds for one of them to come free


def engine(url: str, *, pool_size: int, waits: Timeouts) -> sa.Engine:
    """Opens nothing yet. What the address says itself (`?connect_timeout=…`) is kept."""
    address = sa.make_url(url)
    said = address.query
    wanted: dict[str, Any] = {
        "connect_timeout": CONNECT,
        "application_name": waits.name,
        "tcp_user_timeout": UNHEARD * 1000,
        "keepalives": 1,
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 2,
    }
    if len(database_urls.hosts(address)) > 1:
        wanted["target_session_attrs"] = "read-write"
    missing = {name: value for name, value in wanted.items() if name not in said}
    # What the address says comes last, and counts.
    options = [*_options(waits), *_as_tuple(said.get("options", ()))]
    made = sa.create_engine(
        address,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=pool_size,  # one that reads while another block is open is not refused
        pool_timeout=POOL_WAIT,
        pool_pre_ping=True,
        connect_args={**missing, "options": " ".join(options)},
    )
    _leave_a_standby(made)
    return made


def _options(waits: Timeouts) -> list[str]:
    return [
        f"-c statement_timeout={waits.statement}s",
        f"-c lock_timeout={waits.lock}s",
        f"-c idle_in_transaction_session_timeout={waits.idle}s",
    ]


def _as_tuple(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _leave_a_standby(made: sa.Engine) -> None:
    @event.listens_for(made, "handle_error")
    def on_error(context: sa.engine.ExceptionContext) -> None:
        """A primary that became a standby answers and takes nothing any more: all connections to
        it are let go, and the next ones look for the primary."""
        if getattr(context.original_exception, "sqlstate", None) == "25006":
            context.is_disconnect = True
