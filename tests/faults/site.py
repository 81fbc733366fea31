"""A whole installation for the harnesses, whose programs are restarted when they die, as by
systemd."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from outreach.cli.db import bring_up_to_date
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.keystore import KeyStore, MasterKeys
from tests.support.environment import where
from tests.support.ports import free_port
from tests.support.server_process import wait_until_ready

OUTREACH: Final = (sys.executable, "-m", "outreach.cli")
SECONDS_TO_START: Final = 90.0
RESTART: Final = 1.0  # seconds, as RestartSec=1 of a systemd unit


@dataclass
class Program:
    """A program that should always run, with its child processes."""

    name: str
    begin: Callable[[], "subprocess.Popen[bytes]"]
    process: "subprocess.Popen[bytes] | None" = None
    is_wanted: bool = False

    def start(self) -> None:
        self.is_wanted = True
        self.process = self.begin()

    @property
    def pids(self) -> list[int]:
        """The ids of its process and of the children, youngest last."""
        if self.process is None or self.process.poll() is not None:
            return []
        return [self.process.pid, *children(self.process.pid)]

    def kill(self) -> None:
        """kill -9 of all its processes."""
        if self.process is not None:
            for pid in reversed(self.pids):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        """SIGTERM: it finishes its work first."""
        self.is_wanted = False
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=60)
        self.kill()


class Keeper(threading.Thread):
    """Restarts dead programs and counts the restarts."""

    def __init__(self, programs: Sequence[Program]) -> None:
        super().__init__(daemon=True)
        self.programs, self.restarts = programs, Counter[str]()
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.2):
            for each in self.programs:
                is_dead = each.process is not None and each.process.poll() is not None
                if each.is_wanted and is_dead and not self._over.wait(RESTART):
                    self.restarts[each.name] += 1
                    each.start()

    def leave(self) -> None:
        """Stops restarting."""
        self._over.set()
        if self.is_alive():
            self.join(timeout=10)

    def stop(self) -> None:
        self.leave()
        for each in self.programs:
            each.is_wanted = False
        enders = [threading.Thread(target=each.stop) for each in self.programs]
        for ender in enders:
            ender.start()
        for ender in enders:
            ender.join()


@dataclass
class Site:
    """The address of the installation, and its databases as the harness opens them."""

    url: str
    config: Config
    people: str  # the first two numbers of their IP addresses
    programs: list[Program] = field(default_factory=list)
    workers: list[Program] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = Store(self.config.database_url)
        self.key_store = KeyStore(Store(self.config.keyring_url), MasterKeys(self.config.keys))
        self.key_store.attach(self.store)
        change_sessions.install(self.store)
        self.keeper = Keeper([])

    def address_of(self, number: int) -> str:
        """A client address of its own for each person, and for 250 people networks of their own, so
        that rate limits and shares of seats do not add up."""
        return f"{self.people}.{1 + number % 250}.{1 + number // 250 % 250}"

    def start(self) -> None:
        for each in (*self.programs, *self.workers):
            each.start()
        self.keeper = Keeper([*self.programs, *self.workers])
        self.keeper.start()
        self.wait()

    def wait(self, seconds: float = SECONDS_TO_START) -> None:
        wait_until_ready(f"{self.url}/es/", timeout_seconds=seconds)

    def stop(self) -> None:
        self.keeper.stop()

    def close(self) -> None:
        self.stop()
        self.store.close()
        self.key_store.store.close()

    def run(self, *arguments: str, **changes: str) -> "subprocess.CompletedProcess[str]":
        """Runs one command of this installation."""
        return subprocess.run(
            [*OUTREACH, *arguments],
            env={**os.environ, **environ_of(self.config), **changes},
            capture_output=True,
            text=True,
            timeout=120,
        )


def environ_of(config: Config) -> dict[str, str]:
    return {
        **where(config),
        "OUTREACH_PUBLIC_URL": config.public_url,
        "OUTREACH_MAIL_FROM": config.mail_from,
        "OUTREACH_CONTROLLER": config.controller,
        "OUTREACH_SECRET_KEY": config.secret_key,
        "OUTREACH_SMTP_URL": config.smtp_url,
        "OUTREACH_SMTP_SECONDS": str(config.smtp_seconds),
        "OUTREACH_TRUSTED_PROXIES": str(config.trusted_proxies),
    }


def settings(folder: Path, **changes: object) -> Config:
    plain: dict[str, object] = {
        "data": folder / "data",
        "keys": folder / "keys",
        "database_url": f"sqlite:///{folder / 'data' / 'outreach.db'}",
        "keyring_url": f"sqlite:///{folder / 'keys' / 'keyring.db'}",
        "mail_from": "talleres@example.org",
        "controller": "Red de consulados",
        "secret_key": "only for the harness of faults",
    }
    return Config(**(plain | changes))  # type: ignore[arg-type]  # the values have different types


def on_one_machine(
    folder: Path, mail_port: int, *, around: Mapping[str, str] | None = None, **changes: object
) -> Site:
    """One server and one worker, by default on SQLite; `around` is added to their environment."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    plain = {"public_url": url, "smtp_url": f"smtp://127.0.0.1:{mail_port}"}
    config = settings(folder, **(plain | changes))
    bring_up_to_date(config)
    site = Site(url, config, people="127.10")

    def begin(*arguments: str) -> "subprocess.Popen[bytes]":
        with (folder / "site.log").open("ab") as out:
            return subprocess.Popen(
                [*leash(), *OUTREACH, *arguments],
                env={**os.environ, **environ_of(config), **(around or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    serve = ("serve", "--port", str(port), "--workers", "2", "--no-mail")
    site.programs = [Program("server", lambda: begin(*serve))]
    site.workers = [Program("worker", lambda: begin("worker"))]
    return site


def leash() -> list[str]:
    """On Linux, makes a child end with this process, even when this process is killed."""
    return ["setpriv", "--pdeathsig", "KILL"] if Path("/usr/bin/setpriv").exists() else []


def children(pid: int) -> list[int]:
    """The ids of its children and theirs, whichever of its threads started them."""
    own: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # a thread that has ended
            own += map(int, task.read_text().split())
    return [each for child in own for each in (child, *children(child))]
