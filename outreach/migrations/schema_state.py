"""How far a database has come, and what is odd about it, before anything is changed."""

from dataclasses import dataclass
from enum import StrEnum, auto

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

VERSIONS = "alembic_version"


class Stage(StrEnum):
    EMPTY = auto()  # nothing was ever made in it
    BEHIND = auto()
    CURRENT = auto()
    ODD = auto()  # no migration may touch it


@dataclass(frozen=True)
class State:
    """Where one database stands."""

    stage: Stage
    revision: str = ""
    fault: str = ""  # what is odd, and what to do


def look(engine: sa.Engine, scripts: ScriptDirectory) -> State:
    with engine.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names())
        found = MigrationContext.configure(connection).get_current_heads()
    if len(found) > 1:
        return _odd(
            f"it is at several versions at once ({', '.join(sorted(found))}): two upgrades were "
            "mixed in it. Put back the backup made before the upgrade"
        )
    if not found:
        if tables - {VERSIONS}:
            return _odd(
                "it has tables and no version: another program's, or half of a copy. Put back a "
                "whole backup, or name an empty database"
            )
        return State(Stage.EMPTY)
    [revision] = found
    try:
        scripts.get_revision(revision)
    except CommandError:
        return _odd(
            f"its version ({revision}) is not known to this program: a newer one made it. Install "
            "that version of outreach, or a newer one"
        )
    is_current = set(found) == set(scripts.get_heads())
    return State(Stage.CURRENT if is_current else Stage.BEHIND, revision)


def is_before(scripts: ScriptDirectory, one: str, other: str) -> bool:
    """Whether the one comes before the other."""
    older = {each.revision for each in scripts.iterate_revisions(other, "base")}
    return one != other and one in older


def _odd(words: str) -> State:
    return State(Stage.ODD, fault=words)
