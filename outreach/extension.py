"""What an extension declares, and which of those that are installed a network has.

An extension is a package that other code does not import. Its distribution names it by an entry
point of the group `outreach.extensions`; ours are in `pyproject.toml` like those of anybody else.
The entry point leads to one `Extension` in the `__init__` of the package. Its parts are the
declarations that the core is made of too: each layer has a class for what may be added to it.
`outreach/docs/extensions.md` lists what an extension may import (decision 0078).
"""

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa

from outreach import extension_points
from outreach.config import Config
from outreach.db.store import Store
from outreach.errors import Misconfigured
from outreach.extension_settings import AnySettings
from outreach.keystore import Keeper
from outreach.maintenance.steps import Step
from outreach.migrations import Database, schema_state
from outreach.web.presentation.extension_pages import ExtensionPages

log = logging.getLogger(__name__)
SETTING: Final = "OUTREACH_EXTENSIONS"


@dataclass(frozen=True, kw_only=True)
class ExtensionTables:
    """The models of an extension, in a metadata of its own for each database. A foreign key to a
    table of the core is given its column: `ForeignKey(Workshop.__table__.c.id)`."""

    main: sa.MetaData | None = None
    key_store: sa.MetaData | None = None
    exported: tuple[str, ...] = ()
    """Tables of the main database that have nothing about people: `outreach extension remove`
    writes them to files before it drops all."""


@dataclass(frozen=True, kw_only=True)
class Extension:
    """What one extension gives. Every part but the name and the summary is optional."""

    name: str
    """As in the setting: lower-case letters, digits and underscores."""
    summary: str
    """What it gives, in one English sentence for whoever runs the installation."""
    question: str = ""
    """What `outreach init` asks whoever makes a network, as `N_("¿Quieren …?")`, to be answered
    with yes or no. Without one it is not asked for, and is off."""
    requires: tuple[str, ...] = ()
    """The names of extensions that have to be on beside it. It may import these."""
    tables: ExtensionTables = field(default_factory=ExtensionTables)
    """What it stores. The tables bear its name, or begin with it and an underscore. Their
    migrations are in the folder `migrations` of its package."""
    steps: tuple[Step, ...] = ()
    """What the worker does for it."""
    pages: ExtensionPages = field(default_factory=ExtensionPages)
    """What it adds to the site."""
    settings: AnySettings | None = None
    """Its settings, in the variables `OUTREACH_NAME_…`."""
    keepers: tuple[Keeper, ...] = ()
    """What it stores about people, and how that is erased. These are asked also while it is off,
    as long as its tables are there."""


def load(names: Sequence[str]) -> tuple[Extension, ...]:
    """Imports the extensions of these names, and returns them in this order; one comes after those
    that it requires.

    Raises Misconfigured with a sentence a fault: where one is not installed, requires another that
    is not named, or cannot be imported."""
    faults = list(_find_faults(names))
    if faults:
        raise Misconfigured("\n".join(f"{SETTING}: {each}" for each in faults))
    found = {name: find(name) for name in names}
    for each in found.values():
        missing = sorted(set(each.requires) - found.keys())
        if missing:
            raise Misconfigured(f"{SETTING}: {each.name} needs {', '.join(missing)} beside it.")
    return tuple(_sort(found.values()))


def load_checked(config: Config) -> tuple[Extension, ...]:
    """Returns the extensions that a network has on, as `load`, with their settings checked. Raises
    Misconfigured."""
    found = load(config.extensions)
    faults = list[str]()
    for each in found:
        if each.settings is not None:
            try:
                each.settings.get(config)
            except Misconfigured as error:
                faults.append(str(error))
    if faults:
        raise Misconfigured("\n".join(faults))
    return found


def _find_faults(names: Sequence[str]) -> Iterator[str]:
    installed = extension_points.list_installed()
    for name in sorted({each for each in names if names.count(each) > 1}):
        yield f"{name} is named twice."
    for name in names:
        if name not in installed:
            known = ", ".join(installed) or "none"
            yield f"{name} is not installed. Installed are: {known}."


def _sort(found: Collection[Extension]) -> Iterator[Extension]:
    """Yields them in their order, each after those that it requires."""
    waiting, done = list(found), set[str]()
    while waiting:
        ready = next((each for each in waiting if done.issuperset(each.requires)), None)
        if ready is None:
            names = ", ".join(each.name for each in waiting)
            raise Misconfigured(f"{SETTING}: {names} require each other.")
        waiting.remove(ready)
        done.add(ready.name)
        yield ready


def find(name: str) -> Extension:
    """Imports one of `extension_points.list_installed`. Raises Misconfigured where that fails."""
    try:
        found = extension_points.find_entry_points()[name].load()
    except Exception as error:  # it is other people's code
        raise Misconfigured(
            f"{SETTING}: {name} cannot be imported ({type(error).__name__}: {error})."
        ) from error
    if not isinstance(found, Extension) or found.name != name:
        raise Misconfigured(f"{SETTING}: the entry point of {name} leads to no Extension {name}.")
    return found


def list_tables(names: Sequence[str], base: Database) -> dict[str, sa.MetaData]:
    """Returns the models of these extensions in one of the databases, by name; one without any is
    left out. Raises Misconfigured."""
    found = {}
    for each in load(names):
        tables = each.tables.main if base is Database.MAIN else each.tables.key_store
        if tables is not None:
            found[each.name] = tables
    return found


def find_keepers(config: Config) -> tuple[Keeper, ...]:
    """Returns what is stored about people by the extensions that are on, and by installed ones that
    are off and have left tables in one of the databases. One of these that cannot be imported is
    logged and left out."""
    return tuple(
        keeper for each in (*load(config.extensions), *find_left(config)) for keeper in each.keepers
    )


def find_left(config: Config) -> tuple[Extension, ...]:
    """Returns the installed extensions that are off and have tables in one of the databases."""
    off = sorted(set(extension_points.list_installed()) - set(config.extensions))
    if not off:
        return ()
    left = _list_with_tables(config.database_url) | _list_with_tables(config.keyring_url)
    found = []
    for name in sorted(left.intersection(off)):
        try:
            found.append(find(name))
        except Misconfigured as error:
            log.error("what it stored about people stays: %s", str(error))
    return tuple(found)


def _list_with_tables(url: str) -> frozenset[str]:
    store = Store(url)
    try:
        return schema_state.list_extensions(sa.inspect(store.engine).get_table_names())
    finally:
        store.close()
