"""The public log of revisions: what it holds, that it only grows, and that damage is found."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.reporting import months
from outreach.domain.reporting import revision_log as stored
from outreach.domain.reporting.months import MonthRevision
from outreach.domain.reporting.revision_log import LogEntry, PublishedFile
from outreach.i18n import LANGUAGES
from outreach.keystore import KeyStore, MasterKeys, rotation
from outreach.maintenance import doctor
from outreach.maintenance.check_result import CheckResult
from outreach.maintenance.worker import Worker
from outreach.reports import month_report
from outreach.signing import checkpoints, merkle_tree, revision_log
from outreach.signing.revision_log import DamagedLog
from tests.conftest import Pair
from tests.support.backups import Keeper
from tests.support.logged_months import APRIL, MARCH, MAY, close_march, correct_march


@pytest.fixture
def march(store: Store, chicago: Office, rights: Kind, women: Kind) -> str:
    return close_march(store, chicago, rights, women)


@pytest.fixture
def log(store: Store, key_store: KeyStore, config: Config, march: str) -> None:
    """Both revisions of March, logged one after the other."""
    assert revision_log.append_missing(store, key_store, config, now=APRIL) == 1
    correct_march(store, march)
    assert revision_log.append_missing(store, key_store, config, now=MAY) == 1


def list_entries(store: Store) -> list[LogEntry]:
    with store.read() as session:
        return list(stored.list_entries(session))


def find_errors(store: Store) -> list[str]:
    with store.read() as session:
        return list(revision_log.find_errors(session))


def test_entry_has_the_digests_of_the_numbers_and_of_each_file(store: Store, log: None) -> None:
    first, second = list_entries(store)
    leaf = json.loads(first.leaf)
    with store.read() as session:
        revision = months.get_revision(session, MARCH, 1)
        file = stored.find_file(session, MARCH, 1, "es.csv")
    assert (leaf["month"], leaf["revision"], leaf["sha256"]) == ("2026-03", 1, revision.digest)
    assert leaf["logged_at"] == "2026-04-20T15:30:00Z"
    endings = ("csv", "json", "pdf", "xlsx")
    assert set(leaf["files"]) == {f"{lang}.{each}" for lang in LANGUAGES for each in endings}
    assert file is not None
    assert leaf["files"]["es.csv"] == hashlib.sha256(file).hexdigest()
    assert json.loads(second.leaf)["revision"] == 2
    assert find_errors(store) == []


def test_each_entry_has_the_signed_head_of_the_log_up_to_it(
    store: Store, key_store: KeyStore, log: None
) -> None:
    entries = list_entries(store)
    public_key = revision_log.signing_key(key_store).public_key()
    verifier = checkpoints.write_verifier("localhost:8000/log", public_key)
    leaves = revision_log.hash_leaves(entries)
    for size, entry in enumerate(entries, 1):
        head = checkpoints.read(entry.checkpoint, verifier)
        assert (head.size, head.root) == (size, merkle_tree.compute_root(leaves[:size]))


def test_nothing_is_logged_twice(
    store: Store, key_store: KeyStore, config: Config, log: None
) -> None:
    assert revision_log.append_missing(store, key_store, config, now=MAY) == 0
    assert len(list_entries(store)) == 2


def test_worker_logs_one_revision_a_round(app: Flask, store: Store, march: str) -> None:
    correct_march(store, march)
    worker = Worker(app)
    for count in (1, 2, 2):
        worker.round()
        assert len(list_entries(store)) == count


def test_files_are_served_as_they_were_published(
    client: FlaskClient, store: Store, log: None
) -> None:
    with store.change() as session:  # what a later version would write otherwise
        session.execute(sa.update(Kind).values(short_name={"es": "Otro"}))
    for name, digest in json.loads(list_entries(store)[0].leaf)["files"].items():
        lang, ending = name.split(".")
        answer = client.get(f"/{lang}/cifras/2026-03.{ending}?revision=1")
        assert hashlib.sha256(answer.data).hexdigest() == digest, name
    newest = client.get("/es/cifras/2026-03.csv").data
    digest = json.loads(list_entries(store)[1].leaf)["files"]["es.csv"]
    assert hashlib.sha256(newest).hexdigest() == digest


def test_published_json_lists_the_revisions_up_to_its_own(client: FlaskClient, log: None) -> None:
    answers = [client.get(f"/es/cifras/2026-03.json{q}").json for q in ("?revision=1", "")]
    assert [each["revisions"] for each in answers if each] == [[1], [1, 2]]
    assert client.get("/es/cifras/2026-03.json").headers["Access-Control-Allow-Origin"] == "*"


def test_proof_of_an_old_revision_leads_to_the_newest_head(
    client: FlaskClient, store: Store, log: None
) -> None:
    proof: Any = client.get("/api/v1/log/2026-03?revision=1").json
    head = checkpoints.read(proof["checkpoint"], proof["verifier"])
    leaf = merkle_tree.hash_leaf(proof["leaf"].encode())
    path = [base64.b64decode(each) for each in proof["path"]]
    assert merkle_tree.is_included(leaf, proof["position"], head.size, path, head.root)
    digest = hashlib.sha256(proof["canonical"].encode()).hexdigest()
    assert digest == json.loads(proof["leaf"])["sha256"]
    newest: Any = client.get("/api/v1/log/2026-03").json
    assert newest == client.get("/api/v1/log/2026-03?revision=2").json
    assert client.get("/api/v1/log/2026-02").status_code == 404
    assert client.get("/api/v1/log/2026-03?revision=3").status_code == 404


def test_log_and_its_growth_are_open_data(client: FlaskClient, log: None) -> None:
    answer: Any = client.get("/api/v1/log").json
    assert (answer["size"], [each["revision"] for each in answer["entries"]]) == (2, [1, 2])
    assert answer["keys"] == [{"verifier": answer["keys"][0]["verifier"], "first_size": 1}]
    growth: Any = client.get("/api/v1/log/consistency?first=1").json
    heads = [
        checkpoints.read(growth[f"{each}_checkpoint"], growth[f"{each}_verifier"])
        for each in ("first", "second")
    ]
    path = [base64.b64decode(each) for each in growth["path"]]
    assert growth["second_checkpoint"] == answer["checkpoint"]
    assert merkle_tree.is_consistent(1, heads[0].root, 2, heads[1].root, path)
    assert client.get("/api/v1/log/consistency?first=3").status_code == 404
    assert client.get("/api/v1/log/consistency?first=2&second=1").status_code == 404


def test_empty_log_says_so(client: FlaskClient) -> None:
    answer: Any = client.get("/api/v1/log").json
    assert (answer["size"], answer["checkpoint"], answer["keys"]) == (0, "", [])
    assert client.get("/api/v1/log/consistency?first=1").status_code == 404
    growth: Any = client.get("/api/v1/log/consistency").json
    assert (growth["first"], growth["second"], growth["path"]) == (0, 0, [])
    assert "Todavía no hay ningún mes en la lista." in client.get("/es/cifras/comprobar").text


def test_month_that_is_not_logged_yet_links_no_proof(client: FlaskClient, march: str) -> None:
    assert "/es/cifras/comprobar" not in client.get("/es/cifras/2026-03").text


def test_caches_keep_a_file_for_long_only_once_it_is_logged(
    client: FlaskClient, store: Store, key_store: KeyStore, config: Config, march: str
) -> None:
    def ask(ending: str) -> str:
        answer = client.get(f"/es/cifras/2026-03.{ending}?revision=1")
        return answer.headers["Cache-Control"]

    endings = ("csv", "json", "xlsx")
    assert {ask(each) for each in endings} == {"public, max-age=60"}
    revision_log.append_missing(store, key_store, config, now=APRIL)
    seconds = ("86400", "300", "86400")  # the JSON without a revision says which there are
    assert [ask(each) for each in endings] == [f"public, max-age={each}" for each in seconds]


def test_pages_lead_to_proof_key_and_signed_head(
    client: FlaskClient, store: Store, log: None
) -> None:
    text = client.get("/es/cifras/2026-03?revision=1").text
    assert "/api/v1/log/2026-03?revision=1" in text
    assert "/es/cifras/comprobar" in text
    page = client.get("/fr/cifras/comprobar").text
    newest = list_entries(store)[-1]
    assert newest.verifier.replace("+", "&#43;") in page or newest.verifier in page
    assert newest.checkpoint.split("\n")[2] in page.replace("&#43;", "+")
    script = client.get("/es/cifras/comprobar.py")
    assert script.data == Path(revision_log.__file__).with_name("check_month.py").read_bytes()


Damage = Callable[[LogEntry], dict[str, Any]]
DAMAGES: list[tuple[str, Damage]] = [
    ("leaf", lambda entry: {"leaf": entry.leaf.replace('"revision":1', '"revision":7')}),
    ("checkpoint", lambda entry: {"checkpoint": entry.checkpoint.replace("\n1\n", "\n2\n")}),
    ("verifier", lambda entry: {"verifier": entry.verifier[:-2] + "A="}),
]


@pytest.mark.parametrize("damage", [each for _, each in DAMAGES], ids=[n for n, _ in DAMAGES])
def test_changed_entry_is_found(store: Store, log: None, damage: Damage) -> None:
    entry = list_entries(store)[0]
    with store.change() as session:
        session.execute(sa.update(LogEntry).where(LogEntry.position == 0).values(damage(entry)))
    assert any("entry 0" in each for each in find_errors(store))


def test_rewritten_log_is_not_signed_further(
    store: Store, key_store: KeyStore, config: Config, log: None, march: str
) -> None:
    with store.change() as session:
        leaf = list_entries(store)[0].leaf.replace("T15:30", "T15:31")
        session.execute(sa.update(LogEntry).where(LogEntry.position == 0).values(leaf=leaf))
        session.execute(sa.update(MonthRevision).values(reopened_at=MAY))
    with store.change() as session:
        month_report.close(session, MARCH, reason="Again", now=MAY)
    with pytest.raises(DamagedLog, match="is not what was signed"):
        revision_log.append_missing(store, key_store, config, now=MAY)
    assert len(list_entries(store)) == 2


def test_revision_changed_before_it_is_logged_is_refused(
    store: Store, key_store: KeyStore, config: Config, march: str
) -> None:
    with store.change() as session:
        session.execute(sa.update(MonthRevision).values(frozen="{}"))
    with pytest.raises(DamagedLog, match="was changed after it was closed"):
        revision_log.append_missing(store, key_store, config, now=MAY)


def test_changed_file_and_changed_numbers_are_found(store: Store, log: None) -> None:
    with store.change() as session:
        session.execute(
            sa.update(PublishedFile).where(PublishedFile.name == "es.csv").values(content=b"x")
        )
        session.execute(sa.update(MonthRevision).where(MonthRevision.number == 2).values(frozen=""))
    assert find_errors(store) == [
        "a published file of 2026-03, revision 1, was changed",
        "a published file of 2026-03, revision 2, was changed",
        "the numbers of 2026-03, revision 2, were changed",
    ]


def test_key_stays_when_master_keys_are_rotated(key_store: KeyStore, config: Config) -> None:
    before = revision_log.signing_key(key_store).public_key().public_bytes_raw()
    rotation.rotate(key_store, now=MAY)
    key_store.store.close()
    again = KeyStore(key_store.store, MasterKeys(config.keys))
    assert revision_log.signing_key(again).public_key().public_bytes_raw() == before


def test_backup_keeps_log_and_files(
    store: Store, key_store: KeyStore, config: Config, log: None, tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    pair: Pair | None = request.getfixturevalue("pair") if config.is_postgresql else None
    keeper = Keeper(config, store, key_store, pair)
    before = [(each.leaf, each.checkpoint) for each in list_entries(store)]
    backup = keeper.back_up(tmp_path / "backup.zip")
    with store.change() as session:
        session.execute(sa.delete(LogEntry))
        session.execute(sa.delete(PublishedFile))
    keeper.restore(backup, "--yes")
    assert [(each.leaf, each.checkpoint) for each in list_entries(store)] == before
    assert find_errors(store) == []


def test_doctor_compares_the_log(config: Config, store: Store, log: None) -> None:
    def examine() -> CheckResult:
        return next(e for e in doctor.examine(config) if e.about == "log of revisions")

    assert (examine().is_well, examine().words) == (True, "2 entries, as signed")
    with store.change() as session:
        session.execute(sa.update(MonthRevision).where(MonthRevision.number == 1).values(frozen=""))
    assert not examine().is_well
    assert "the numbers of 2026-03, revision 1, were changed" in examine().words
