"""Starts a PostgreSQL server for one run of the tests: on a free port of loopback, with its data in
a temporary folder."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.runner import Missing
from tests.support.ports import free_port

SECONDS_TO_START = 60
# No data outlives the run, so none has to survive a power cut.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # Each test has a database of its own for seconds. What autovacuum would find out of its few
    # rows meanwhile changes query plans from run to run.
    "autovacuum": "off",
}


def programs() -> Path | None:
    """The folder of the newest server, of Debian or on PATH; None if none is installed."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = sorted(found, key=lambda path: int(path.parts[-3]), reverse=True)
    for initdb in newest:
        if (initdb.parent / "postgres").is_file():
            return initdb.parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@contextmanager
def serving(temporary: Path) -> Iterator[str]:
    """Runs a server during the block; yields its URL for SQLAlchemy. Its data is under
    `temporary`."""
    folder = programs()
    if folder is None:
        raise Missing("PostgreSQL's server is not installed. Debian has it: postgresql")
    account = runs_as()
    home = Path(tempfile.mkdtemp(prefix="postgresql-", dir=temporary))
    try:
        if account:
            shutil.chown(home, account, account)
        _run([folder / "initdb", "-D", home / "data", *CLUSTER], account, home)
        with _started(folder, home, account) as port:
            yield f"postgresql+psycopg://postgres@127.0.0.1:{port}"
    finally:
        shutil.rmtree(home, ignore_errors=True)


class Stoppable:
    """A server that can be stopped and started on the same port."""

    def __init__(self, folder: Path, home: Path, account: str | None) -> None:
        self._where = folder, home, account
        self._port = free_port()
        self._running: ExitStack | None = None
        self.address = f"postgresql+psycopg://postgres@127.0.0.1:{self._port}"

    def start(self) -> None:
        self._running = ExitStack()
        self._running.enter_context(_started(*self._where, port=self._port))

    def stop(self) -> None:
        if self._running is not None:
            self._running.close()
            self._running = None


@contextmanager
def stoppable(temporary: Path) -> Iterator[Stoppable]:
    """Runs a stoppable server during the block."""
    folder = programs()
    if folder is None:
        raise Missing("PostgreSQL's server is not installed. Debian has it: postgresql")
    account = runs_as()
    home = Path(tempfile.mkdtemp(prefix="postgresql-", dir=temporary))
    try:
        if account:
            shutil.chown(home, account, account)
        _run([folder / "initdb", "-D", home / "data", *CLUSTER], account, home)
        server = Stoppable(folder, home, account)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


# Spanish collation, so that no code relies on byte order, which SQLite has.
_ORDER = ["-E", "UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=es-MX"]
CLUSTER = ["-U", "postgres", "-A", "trust", "--no-sync", *_ORDER]


@contextmanager
def _started(
    folder: Path, home: Path, account: str | None, *, port: int | None = None
) -> Iterator[int]:
    port = port or free_port()
    settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    # On Linux the server ends with this process, even when this process is killed.
    leash = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
    log = home / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [*leash, folder / "postgres", "-D", home / "data", "-p", str(port), *settings],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=home,
            user=account,
            group=account,
            extra_groups=[] if account else None,
            # Ctrl-C must not reach the server: the tests still drop their databases then.
            start_new_session=True,
        )
    try:
        _wait(server, port, log)
        yield port
    finally:
        server.send_signal(signal.SIGINT)  # fast shutdown
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)
            server.wait()


def _wait(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Waits until the server answers. Raises Missing with its log when it does not."""
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until and server.poll() is None:
        if "ready to accept connections" in log.read_text(errors="replace"):
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                return
        time.sleep(0.05)
    raise Missing(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


def _run(command: list[str | Path], account: str | None, cwd: Path) -> None:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=cwd,
        user=account,
        group=account,
        extra_groups=[] if account else None,
    )
    if done.returncode:
        raise Missing(f"PostgreSQL's {Path(command[0]).name} failed:\n{done.stderr}")


def runs_as() -> str | None:
    """The account of the server: None for our own; as root another one, since PostgreSQL refuses
    root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise Missing("PostgreSQL refuses to run as root, and there is no account `postgres` here.")
