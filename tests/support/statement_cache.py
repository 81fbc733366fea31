"""Shares compiled SQL statements between all engines of a test process."""

from collections import defaultdict
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

MAX_STATEMENTS = 5_000


def compile_once() -> None:
    """Makes all dialects of one kind equal, with one cache.

    By default each engine compiles each statement, and the tests make thousands of engines."""
    compiled: dict[type, Any] = defaultdict(lambda: LRUCache(MAX_STATEMENTS))
    shared_cache = property(
        lambda engine: compiled[type(engine.dialect)],
        lambda _engine, _own: None,
    )
    patch = pytest.MonkeyPatch()  # for the whole run
    patch.setattr(Engine, "_compiled_cache", shared_cache, raising=False)
    for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        patch.setattr(dialect, "__eq__", lambda one, other: type(one) is type(other))
        patch.setattr(dialect, "__hash__", lambda one: hash(type(one)))
