"""Opens a database and hands out sessions: one kind to read, one kind to change."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker


class Store:
    """A database: `sqlite:///file` or `postgresql+psycopg://…` (several hosts allowed)."""

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            # An error from the database must not carry anyone's name into a log.
            self.engine = sa.create_engine(url, hide_parameters=True)
            _prepare_sqlite(self.engine)
        else:
            self.engine = sa.create_engine(
                url, hide_parameters=True, pool_size=pool_size, pool_pre_ping=True
            )
            _hide_values(self.engine)
        # SQLite takes the write lock at once: two changes wait for each other instead of failing.
        changing = self.engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        self._reading = sessionmaker(self.engine, expire_on_commit=False, autoflush=False)
        self._changing = sessionmaker(changing, expire_on_commit=False)

    @contextmanager
    def read(self) -> Iterator[Session]:
        with self._reading() as session:
            yield session

    @contextmanager
    def change(self) -> Iterator[Session]:
        """Everything in the block is kept, or, if it raises, nothing is."""
        with self._changing.begin() as session:
            yield session

    def sweep(self) -> None:
        """Leaves no older page behind in the files of SQLite itself (safety.md S11)."""
        if self.is_sqlite:
            with self.engine.connect() as connection:
                raw = connection.connection.dbapi_connection
                assert raw is not None
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self.engine.dispose()


def took_effect(session: Session, statement: sa.Update | sa.Delete) -> bool:
    """Whether a conditional change found its one row: how we do anything that works once."""
    result = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, sa.CursorResult)
    return result.rowcount == 1


def _hide_values(engine: sa.Engine) -> None:
    @event.listens_for(engine, "handle_error")
    def on_error(context: sa.engine.ExceptionContext) -> None:
        """PostgreSQL repeats the row under DETAIL, which `hide_parameters` knows nothing of."""
        error, told = context.original_exception, context.sqlalchemy_exception
        if not isinstance(error, psycopg.Error) or told is None or not error.diag.message_primary:
            return
        # «invalid input syntax for type integer: "…"» is the one that quotes what came in.
        is_about_input = (error.sqlstate or "").startswith("22")
        said = error.diag.message_primary
        said = said.partition('"')[0] if is_about_input else said
        told.args = (f"({type(error).__name__}) {said}",)
        error.args = (said,)


def _prepare_sqlite(engine: sa.Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        connection.execute("PRAGMA busy_timeout = 15000")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # NORMAL may lose commits in a power cut
        connection.execute("PRAGMA secure_delete = ON")  # erased rows are overwritten

    @event.listens_for(engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))
