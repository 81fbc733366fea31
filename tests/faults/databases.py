"""Three PostgreSQL servers on separate hosts, two of them synchronous standbys, and the failover
that a tool such as Patroni would do."""

import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from tests.faults.namespaces import Lan, tell
from tests.runner import Missing, postgresql

NAMES: Final = ("n1", "n2", "n3")
DATABASES: Final = ("outreach", "ring")
SECONDS_TO_START: Final = 60.0
SETTINGS: Final = {
    "listen_addresses": "*",
    "unix_socket_directories": "",
    "max_connections": "250",
    "shared_buffers": "64MB",
    "wal_level": "replica",
    "wal_keep_size": "512MB",
    "max_wal_senders": "10",
    "hot_standby": "on",
    "synchronous_commit": "on",
    "wal_sender_timeout": "4s",
    "wal_receiver_timeout": "4s",
    "wal_retrieve_retry_interval": "500ms",
    # Commits wait for a standby; no data here has to survive a power cut of this machine.
    "fsync": "on",
    "log_min_messages": "log",
}


@dataclass
class Server:
    """One server: its host and its process."""

    name: str
    address: str
    home: Path
    lan: Lan
    account: str
    programs: Path
    process: "subprocess.Popen[bytes] | None" = None
    more: tuple[str, ...] = ()  # settings of this server only

    @property
    def data(self) -> Path:
        return self.home / "data"

    def begin(self) -> "subprocess.Popen[bytes]":
        own = ["-c", f"cluster_name={self.name}"]  # the standby's name at its primary
        self.process = self.lan.start(
            self.name,
            [self.programs / "postgres", "-D", self.data, "-p", "5432", *own],
            self.home / "log",
            account=self.account,
        )
        return self.process

    def start(self) -> None:
        process = self.begin()
        until = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < until and process.poll() is None:
            with suppress(psycopg.Error), self.connected():
                return
            time.sleep(0.1)
        words = (self.home / "log").read_text(errors="replace")[-2000:]
        raise RuntimeError(f"PostgreSQL on {self.name} does not start:\n{words}")

    def connected(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            f"host={self.address} user=postgres dbname=postgres connect_timeout=3",
            autocommit=True,
        )

    def ask(self, question: str) -> list[tuple[object, ...]]:
        with self.connected() as connection:
            return connection.execute(question.encode()).fetchall()

    def do(self, *statements: str) -> None:
        with self.connected() as connection:
            for each in statements:
                connection.execute(each.encode())

    def received(self) -> int:
        """The position in the write-ahead log that a standby has received, in bytes."""
        question = (
            "SELECT greatest(pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0'),"
            " pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0'))::bigint"
        )
        return int(str(self.ask(question)[0][0]))

    def follow(self, primary: "Server") -> None:
        """Makes a running standby replicate from that server."""
        self.do(
            f"ALTER SYSTEM SET primary_conninfo = '{_conninfo(primary)}'",
            "SELECT pg_reload_conf()",
        )

    def kill(self) -> None:
        """kill -9 of every process of the server."""
        self.lan.kill(self.name)
        if self.process is not None:
            self.process.wait()

    def restart(self, number: signal.Signals) -> None:
        """Stops the server (SIGINT: fast shutdown; SIGQUIT: immediate shutdown) and starts it."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(timeout=60)
        self.start()

    def run(self, program: str, *arguments: str | Path) -> None:
        tell(*self.lan.on(self.name, self.account), self.programs / program, *arguments)


def _conninfo(primary: Server) -> str:
    return f"host={primary.address} port=5432 user=postgres connect_timeout=3"


@dataclass(frozen=True)
class Lost:
    """A failover and its duration."""

    name: str
    promoted: str
    seconds: float  # from detection until the new primary accepts writes


class Databases:
    """The servers, and which of them is the primary now."""

    def __init__(self, lan: Lan, folder: Path, *, standbys: int = 2) -> None:
        programs, account = postgresql.programs(), postgresql.runs_as()
        if programs is None or account is None:
            raise Missing("PostgreSQL's server is not installed. Debian has it: postgresql")
        self.lan, self.rejoined = lan, dict.fromkeys(("rewound", "copied"), 0)
        self.rewind_errors: list[str] = []  # why pg_rewind failed
        self.servers = {
            name: Server(name, lan.add(name, 11 + number), folder / name, lan, account, programs)
            for number, name in enumerate(NAMES[: 1 + standbys])
        }
        self.primary = self.servers[NAMES[0]]
        for each in self.servers.values():
            each.home.mkdir(mode=0o700, exist_ok=True)
            tell("chown", account, each.home)
        self._make()

    def _make(self) -> None:
        first = self.primary
        first.run("initdb", "-D", first.data, "-k", *postgresql.CLUSTER)  # -k: for pg_rewind
        with (first.data / "pg_hba.conf").open("a") as allowed:
            for what in ("all", "replication"):
                allowed.write(f"host {what} all 10.77.0.0/24 trust\n")
        # In the file, so that pg_rewind's own recovery of a killed one keeps the log it needs.
        with (first.data / "postgresql.conf").open("a") as settings:
            settings.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
            if len(self.servers) > 1:  # any server but the primary
                settings.write("synchronous_standby_names = 'ANY 1 (n1,n2,n3)'\n")
        first.start()
        for each in self.standbys():
            self._copy(each)
            each.start()
        self.wait_for_standbys(len(self.standbys()))
        first.do(*(f"CREATE DATABASE {each}" for each in DATABASES))

    def url(self, database: str, more: str = "", *, by_name: bool = False) -> str:
        """The URL with all hosts; the connection goes to the one that accepts writes."""
        hosts = "&".join(
            f"host={each.name if by_name else each.address}:5432" for each in self.servers.values()
        )
        wanted = "target_session_attrs=read-write"
        return f"postgresql+psycopg://postgres@/{database}?{hosts}&{wanted}{more}"

    def standbys(self) -> list[Server]:
        return [each for each in self.servers.values() if each is not self.primary]

    def fail_over(self) -> Lost:
        """Promotes the standby that has received most, after the primary is certainly dead."""
        begun, lost = time.monotonic(), self.primary
        best = max(self.standbys(), key=Server.received)
        best.do("SELECT pg_promote(true, 30)")
        self.primary = best
        took = time.monotonic() - begun
        for each in self.standbys():
            if each is not lost:
                each.follow(best)
        best.do("CHECKPOINT")  # pg_rewind reads there which timeline it is on
        return Lost(lost.name, best.name, took)

    def rejoin(self, server: Server) -> None:
        """Makes the former primary a standby, by pg_rewind or, where that fails, by a new copy."""
        try:
            server.run(
                "pg_rewind", "-D", server.data,
                f"--source-server={_conninfo(self.primary)} dbname=postgres",
            )  # fmt: skip
            self._mark_standby(server)
            self.rejoined["rewound"] += 1
        except RuntimeError as error:
            self.rewind_errors.append(str(error))
            self._copy(server)
            self.rejoined["copied"] += 1
        server.start()
        self.wait_for_standbys()

    def wait_for_standbys(self, count: int = 2) -> None:
        question = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
        until = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < until:
            with suppress(psycopg.Error):
                if int(str(self.primary.ask(question)[0][0])) >= count:
                    return
            time.sleep(0.1)
        raise RuntimeError(f"{count} standbys do not follow {self.primary.name}")

    def _copy(self, server: Server) -> None:
        tell("rm", "-rf", server.data)
        server.run(
            "pg_basebackup", "-D", server.data, "-d", _conninfo(self.primary),
            "-c", "fast", "-X", "stream",
        )  # fmt: skip
        self._mark_standby(server)

    def _mark_standby(self, server: Server) -> None:
        (server.data / "standby.signal").touch()
        with (server.data / "postgresql.auto.conf").open("a") as own:
            own.write(f"primary_conninfo = '{_conninfo(self.primary)}'\n")
        tell("chown", server.account, server.data / "standby.signal")
