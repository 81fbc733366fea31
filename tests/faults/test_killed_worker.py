"""A worker killed while it sends letters: every letter arrives, hardly any twice, and none to a
person erased meanwhile."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.cli import worker_process
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.registrations import Registration
from outreach.domain.registrations.notifications import Notification
from outreach.keystore import KeyStore
from tests.faults.conftest import Outbox
from tests.support import server_process
from tests.support.environment import where
from tests.support.ports import free_port
from tests.support.smtp_server import Postman, serve_mail

AFTER_A_LEASE = timedelta(minutes=6)
WORKER = (sys.executable, "-m", "outreach.cli", "worker")


class Counting(Postman):
    """Signals when that many letters have arrived."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.wanted = 0
        self.has_come = threading.Event()

    def next_instruction(self, step: str) -> str | None:
        if step == "TAKEN" and len(self.letters) + 1 >= self.wanted:
            self.has_come.set()
        return super().next_instruction(step)

    def wait_for(self, count: int) -> bool:
        self.has_come.clear()
        self.wanted = count
        if len(self.letters) >= count:
            return True
        return self.has_come.wait(60)


def settings(config: Config, port: int) -> dict[str, str]:
    """The settings of a command whose mail server listens at that port."""
    return {
        **where(config),
        "OUTREACH_PUBLIC_URL": config.public_url,
        "OUTREACH_MAIL_FROM": config.mail_from,
        "OUTREACH_CONTROLLER": config.controller,
        "OUTREACH_SMTP_URL": f"smtp://127.0.0.1:{port}",
    }


@contextmanager
def worker(config: Config, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A running `outreach worker`, beside a server."""
    process = subprocess.Popen(
        WORKER, env=os.environ | settings(config, port), stdout=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def kill_repeatedly(outbox: Outbox, *, people: int, kills: int) -> None:
    everyone = {
        f"p{number}@example.org": each
        for number, each in enumerate(outbox.enqueue(*(f"p{number}" for number in range(people))))
    }
    # Not the next in line, and not all of them at the end.
    doomed = [f"p{number}@example.org" for number in range(people - 1, people // 3, -11)]
    forgotten: dict[str, int] = {}  # with the number of letters delivered by then
    a_stretch = people // (kills + 1)
    with serve_mail(Counting(free_port())) as postman:
        assert isinstance(postman, Counting)
        for kill in range(kills):
            with worker(outbox.config, postman.port) as process:
                assert postman.wait_for((kill + 1) * a_stretch), "the worker sends nothing"
                process.send_signal(signal.SIGKILL)
                process.wait()
            for _ in range(max(1, len(doomed) // kills)):
                if doomed and (who := doomed.pop()) not in postman.to:
                    key_id = everyone[who].key_id
                    assert key_id is not None
                    outbox.key_store.destroy(key_id)
                    forgotten[who] = len(postman.letters)
        while outbox.round(postman.port, clock.now() + AFTER_A_LEASE, smtp_seconds=30):
            pass
        got = Counter(postman.to)
    assert forgotten
    assert set(got) == set(everyone) - set(forgotten)
    repeats = sum(got.values()) - len(got)
    assert repeats <= kills
    assert max(got.values()) <= 2
    repeated = [each["Message-ID"] for each in postman.letters if got[str(each["To"])] > 1]
    assert len(set(repeated)) == sum(1 for count in got.values() if count > 1)
    print(
        f"\n{kills} kills: {len(got)} people told, {repeats} letters twice, "
        f"{len(forgotten)} forgotten meanwhile and not written to"
    )
    with outbox.store.read() as session:
        unsent = (
            sa.select(sa.func.count())
            .select_from(Notification)
            .join(Registration)
            .where(Notification.done_at.is_(None))
        )
        assert session.scalar(unsent) == 0


@pytest.mark.thorough
@pytest.mark.any_database("what was done stays done on either")
def test_worker_killed_twice_sends_every_letter(outbox: Outbox) -> None:
    kill_repeatedly(outbox, people=60, kills=2)


@pytest.mark.long
def test_worker_killed_ten_times_sends_all_500_letters(outbox: Outbox) -> None:
    kill_repeatedly(outbox, people=500, kills=10)


def pid_of_worker(config: Config) -> int:
    """The process id of the worker that the server of this installation started."""
    ours = f"OUTREACH_DATA={config.data}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            name = (process / "comm").read_text().strip()
            around = (process / "environ").read_bytes().split(b"\0")
        except OSError:  # another user's process, or already gone
            continue
        if name == worker_process.NAME and ours in around:
            return int(process.name)
    raise AssertionError("no worker runs")


@pytest.mark.long
@pytest.mark.real_clock
@pytest.mark.any_database("the process is the same on either")
def test_server_restarts_its_killed_worker(outbox: Outbox, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with serve_mail(Counting(free_port())) as postman:
        assert isinstance(postman, Counting)
        around = settings(outbox.config, postman.port) | {"OUTREACH_PUBLIC_URL": url}
        command = ["serve", "--port", str(port), "--workers", "1"]
        log = tmp_path / "server.log"
        with server_process.running(command, f"{url}/es/", settings=around, log=log):
            outbox.enqueue("rosa")
            assert postman.wait_for(1)
            killed = pid_of_worker(outbox.config)
            os.kill(killed, signal.SIGKILL)
            outbox.enqueue("luz")
            assert postman.wait_for(2), "nobody started it again"
            back = pid_of_worker(outbox.config)
            assert back != killed
        assert "the mail worker died" in log.read_text()
        assert not Path(f"/proc/{back}").exists(), "it ends with its server"


def test_supervisor_restarts_only_unexpected_exits(tmp_path: Path) -> None:
    runs = tmp_path / "runs"

    def die_once() -> None:
        is_first = not runs.exists()
        with runs.open("a") as file:
            file.write("run ")
        if is_first:
            os._exit(1)

    worker_process.keep_running(die_once, threading.Event())
    assert runs.read_text() == "run run "


@pytest.mark.thorough
def test_worker_that_has_purged_is_followed_by_another(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    runs = tmp_path / "runs"

    def purge_once() -> int:
        with runs.open("a") as file:
            file.write("run ")
        return worker_process.PURGED_STATUS if runs.read_text() == "run " else 0

    worker_process.keep_running(purge_once, threading.Event())
    assert runs.read_text() == "run run "
    assert caplog.messages == []


@pytest.mark.any_database("each purges the same way")
def test_day_of_the_purge_is_known_to_the_next_fork(app: Flask, store: Store) -> None:
    """Else it would purge again, and end again."""
    key_store: KeyStore = app.extensions["outreach_key_store"]
    for each in (app.extensions["outreach_store"], key_store.store, store):
        each.prepare_fork()
    worker = worker_process.ForkedWorker(app)
    assert worker.read_day() is None
    began_on = clock.now().date()
    _, status = os.waitpid(worker_process.fork(worker), 0)
    assert os.waitstatus_to_exitcode(status) == worker_process.PURGED_STATUS
    assert worker.read_day() in {began_on, clock.now().date()}


def test_worker_keeps_no_socket_of_its_server(tmp_path: Path) -> None:
    """A worker that outlives its killed server would hold the port; the pipe of a server that is
    being started would make its end unseen."""
    report = tmp_path / "files"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = f"socket:[{os.fstat(listener.fileno()).st_ino}]"

        def look() -> None:
            links = []
            for each in Path("/proc/self/fd").iterdir():
                with suppress(OSError):  # that of the list itself
                    links.append(str(each.readlink()))
            report.write_text("\n".join(links))

        os.waitpid(worker_process.fork(look), 0)
    assert ours not in report.read_text().splitlines()


@pytest.mark.parametrize("workers", [4])
def test_simultaneous_workers_send_each_mailing_once(outbox: Outbox, workers: int) -> None:
    outbox.enqueue(*(f"p{number}" for number in range(60)))
    with serve_mail(Counting(free_port())) as postman:
        assert isinstance(postman, Counting)
        runs = [
            threading.Thread(target=outbox.round, args=(postman.port,), kwargs={"smtp_seconds": 30})
            for _ in range(workers)
        ]
        for each in runs:
            each.start()
        for each in runs:
            each.join()
        assert len(postman.letters) == len(set(postman.to)) == 60
    assert set(outbox.tries) == {1}
