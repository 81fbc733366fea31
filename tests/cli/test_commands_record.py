"""What every command records, each run in a process of its own, which imports less than the web.

After it the audit chain is whole, and the change counters of all offices whose feeds it changed
have moved, as if the web had made the change.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy.orm import Session

from outreach import clock
from outreach.cli import main
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.audit import audit_log
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.calendar.change_counters import NETWORK, ChangeCounter
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from outreach.imports import packaged
from outreach.keystore import KeyStore, MasterKeys
from outreach.privacy import audit_verification
from tests.cli.test_keys_command import an_hour_passes
from tests.cli.test_retime import as_by_older_rules
from tests.conftest import Pair, make_workshop, seat, venue
from tests.support.environment import where
from tests.support.joint_scene import HostSite, host_site
from tests.support.loading import table

CHECKOUT: Final = Path(__file__).parents[2]
TIMEOUT_SECONDS: Final = 120
DEMO_SECONDS: Final = 240
# `outreach joint` never asks an address of the loopback; only tests give another rule.
JOINT: Final = (
    "-c",
    """
import sys
from outreach.cli import main
from outreach.outbound.guarded_client import FetchRule
main(sys.argv[1:], obj=FetchRule(frozenset({"http"}), frozenset(), lambda address: True))
""",
)


@dataclass
class Scene:
    """An installation, and the folder of a test."""

    config: Config
    store: Store
    key_store: KeyStore
    chicago: Office
    rights: Kind
    folder: Path
    find_host: Callable[[], HostSite]
    pair: Pair | None  # only PostgreSQL has one

    def run(self, *words: str | Path, program: Sequence[str] = ()) -> str:
        """Runs a command in a process of its own; what it wrote to standard output."""
        self.store.let_go()
        self.key_store.store.let_go()
        if self.pair is not None:
            self.pair.rest()
        done = subprocess.run(
            [sys.executable, *(program or ("-m", "outreach.cli")), *map(str, words)],
            env=environ(self.config), cwd=CHECKOUT, capture_output=True, text=True,
            timeout=TIMEOUT_SECONDS,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def hold(self, **changes: object) -> Workshop:
        with self.store.change() as session:
            return make_workshop(session, self.chicago, self.rights, **changes)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


def environ(config: Config) -> dict[str, str]:
    return os.environ | where(config) | {
        "OUTREACH_PUBLIC_URL": config.public_url,
        "OUTREACH_MAIL_FROM": config.mail_from,
        "OUTREACH_CONTROLLER": config.controller,
        "OUTREACH_MAIL_FOLDER": "",
    }  # fmt: skip


@pytest.fixture
def scene(
    request: pytest.FixtureRequest, config: Config, store: Store, key_store: KeyStore,
    chicago: Office, rights: Kind, empty_databases: Path, tmp_path: Path,
) -> Iterator[Scene]:  # fmt: skip
    folder = tmp_path / "files"
    folder.mkdir()
    with ExitStack() as stack:

        def find_host() -> HostSite:
            return stack.enter_context(host_site(config, empty_databases, tmp_path / "host"))

        pair = request.getfixturevalue("pair") if config.is_postgresql else None
        yield Scene(config, store, key_store, chicago, rights, folder, find_host, pair)


Words = Sequence[str | Path]


def load_venues(scene: Scene) -> Words:
    with scene.store.change() as session:
        venue(session, scene.chicago, "Biblioteca de Pilsen")
    text = "office,name,address,city,region,timezone\n"
    row = "chicago,Casa Juárez,1 S State St,Chicago,IL,America/Chicago\n"
    return (scene.write("venues.csv", text + row),)


def load_workshops(scene: Scene) -> Words:
    day = clock.now().date() + timedelta(days=30)
    hours = {"starts_at": f"{day}T18:00", "ends_at": f"{day}T20:00"}
    return (table(scene.folder / "workshops.csv", hours),)


def load_guessed(scene: Scene) -> Words:
    # After the twelfth of a month: on other days it is asked whether the day comes first.
    day = (clock.now().date() + timedelta(days=30)).replace(day=28)
    file = scene.write(
        "sheet.csv", f"Fecha,Hora,Taller,Lugar\n{day:%d/%m/%Y},18:00,Tus derechos,Biblioteca\n"
    )
    return (file, "--guess", "--office", "chicago")


def load_figures(scene: Scene) -> Words:
    scene.run("load", "kinds", "--packaged")
    with packaged.open_file("figures-2020-01.csv") as file:
        return (scene.write("figures.csv", file.read_text(encoding="utf-8")),)


def close_month(scene: Scene) -> Words:
    scene.hold(day=date(2020, 1, 16))
    return ("2020-01",)


def init(scene: Scene) -> Words:
    """It fills the databases that the environment names."""
    return ("--network", "example", "--from", "union", "--data", scene.folder / "site", "--yes")


def an_account(scene: Scene) -> Words:
    scene.run("user", "add", "ana@example.org", "--role", "admin")
    return ("ana@example.org",)


def restore(scene: Scene) -> Words:
    """A backup older than the newest audit entries, one of which the key store remembers."""
    file = scene.folder / "outreach.backup"
    scene.run("backup", file)
    with scene.store.change() as session:
        audit_log.record(session, None, "kinds brought in", now=clock.now(), details={"new": 1})
    audit_verification.move_anchor(scene.store, scene.key_store, now=clock.now())
    return (file, "--yes")


def purge(scene: Scene) -> Words:
    """Somebody whose day has come."""
    workshop = scene.hold()
    seat(scene.store, scene.key_store, workshop)
    with scene.store.change() as session, scene.key_store.store.change() as keys:
        stored = session.get_one(Workshop, workshop.id)
        stored.day = clock.now().date() - timedelta(days=stored.retention_days + 2)
        keys.execute(
            sa.text("UPDATE key SET forget_on = :day"),
            {"day": (clock.now().date() - timedelta(days=2)).isoformat()},
        )
    return ()


def retime(scene: Scene) -> Words:
    workshop = scene.hold()
    with scene.store.change() as session:
        as_by_older_rules(session, session.get_one(Workshop, workshop.id))
    return ()


def add_partner(scene: Scene) -> Words:
    host = scene.find_host()
    host.hold()
    return (host.url, "--yes")


def fetch_partner(scene: Scene) -> Words:
    scene.run("joint", "add", *add_partner(scene), program=JOINT)
    return ()


def remove_partner(scene: Scene) -> Words:
    url, yes = add_partner(scene)
    scene.run("joint", "add", url, yes, program=JOINT)
    return (str(url).removeprefix("http://"),)


def old_master(scene: Scene) -> Words:
    seat(scene.store, scene.key_store, scene.hold())
    scene.run("keys", "rotate", "--prepare")
    return ("--yes",)


def rotated_an_hour_ago(scene: Scene) -> Words:
    scene.run("keys", "rotate", *old_master(scene))
    an_hour_passes(scene.key_store)
    return ()


@dataclass(frozen=True)
class Case:
    """`words` prepares the installation and returns the arguments; `records` begins the names of
    the audit entries that are added; `moves` says whether some feed changes."""

    words: Callable[[Scene], Words] = lambda _scene: ()
    records: str | tuple[str, ...] = ""
    moves: bool = False
    program: tuple[str, ...] = ()


# Each command that changes the database of an installation.
CASES: Final = {
    "close": Case(close_month, "month.close"),
    "db upgrade": Case(),
    "init": Case(init, ("office ", "kinds ", "account"), moves=True),
    "joint add": Case(add_partner, "network added", program=JOINT),
    "joint fetch": Case(fetch_partner, program=JOINT),
    "joint remove": Case(remove_partner, "network removed"),
    "keys retire": Case(rotated_an_hour_ago),
    "keys rotate": Case(old_master),
    "keys spare": Case(lambda scene: (scene.folder / "spare",)),
    "load figures": Case(load_figures, "figures brought in"),
    "load kinds": Case(lambda _scene: ("--packaged",), "kinds brought in", moves=True),
    "load offices": Case(lambda _scene: ("--packaged",), "office ", moves=True),
    "load venues": Case(load_venues, "venues brought in", moves=True),
    "load workshops": Case(load_workshops, "workshops brought in", moves=True),
    "load workshops ": Case(load_guessed, "workshops brought in", moves=True),
    "purge": Case(purge),
    "restore": Case(restore, "copy restored"),
    "retime": Case(retime, moves=True),
    "user add": Case(lambda _scene: ("ana@example.org", "--role", "admin"), "account"),
    "user disable": Case(an_account, "account"),
    "user reset": Case(an_account, "account"),
    "worker": Case(lambda scene: (*purge(scene), "--once")),
}
# Commands that fill a database of their own: a test each, below.
FILL: Final = frozenset({"demo", "move"})
# Those of extensions: tests/extensions/test_switching.py.
SWITCH: Final = frozenset({f"extension {name}" for name in ("disable", "enable", "remove")})
# What only reads leaves everything as it is.
READ: Final = {
    "backup": "FOLDER/copy.backup",
    "bulletin": "2020-01",
    "counts": "2020-01",
    "db check": "",
    "doctor": "",
    "feed": "",
    "guide": "start",
    "inventory": "",
    "joint key": "",
    "joint list": "",
    "keys check": "",
    "networks": "",
    "user list": "",
    "verify": "FOLDER/nothing.csv",
}
# `serve` and `dev` change what the web changes; the others open no database of an installation.
NO_DATABASE: Final = frozenset(
    {"call", "db revision", "dev", "extension list", "guide", "i18n compile", "i18n extract"}
    | {"i18n pseudo", "i18n update", "serve"}
)


def list_commands() -> set[str]:
    """All of them, found from the command line itself."""

    def walk(command: click.Command, path: tuple[str, ...]) -> Iterator[str]:
        if not isinstance(command, click.Group):
            yield " ".join(path)
            return
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from walk(found, (*path, name))

    return set(walk(main, ()))


@dataclass(frozen=True)
class State:
    """What feeds may show, the counters, and how many audit entries there are."""

    shown: dict[tuple[str, int], tuple[object, ...]]
    counters: dict[str, int]
    entries: int

    @classmethod
    def read(cls, session: Session) -> "State":
        shown: dict[tuple[str, int], tuple[object, ...]] = {}
        slugs = {each.id: each.slug for each in session.scalars(sa.select(Office))}
        found: list[Workshop | Office | Kind | Venue] = [
            *session.scalars(sa.select(Workshop)),
            *session.scalars(sa.select(Office)),
            *session.scalars(sa.select(Kind)),
            *session.scalars(sa.select(Venue)),
        ]
        for each in found:
            office = each.id if isinstance(each, Office) else getattr(each, "office_id", 0)
            shown[type(each).__name__, each.id] = slugs.get(office, ""), each.changed_at
        numbers = session.scalars(sa.select(ChangeCounter))
        counters = {counter.name: counter.number for counter in numbers}
        entries = session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) or 0
        return cls(shown, counters, entries)

    def changed_offices(self, after: "State") -> set[str]:
        """The offices whose feeds must differ from what they were."""
        everywhere = {
            str(slug) for (name, _id), (slug, _at) in after.shown.items() if name == "Office"
        }
        found = set[str]()
        for key in self.shown.keys() | after.shown.keys():
            before, now = self.shown.get(key), after.shown.get(key)
            if before != now:
                slugs = {str(each[0]) for each in (before, now) if each}
                found |= everywhere if key[0] == "Kind" else slugs
        return found

    def moved(self, after: "State") -> set[str]:
        return {
            name for name, number in after.counters.items() if self.counters.get(name) != number
        }


def require_all_recorded(
    before: State, store: Store, key_store: KeyStore, *, records: str | tuple[str, ...], moves: bool
) -> None:
    assert audit_verification.find_errors(store, key_store) == []
    with store.read() as session:
        after = State.read(session)
        entries = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)).all()
    added = [each.action for each in entries[before.entries :]]
    assert bool(added) == bool(records), added
    assert all(each.startswith(records) for each in added), added
    changed, moved = before.changed_offices(after), before.moved(after)
    assert bool(changed) == moves, changed
    assert changed <= moved, changed - moved
    assert (NETWORK in moved) == moves
    slugs = {name for name in moved if "/" not in name} - {NETWORK}
    assert slugs == changed, "an office whose feed is as it was"


def test_every_command_is_in_one_of_the_lists() -> None:
    listed = {each.strip() for each in CASES}
    assert listed | READ.keys() | FILL | SWITCH | NO_DATABASE == list_commands()
    assert not listed & READ.keys()


@pytest.mark.thorough
@pytest.mark.parametrize("name", CASES)
def test_command_records_what_it_changes(scene: Scene, name: str) -> None:
    case = CASES[name]
    words = case.words(scene)
    with scene.store.read() as session:
        before = State.read(session)
    if name == "restore":
        before = replace(before, entries=before.entries - 1)  # the copy has no such entry
    scene.run(*name.split(), *words, program=case.program)
    require_all_recorded(
        before, scene.store, scene.key_store, records=case.records, moves=case.moves
    )


@pytest.mark.thorough
def test_reading_commands_record_nothing(scene: Scene) -> None:
    workshop = scene.hold()
    seat(scene.store, scene.key_store, workshop)
    scene.write("nothing.csv", "")
    with scene.store.read() as session:
        before = State.read(session)
    for name, words in READ.items():
        arguments = words.replace("FOLDER", str(scene.folder)).split()
        done = CliRunner(env=environ(scene.config)).invoke(main, [*name.split(), *arguments])
        assert done.exception is None or isinstance(done.exception, SystemExit), name
        with scene.store.read() as session:
            assert State.read(session) == before, name


@pytest.mark.thorough
def test_moved_database_has_the_same_chain_and_counters(scene: Scene) -> None:
    scene.run("load", "offices", "--packaged")
    with scene.store.read() as session:
        before = State.read(session)
    names = ("outreach", "keyring")
    main_url, ring_url = (f"sqlite:///{scene.folder / name}.db" for name in names)
    scene.run("move", "--to", main_url, "--keyring-to", ring_url)
    with closing(Store(main_url)) as store, closing(Store(ring_url)) as ring:
        key_store = KeyStore(ring, MasterKeys(scene.config.keys))
        require_all_recorded(before, store, key_store, records="", moves=False)


@pytest.mark.thorough
@pytest.mark.any_database("it has its own")
def test_demo_records_what_it_fills(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with socket.socket() as taken:  # so it ends where it would begin to serve
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "outreach.cli", "demo", "--data", str(folder), "--port", port],
            cwd=CHECKOUT, capture_output=True, text=True, timeout=DEMO_SECONDS,
        )  # fmt: skip
    assert f"Port {port} of " in done.stderr, done.stderr
    keys = folder / "keys"
    with (
        closing(Store(f"sqlite:///{folder / 'outreach.db'}")) as store,
        closing(Store(f"sqlite:///{keys / 'keyring.db'}")) as ring,
    ):
        assert audit_verification.find_errors(store, KeyStore(ring, MasterKeys(keys))) == []
        with store.read() as session:
            after = State.read(session)
            slugs = set(session.scalars(sa.select(Office.slug)))
    assert slugs
    assert slugs | {NETWORK} <= State({}, {}, 0).moved(after)
