"""Brings a database up to date: the main base and the ring of keys, each with its own history.

A migration uses plain SQL types: it records the schema of its day, not of today.
"""

import logging
import re
import tempfile
from argparse import Namespace
from enum import StrEnum
from functools import cache
from pathlib import Path
from time import sleep
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory

from outreach.db import error_classes
from outreach.db.error_classes import ErrorClass
from outreach.db.store import Store
from outreach.errors import Misconfigured
from outreach.migrations import schema_state
from outreach.migrations.models import KEY_STORE, MAIN
from outreach.migrations.schema_state import Stage, State

__all__ = [
    "Database",
    "Stage",
    "State",
    "differences",
    "fault",
    "is_before",
    "is_current",
    "state",
    "upgrade",
    "write_revision",
]

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
TRIES: Final = 30  # of a migration that does not get its lock: about three minutes
LONGEST_PAUSE: Final = 5  # seconds between two of them
PATIENCE: Final = 600.0  # seconds for another upgrade to end
MAX_REVISION_LENGTH: Final = 32  # of `alembic_version.version_num`


class Database(StrEnum):
    """Which database: each has a folder of versions."""

    MAIN = "main"
    KEY_STORE = "ring"


# Of the locks that keep two upgrades apart: any two numbers will do.
_NUMBERS: Final = {Database.MAIN: 7_406_001, Database.KEY_STORE: 7_406_002}


def config(base: Database, url: str, *, beside: Path | None = None) -> Config:
    """`beside` is a folder of further migrations."""
    folders = [HERE / "versions" / base, *([] if beside is None else [beside])]
    alembic = Config()
    alembic.set_main_option("script_location", str(HERE))
    alembic.set_main_option("version_locations", "\n".join(map(str, folders)))
    alembic.set_main_option("path_separator", "newline")
    alembic.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s")
    alembic.attributes["base"] = base
    alembic.attributes["url"] = url
    return alembic


def upgrade(
    base: Database, url: str, *, to: str = "head", beside: Path | None = None, tries: int = TRIES
) -> None:
    """Each migration is done whole or not at all. One that does not get its lock lets the others
    go on, and is tried again: whoever saves a place waits two seconds for it at most.

    Raises Misconfigured where it never gets it, and where the database is odd."""
    settings = config(base, url, beside=beside)
    store = Store(url)
    try:
        with store.exclusive(_NUMBERS[base], patience=PATIENCE) as is_mine:
            if not is_mine:
                raise Misconfigured(f"{base}: another upgrade is running. Wait until it has ended.")
            found = schema_state.look(store.engine, ScriptDirectory.from_config(settings))
            if found.fault:
                raise Misconfigured(f"{base}: {found.fault}.")
            _upgrade(base, settings, to, tries)
    finally:
        store.close()


def _upgrade(base: Database, settings: Config, to: str, tries: int) -> None:
    for number in range(1, tries + 1):
        try:
            command.upgrade(settings, to)
            return
        except sa.exc.DBAPIError as error:
            if error_classes.classify(error) not in {ErrorClass.BUSY, ErrorClass.CONFLICT}:
                raise
            log.warning("%s: a migration waits for its lock (%s of %s)", base, number, tries)
        sleep(min(number, LONGEST_PAUSE))
    raise Misconfigured(
        f"{base}: a migration did not get its lock in {tries} tries, and nothing of it was done. "
        "Run `outreach db upgrade` again at a quieter hour, or look in pg_stat_activity for what "
        "has been open for long."
    )


def state(base: Database, store: Store) -> State:
    """How far this database has come."""
    return schema_state.look(store.engine, _scripts(base))


def is_current(base: Database, store: Store) -> bool:
    """Whether every migration has been applied to this database."""
    return state(base, store).stage is Stage.CURRENT


def fault(base: Database, store: Store) -> str:
    """Why a base is not up to date, and what to do; empty when it is."""
    found = state(base, store)
    if found.stage in {Stage.BEHIND, Stage.EMPTY}:
        return "not up to date. Run: outreach db upgrade"
    return found.fault


def is_before(base: Database, one: str, other: str) -> bool:
    """Whether the one version of that base comes before the other."""
    return schema_state.is_before(_scripts(base), one, other)


@cache
def _scripts(base: Database) -> ScriptDirectory:
    """Its history: read once, since a probe asks every few seconds."""
    return ScriptDirectory.from_config(config(base, ""))


def differences(base: Database, store: Store) -> list[str]:
    """How the schema differs from the models, a line each; none if it does not."""
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [
            str(found)
            for found in compare_metadata(context, MAIN if base is Database.MAIN else KEY_STORE)
        ]


def write_revision(base: Database, message: str, *, is_empty: bool = False) -> Path:
    """Writes the migration that takes the newest schema to the models, and returns its file.

    The newest schema is made on an empty SQLite database, so no installation is needed. With
    `is_empty` the migration has no statement: for one that moves data.

    Raises Misconfigured where the models have no change, or where the name is taken."""
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")
    revision = f"{base}_{slug}"[:MAX_REVISION_LENGTH].rstrip("_")
    if not slug or revision in {each.revision for each in _scripts(base).walk_revisions()}:
        raise Misconfigured(f"The revision {revision!r} exists or is empty. Use other words.")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/{base}.db"
        upgrade(base, url)
        store = Store(url)
        try:
            has_changes = bool(differences(base, store))
        finally:
            store.close()
        if not has_changes and not is_empty:
            raise Misconfigured(
                "The migrations match the models; there is nothing to write. Use --empty for a "
                "migration that you write yourself."
            )
        settings = config(base, url)
        settings.cmd_opts = Namespace(quiet=True)
        script = command.revision(settings, message, autogenerate=not is_empty, rev_id=revision)
    assert isinstance(script, Script)
    return Path(script.path)
