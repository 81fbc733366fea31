"""`python -m tests.faults.killing`: kills processes at random moments under load.

    python -m tests.faults.killing --on sqlite --rounds 25
    python -m tests.faults.killing --on postgresql --kills 10 --cuts 5      (as root)

While people register and cancel, staff edit workshops, feeds are polled and letters go out,
processes are killed with kill -9. On PostgreSQL the primary is killed, or cut off from the network
and fenced; the script fails over after `DETECTION` seconds. What people were told is compared with
the databases after each kill and at the end. Exit status 1: something differs.
"""

import os
import random
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

import click
from rich.console import Console
from rich.table import Table

from tests.faults import namespaces
from tests.faults.checks import CheckResult
from tests.faults.hosts import Hosts
from tests.faults.mailbox import Mailbox
from tests.faults.scene import Scene, logs, played
from tests.faults.site import Site, on_one_machine
from tests.runner import Missing
from tests.support.ports import free_port
from tests.support.smtp_server import serve_mail

DETECTION: Final = 1.0  # seconds until the script detects the loss, as Patroni with a short ttl
PEOPLE: Final = 24  # at once
BACK: Final = 60.0  # seconds within which a post must succeed again
QUIET: Final = 5.0  # seconds after which no further effect is expected


@dataclass
class Round:
    what: str
    gap: float
    took: str = ""
    looked: CheckResult = field(default_factory=CheckResult)
    wrong: list[str] = field(default_factory=list)


class Killing:
    """One run."""

    def __init__(self, scene: Scene, pick: random.Random, console: Console) -> None:
        self.scene, self.pick, self.console = scene, pick, console
        self.history: list[Round] = []
        self.seen: set[str] = set()  # faults already reported

    def play(self, events: Sequence[tuple[str, Callable[[], str]]]) -> None:
        self._wait_for_success("the day does not begin")
        for name, act in events:
            time.sleep(self.pick.uniform(2.0, 6.0))
            began = time.monotonic()
            self._record_round(name, began, act())

    def _record_round(self, name: str, began: float, took: str) -> None:
        wrong = list[str]()
        try:
            self._wait_for_success("nobody's post succeeds")
        except TimeoutError as error:
            wrong.append(str(error))
        looked = self.scene.check()
        time.sleep(QUIET)
        gap = self.scene.book.gap(began, time.monotonic())
        wrong += [each for each in looked.wrong if each not in self.seen]
        self.seen.update(wrong)
        self.history.append(Round(name, gap, took, looked, wrong))
        self.console.print(
            f"{len(self.history):3}  {name}: gap {gap:.1f} s{took and ', ' + took}; "
            f"{looked.saved} saved, {looked.left} left, {looked.letters} letters; "
            f"{len(wrong)} wrong",
            soft_wrap=True,
        )
        for each in wrong[:10]:
            self.console.print(f"     {each}", soft_wrap=True)

    def _wait_for_success(self, fault: str) -> None:
        count, until = len(self.scene.book.done), time.monotonic() + BACK
        while len(self.scene.book.done) <= count:
            if time.monotonic() > until:
                raise TimeoutError(f"{fault} within {BACK:.0f} s")
            time.sleep(0.1)


def of_processes(
    site: Site, pick: random.Random, repetitions: int
) -> list[tuple[str, Callable[[], str]]]:
    [server], [worker] = site.programs, site.workers

    def one_process() -> str:
        own = server.pids[1:]
        if own:
            os.kill(pick.choice(own), signal.SIGKILL)
        return ""

    def whole_server() -> str:
        server.kill()
        return ""

    def mail_worker() -> str:
        worker.kill()
        return ""

    def all_of_it() -> str:
        server.kill()
        worker.kill()
        return ""

    every: list[tuple[str, Callable[[], str]]] = [
        ("one process of the server", one_process),
        ("the whole server", whole_server),
        ("the worker", mail_worker),
        ("server and worker", all_of_it),
    ]
    # Each kind of kill occurs at least once if there are enough rounds.
    chosen = [every[number % 4] for number in range(min(repetitions, 4))]
    chosen += [pick.choice(every) for _ in range(repetitions - len(chosen))]
    pick.shuffle(chosen)
    return chosen


def of_hosts(
    site: Hosts, pick: random.Random, kills: int, cuts: int
) -> list[tuple[str, Callable[[], str]]]:
    lan, databases = site.lan, site.databases

    def come_back(how_lost: str) -> str:
        old = databases.primary
        lost = databases.fail_over()
        lan.mend(old.name)
        began = time.monotonic()
        # It restarts while the load goes on.
        databases.rejoin(old)
        took = time.monotonic() - began
        return (
            f"{lost.name}{how_lost}, {lost.promoted} in {lost.seconds:.1f} s, back in {took:.1f} s"
        )

    def kill() -> str:
        databases.primary.kill()
        time.sleep(DETECTION)
        return come_back(" killed")

    def cut(where: str) -> str:
        old = databases.primary
        others = {
            "the apps": [*site.apps],
            "its standbys": [each.name for each in databases.standbys()],
        }
        if where in others:
            lan.cut(old.name, *others[where])
        else:
            lan.isolate(old.name)
        time.sleep(DETECTION + pick.uniform(0, 2))
        old.kill()  # fencing: it must accept no write before another server does
        return come_back(f" cut off from {where}")

    places = ["the apps", "its standbys", "everything"]
    events: list[tuple[str, Callable[[], str]]] = [("primary killed", kill)] * kills
    for number in range(cuts):
        where = places[number % 3]
        events.append((f"primary cut off from {where}", partial(cut, where)))
    pick.shuffle(events)
    return events


def report(console: Console, run: Killing, folder: Path, kills: int, title: str) -> int:
    """Prints the table; returns 0 when nothing differs."""
    scene = run.scene
    looked, wrong = scene.finish(kills=kills)
    book = scene.book
    wrong += [each for each in looked.wrong if each not in run.seen]
    wrong = [each for some in run.history for each in some.wrong] + wrong
    if "Traceback" in (log_text := logs(folder)) and any(
        name in log_text for name in ("Rosa", "@example")
    ):
        wrong.append("a name or an address is in a log")
    table = Table("", "", title=title, show_header=False)
    longest = max((each.gap for each in run.history), default=0.0)
    letters = f"{looked.letters}, {looked.twice} of them a second time"
    rows = [
        ("places saved and acknowledged", looked.saved),
        ("cancelled or forgotten, acknowledged", looked.left),
        ("of these lost", len(looked.lost)),
        ("workshops oversold", len(looked.oversold)),
        ("registered twice", len(looked.doubled)),
        ("letters", letters),
        ("letters to somebody forgotten", len(looked.unwanted)),
        ("owed a letter and never told, or told too often", len(wrong_letters(wrong))),
        ("longest time without a success", f"{longest:.1f} s"),
        ("errors of 500 and more that were seen", book.errors()),
        ("posts and pages without an answer", book.silences()),
        ("saw one of these, and then succeeded", f"{book.recovered} of {book.unlucky}"),
        ("started again by the keeper", sum(scene.site.keeper.restarts.values())),
        ("wrong in all", len(wrong)),
    ]
    if isinstance(scene.site, Hosts):
        back = scene.site.databases.rejoined
        rows.insert(-1, ("came back rewound, copied", f"{back['rewound']}, {back['copied']}"))
    for name, value in rows:
        table.add_row(name, str(value))
    console.print(table)
    for each in wrong[:40]:
        console.print(each, soft_wrap=True)
    console.print("answers: " + ", ".join(f"{k}: {v}" for k, v in sorted(book.answers.items())))
    return 1 if wrong or not looked.saved else 0


def wrong_letters(wrong: Sequence[str]) -> list[str]:
    return [each for each in wrong if "letter" in each and "forgotten" not in each]


def on_sqlite(seed: int, repetitions: int, console: Console) -> int:
    pick = random.Random(seed)
    with (
        tempfile.TemporaryDirectory(prefix="outreach-faults-") as name,
        serve_mail(Mailbox(free_port())) as mailbox,
    ):
        assert isinstance(mailbox, Mailbox)
        folder = Path(name)
        site = on_one_machine(folder, mailbox.port)
        try:
            with played(site, mailbox, seed, people=PEOPLE) as scene:
                run = Killing(scene, pick, console)
                run.play(of_processes(site, pick, repetitions))
                return report(
                    console, run, folder, repetitions, f"SQLite, {repetitions} rounds, seed {seed}"
                )
        finally:
            site.close()


def on_postgresql(seed: int, kills: int, cuts: int, more: str, console: Console) -> int:
    namespaces.enter_namespaces()
    pick, folder = random.Random(seed), namespaces.folder()
    with serve_mail(Mailbox(2525, "0.0.0.0")) as mailbox:
        assert isinstance(mailbox, Mailbox)
        site = Hosts(folder, mailbox.port, more=more)
        try:
            with played(site, mailbox, seed, people=PEOPLE) as scene:
                run = Killing(scene, pick, console)
                run.play(of_hosts(site, pick, kills, cuts))
                title = f"PostgreSQL, {kills} kills and {cuts} cuts of the primary, seed {seed}"
                return report(console, run, folder, kills + cuts, title)
        finally:
            site.close()


@click.command()
@click.option("--on", type=click.Choice(["sqlite", "postgresql"]), required=True)
@click.option("--rounds", "repetitions", default=25, show_default=True, help="Kills on SQLite.")
@click.option("--kills", default=10, show_default=True, help="Of the primary.")
@click.option("--cuts", default=5, show_default=True, help="Of the primary's network.")
@click.option("--seed", type=int, help="Of an earlier run, to have its moments again.")
@click.option("--more", default="", help="Appended to the databases' addresses: &name=value.")
def command(on: str, repetitions: int, kills: int, cuts: int, seed: int | None, more: str) -> None:
    """Kill processes at random moments; check that nothing acknowledged is lost."""
    seed = secrets.randbelow(10**6) if seed is None else seed
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    if on == "sqlite":
        _end_after(120 + 60 * repetitions)
        sys.exit(on_sqlite(seed, repetitions, console))
    if namespaces.is_apart():
        sys.exit(on_postgresql(seed, kills, cuts, more, console))
    try:
        namespaces.require()
    except Missing as missing:
        print(f"tests.faults.killing: {missing}", file=sys.stderr)
        sys.exit(2)
    arguments = [
        "--on", on, "--kills", str(kills), "--cuts", str(cuts), "--seed", str(seed), "--more", more,
    ]  # fmt: skip
    at_most = 300 + 120 * (kills + cuts)
    sys.exit(namespaces.run("tests.faults.killing", arguments, at_most=at_most))


def _end_after(seconds: int) -> None:
    """Ends this process and all it has started after that time, whatever hangs."""
    signal.signal(signal.SIGALRM, _too_long)
    signal.signal(signal.SIGTERM, _too_long)
    signal.alarm(seconds)


def _too_long(_number: int, _frame: FrameType | None) -> NoReturn:
    raise TimeoutError("ended: it took too long, or was told to")


if __name__ == "__main__":
    command()
