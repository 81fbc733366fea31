"""`outreach verify` and the outsider's script: they accept what was published, byte by byte."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from cryptography.exceptions import InvalidSignature
from flask import Flask
from flask.testing import FlaskClient

from outreach.cli import main
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.reporting.revision_log import LogEntry
from outreach.keystore import KeyStore
from outreach.signing import check_month, revision_log
from tests.support.logged_months import APRIL, MAY, close_march, correct_march, serving

pytestmark = pytest.mark.any_database("files and proofs")
SCRIPT = Path(check_month.__file__)
ENDINGS = ("csv", "json", "xlsx", "pdf")


class Outsider:
    """Somebody who has files, a proof and the key, and runs the two programs."""

    def __init__(self, client: FlaskClient, folder: Path) -> None:
        self.folder = folder
        self.files = {
            ending: self.keep(
                f"march.{ending}", client.get(f"/es/cifras/2026-03.{ending}?revision=1").data
            )
            for ending in ENDINGS
        }
        self.saved: Any = json.loads(client.get("/api/v1/log/2026-03?revision=1").data)
        self.proof = self.keep("proof.json", json.dumps(self.saved).encode())
        self.key: str = self.saved["verifier"]

    def keep(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def run(self, *words: str | Path) -> Result:
        return CliRunner().invoke(main, ["verify", *map(str, words)])

    def run_script(self, file: Path, proof: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", str(SCRIPT), str(file), str(proof), self.key]
        return subprocess.run(command, capture_output=True, text=True, cwd=self.folder)


def refusal(done: Result) -> str:
    """The line that the command ended with; above it may be the log of the site in this process."""
    assert (done.exit_code, done.stdout) == (1, "")
    return done.stderr.splitlines()[-1]


@pytest.fixture
def public_id(
    store: Store, key_store: KeyStore, config: Config, chicago: Office, rights: Kind, women: Kind
) -> str:
    """March, closed and logged; a workshop of it."""
    public_id = close_march(store, chicago, rights, women)
    revision_log.append_missing(store, key_store, config, now=APRIL)
    return public_id


@pytest.fixture
def outsider(client: FlaskClient, public_id: str, tmp_path: Path) -> Outsider:
    return Outsider(client, tmp_path)


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    with serving(app) as url:
        yield url


@pytest.mark.parametrize("ending", ENDINGS)
def test_each_file_is_accepted_with_log_and_with_proof(
    outsider: Outsider, site: str, ending: str
) -> None:
    file = outsider.files[ending]
    said = f"march.{ending}: exactly what was published of 2026-03, revision 1 (es.{ending}, logged"
    for words in (
        ["--site", site],
        ["--site", site, "--key", outsider.key],
        ["--proof", outsider.proof],
        ["--proof", outsider.proof, "--site", site],
    ):
        done = outsider.run(file, *words)
        assert done.exit_code == 0, done.output
        assert done.stdout.startswith(said)
        assert len(done.stdout.splitlines()) == 1
    script = outsider.run_script(file, outsider.proof)
    assert (script.returncode, script.stderr) == (0, "")
    assert script.stdout == f"Exactly what was published of 2026-03, revision 1: es.{ending}\n"


def flip(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize("ending", ENDINGS)
def test_any_altered_byte_of_a_file_is_found(outsider: Outsider, ending: str) -> None:
    # One of each value: digits, letters, separators, line ends, headers and checksums.
    content = outsider.files[ending].read_bytes()
    places = {content.index(value) for value in set(content)} | {len(content) - 1}
    variants = [flip(content, place) for place in places]
    variants += [content[:-1], content + b"\n", content[1:], b"", content.replace(b"\r\n", b"\n")]
    for wrong in variants:
        if wrong != content:
            with pytest.raises(SystemExit, match=r"not what was published of 2026-03, revision 1"):
                check_month.check(wrong, outsider.saved, outsider.key)
    wrong_file = outsider.keep("wrong", variants[0])
    done = outsider.run(wrong_file, "--proof", outsider.proof)
    assert refusal(done) == "outreach: wrong: It is not what was published of 2026-03, revision 1."
    assert outsider.run_script(wrong_file, outsider.proof).returncode == 1


@pytest.mark.parametrize("field", ["leaf", "canonical", "checkpoint"])
def test_any_altered_character_of_a_proof_is_found(outsider: Outsider, field: str) -> None:
    content, text = outsider.files["csv"].read_bytes(), outsider.saved[field]
    for place in {text.index(value) for value in set(text)}:
        changed = "1" if text[place] != "1" else "2"
        wrong = outsider.saved | {field: text[:place] + changed + text[place + 1 :]}
        # The script reads the key from its argument, not from the line of the signature.
        if field != "checkpoint" or place < text.index("\n\n"):
            with pytest.raises((SystemExit, InvalidSignature, ValueError)):
                check_month.check(content, wrong, outsider.key)
        path = outsider.keep("wrong.json", json.dumps(wrong).encode())
        done = outsider.run(outsider.files["csv"], "--proof", path, "--key", outsider.key)
        assert done.exit_code == 1, place


def test_file_that_differs_from_the_log_is_refused_in_one_line(
    outsider: Outsider, site: str
) -> None:
    content = outsider.files["csv"].read_bytes()
    for name, said in (
        ("2026-03-r1.csv", "It is not what was published of 2026-03, revision 1."),
        ("other.csv", "No file of the log has these bytes."),
    ):
        done = outsider.run(outsider.keep(name, content + b" "), "--site", site)
        assert refusal(done) == f"outreach: {name}: {said}"


def test_newer_revision_is_named(
    outsider: Outsider, site: str, store: Store, key_store: KeyStore, config: Config,
    public_id: str,
) -> None:  # fmt: skip
    correct_march(store, public_id)
    revision_log.append_missing(store, key_store, config, now=MAY)
    done = outsider.run(outsider.files["csv"], "--site", site)
    assert (done.exit_code, done.stdout.endswith(" Revision 2 is newer.\n")) == (0, True)
    done = outsider.run(outsider.files["csv"], "--proof", outsider.proof, "--site", site)
    assert done.exit_code == 0, done.output


def test_log_rewritten_since_the_proof_was_saved_is_found(
    outsider: Outsider, site: str, store: Store, key_store: KeyStore, config: Config,
    public_id: str,
) -> None:  # fmt: skip
    # By somebody who has the key too: every head of the new log is well signed.
    with store.change() as session:
        session.execute(sa.delete(LogEntry))
        session.execute(sa.text("DELETE FROM published_file"))
    correct_march(store, public_id)
    revision_log.append_missing(store, key_store, config, now=MAY)
    words = ("--proof", outsider.proof, "--site", site, "--key", outsider.key)
    done = outsider.run(outsider.files["csv"], *words)
    said = "outreach: march.csv: The log was rewritten since the proof was saved."
    assert refusal(done) == said


def test_another_key_and_damaged_proof_are_refused(outsider: Outsider, site: str) -> None:
    file = outsider.files["csv"]
    other = outsider.key.replace("localhost", "elsewhere")
    assert "no key of a log" in outsider.run(file, "--site", site, "--key", other).stderr
    damaged = outsider.keep("damaged.json", b'{"month": 3}')
    done = outsider.run(file, "--proof", damaged)
    assert refusal(done) == "outreach: march.csv: damaged.json is not a proof of the log."


def test_site_that_does_not_answer_is_named(outsider: Outsider) -> None:
    done = outsider.run(outsider.files["csv"], "--site", "http://127.0.0.1:1")
    said = "outreach: http://127.0.0.1:1/api/v1/log cannot be asked (ConnectionError)."
    assert refusal(done) == said


def test_script_is_short_and_needs_nothing_of_the_site() -> None:
    text = SCRIPT.read_text()
    assert len(text.splitlines()) <= 60
    modules = [line.split()[1].partition(".")[0] for line in text.splitlines()
               if line.startswith(("import ", "from "))]  # fmt: skip
    assert set(modules) - set(sys.stdlib_module_names) == {"cryptography"}
