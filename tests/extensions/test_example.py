"""A stranger's distribution is installed, on, used, off and on again; nothing of the core changes.

`tests/extensions/example/` is that distribution. Each step is a process of its own, which finds it
as any other installed package."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.keystore import KeyStore
from tests.conftest import Pair, make_workshop

CHECKOUT: Final = Path(__file__).parents[2]
EXAMPLE: Final = Path(__file__).with_name("example")
USE: Final = """
import json, sys
import sqlalchemy as sa
from outreach.app import create_app
from outreach.maintenance.worker import Worker

public_id, words = sys.argv[1:]
app = create_app()
is_imported = "outreach_example" in sys.modules
store, key_store = app.extensions["outreach_store"], app.extensions["outreach_key_store"]
if words:
    from outreach.domain import workshops
    from outreach_example import guests
    from outreach_example.tables import Line

    with store.change() as session:
        found = workshops.find_public(session, public_id)
        session.add(Line(workshop_id=found.id, words=words))
    guests.add(key_store, "Rosa", "rosa@example.org")
Worker(app).once()
client = app.test_client()
page = client.get(f"/es/ejemplo/{public_id}")
with store.read() as session:
    tables = sa.inspect(session.connection()).get_table_names()
    count = sa.text("SELECT lines FROM example_count")
    counted = session.scalar(count) if "example_count" in tables else None
print(json.dumps({
    "status": page.status_code, "page": page.text if page.status_code == 200 else "",
    "has_link": "x-guest-book" in client.get(f"/es/t/{public_id}").text,
    "imported": is_imported, "counted": counted,
}))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the distribution, as pip leaves it."""
    folder = tmp_path_factory.mktemp("example")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation",
         "--no-index", "--target", folder / "installed", EXAMPLE],
        check=True,
    )  # fmt: skip
    return folder / "installed"


@pytest.fixture
def environ(
    request: pytest.FixtureRequest, config: Config, installed: Path, tmp_path: Path
) -> Iterator[dict[str, str]]:
    if config.is_postgresql:  # commands that move databases refuse those that somebody has open
        request.getfixturevalue("pair").rest()
    paths = [str(CHECKOUT), str(installed), *filter(None, [os.environ.get("PYTHONPATH")])]
    yield os.environ | {
        "PYTHONPATH": os.pathsep.join(paths),
        "OUTREACH_DATA": str(config.data),
        "OUTREACH_KEYS": str(config.keys),
        "OUTREACH_DATABASE_URL": config.database_url,
        "OUTREACH_KEYRING_URL": config.keyring_url,
        "OUTREACH_PUBLIC_URL": config.public_url,
        "OUTREACH_SECRET_KEY": config.secret_key,
        "OUTREACH_MAIL_FROM": "talleres@example.org",
        "OUTREACH_MAIL_FOLDER": str(tmp_path / "letters"),
        "OUTREACH_EXTENSIONS": "example",
    }
    if config.is_postgresql:  # the next test gets the same databases, and without its tables
        pair: Pair = request.getfixturevalue("pair")
        pair.drop()
        pair.make()


def run(environ: Mapping[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    program = [sys.executable, "-m", "outreach.cli", *arguments]
    return subprocess.run(program, env=environ, capture_output=True, text=True)


def use(environ: Mapping[str, str], public_id: str, words: str = "") -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", USE, public_id, words], env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.thorough
def test_a_strangers_extension_is_on_and_off_and_on_again(
    environ: dict[str, str], store: Store, chicago: Office, rights: Kind
) -> None:
    off = environ | {"OUTREACH_EXTENSIONS": ""}
    with store.change() as session:
        public_id = make_workshop(session, chicago, rights).public_id
    assert "example: off. A guest book for each workshop.\n" in run(off, "extension", "list").stdout
    refused = run(environ, "counts", "2020-01")
    assert (refused.returncode, refused.stderr) == (
        1,
        "outreach: The database is not up to date. Run: outreach db upgrade\n",
    )
    for _ in range(2):  # again does no harm
        assert run(environ, "db", "upgrade").returncode == 0
    checked = run(environ, "db", "check")
    assert (checked.returncode, checked.stderr) == (0, "")
    used = use(environ, public_id, "Gracias <3")
    assert used == {
        "status": 200,
        "page": "<ul><li>Gracias &lt;3</li></ul>",
        "has_link": True,
        "imported": True,
        "counted": 1,
    }
    [letter] = list_letters(environ)
    assert (letter["To"], letter.get_payload()) == ("rosa@example.org", "Gracias, Rosa.\r\n")
    for name in ("check", "upgrade", "check"):  # what is off keeps its tables, and nobody minds
        done = run(off, "db", name)
        assert (done.returncode, done.stderr) == (0, ""), name
    gone = use(off, public_id)
    assert gone == {
        "status": 404, "page": "", "has_link": False, "imported": False, "counted": 1
    }  # fmt: skip
    assert use(environ, public_id)["page"] == used["page"]


@pytest.mark.thorough
def test_what_it_stored_about_people_expires_also_while_it_is_off(
    environ: dict[str, str], store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    off = environ | {"OUTREACH_EXTENSIONS": ""}
    held, gone = "names in guest books", "guests gone"
    assert held not in run(off, "inventory").stdout
    assert run(environ, "db", "upgrade").returncode == 0
    with store.change() as session:
        public_id = make_workshop(session, chicago, rights).public_id
    for words in ("Gracias", "Otra vez", "Una más"):
        use(environ, public_id, words)
    for each in (environ, off):
        assert f"3 {held}\n" in run(each, "inventory").stdout
        assert f"0 {gone}\n" in run(each, "purge").stdout
    require(run(off, "keys", "rotate"))
    assert list_guests(environ) == "Rosa Rosa Rosa"
    let_one_expire(key_store)
    assert "1 guests would go\n" in run(off, "purge", "--dry-run").stdout
    assert f"1 {gone}\n" in run(off, "purge").stdout
    let_one_expire(key_store)
    require(run(off, "worker", "--once"))
    assert list_guests(environ) == "Rosa"
    assert len(list_letters(environ)) == 1, "the others went with their guests"
    assert f"1 {held}\n" in run(off, "inventory").stdout
    bare = off | {"PYTHONPATH": str(CHECKOUT)}
    assert held not in run(bare, "inventory").stdout, "nobody can read what it is"


def list_letters(environ: Mapping[str, str]) -> list[Message]:
    folder = Path(environ["OUTREACH_MAIL_FOLDER"])
    return [message_from_bytes(each.read_bytes()) for each in folder.iterdir()]


def let_one_expire(key_store: KeyStore) -> None:
    with key_store.store.change() as session:
        first = session.scalar(sa.text("SELECT id FROM example_guest WHERE until > '2020-01-01'"))
        session.execute(
            sa.text("UPDATE example_guest SET until = '2020-01-01' WHERE id = :id"), {"id": first}
        )


def list_guests(environ: Mapping[str, str]) -> str:
    program = (
        "from outreach.app import create_app; from outreach_example import guests;"
        "print(*guests.list_names(create_app().extensions['outreach_key_store']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.long
def test_what_it_stored_is_carried_along_where_it_is_not_installed(
    environ: dict[str, str],
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    elsewhere: Pair,
    tmp_path: Path,
) -> None:
    bare = environ | {"OUTREACH_EXTENSIONS": "", "PYTHONPATH": str(CHECKOUT)}
    assert run(environ, "db", "upgrade").returncode == 0
    with store.change() as session:
        public_id = make_workshop(session, chicago, rights).public_id
    page = use(environ, public_id, "Gracias")["page"]
    store.let_go()
    key_store.store.let_go()
    there = ("--to", elsewhere.main, "--keyring-to", elsewhere.key_store)
    assert "example" not in run(bare, "extension", "list").stdout
    require(run(bare, "move", *there))
    moved = {
        "OUTREACH_DATABASE_URL": elsewhere.main,
        "OUTREACH_KEYRING_URL": elsewhere.key_store,
    }
    require(run(environ | moved, "db", "check"))
    assert use(environ | moved, public_id)["page"] == page
    more = use(environ | moved, public_id, "Otra vez")["page"]
    file = str(tmp_path / "copy.backup")
    require(run(bare | moved, "backup", file))
    restored = moved | {"OUTREACH_DATABASE_URL": f"sqlite:///{tmp_path / 'restored.db'}"}
    require(run(bare | restored, "restore", file))
    require(run(environ | restored, "db", "check"))
    assert use(environ | restored, public_id)["page"] == more
    require(run(bare | moved, "restore", file, "--yes"))
    require(run(environ | moved, "db", "check"))
    assert use(environ | moved, public_id)["page"] == more


@pytest.mark.long
@pytest.mark.any_database("types depend on no database")
def test_types_hold_on_both_sides() -> None:
    require(
        subprocess.run(
            [sys.executable, "-m", "mypy", "--strict", "-p", "outreach_example"],
            cwd=CHECKOUT, env=os.environ | {"MYPYPATH": str(EXAMPLE)},
            capture_output=True, text=True,
        )
    )  # fmt: skip


def require(done: "subprocess.CompletedProcess[str]") -> None:
    assert done.returncode == 0, done.stdout + done.stderr
