"""Opens a database and hands out sessions: one kind to read, one kind to change."""

import os
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from time import monotonic, sleep
from typing import Any, Final
from weakref import WeakSet

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker

from outreach.db import postgresql
from outreach.db.postgresql import POOL, WORK, Timeouts
from outreach.db.sqlite_write_lock import WriteLock


class Store:
    """A database: `sqlite:///file` or `postgresql+psycopg://…` (several hosts allowed)."""

    def __init__(
        self, url: str, *, pool_size: int = POOL, is_durable: bool = True, waits: Timeouts = WORK
    ) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            # An error from the database must not carry anyone's name into a log.
            self.engine = sa.create_engine(url, hide_parameters=True)
            _prepare_sqlite(self.engine, is_durable=is_durable)
        else:
            self.engine = postgresql.engine(url, pool_size=pool_size, waits=waits)
            if not is_durable:
                _let_commits_wait(self.engine)
            _hide_values(self.engine)
        # SQLite takes the write lock at once: two changes wait for each other instead of failing.
        changing = self.engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        self._reading = sessionmaker(self.engine, expire_on_commit=False, autoflush=False)
        self._changing = sessionmaker(changing, expire_on_commit=False)
        self._changing_rows = changing
        self._watch = _Watch(self.engine)
        self._write_lock = (
            WriteLock(self.engine.url.database or "") if self.is_sqlite else _Anybody()
        )
        if self.is_sqlite:
            _stores.add(self)
            _open_anew(self.engine, url)

    @contextmanager
    def read(self) -> Iterator[Session]:
        with self._reading() as session:
            yield session

    @contextmanager
    def change(self) -> Iterator[Session]:
        """Everything in the block is kept, or, if it raises, nothing is."""
        with self._write_lock.acquire(), self._changing.begin() as session:
            yield session

    @contextmanager
    def change_rows(self) -> Iterator[sa.Connection]:
        """The same without a session, for a statement or two that many wait for."""
        with self._write_lock.acquire(), self._changing_rows.begin() as connection:
            yield connection

    def mark(self) -> Hashable:
        """Equal to an earlier one only if nothing has been committed in between, by anybody.

        Costs microseconds on SQLite and one short question on PostgreSQL: a cheap way to know
        that what was read before still holds. Take it before reading, never after.
        """
        return self._watch.mark()

    def read_number(self, question: str, value: str) -> int | None:
        """The one number that a question about one row gives, without a session: microseconds on
        SQLite. `?` in the question stands for the value."""
        return self._watch.read_number(question, value)

    @contextmanager
    def exclusive(self, number: int, *, patience: float) -> Iterator[bool]:
        """Keeps everybody else out of such a block, on all hosts; False where another one was in
        it for as long as one's patience. SQLite keeps out whoever wants to write anything."""
        if self.is_sqlite:
            with self._write_lock.acquire():
                yield True
            return
        with self.engine.connect() as connection:
            # Not one transaction for as long as the block is: it would hold up the vacuum.
            connection.execution_options(isolation_level="AUTOCOMMIT")
            until = monotonic() + patience
            while not (is_mine := connection.scalar(_TRY, {"number": number})):
                if monotonic() >= until:
                    break
                sleep(_LOOK)
            try:
                yield bool(is_mine)
            finally:
                if is_mine:
                    connection.execute(_FREE, {"number": number})

    def size(self) -> int:
        """What it takes on the disk, in bytes; of SQLite with the log that is not in it yet."""
        if self.is_sqlite:
            file = str(self.engine.url.database)
            paths = [Path(file), Path(f"{file}-wal")]
            return sum(path.stat().st_size for path in paths if path.exists())
        with self.engine.connect() as connection:
            asked = sa.text("SELECT pg_database_size(current_database())")
            return int(connection.scalar(asked) or 0)

    def truncate_log(self) -> None:
        """Leaves no older page behind in the files of SQLite itself (S11)."""
        if self.is_sqlite:
            with self.engine.connect() as connection:
                raw = connection.connection.dbapi_connection
                assert raw is not None
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def let_go(self) -> None:
        """Closes what nobody is using; the next who asks opens it anew."""
        self._watch.close()
        self.engine.dispose()

    def close(self) -> None:
        _stores.discard(self)
        self._watch.close()
        self._write_lock.close()
        self.engine.dispose()


_LOOK = 0.2  # seconds
_TRY = sa.text("SELECT pg_try_advisory_lock(:number)")
_FREE = sa.text("SELECT pg_advisory_unlock(:number)")


class _Anybody(WriteLock):
    """PostgreSQL sees to it itself: many write at once."""

    def __init__(self) -> None:
        super().__init__("")

    @contextmanager
    def acquire(self) -> Iterator[None]:
        yield


class _Watch:
    """A connection of its own for short questions that are asked many times a second."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"
        # PostgreSQL: two snapshots that read the same see the same transactions.
        self._question = (
            "PRAGMA data_version" if self._is_sqlite else "SELECT pg_current_snapshot()::text"
        )
        self._connection: Any = None
        self._opened = 0
        self._process = 0
        self._lock = RLock()  # an error while it opens closes it

    def mark(self) -> Hashable:
        with self._lock:
            answer = self._ask(self._question)
            # The answers of two connections cannot be compared.
            return self._process, self._opened, answer

    def read_number(self, question: str, value: str) -> int | None:
        with self._lock:
            found = self._ask(question if self._is_sqlite else question.replace("?", "%s"), value)
            return None if found is None else int(found)

    def close(self) -> None:
        # Two threads that each fail while they open must not wait for each other for ever.
        if not self._lock.acquire(timeout=1):
            return
        try:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None
            self._process = 0
        finally:
            self._lock.release()

    def _open(self) -> None:
        pooled = self._engine.raw_connection()
        pooled.detach()  # it is kept, so it must not be one of the pool's few
        self._connection = pooled.dbapi_connection
        if not self._is_sqlite:
            self._connection.autocommit = True
        self._process = os.getpid()
        self._opened += 1

    def _ask(self, question: str, *values: str) -> Any:
        if self._process != os.getpid():
            self._open()  # a forked process must not share its parent's connection
        try:
            return self._answer(question, values)
        except self._engine.dialect.loaded_dbapi.Error:
            # The server went away: once more, on a new connection.
            self.close()
            self._open()
            return self._answer(question, values)

    def _answer(self, question: str, values: tuple[str, ...]) -> Any:
        cursor = self._connection.cursor()
        cursor.execute(question, values)
        row = cursor.fetchone()
        cursor.close()
        return None if row is None else row[0]


def changes_one_row(session: Session, statement: sa.Update | sa.Delete) -> bool:
    """Whether a conditional change found its one row: how we do anything that works once."""
    result = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, sa.CursorResult)
    return result.rowcount == 1


def _hide_values(engine: sa.Engine) -> None:
    import psycopg  # 10 MB that an installation with SQLite does not need

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


def _let_commits_wait(engine: sa.Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        connection.execute("SET synchronous_commit = off")
        connection.commit()


_stores: Final[WeakSet[Store]] = WeakSet()  # of SQLite, in this process


def _open_anew(engine: sa.Engine, url: str) -> None:
    """What SQLite opened while the disk was read-only stays so, though the disk is well again; and
    all connections of a process to one file share it, so all of them are let go."""

    @event.listens_for(engine, "handle_error")
    def on_error(context: sa.engine.ExceptionContext) -> None:
        name = getattr(context.original_exception, "sqlite_errorname", "")
        if name.startswith("SQLITE_READONLY"):
            context.is_disconnect = True
            # A connection stays open as long as a question to it does, in some error's traceback.
            asked = context.execution_context
            if asked is not None and asked.cursor is not None:
                asked.cursor.close()
            for store in list(_stores):
                if store.url == url:
                    store.let_go()


def _prepare_sqlite(engine: sa.Engine, *, is_durable: bool) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        connection.execute("PRAGMA busy_timeout = 15000")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        # NORMAL may lose the last commits in a power cut.
        connection.execute(f"PRAGMA synchronous = {'FULL' if is_durable else 'NORMAL'}")
        # Moving pages from the log to the file four times less often; a log of 16 MB at most.
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute("PRAGMA secure_delete = ON")  # erased rows are overwritten

    @event.listens_for(engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))
