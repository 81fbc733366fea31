"""Migrations of the main database and of the key store, each with a history of its own.

The tables of an extension have one too, in `migrations/main` and `migrations/key_store` of its
package. Functions that take `extensions` ask for those of the core and of these.

A migration uses plain SQL types and no model: it records the schema of its day. May import `db` and
the models. Open `upgrade` first; `env` is what Alembic runs. Alembic and the models are imported by
the functions that need them: servers and commands only ask for the state of a database.
"""

import logging
import re
import tempfile
from argparse import Namespace
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache, partial
from pathlib import Path
from time import sleep
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from outreach import extension_points
from outreach.db import error_classes
from outreach.db.error_classes import ErrorClass
from outreach.db.store import Store
from outreach.errors import Misconfigured
from outreach.migrations import schema_state
from outreach.migrations.schema_state import History, Stage, State

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = [
    "Database",
    "Stage",
    "State",
    "differences",
    "fault",
    "is_before",
    "is_current",
    "is_known",
    "state",
    "state_after_upgrade",
    "upgrade",
    "write_first_migration",
    "write_revision",
]

log = logging.getLogger(__name__)

PACKAGE = Path(__file__).parent
MAX_TRIES: Final = 30  # a migration that does not get its lock waits about three minutes
MAX_PAUSE: Final = 5  # seconds between two tries
OTHER_UPGRADE_TIMEOUT: Final = 600.0  # seconds
UPGRADE_PATIENCE: Final = 60.0  # seconds that a command waits for an upgrade beside it
MAX_REVISION_LENGTH: Final = 32  # `alembic_version.version_num` holds no more


class Database(StrEnum):
    """The two databases; the value is the name of the folder of versions."""

    MAIN = "main"
    KEY_STORE = "key_store"


# Advisory locks that keep two upgrades apart; any two numbers.
_LOCK_NUMBERS: Final = {Database.MAIN: 7_406_001, Database.KEY_STORE: 7_406_002}


def config(
    base: Database, url: str, *, extension: str = "", more_versions: Path | None = None
) -> "Config":
    """Returns Alembic's configuration. `more_versions` is a folder of further migrations."""
    from alembic.config import Config

    folders = _folders(base, extension, more_versions)
    alembic = Config()
    alembic.set_main_option("script_location", str(PACKAGE))
    alembic.set_main_option("version_locations", "\n".join(map(str, folders)))
    alembic.set_main_option("path_separator", "newline")
    alembic.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s")
    alembic.attributes["base"] = base
    alembic.attributes["extension"] = extension
    alembic.attributes["url"] = url
    return alembic


def _folders(base: Database, extension: str, more_versions: Path | None = None) -> list[Path]:
    own = find_versions(base, extension)
    return [each for each in (own, more_versions) if each is not None]


def find_versions(base: Database, extension: str) -> Path | None:
    """Returns the folder of the core's migrations, as an empty name, or of an extension's; None
    where it has no tables there."""
    folder = _get_versions(base, extension)
    return folder if folder is not None and folder.is_dir() else None


def _get_versions(base: Database, extension: str) -> Path | None:
    """Returns where migrations belong; None of an extension that is not installed."""
    if not extension:
        return PACKAGE / "versions" / base
    package = extension_points.find_folder(extension)
    return None if package is None else package / "migrations" / base


def list_histories(base: Database, extensions: Iterable[str]) -> Iterator[str]:
    """Yields what has tables in this database: the core, as an empty name, then extensions."""
    yield ""
    yield from (each for each in extensions if find_versions(base, each) is not None)


def upgrade(
    base: Database,
    url: str,
    *,
    extensions: Iterable[str] = (),
    to: str = "head",
    more_versions: Path | None = None,
    tries: int = MAX_TRIES,
) -> None:
    """Runs the migrations of the core, then those of extensions, each in a transaction.

    One that does not get its lock is rolled back and tried again, so that a registration waits two
    seconds at most.

    Raises Misconfigured where it never gets the lock, and where the database must not be
    migrated."""
    store = Store(url)
    try:
        with store.exclusive(_LOCK_NUMBERS[base], patience=OTHER_UPGRADE_TIMEOUT) as has_lock:
            if not has_lock:
                raise Misconfigured(f"{base}: another upgrade is running. Wait until it has ended.")
            for extension in list_histories(base, extensions):
                _require_own_name(base, extension)
                more = None if extension else more_versions
                history = History.read(_folders(base, extension, more))
                current = schema_state.look(store.engine, history, extension)
                if current.fault:
                    raise Misconfigured(f"{_name(base, extension)}: {current.fault}.")
                settings = config(base, url, extension=extension, more_versions=more)
                _upgrade(base, settings, "head" if extension else to, tries)
    finally:
        store.close()


def _require_own_name(base: Database, extension: str) -> None:
    """Raises Misconfigured where tables of the core would count as those of this extension."""
    claimed = schema_state.select_own(_get_tables(base).tables, extension) if extension else ()
    if claimed:
        raise Misconfigured(
            f"An extension cannot be called {extension}: the core has a table {min(claimed)}. "
            "Whoever wrote it has to choose another name."
        )


def _upgrade(base: Database, settings: "Config", to: str, tries: int) -> None:
    from alembic import command

    for number in range(1, tries + 1):
        try:
            command.upgrade(settings, to)
            return
        except sa.exc.DBAPIError as error:
            if error_classes.classify(error) not in {ErrorClass.BUSY, ErrorClass.CONFLICT}:
                raise
            log.warning("%s: a migration waits for its lock (%s of %s)", base, number, tries)
        sleep(min(number, MAX_PAUSE))
    raise Misconfigured(
        f"{base}: a migration did not get its lock in {tries} tries, and nothing of it was done. "
        "Run `outreach db upgrade` again at a quieter hour, or look in pg_stat_activity for what "
        "has been open for long."
    )


def _name(base: Database, extension: str) -> str:
    return f"{base} of {extension}" if extension else base


def state(base: Database, store: Store, extensions: Iterable[str] = ()) -> State:
    """Returns the stage and revision of the core's tables; where these are current, and those of
    an extension are not, the state of the latter."""
    found = schema_state.look(store.engine, _history(base))
    for extension in list_histories(base, extensions):
        if found.stage is Stage.CURRENT and extension:
            own = schema_state.look(store.engine, _history(base, extension), extension)
            found = found if own.stage is Stage.CURRENT else own
    return found


def state_after_upgrade(base: Database, store: Store, extensions: Collection[str] = ()) -> State:
    """Returns the state as `state` does. While an upgrade is running it waits until that has
    ended."""
    found = state(base, store, extensions)
    if found.stage not in {Stage.BEHIND, Stage.EMPTY}:
        return found
    with store.exclusive(_LOCK_NUMBERS[base], patience=UPGRADE_PATIENCE):
        return state(base, store, extensions)


def is_current(base: Database, store: Store, extensions: Iterable[str] = ()) -> bool:
    """Whether all migrations have been applied."""
    return state(base, store, extensions).stage is Stage.CURRENT


def fault(base: Database, store: Store, extensions: Iterable[str] = ()) -> str:
    """Returns why a database is not up to date and what to do, or an empty text."""
    current = state(base, store, extensions)
    if current.stage in {Stage.BEHIND, Stage.EMPTY}:
        return "not up to date. Run: outreach db upgrade"
    return current.fault


def is_before(base: Database, one: str, other: str) -> bool:
    """Whether one revision comes before the other."""
    return schema_state.is_before(_history(base), one, other)


def is_known(base: Database, revision: str) -> bool:
    """Whether this program has a migration of that name."""
    return revision in _history(base).parents


@cache
def _history(base: Database, extension: str = "") -> History:
    """Returns the history, which is read once: `/readyz` asks every few seconds."""
    return History.read(_folders(base, extension))


def differences(
    base: Database, store: Store, more: Mapping[str, sa.MetaData] = MappingProxyType({})
) -> list[str]:
    """Returns differences between schema and models, a line each."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    found: list[str] = []
    with store.engine.connect() as connection:
        names = set(sa.inspect(connection).get_table_names())
        for extension, tables in {"": _get_tables(base), **more}.items():
            own = schema_state.select_own(names, extension)
            context = MigrationContext.configure(
                connection,
                opts={
                    "compare_type": True,
                    "version_table": schema_state.name_version_table(extension),
                    "include_name": partial(_is_own, own),
                },
            )
            found += map(str, compare_metadata(context, tables))
    return found


def _is_own(own: Collection[str], name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or name in own


def _get_tables(base: Database) -> sa.MetaData:
    from outreach.migrations.models import KEY_STORE, MAIN

    return MAIN if base is Database.MAIN else KEY_STORE


def write_first_migration(
    base: Database, extension: str = "", tables: sa.MetaData | None = None
) -> Path:
    """Writes the first migration anew from the models, as is done until release 1.0.0, and returns
    its file. What `upgrade` in it does besides creating tables stays.

    Raises Misconfigured where another migration follows the first."""
    from outreach.migrations import first_migration

    if len(_history(base, extension).parents) > 1:
        raise Misconfigured(
            "Another migration follows the first. Delete its file: the first one will have what it "
            "has."
        )
    folder = _get_versions(base, extension)
    assert folder is not None  # it is installed: its models are known
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "first.py"
    first_migration.write(file, _get_tables(base) if tables is None else tables, extension or base)
    return file


def write_revision(base: Database, message: str, *, is_empty: bool = False) -> Path:
    """Writes the migration that takes the newest schema to the models, and returns its file.

    The newest schema is made on an empty SQLite database, so no installation is needed. With
    `is_empty` the migration has no statement: for one that moves data.

    Raises Misconfigured where the models have no change, or where the name is taken."""
    from alembic import command
    from alembic.script import Script

    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")
    revision = f"{base}_{slug}"[:MAX_REVISION_LENGTH].rstrip("_")
    if not slug or revision in _history(base).parents:
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
