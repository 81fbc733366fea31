"""Extensions are found by their entry points, and loaded by the names of a setting."""

import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import grimp
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from outreach import extension, extension_points, migrations
from outreach.cli import COMMANDS
from outreach.cli.extension import list_command
from outreach.config import Config
from outreach.db.store import Store
from outreach.errors import Misconfigured
from outreach.extension import Extension
from outreach.maintenance import doctor
from outreach.maintenance.check_result import CheckResult
from outreach.migrations import Database, first_migration, schema_state
from outreach.migrations.models import KEY_STORE, MAIN
from outreach.network_file import find_fault
from outreach.web.presentation.slots import NAMES
from tests.support.advice import require_none

pytestmark = pytest.mark.any_database("what is declared depends on no database")

CHECKOUT = Path(__file__).parents[2]
FOLDER = CHECKOUT / "outreach/extensions"

first = Extension(name="first", summary="The first.")
second = Extension(name="second", summary="The second.", requires=("first",))
third = Extension(name="third", summary="The third.", requires=("second", "first"))
one_half = Extension(name="one_half", summary="A half.", requires=("other_half",))
other_half = Extension(name="other_half", summary="A half.", requires=("one_half",))
renamed = Extension(name="another", summary="It has another name.")
NO_EXTENSION = "something else"
DECLARED = ("first", "second", "third", "one_half", "other_half")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extensions above, as if other distributions had brought them."""
    places = {each: each for each in DECLARED} | {
        "renamed": "renamed",
        "no_extension": "NO_EXTENSION",
        "missing": "not_there",
    }
    found = {
        name: EntryPoint(name, f"{__name__}:{place}", "outreach.extensions")
        for name, place in places.items()
    }
    found["no_module"] = EntryPoint("no_module", "outreach_no_module:x", "outreach.extensions")
    monkeypatch.setattr(extension_points, "find_entry_points", lambda: found)


def test_extensions_keep_the_order_of_the_setting_after_what_they_require(installed: None) -> None:
    assert extension.load(()) == ()
    assert extension.load(("first", "second")) == (first, second)
    assert extension.load(("third", "second", "first")) == (first, second, third)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["nothing"], "nothing is not installed. Installed are: first, missing,"),
        (["first", "first"], "first is named twice."),
        (["second"], "second needs first beside it."),
        (["third", "first"], "third needs second beside it."),
        (["one_half", "other_half"], "one_half, other_half require each other."),
        (["missing"], "missing cannot be imported (AttributeError"),
        (["no_module"], "no_module cannot be imported (ModuleNotFoundError"),
        (["no_extension"], "the entry point of no_extension leads to no Extension no_extension."),
        (["renamed"], "the entry point of renamed leads to no Extension renamed."),
    ],
)
def test_a_wrong_setting_is_said_in_a_sentence(
    installed: None, names: list[str], words: str
) -> None:
    with pytest.raises(Misconfigured, match=re.escape(f"OUTREACH_EXTENSIONS: {words}")):
        extension.load(names)


def test_one_that_is_broken_hides_no_other_in_the_list(
    installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTREACH_EXTENSIONS", "first second")
    shown = CliRunner().invoke(list_command, catch_exceptions=False).output.splitlines()
    assert "first: on. The first." in shown
    assert "third: off. The third." in shown
    assert any(each.startswith("no_module: off. OUTREACH_EXTENSIONS: no_module ") for each in shown)
    assert len(shown) == len(extension_points.list_installed())


def test_a_setting_or_a_file_names_them() -> None:
    assert Config.from_environ({}).extensions == ()
    assert Config.from_environ({"OUTREACH_EXTENSIONS": " a  b "}).extensions == ("a", "b")
    assert find_fault("extensions", ["embed"]) == ""
    for wrong in ("embed", [], ["embed", "embed"], ["Embed"], [1], ["a b"]):
        assert find_fault("extensions", wrong).startswith("extensions has to be a list of names")


def test_an_application_refuses_to_start_without_one_that_the_setting_names(
    make_app: Callable[..., Flask],
) -> None:
    with pytest.raises(Misconfigured, match="no_such is not installed"):
        make_app(extensions=("no_such",))


def test_each_folder_is_declared_in_pyproject_and_documented() -> None:
    folders = sorted(each.parent.name for each in FOLDER.glob("*/__init__.py"))
    assert [*extension_points.list_installed()] == folders, "run: pip install -e ."
    page = (CHECKOUT / "outreach/docs/extensions.md").read_text()
    require_none(
        [each for each in folders if f"| `{each}` |" not in page],
        "add a row to the first table of outreach/docs/extensions.md",
    )
    for name in folders:
        assert extension.find(name).name == name
        assert extension_points.find_folder(name) == FOLDER / name
        assert (CHECKOUT / "tests/extensions" / name).is_dir(), name


def test_the_core_names_no_extension() -> None:
    """Neither the package, nor its blueprints, templates, files and settings."""
    for name in extension_points.list_installed():
        declared = extension.find(name)
        endpoints = {f"{each.name}." for each in declared.pages.blueprints}
        words = {f"{quote}{each}" for each in endpoints for quote in "\"'"} | {
            f"extensions.{name}", f"'{name}/", f'"{name}/', f"OUTREACH_{name.upper()}",
            *declared.pages.files,
        }  # fmt: skip
        named = [
            f"{path.relative_to(CHECKOUT)}: {word}"
            for path in _list_core_files()
            for word in words
            if re.search(rf"(?<![\w.]){re.escape(word)}", path.read_text())
        ]
        require_none(named, f"the core names the extension {name}: give it a hook instead")


def test_tables_of_an_extension_bear_its_name_and_no_table_of_the_core_does() -> None:
    for name in extension_points.list_installed():
        tables = extension.find(name).tables
        own = [each for found in (tables.main, tables.key_store) if found for each in found.tables]
        require_none(
            [each for each in own if schema_state.find_owner(each, [name]) != name],
            f"call the tables of {name} {name}_…",
        )
        core = [*MAIN.tables, *KEY_STORE.tables]
        assert [each for each in core if schema_state.find_owner(each, [name])] == [], name


def test_table_belongs_to_the_longest_name() -> None:
    tables = ["follow", "follow_up_note", "follow_note", "followers", "alembic_version"]
    versions = ["alembic_version_follow", "alembic_version_follow_up"]
    every = [*tables, *versions]
    assert schema_state.select_own(every, "follow") == {"follow", "follow_note"}
    assert schema_state.select_own(every, "follow_up") == {"follow_up_note"}
    assert schema_state.select_own(every) == {"followers"}
    alone = [*tables, versions[0]]
    assert schema_state.select_own(alone, "follow") == {"follow", "follow_note", "follow_up_note"}


def test_no_command_of_an_extension_has_the_name_of_one_of_the_core() -> None:
    assert extension_points.list_commands().keys() & COMMANDS.keys() == set()


def test_command_of_an_extension_says_in_its_module_what_it_says_of_itself() -> None:
    for name in extension_points.list_commands():
        module = importlib.import_module(extension_points.name_command_module(name))
        said = (module.__doc__ or "").partition("\n")[0]
        assert said == module.command.get_short_help_str(1000), name


def test_first_migrations_of_extensions_are_what_their_models_say(tmp_path: Path) -> None:
    installed = extension_points.list_installed()
    for base in Database:
        for name, tables in extension.list_tables(installed, base).items():
            folder = migrations.find_versions(base, name)
            assert folder is not None, f"run: outreach db revision --extension {name} --first"
            copy = tmp_path / f"{name}.py"
            copy.write_text((folder / "first.py").read_text())
            first_migration.write(copy, tables, name)
            assert copy.read_text() == (folder / "first.py").read_text(), name


@pytest.mark.parametrize(("name", "table"), [("workshop", "workshop"), ("staff", "staff_alert")])
def test_an_extension_that_would_claim_tables_of_the_core_is_refused(
    config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, table: str
) -> None:
    (tmp_path / "migrations/main").mkdir(parents=True)
    monkeypatch.setattr(extension_points, "find_folder", {name: tmp_path}.get)
    sentence = f"An extension cannot be called {name}: the core has a table {table}"
    with pytest.raises(Misconfigured, match=sentence):
        migrations.upgrade(Database.MAIN, config.database_url, extensions=(name,))


def test_tables_of_a_newer_extension_name_it(
    store: Store, config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "migrations/main"
    folder.mkdir(parents=True)
    (folder / "first.py").write_text('revision = "guests_first"\ndown_revision = None\n')
    monkeypatch.setattr(extension_points, "find_folder", {"guests": tmp_path}.get)
    versions = sa.Table(
        "alembic_version_guests", sa.MetaData(), sa.Column("version_num", sa.String(32))
    )
    try:
        with store.engine.begin() as connection:
            versions.create(connection)
            connection.execute(sa.insert(versions), {"version_num": "guests_of_tomorrow"})
        fault = migrations.fault(Database.MAIN, store, ("guests",))
        assert "of guests (guests_of_tomorrow) is not known to the extension" in fault
        assert migrations.fault(Database.MAIN, store) == ""
    finally:
        with store.engine.begin() as connection:
            versions.drop(connection)


def test_the_name_of_a_table_says_whose_it_is() -> None:
    tables = {
        "workshop", "follow", "follow_message", "followers", "alembic_version",
        "alembic_version_follow", "alembic_version_hub",
    }  # fmt: skip
    assert schema_state.list_extensions(tables) == {"follow", "hub"}
    assert schema_state.select_own(tables) == {"workshop", "followers"}
    assert schema_state.select_own(tables, "follow") == {"follow", "follow_message"}
    assert schema_state.select_own(tables, "hub") == set()


def test_extensions_import_of_the_core_what_the_page_names() -> None:
    page = (CHECKOUT / "outreach/docs/extensions.md").read_text()
    rows = page.partition("| of `outreach` | for |")[2].splitlines()
    cells = [row.split("|")[1] for row in rows if row.startswith("| `")]
    allowed = [f"outreach.{name}" for cell in cells for name in re.findall(r"`([\w.]+)`", cell)]
    assert len(allowed) > 10
    graph = grimp.build_graph("outreach", cache_dir=None)
    for name in extension_points.list_installed():
        own = [name, *extension.find(name).requires]
        may = [*allowed, *(f"outreach.extensions.{each}" for each in own)]
        require_none(
            [
                f"{module} imports {imported}"
                for module in graph.modules
                if f"{module}.".startswith(f"outreach.extensions.{name}.")
                for imported in graph.find_modules_directly_imported_by(module)
                if not any(f"{imported}.".startswith(f"{each}.") for each in may)
            ],
            "an extension may import of the core what outreach/docs/extensions.md names",
        )


def _list_core_files() -> Iterator[Path]:
    for folder in (CHECKOUT / "outreach", CHECKOUT / "tests"):
        for path in folder.rglob("*.py"):
            if "extensions" not in path.relative_to(CHECKOUT).parts:
                yield path
    yield from (each for each in (CHECKOUT / "templates").rglob("*") if each.is_file())


def test_each_slot_that_a_template_names_is_listed_and_each_listed_one_is_in_a_page() -> None:
    named = {
        name
        for path in (CHECKOUT / "templates").rglob("*.html")
        for name in re.findall(r"\bslot\('(\w+)'", path.read_text())
    }
    assert named == NAMES


def test_doctor_says_whose_tables_nobody_erases(config: Config, store: Store) -> None:
    def examine(**changes: Any) -> CheckResult:
        found = doctor.examine(replace(config, **changes))
        return next(each for each in found if each.about == "extensions")

    names = config.extensions
    assert examine() == CheckResult("extensions", True, f"on: {', '.join(names)}")
    with_tables = sorted({each for base in Database for each in extension.list_tables(names, base)})
    words = f"on: none; off, with tables: {', '.join(with_tables)}" if with_tables else "on: none"
    assert examine(extensions=()) == CheckResult("extensions", True, words)
    versions = sa.Table("alembic_version_gone", sa.MetaData(), sa.Column("version_num", sa.Text))
    try:
        with store.engine.begin() as connection:
            versions.create(connection)
        found = examine()
        assert not found.is_well
        assert found.words.startswith("not installed, but here are tables of gone: nothing erases ")
    finally:
        with store.engine.begin() as connection:
            versions.drop(connection)
