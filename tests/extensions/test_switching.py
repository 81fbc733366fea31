"""`outreach extension enable`, `disable` and `remove`, each in a process of its own."""

import csv
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa

from outreach import network_file
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.errors import Misconfigured
from outreach.keystore import KeyStore
from outreach.maintenance import extension_removal
from outreach.migrations import schema_state
from tests.conftest import Pair, make_workshop
from tests.extensions.test_example import CHECKOUT, installed, run, use

__all__ = ["installed"]

NETWORK: Final = """\
# Our network.
name = "Bibliotecas"
controller = "Bibliotecas"
public_url = "http://localhost:8000"
mail_from = "talleres@example.org"
countries = ["US"]
headquarters_zone = "America/Chicago"
vocabulary = "general"

[brand]
name = "Bibliotecas"  # as on the door
"""


@pytest.fixture
def network(tmp_path: Path) -> Path:
    path = tmp_path / "network.toml"
    path.write_text(NETWORK)
    return path


@pytest.fixture
def environ(
    request: pytest.FixtureRequest, config: Config, installed: Path, network: Path
) -> Iterator[dict[str, str]]:
    """The extension is installed, and the network's file names none."""
    if config.is_postgresql:
        request.getfixturevalue("pair").rest()
    paths = [str(CHECKOUT), str(installed), *filter(None, [os.environ.get("PYTHONPATH")])]
    yield os.environ | {
        "PYTHONPATH": os.pathsep.join(paths),
        "OUTREACH_DATA": str(config.data),
        "OUTREACH_KEYS": str(config.keys),
        "OUTREACH_DATABASE_URL": config.database_url,
        "OUTREACH_KEYRING_URL": config.keyring_url,
        "OUTREACH_SECRET_KEY": config.secret_key,
        "OUTREACH_NETWORK_FILE": str(network),
    }
    if config.is_postgresql:  # the next test gets the same databases, and without its tables
        pair: Pair = request.getfixturevalue("pair")
        pair.drop()
        pair.make()


def do(environ: Mapping[str, str], *arguments: str) -> str:
    done = run(environ, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refuse(environ: Mapping[str, str], *arguments: str) -> str:
    done = run(environ, *arguments)
    assert done.returncode == 1, done.stdout
    return done.stderr


@pytest.mark.thorough
def test_life_of_an_extension(
    environ: dict[str, str],
    network: Path,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    tmp_path: Path,
) -> None:
    with store.change() as session:
        public_id = make_workshop(session, chicago, rights).public_id
    assert "example: off" in do(environ, "extension", "list")
    enabled = do(environ, "extension", "enable", "example")
    assert enabled == (
        f"example is on in {network}, and its tables are there. Restart the site and the worker.\n"
    )
    assert 'extensions = ["example"]\n' in network.read_text()
    do(environ, "db", "check")
    assert use(environ, public_id, "Gracias")["status"] == 200
    assert "is on already" in refuse(environ, "extension", "enable", "example")
    assert "Switch it off first" in refuse(environ, "extension", "remove", "example", "--yes")
    disabled = do(environ, "extension", "disable", "example")
    assert disabled.splitlines()[1:] == ["1 names in guest books stay until they expire."]
    assert network.read_text() == NETWORK
    assert use(environ, public_id)["status"] == 404
    assert "is not on" in refuse(environ, "extension", "disable", "example")
    folder = tmp_path / "kept"
    removed = do(environ, "extension", "remove", "example", "--yes", "--to", str(folder))
    assert "example_guest: 1 rows are deleted." in removed
    assert "example_line: 1 rows are written to a file, then deleted." in removed
    with (folder / "example_line.csv").open(newline="") as file:
        assert [row["words"] for row in csv.DictReader(file)] == ["Gracias"]
    assert [each.name for each in folder.iterdir()] == ["example_line.csv"]
    for each in (store, key_store.store):
        names = sa.inspect(each.engine).get_table_names()
        assert not [name for name in names if "example" in name]
    with store.read() as session:
        entries = session.scalars(sa.select(AuditEntry.action)).all()
    assert entries.count("extension removed") == 1
    assert "has stored nothing" in refuse(environ, "extension", "remove", "example", "--yes")
    assert do(environ, "db", "check")
    do(environ, "extension", "enable", "example")
    assert use(environ, public_id)["page"] == "<ul></ul>"


@pytest.mark.thorough
def test_what_an_uninstalled_one_has_left_is_removed_without_files(
    environ: dict[str, str], store: Store, tmp_path: Path
) -> None:
    do(environ, "extension", "enable", "example")
    do(environ, "extension", "disable", "example")
    bare = environ | {"PYTHONPATH": str(CHECKOUT)}
    removed = do(bare, "extension", "remove", "example", "--yes", "--to", str(tmp_path / "x"))
    assert "Its package is not installed: no file is written." in removed
    assert not (tmp_path / "x").exists()
    assert "example_line" not in sa.inspect(store.engine).get_table_names()


@pytest.mark.thorough
def test_nothing_is_deleted_where_a_file_cannot_be_written(
    environ: dict[str, str], store: Store, tmp_path: Path
) -> None:
    do(environ, "extension", "enable", "example")
    do(environ, "extension", "disable", "example")
    (tmp_path / "example_line.csv").write_text("mine")
    said = refuse(environ, "extension", "remove", "example", "--yes", "--to", str(tmp_path))
    assert "cannot be written: File exists. Nothing was deleted" in said
    assert (tmp_path / "example_line.csv").read_text() == "mine"
    assert "example_line" in sa.inspect(store.engine).get_table_names()


@pytest.mark.thorough
def test_setting_of_the_environment_is_said_and_not_changed(
    environ: dict[str, str], network: Path
) -> None:
    fixed = environ | {"OUTREACH_EXTENSIONS": "example"}
    said = refuse(fixed, "extension", "disable", "example")
    assert 'OUTREACH_EXTENSIONS=""' in said
    without_file = {name: text for name, text in environ.items() if "NETWORK_FILE" not in name}
    said = refuse(without_file, "extension", "enable", "example")
    assert 'OUTREACH_EXTENSIONS="example"' in said
    assert network.read_text() == NETWORK
    assert "nothing_like_it is not installed" in refuse(
        environ, "extension", "enable", "nothing_like_it"
    )


@pytest.mark.thorough
def test_wrong_setting_stops_the_start_and_enabling(environ: dict[str, str]) -> None:
    wrong = environ | {"OUTREACH_EXAMPLE_LINES": "many"}
    said = refuse(wrong, "extension", "enable", "example")
    assert said == "outreach: OUTREACH_EXAMPLE_LINES has to be a whole number, 0 or more\n"
    do(environ, "extension", "enable", "example")
    assert "OUTREACH_EXAMPLE_LINES" in refuse(wrong, "worker", "--once")


@pytest.mark.thorough
def test_command_of_an_extension(environ: dict[str, str]) -> None:
    assert "guest-book  Print how many lines the guest books have." in do(environ, "--help")
    said = refuse(environ, "guest-book")
    assert said == (
        "outreach: `outreach guest-book` is a command of the extension example, which is off. "
        "OUTREACH_EXTENSIONS names those that are on.\n"
    )
    do(environ, "extension", "enable", "example")
    assert do(environ, "guest-book") == "0 lines\n"


# The network's file


@pytest.mark.parametrize(
    "before",
    [
        "",
        'extensions = ["a"]\n',
        'extensions=[ "a", "b" ]  # two\n',
        'extensions = [\n    "a",\n    "b",\n]\n',
    ],
)
@pytest.mark.any_database("it is a file")
def test_only_the_names_of_extensions_change_in_the_file(tmp_path: Path, before: str) -> None:
    path = tmp_path / "network.toml"
    head, table = NETWORK.split("\n[brand]")
    path.write_text(f"{head}{before}\n[brand]{table}")
    network_file.write_extensions(path, ["embed", "follow"])
    assert path.read_text() == f'{head}extensions = ["embed", "follow"]\n\n[brand]{table}'
    network_file.write_extensions(path, [])
    assert path.read_text() == NETWORK
    assert [each.name for each in tmp_path.iterdir()] == ["network.toml"]


@pytest.mark.any_database("it is a file")
def test_file_that_would_not_say_so_stays(tmp_path: Path) -> None:
    path = tmp_path / "network.toml"
    text = NETWORK.replace('name = "Bibliotecas"\n', 'name = """\nextensions = []\n"""\n', 1)
    path.write_text(text)
    with pytest.raises(Misconfigured):
        network_file.write_extensions(path, ["embed"])
    assert path.read_text() == text
    assert [each.name for each in tmp_path.iterdir()] == ["network.toml"]


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["workshop", "staff", ""])
def test_command_removes_no_table_of_the_core(
    environ: dict[str, str], store: Store, key_store: KeyStore, name: str
) -> None:
    both = (store.engine, key_store.store.engine)
    before = [sorted(sa.inspect(each).get_table_names()) for each in both]
    said = refuse(environ, "extension", "remove", name, "--yes")
    assert "has stored nothing here" in said
    assert [sorted(sa.inspect(each).get_table_names()) for each in both] == before


def test_no_name_stands_for_tables_of_the_core(store: Store, key_store: KeyStore) -> None:
    """Only what a migration of an extension has made is an extension's."""
    for each in (store, key_store.store):
        with each.read() as session:
            tables = sa.inspect(session.connection()).get_table_names()
            installed = schema_state.list_extensions(tables)
            parts = [table.split("_") for table in tables]
            names = {"_".join(words[:count]) for words in parts for count in range(len(words) + 1)}
            assert len(names) > len(tables)
            for name in names - installed:
                assert extension_removal.count_rows(session, name) == {}, name
            core = schema_state.select_own(tables)
            for name in installed:
                assert not core & extension_removal.count_rows(session, name).keys(), name
