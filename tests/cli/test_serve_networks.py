"""`outreach serve` with several networks: one address, a worker for each."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from outreach.config import Config
from tests.support.network_scene import opened, write_files
from tests.support.ports import free_port
from tests.support.server_process import running

pytestmark = pytest.mark.thorough

SECONDS: float = 90  # to start, on a busy machine


@dataclass
class ServedNetworks:
    port: int
    log: Path
    north: Config
    south: Config

    def get(self, host: str, path: str, **headers: str) -> tuple[int, str]:
        address = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(address, headers={"Host": host, **headers})
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture
def environ(config: Config, second_config: Config, tmp_path: Path) -> dict[str, str]:
    with opened(config, second_config) as scene:
        found = write_files(tmp_path / "networks", scene.north.config, scene.south.config)
    return found | {"OUTREACH_LOG": "json"}


@pytest.fixture
def site(
    environ: dict[str, str], config: Config, second_config: Config, tmp_path: Path
) -> Iterator[ServedNetworks]:
    port, log = free_port(), tmp_path / "serve.log"
    url = f"http://127.0.0.1:{port}/healthz"
    with running(["serve", "--port", str(port), "--workers", "1"], url, settings=environ, log=log):
        yield ServedNetworks(port, log, config, second_config)


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def events_of(log: Path) -> list[dict[str, str]]:
    lines = log.read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def workers_of(log: Path) -> list[int]:
    """The ids of the processes that are workers and write this log."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            is_worker = (path / "comm").read_text().strip() == "outreach-worker"
            if is_worker and (path / "fd" / "2").readlink() == log:
                found.append(int(path.name))
    return found


def test_one_server_answers_for_both_and_has_a_worker_for_each(site: ServedNetworks) -> None:
    for own, other in (("Zarzal", "Quebracho"), ("Quebracho", "Zarzal")):
        host = "north.example.org" if own == "Zarzal" else "south.example.org"
        for path in ("/es/red", "/es/cal/red.ics"):
            status, text = site.get(host, path)
            assert (status, own in text, other in text) == (200, True, False)
    status, text = site.get("nowhere.example.org", "/es/")
    assert status == 421
    assert "Aquí no hay un sitio" in text
    assert site.get("127.0.0.1", "/healthz") == (200, "ok\n")
    wait_for(lambda: len(workers_of(site.log)) == 2)


@pytest.mark.any_database("processes and their settings")
def test_worker_that_dies_stops_no_other_and_is_started_again(site: ServedNetworks) -> None:
    wait_for(lambda: len(workers_of(site.log)) == 2)
    killed = workers_of(site.log)[0]
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: len(set(workers_of(site.log)) - {killed}) == 2)
    died = [each for each in events_of(site.log) if "the mail worker died" in each["event"]]
    assert len(died) == 1  # one that has purged ends and starts again, and did not die
    assert site.get("north.example.org", "/es/")[0] == 200
    assert site.get("south.example.org", "/es/")[0] == 200


@pytest.mark.any_database("processes and their settings")
def test_metrics_of_one_are_not_read_with_the_others_token(site: ServedNetworks) -> None:
    """All processes count in one folder of files."""
    for host in ("north.example.org", "south.example.org"):
        assert site.get(host, "/es/red")[0] == 200
    for own, other in (("north", "south"), ("south", "north")):
        token = f"Bearer {own}-metrics-token-of-tests"
        status, text = site.get(f"{own}.example.org", "/metrics", Authorization=token)
        assert status == 200
        assert f'outreach_requests_total{{method="GET",network="{own}"' in text
        assert f'network="{other}"' not in text


@pytest.mark.any_database("processes and their settings")
def test_lines_of_the_log_say_their_network(site: ServedNetworks) -> None:
    greeted = [each for each in events_of(site.log) if "listens on" in each["event"]]
    assert [each["network"] for each in greeted] == ["north", "south"]


def test_worker_of_both_runs_a_process_for_each_until_it_is_stopped(
    environ: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    outreach = Path(sys.executable).with_name("outreach")
    with log.open("wb") as out:
        process = subprocess.Popen([outreach, "worker"], env=os.environ | environ, stderr=out)
    try:
        wait_for(lambda: len(workers_of(log)) == 2)
    finally:
        process.terminate()
        assert process.wait(timeout=SECONDS) == 0
    assert workers_of(log) == []


@pytest.mark.any_database("processes and their settings")
def test_worker_once_sends_for_both(environ: dict[str, str]) -> None:
    outreach = Path(sys.executable).with_name("outreach")
    done = subprocess.run(
        [outreach, "worker", "--once"], env=os.environ | environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("letters sent.\n")


def break_database(name: str, environ: dict[str, str], tmp_path: Path) -> None:
    """Gives a network a main database that is not migrated."""
    file = Path(environ["OUTREACH_NETWORKS"]) / f"{name}.env"
    lines = [each for each in file.read_text().splitlines() if "OUTREACH_DATABASE_URL" not in each]
    empty = f"OUTREACH_DATABASE_URL=sqlite:///{tmp_path / f'{name}.db'}"
    file.write_text("\n".join([*lines, empty]))


@pytest.fixture
def broken_south(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    break_database("south", environ, tmp_path)
    return environ


@pytest.mark.any_database("processes and their settings")
def test_network_that_cannot_be_served_keeps_no_other_from_it(
    broken_south: dict[str, str], config: Config, second_config: Config, tmp_path: Path
) -> None:
    port, log = free_port(), tmp_path / "serve.log"
    command, url = ["serve", "--port", str(port)], f"http://127.0.0.1:{port}/healthz"
    with running(command, url, settings=broken_south, log=log):
        site = ServedNetworks(port, log, config, second_config)
        assert site.get("north.example.org", "/es/")[0] == 200
        status, text = site.get("south.example.org", "/es/")
        assert status == 503
        assert "This site is being repaired. Come back later." in text
        token = "Bearer south-metrics-token-of-tests"
        status, text = site.get("localhost", "/readyz", Authorization=token)
        assert (status, json.loads(text)["failed"]) == (503, ["south: not served"])
        wait_for(lambda: len(workers_of(log)) == 1)
        said = [each["event"] for each in events_of(log) if each.get("network") == "south"]
        assert said == [
            "south is not served until the next start: The database is not up to date. Run: "
            "outreach db upgrade"
        ]


@pytest.mark.any_database("processes and their settings")
def test_worker_once_sends_for_the_network_that_is_well(broken_south: dict[str, str]) -> None:
    outreach = Path(sys.executable).with_name("outreach")
    done = subprocess.run(
        [outreach, "worker", "--once"],
        env=os.environ | broken_south, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "south has no worker until the next start: The database is not up" in done.stderr
    assert done.stdout.endswith("letters sent.\n")


@pytest.mark.any_database("processes and their settings")
def test_networks_of_which_none_can_be_served_are_refused(
    broken_south: dict[str, str], tmp_path: Path
) -> None:
    outreach = Path(sys.executable).with_name("outreach")
    break_database("north", broken_south, tmp_path)
    done = subprocess.run(
        [outreach, "serve", "--port", str(free_port())],
        env=os.environ | broken_south, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    for name in ("north", "south"):
        assert f"{name}: The database is not up to date. Run: outreach db upgrade" in done.stderr


@pytest.mark.any_database("processes and their settings")
def test_wrong_file_of_one_refuses_the_start_with_a_sentence(
    environ: dict[str, str], tmp_path: Path
) -> None:
    outreach = Path(sys.executable).with_name("outreach")
    file = Path(environ["OUTREACH_NETWORKS"]) / "south.env"
    file.write_text(file.read_text().replace("south.example.org", "north.example.org"))
    done = subprocess.run(
        [outreach, "serve", "--port", str(free_port())],
        env=os.environ | environ, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "north and south have the same host in OUTREACH_PUBLIC_URL" in done.stderr
