"""Determines the revision of a database, and faults that forbid a migration."""

from dataclasses import dataclass
from enum import StrEnum, auto

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

VERSIONS = "alembic_version"


class Stage(StrEnum):
    EMPTY = auto()  # without tables
    BEHIND = auto()
    CURRENT = auto()
    ODD = auto()  # must not be migrated


@dataclass(frozen=True)
class State:
    """The state of one database."""

    stage: Stage
    revision: str = ""
    fault: str = ""  # why it must not be migrated, and what to do


def look(engine: sa.Engine, scripts: ScriptDirectory) -> State:
    with engine.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names())
        heads = MigrationContext.configure(connection).get_current_heads()
    if len(heads) > 1:
        return _odd(
            f"it is at several versions at once ({', '.join(sorted(heads))}): two upgrades were "
            "mixed in it. Put back the backup made before the upgrade"
        )
    if not heads:
        if tables - {VERSIONS}:
            return _odd(
                "it has tables and no version: another program's, or half of a copy. Put back a "
                "whole backup, or name an empty database"
            )
        return State(Stage.EMPTY)
    [revision] = heads
    try:
        scripts.get_revision(revision)
    except CommandError:
        return _odd(
            f"its version ({revision}) is not known to this program: a newer one made it. Install "
            "that version of outreach, or a newer one"
        )
    is_current = set(heads) == set(scripts.get_heads())
    return State(Stage.CURRENT if is_current else Stage.BEHIND, revision)


def is_before(scripts: ScriptDirectory, one: str, other: str) -> bool:
    """Whether one revision comes before the other."""
    older = {each.revision for each in scripts.iterate_revisions(other, "base")}
    return one != other and one in older


def _odd(fault: str) -> State:
    return State(Stage.ODD, fault=fault)
