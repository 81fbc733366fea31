"""What SQLAlchemy makes of a statement, made once for all tests of a process."""

from collections import defaultdict
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

MANY = 5_000


def compile_once() -> None:
    """Every database that is opened compiles each statement anew, and the tests open thousands.
    Here all dialects of one kind are the same one, and have what was compiled in common."""
    compiled: dict[type, Any] = defaultdict(lambda: LRUCache(MANY))
    in_common = property(
        lambda engine: compiled[type(engine.dialect)],
        lambda _engine, _own: None,
    )
    to_the_end = pytest.MonkeyPatch()  # nobody undoes it
    to_the_end.setattr(Engine, "_compiled_cache", in_common, raising=False)
    for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        to_the_end.setattr(dialect, "__eq__", lambda one, other: type(one) is type(other))
        to_the_end.setattr(dialect, "__hash__", lambda one: hash(type(one)))
