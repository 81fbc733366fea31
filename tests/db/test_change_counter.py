"""The counter of changes beside a SQLite database: what readers keep, and until when."""

import os
import signal
import sqlite3
import subprocess
import sys
import tracemalloc
from pathlib import Path
from time import monotonic

import pytest
import sqlalchemy as sa

from outreach.db.sqlite_write_lock import SUFFIX, WriteLock
from outreach.db.store import Store

QUERY = "SELECT number FROM counted WHERE name = ?"
ADD_ONE = sa.text("UPDATE counted SET number = number + 1")

# Commits one change and is killed before it gives the lock back.
_KILLED = """
import os, signal, sqlite3, sys
from outreach.db.sqlite_write_lock import SUFFIX, WriteLock
with WriteLock(sys.argv[1]).acquire():
    connection = sqlite3.connect(sys.argv[1], isolation_level=None)
    connection.execute("UPDATE counted SET number = number + 1")
    os.kill(os.getpid(), signal.SIGKILL)
"""
_CHANGING = """
import sys, sqlalchemy as sa
from outreach.db.store import Store
store = Store("sqlite:///" + sys.argv[1])
for _ in sys.stdin:
    with store.change_rows() as connection:
        connection.execute(sa.text("UPDATE counted SET number = number + 1"))
    print("committed", flush=True)
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "counted.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE counted (name TEXT PRIMARY KEY, number INTEGER NOT NULL)")
    connection.execute("INSERT INTO counted VALUES ('red', 1)")
    connection.close()
    return path


def test_count_is_equal_until_a_change_ends(database: Path) -> None:
    reader, writer = WriteLock(str(database)), WriteLock(str(database))
    before = reader.count()
    assert before is not None
    assert reader.count() == before
    with writer.acquire():
        assert reader.count() is None
    after = reader.count()
    assert after not in {None, before}
    with pytest.raises(ZeroDivisionError), writer.acquire():
        raise ZeroDivisionError
    assert reader.count() not in {None, before, after}
    reader.close()
    assert reader.count() is not None, "it is opened again"
    reader.close()
    writer.close()


def test_change_of_another_process_is_seen_at_once(database: Path) -> None:
    store = Store(f"sqlite:///{database}")
    other = subprocess.Popen(
        [sys.executable, "-c", _CHANGING, str(database)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    )  # fmt: skip
    assert other.stdin is not None
    assert other.stdout is not None
    marks = {store.mark()}
    for number in range(1, 40):
        assert store.read_number(QUERY, "red") == number
        assert store.mark() in marks
        other.stdin.write("\n")
        assert other.stdout.readline() == "committed\n"
        assert store.mark() not in marks
        marks.add(store.mark())
    other.communicate()
    store.close()


def test_commit_of_a_killed_process_is_seen(database: Path) -> None:
    store = Store(f"sqlite:///{database}")
    for killed in (1, 2):
        before, mark = store.read_number(QUERY, "red"), store.mark()
        done = subprocess.run([sys.executable, "-c", _KILLED, str(database)], check=False)
        assert done.returncode == -signal.SIGKILL
        assert before is not None
        assert store.read_number(QUERY, "red") == before + 1, killed
        assert store.mark() != mark
    with store.change_rows() as connection:
        connection.execute(ADD_ONE)
    assert store.read_number(QUERY, "red") == 4
    store.close()


@pytest.mark.thorough
def test_change_by_another_program_is_seen_within_seconds(database: Path) -> None:
    store = Store(f"sqlite:///{database}")
    assert store.read_number(QUERY, "red") == 1
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("UPDATE counted SET number = 7")
    connection.close()
    until = monotonic() + 60  # a busy machine
    while store.read_number(QUERY, "red") != 7:
        assert monotonic() < until
    store.close()


def test_changes_in_a_fork_are_seen_by_its_parent(database: Path) -> None:
    store = Store(f"sqlite:///{database}")
    assert store.read_number(QUERY, "red") == 1
    store.prepare_fork()
    child = os.fork()
    if child == 0:
        with store.change_rows() as connection:
            connection.execute(ADD_ONE)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert store.read_number(QUERY, "red") == 2
    store.close()


def test_without_the_file_of_the_lock_each_answer_is_asked_for(database: Path) -> None:
    Path(f"{database}{SUFFIX}").mkdir()
    store = Store(f"sqlite:///{database}")
    assert store.read_number(QUERY, "red") == 1
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("UPDATE counted SET number = 7")
    connection.close()
    assert store.read_number(QUERY, "red") == 7
    store.close()


def test_long_names_of_visitors_are_not_kept(database: Path) -> None:
    store = Store(f"sqlite:///{database}")
    assert store.read_number(QUERY, "red") == 1
    tracemalloc.start()
    try:
        for number in range(1000):
            assert store.read_number(QUERY, f"{number:08000}") is None
        kept_bytes = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
        store.close()
    assert kept_bytes < 100_000
