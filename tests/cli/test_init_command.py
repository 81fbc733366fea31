"""`outreach init`: a first run, a second one, a changed file, and runs that were interrupted."""

import shutil
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from outreach import examples, extension, extension_points, network_file, network_profile
from outreach.cli import init_steps, main
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network import kinds, offices, staff
from outreach.network_profile import NetworkProfile
from tests.support.environment import where

pytestmark = pytest.mark.any_database

STEPS = 6
_ANSWER_YES_OR_NO = "Answer yes or no."
ANSWERS = (
    "Red de ejemplo", "", "https://talleres.example.org", "talleres@example.org", "es en",
    "us ca", "", "America/Chicago", "general", "", "", "#14532d", "", "ana@example.org",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _profile() -> Iterator[None]:
    yield
    network_profile.set_for_process(NetworkProfile())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "site"


@pytest.fixture
def union(tmp_path: Path) -> Path:
    """A copy of an example's file, which a test may change."""
    found = examples.find("union")
    assert found is not None
    return Path(shutil.copytree(found.parent, tmp_path / "union")) / "network.toml"


def init(config: Config, folder: Path, *words: str, typed: str = "") -> Result:
    arguments = ["init", "--network", "example", "--data", str(folder), *words]
    environ = {**where(config), "LANG": "en_US.UTF-8", "LC_ALL": "", "LC_MESSAGES": ""}
    return CliRunner(env=environ).invoke(main, arguments, input=typed)


def contents(folder: Path) -> dict[str, bytes]:
    """The files of the installation but its databases."""
    files = (each for each in folder.rglob("*") if each.is_file() and ".db" not in each.name)
    return {str(each.relative_to(folder)): each.read_bytes() for each in files}


def counts(config: Config) -> tuple[int, int, int]:
    store = Store(config.database_url)
    with store.read() as session:
        found = (
            len(offices.list_offices(session)),
            len(kinds.list_kinds(session)),
            len(staff.list_staff(session)),
        )
    store.close()
    return found


def test_first_run_makes_a_working_installation(config: Config, folder: Path, union: Path) -> None:
    done = init(config, folder, "--from", str(union), "--yes")
    assert done.exit_code == 0, done.output
    assert "Offices: 5 new, 0 changed, 0 as they were." in done.stdout
    assert "https://sindicato.example.org/org/invitacion/" in done.stdout
    said = done.stdout.partition("Done:")[2]
    assert len(said.splitlines()) <= 10
    environment = folder / "outreach.env"
    assert stat.S_IMODE(environment.stat().st_mode) == 0o600
    assert "OUTREACH_SECRET_KEY=" in environment.read_text()
    assert counts(config) == (5, 4, 1)
    made = init_steps.read_config(folder)
    assert made.profile.languages == ("es",)
    assert made.look.sign.startswith("<svg")


def test_second_run_changes_nothing(config: Config, folder: Path, union: Path) -> None:
    init(config, folder, "--from", str(union), "--yes")
    before = contents(folder)
    for words in (("--from", str(union), "--yes"), ("--yes",)):
        again = init(config, folder, *words)
        assert again.exit_code == 0, again.output
        assert "Offices: 0 new, 0 changed, 5 as they were." in again.stdout
        assert "invitacion" not in again.stdout
        assert "stays as it is" in again.stdout
        assert contents(folder) == before
    assert counts(config) == (5, 4, 1)


def test_changed_file_updates_the_network(config: Config, folder: Path, union: Path) -> None:
    init(config, folder, "--from", str(union), "--yes")
    secret = init_steps.read_config(folder).secret_key
    union.write_text(union.read_text().replace("Formación sindical", "Cursos"), encoding="utf-8")
    rows = union.with_name("offices.csv")
    rows.write_text(rows.read_text().replace("Sede de Madrid", "Sede central"), encoding="utf-8")
    again = init(config, folder, "--from", str(union), "--yes")
    assert again.exit_code == 0, again.output
    assert "Offices: 0 new, 1 changed, 4 as they were." in again.stdout
    made = init_steps.read_config(folder)
    assert (made.brand, made.secret_key) == ("Cursos", secret)


@pytest.mark.parametrize("steps", range(STEPS + 1))
def test_run_that_was_interrupted_is_finished_by_the_next(
    config: Config, folder: Path, union: Path, steps: int
) -> None:
    """Also after the first account was made, whose link nobody has seen: there is another."""
    run = init_steps.install(
        network_file.read(union), folder, "ana@example.org", environ=where(config)
    )
    assert len(list(islice(run, steps))) == steps
    del run  # as a process that ends
    done = init(config, folder, "--from", str(union), "--yes", "--admin", "ana@example.org")
    assert done.exit_code == 0, done.output
    assert "/org/invitacion/" in done.stdout
    assert counts(config) == (5, 4, 1)
    assert not list(folder.rglob(".new-*"))


def test_file_with_faults_writes_nothing(config: Config, folder: Path, union: Path) -> None:
    rows = union.with_name("offices.csv")
    rows.write_text(rows.read_text().replace("Europe/Madrid", "Europe/Nowhere"), encoding="utf-8")
    done = init(config, folder, "--from", str(union), "--yes")
    assert done.exit_code == 2
    assert "Europe/Nowhere" in done.stderr
    assert not folder.exists()
    union.write_text(union.read_text().replace('["ES"]', '["España"]'), encoding="utf-8")
    done = init(config, folder, "--from", str(union), "--yes")
    assert done.exit_code == 1
    assert "network.toml, line 9: countries has to be" in done.stderr


def test_questions_make_the_network(config: Config, folder: Path) -> None:
    asked = [
        each for each in map(extension.find, extension_points.list_installed()) if each.question
    ]
    # The first is wanted, after an answer that is neither yes nor no.
    own = ["perhaps", "yes", *[""] * (len(asked) - 1)] if asked else []
    *others, admin = ANSWERS
    typed = "\n".join(("", *others, *own, admin)) + "\n"
    done = init(config, folder, typed=typed)
    assert done.exit_code == 0, done.output
    assert "What is the network called?" in done.stdout
    assert "name has to be one line" in done.stdout, "of the first answer, which was empty"
    made = init_steps.read_config(folder)
    assert made.controller == made.brand == "Red de ejemplo"
    assert made.profile.languages == ("es", "en")
    assert made.look.light.main == "#14532d"
    assert counts(config) == (0, 0, 1)
    wanted = {each for found in asked[:1] for each in (found.name, *found.requires)}
    assert set(made.extensions) == wanted
    assert (_ANSWER_YES_OR_NO in done.stdout) is bool(asked)


@pytest.mark.parametrize("name", ["Ünion", "a" * 41, "-x", "a b"])
def test_name_is_small_letters(config: Config, folder: Path, name: str) -> None:
    done = CliRunner().invoke(main, ["init", "--network", name, "--yes"])
    assert done.exit_code == 2
    assert init(config, folder, "--yes").exit_code == 2, "nothing to read and nobody to ask"
