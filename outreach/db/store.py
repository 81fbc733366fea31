"""Opens a database and gives sessions: for reading, and for changing in one transaction."""

import os
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import RLock
from time import monotonic, sleep
from typing import Any, Final, NamedTuple
from weakref import WeakSet

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker

from outreach.db import postgresql
from outreach.db.postgresql import POOL_SIZE, WORK, Timeouts
from outreach.db.sqlite_write_lock import WriteLock


class Store:
    """A database: `sqlite:///file` or `postgresql+psycopg://…` (several hosts allowed)."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = POOL_SIZE,
        is_durable: bool = True,
        timeouts: Timeouts = WORK,
    ) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            # hide_parameters: a logged error must not show a person's name.
            # Without a limit: threads that wait for the lock of writers may each hold one, and the
            # one that has the lock needs another.
            pool = {"max_overflow": -1} if sa.make_url(url).database else {}  # in memory: one only
            self.engine = sa.create_engine(url, hide_parameters=True, **pool)
            _prepare_sqlite(self.engine, is_durable=is_durable)
        else:
            self.engine = postgresql.engine(url, pool_size=pool_size, timeouts=timeouts)
            if not is_durable:
                _disable_synchronous_commit(self.engine)
            _hide_values(self.engine)
        # BEGIN IMMEDIATE: two changes wait for each other instead of failing at COMMIT.
        changing = self.engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        self.session_info: dict[str, object] = {}  # in `info` of each session made from now on
        self._reading = sessionmaker(self.engine, expire_on_commit=False, autoflush=False)
        self._changing: Callable[..., Session] | None = None
        self._changing_rows = changing
        self._write_lock = (
            WriteLock(self.engine.url.database or "") if self.is_sqlite else _NoLock()
        )
        self._watch = _Watch(self.engine, self._write_lock)
        if self.is_sqlite:
            _stores.add(self)
            _reopen_after_read_only(self.engine, url)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Opens a session for reading."""
        with self._reading(info=self.session_info) as session:
            yield session

    @contextmanager
    def read_rows(self) -> Iterator[sa.Connection]:
        """Opens a connection without ORM, for short queries of hot paths: a session takes
        longer.
        """
        with self.engine.connect() as connection:
            yield connection

    def use_change_sessions(self, kind: type[Session]) -> None:
        """Sets the class of the sessions that change.

        The listeners that record and count the changes of the main database belong to a
        class of its own (`outreach/domain/change_sessions.py`), and not to sessions for
        reading: with a listener SQLAlchemy prepares each statement twice.
        """
        # A `sessionmaker` makes a subclass, whose listeners SQLAlchemy collects at its first
        # session, without a lock: another thread's session could miss some of them.
        self._changing = partial(kind, self._changing_rows, expire_on_commit=False)

    @contextmanager
    def change(self) -> Iterator[Session]:
        """Opens a session in one transaction: committed when the block ends, rolled back if it
        raises.

        Raises RuntimeError before `use_change_sessions`: nothing would record the change.
        """
        if self._changing is None:
            raise RuntimeError(
                "Nothing would record what changes here. Call domain.change_sessions.install for a "
                "store of the main database, and make a KeyStore of one of the key store."
            )
        with (
            self._write_lock.acquire(),
            self._changing(info=self.session_info) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def change_rows(self) -> Iterator[sa.Connection]:
        """Gives the transaction as a connection without ORM, for short statements of hot paths."""
        with self._write_lock.acquire(), self._changing_rows.begin() as connection:
            yield connection

    def mark(self) -> Hashable:
        """Returns a value that changes with each commit of any process: equal marks mean equal
        data.

        Takes microseconds on SQLite and one short query on PostgreSQL. To validate a cache, take
        the mark before reading the data, never after.
        """
        return self._watch.mark()

    def read_row(self, query: str, *values: str) -> tuple[Any, ...] | None:
        """Returns the one row that a query finds, as the driver gives it; None if there is none.

        It opens no session. Each `?` in the query stands for one of `values`. Takes
        microseconds on SQLite.
        """
        return self._watch.read_row(query, *values)

    def read_number(self, query: str, value: str) -> int | None:
        """Returns the number with which the row of `read_row` begins; None if there is no row."""
        row = self.read_row(query, value)
        return None if row is None else int(row[0])

    @contextmanager
    def exclusive(self, number: int, *, patience: float) -> Iterator[bool]:
        """Lets one block with this number run at a time, on all hosts; on SQLite it keeps out
        every writer.

        Yields False if another block still runs after `patience` seconds.
        """
        if self.is_sqlite:
            with self._write_lock.acquire():
                yield True
            return
        with self.engine.connect() as connection:
            # A transaction as long as the block would keep VACUUM from removing dead rows.
            connection.execution_options(isolation_level="AUTOCOMMIT")
            until = monotonic() + patience
            while not (is_acquired := connection.scalar(_TRY, {"number": number})):
                if monotonic() >= until:
                    break
                sleep(_POLL_SECONDS)
            try:
                yield bool(is_acquired)
            finally:
                if is_acquired:
                    connection.execute(_FREE, {"number": number})

    def size(self) -> int:
        """Returns the size on disk, in bytes; on SQLite with the write-ahead log."""
        if self.is_sqlite:
            file = str(self.engine.url.database)
            paths = [Path(file), Path(f"{file}-wal")]
            return sum(path.stat().st_size for path in paths if path.exists())
        with self.engine.connect() as connection:
            query = sa.text("SELECT pg_database_size(current_database())")
            return int(connection.scalar(query) or 0)

    def truncate_log(self) -> None:
        """Removes older pages from the files of SQLite by emptying its write-ahead log (S11)."""
        if self.is_sqlite:
            with self.engine.connect() as connection:
                raw = connection.connection.dbapi_connection
                assert raw is not None
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def let_go(self) -> None:
        """Closes the connections that are not in use; new ones are opened when needed."""
        self._watch.close()
        self.engine.dispose()

    def prepare_fork(self) -> None:
        """Closes what processes must not share: connections, and the file of the write lock.

        A parent and its fork would hold the same `flock`. Each opens its own when it needs
        them. Nothing else may use the store meanwhile.
        """
        self.let_go()
        self._write_lock.close()

    def close(self) -> None:
        _stores.discard(self)
        self._watch.close()
        self._write_lock.close()
        self.engine.dispose()


_POLL_SECONDS = 0.2
_KEPT_SECONDS: Final = 1.0
_MAX_KEPT: Final = 4000
_MAX_KEPT_CHARACTERS: Final = 80  # in the values of one query; a visitor's may have thousands
_TRY = sa.text("SELECT pg_try_advisory_lock(:number)")
_FREE = sa.text("SELECT pg_advisory_unlock(:number)")


class _NoLock(WriteLock):
    """Takes the place of a write lock on PostgreSQL, which lets many write at once."""

    def __init__(self) -> None:
        super().__init__("")

    @contextmanager
    def acquire(self) -> Iterator[None]:
        yield


class _Answer(NamedTuple):
    """The row that a query returned, and how long it is sure to be valid."""

    row: tuple[Any, ...] | None
    changes: int  # the counter of the write lock
    until: float  # as `monotonic` counts


class _Watch:
    """A connection of its own for short queries that run many times a second.

    On SQLite an answer is kept until the next change. A change that another program makes, which
    does not take the lock of writers, is seen within a second.
    """

    def __init__(self, engine: sa.Engine, write_lock: WriteLock) -> None:
        self._engine = engine
        self._write_lock = write_lock
        self._kept: dict[tuple[str, ...], _Answer] = {}
        self._is_sqlite = engine.dialect.name == "sqlite"
        # Two equal snapshots of PostgreSQL see the same transactions.
        self._mark_query = (
            "PRAGMA data_version" if self._is_sqlite else "SELECT pg_current_snapshot()::text"
        )
        self._connection: Any = None
        self._opened = 0
        self._process = 0
        self._lock = RLock()  # reentrant: an error while opening closes

    def mark(self) -> Hashable:
        return self._ask_or_recall(self._mark_query)

    def read_row(self, query: str, *values: str) -> tuple[Any, ...] | None:
        return self._ask_or_recall(query if self._is_sqlite else query.replace("?", "%s"), *values)

    def _ask_or_recall(self, query: str, *values: str) -> tuple[Any, ...] | None:
        changes = self._write_lock.count()  # before the query: a later change has another count
        kept = self._kept.get((query, *values))
        if kept is not None and kept.changes == changes and monotonic() < kept.until:
            return kept.row
        with self._lock:
            found = self._ask(query, *values)
            if query == self._mark_query:
                # The values of two connections cannot be compared.
                found = self._process, self._opened, *(found or ())
        if changes is not None and sum(map(len, values)) <= _MAX_KEPT_CHARACTERS:
            if len(self._kept) >= _MAX_KEPT:
                self._kept = {}
            self._kept[query, *values] = _Answer(found, changes, monotonic() + _KEPT_SECONDS)
        return found

    def close(self) -> None:
        # A timeout, since two threads that both fail while opening could wait for each other.
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
        pooled.detach()  # it is kept open, so it must not count as one of the pool
        self._connection = pooled.dbapi_connection
        if not self._is_sqlite:
            self._connection.autocommit = True
        self._process = os.getpid()
        self._opened += 1

    def _ask(self, query: str, *values: str) -> tuple[Any, ...] | None:
        if self._process != os.getpid():
            self._open()  # a forked process must not share its parent's connection
        try:
            return self._answer(query, values)
        except self._engine.dialect.loaded_dbapi.Error:
            # The connection is lost: one retry, on a new one.
            self.close()
            self._open()
            return self._answer(query, values)

    def _answer(self, query: str, values: tuple[str, ...]) -> tuple[Any, ...] | None:
        cursor = self._connection.cursor()
        cursor.execute(query, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
        cursor.close()
        return row


def changes_one_row(session: Session, statement: sa.Update | sa.Delete) -> bool:
    """Executes a conditional UPDATE or DELETE and tells whether it changed exactly one row."""
    return change_rows(session, statement) == 1


def change_rows(session: Session, statement: sa.Update | sa.Delete) -> int:
    """Executes an UPDATE or DELETE and returns how many rows it changed.

    Objects of the session learn nothing of it.
    """
    result = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, sa.CursorResult)
    return result.rowcount


def _hide_values(engine: sa.Engine) -> None:
    import psycopg  # 10 MB, not needed on SQLite

    @event.listens_for(engine, "handle_error")
    def on_error(context: sa.engine.ExceptionContext) -> None:
        """Removes DETAIL, where PostgreSQL repeats the row in spite of `hide_parameters`."""
        error, raised = context.original_exception, context.sqlalchemy_exception
        if not isinstance(error, psycopg.Error) or raised is None or not error.diag.message_primary:
            return
        # Errors of class 22 quote the input: «invalid input syntax for type integer: "…"».
        is_about_input = (error.sqlstate or "").startswith("22")
        message = error.diag.message_primary
        message = message.partition('"')[0] if is_about_input else message
        raised.args = (f"({type(error).__name__}) {message}",)
        error.args = (message,)


def _disable_synchronous_commit(engine: sa.Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        connection.execute("SET synchronous_commit = off")
        connection.commit()


_stores: Final[WeakSet[Store]] = WeakSet()  # those of this process on SQLite


def _reopen_after_read_only(engine: sa.Engine, url: str) -> None:
    """Closes all connections of this process to a file after an error that says it is read-only.

    A connection that SQLite opened while the disk was read-only stays read-only, and all
    connections of a process to one file share that.
    """

    @event.listens_for(engine, "handle_error")
    def on_error(context: sa.engine.ExceptionContext) -> None:
        name = getattr(context.original_exception, "sqlite_errorname", "")
        if name.startswith("SQLITE_READONLY"):
            context.is_disconnect = True
            # A cursor in the traceback of an error would keep the connection open.
            execution = context.execution_context
            if execution is not None and execution.cursor is not None:
                execution.cursor.close()
            for store in list(_stores):
                if store.url == url:
                    store.let_go()


def _prepare_sqlite(engine: sa.Engine, *, is_durable: bool) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # `do_begin` below sends BEGIN
        connection.execute("PRAGMA busy_timeout = 15000")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        # NORMAL may lose the last commits in a power cut.
        connection.execute(f"PRAGMA synchronous = {'FULL' if is_durable else 'NORMAL'}")
        # Four times the default: fewer checkpoints, and a log of 16 MB at most.
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute("PRAGMA secure_delete = ON")  # erased rows are overwritten

    @event.listens_for(engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        connection.info["begin"] = connection.get_execution_options().get("sqlite_begin", "BEGIN")

    def do_begin(connection: sa.PoolProxiedConnection) -> None:
        connection.cursor().execute(connection.info["begin"])

    # SQLAlchemy calls it after the event. `exec_driver_sql` would take longer than many a query.
    dialect: Any = engine.dialect
    dialect.do_begin = do_begin
