"""Brings a database up to date: the main base and the ring of keys, each with its own history.

A migration uses plain SQL types: it records the schema of its day, not of today.
"""

from enum import StrEnum
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from outreach.db.store import Store
from outreach.migrations.models import MAIN, RING

HERE = Path(__file__).parent


class Base(StrEnum):
    """Which database: each has a folder of versions."""

    MAIN = "main"
    RING = "ring"


def config(base: Base, url: str) -> Config:
    alembic = Config()
    alembic.set_main_option("script_location", str(HERE))
    alembic.set_main_option("version_locations", str(HERE / "versions" / base))
    alembic.set_main_option("path_separator", "newline")
    alembic.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s")
    alembic.attributes["base"] = base
    alembic.attributes["url"] = url
    return alembic


def upgrade(base: Base, url: str) -> None:
    command.upgrade(config(base, url), "head")


def is_current(base: Base, store: Store) -> bool:
    """Whether every migration has been applied to this database."""
    with store.engine.connect() as connection:
        return set(MigrationContext.configure(connection).get_current_heads()) == _heads(base)


def fault(base: Base, store: Store) -> str:
    """Why a base is not up to date, and what to do; empty when it is."""
    with store.engine.connect() as connection:
        found = set(MigrationContext.configure(connection).get_current_heads())
        tables = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
    if found == _heads(base):
        return ""
    scripts = ScriptDirectory.from_config(config(base, ""))
    known = {script.revision for script in scripts.walk_revisions()}
    if found - known:
        return "of a newer release than this program: install that one, or restore a backup"
    if len(found) > 1 or (tables and not found):
        return "half migrated: restore the backup from before, then run: outreach db upgrade"
    return "not up to date. Run: outreach db upgrade"


@cache
def _heads(base: Base) -> set[str]:
    """Where its history ends: read once, since a probe asks every few seconds."""
    return set(ScriptDirectory.from_config(config(base, "")).get_heads())


def differences(base: Base, store: Store) -> list[str]:
    """How the schema differs from the models, a line each; none if it does not."""
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [
            str(found) for found in compare_metadata(context, MAIN if base is Base.MAIN else RING)
        ]
