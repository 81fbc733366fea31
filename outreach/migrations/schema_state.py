"""Determines the revision of a database, and faults that forbid a migration.

The core's tables and those of each extension have a history of their own. The tables of an
extension bear its name, or one that begins with it and an underscore; one that was switched off
keeps them.

Servers and every command ask for it, so it does without Alembic (decision 0042).
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum, auto
from pathlib import Path
from typing import Final, Self

import sqlalchemy as sa

VERSIONS = "alembic_version"
_REVISION: Final = re.compile(r'^revision = "(\w+)"$', re.MULTILINE)
_PARENT: Final = re.compile(r'^down_revision = (?:"(\w+)"|None)$', re.MULTILINE)


@dataclass(frozen=True)
class History:
    """The migrations of a database: each revision with the one that it follows, None at first."""

    parents: dict[str, str | None]

    @classmethod
    def read(cls, folders: Iterable[Path]) -> Self:
        """Reads the heads of the files. Raises ValueError for one that has none."""
        parents: dict[str, str | None] = {}
        for folder in folders:
            for file in sorted(folder.glob("[!_]*.py")):
                text = file.read_text(encoding="utf-8")
                revision, parent = _REVISION.search(text), _PARENT.search(text)
                if revision is None or parent is None:
                    raise ValueError(f"{file.name} names no revision, or not the one before it")
                parents[revision[1]] = parent[1]
        return cls(parents)

    @property
    def heads(self) -> frozenset[str]:
        """The revisions that none follows: one, unless two were written side by side."""
        return frozenset(self.parents) - frozenset(filter(None, self.parents.values()))

    def walk_back(self, revision: str) -> Iterator[str]:
        """Yields the revision and all before it, the newest first; for an unknown one only
        itself."""
        at: str | None = revision
        while at is not None:
            yield at
            at = self.parents.get(at)


class Stage(StrEnum):
    EMPTY = auto()  # without tables
    BEHIND = auto()
    CURRENT = auto()
    UNKNOWN = auto()  # by a newer program, or one before the first release: must not be migrated
    ODD = auto()  # must not be migrated


@dataclass(frozen=True)
class State:
    """The state of one database."""

    stage: Stage
    revision: str = ""
    fault: str = ""  # why it must not be migrated, and what to do


def name_version_table(extension: str = "") -> str:
    """Returns the table that has the revision of the core, or of an extension."""
    return f"{VERSIONS}_{extension}" if extension else VERSIONS


def find_owner(table: str, extensions: Iterable[str]) -> str:
    """Returns the extension to which a table belongs, by its name; empty for the core. Of several
    the longest name: `follow_up_note` is no table of `follow` where there is a `follow_up`."""
    owners = [each for each in extensions if table == each or table.startswith(f"{each}_")]
    return max(owners, key=len, default="")


def list_extensions(tables: Iterable[str]) -> frozenset[str]:
    """Returns the extensions that have tables among these of a database, on or not."""
    prefix = name_version_table("") + "_"
    return frozenset(each.removeprefix(prefix) for each in tables if each.startswith(prefix))


def select_own(tables: Collection[str], extension: str = "") -> frozenset[str]:
    """Returns those of all tables of a database that belong to the core, or to an extension,
    without the tables of revisions."""
    known = list_extensions(tables) | ({extension} if extension else set())
    versions = {VERSIONS, *map(name_version_table, known)}
    return frozenset(
        each for each in tables if each not in versions and find_owner(each, known) == extension
    )


def look(engine: sa.Engine, history: History, extension: str = "") -> State:
    """Returns the state of the core's tables, or of those of an extension."""
    versions = name_version_table(extension)
    with engine.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names())
        rows = sa.select(sa.column("version_num", sa.String)).select_from(sa.table(versions))
        heads = connection.scalars(rows).all() if versions in tables else []
    if len(heads) > 1:
        return _odd(
            f"it is at several versions at once ({', '.join(sorted(heads))}): two upgrades were "
            "mixed in it. Put back the backup made before the upgrade"
        )
    if not heads:
        if select_own(tables, extension):
            return _odd(
                "it has tables and no version: another program's, or half of a copy. Put back a "
                "whole backup, or name an empty database"
            )
        return State(Stage.EMPTY)
    [revision] = heads
    if revision not in history.parents:
        return State(
            Stage.UNKNOWN,
            fault=_say_unknown(revision, extension),
        )
    is_current = history.heads == {revision}
    return State(Stage.CURRENT if is_current else Stage.BEHIND, revision)


def _say_unknown(revision: str, extension: str) -> str:
    if extension:
        return (
            f"the version of the tables of {extension} ({revision}) is not known to the extension "
            "that is installed. Install the newer version of it that made them"
        )
    return (
        f"its version ({revision}) is not known to this program. If a newer one made it, install "
        "that version of outreach; one from before release 1.0.0 cannot be upgraded: name an empty "
        "database"
    )


def is_before(history: History, one: str, other: str) -> bool:
    """Whether one revision comes before the other."""
    return one != other and one in history.walk_back(other)


def _odd(fault: str) -> State:
    return State(Stage.ODD, fault=fault)
