"""`python -m tests.benchmarks.day`: the load of a campaign's day in some minutes.

    python -m tests.benchmarks.day --on sqlite              (one machine, nginx in front)
    python -m tests.benchmarks.day --on postgresql          (three hosts of each kind; as root)
    python -m tests.benchmarks.day --on sqlite --soak 5m

1,500 workshops, 20,000 registrations in bursts, 5,000 programs that poll a calendar each, staff at
their pages, the worker sending letters to a real mail server. `--soak` keeps an even load for that
time instead, and reports growth. Exit status 1: a request failed, an acknowledged registration is
missing, or a workshop is oversold; in a soak also a process that keeps growing.
"""

import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations, islice
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Final
from urllib.parse import urlsplit

import click
import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from outreach import clock
from outreach.accounts import sessions
from outreach.domain.network import staff
from outreach.domain.network.staff import Role
from outreach.domain.registrations import Registration
from tests.benchmarks.process_memory import MemoryUse, Watch, resident, size
from tests.benchmarks.visitors import Day, VisitResult, visit
from tests.conftest import kind, make_workshop, office, venue
from tests.faults import checks, namespaces
from tests.faults.hosts import Hosts
from tests.faults.mailbox import Mailbox
from tests.faults.site import Site, on_one_machine
from tests.runner import Missing
from tests.support.nginx import nginx
from tests.support.ports import free_port
from tests.support.smtp_server import serve_mail

OFFICES: Final = 59
KINDS: Final = 21
STAFF: Final = 6
STEADY: Final = 12  # registrations a second of a soak
MAX_GROWTH: Final = 0.15  # growth of a process, from the middle of a soak to its end
POLLS: Final = frozenset({"calendar, first", "calendar, again"})
ERRORS: Final = frozenset({0, 429, *range(500, 600)})
LANGUAGES: Final = ("", "&idioma=es", "&idioma=en")


@dataclass(frozen=True)
class Size:
    workshops: int
    registrations: int
    calendars: int
    seconds: int
    polls: int = 4


def furnish(site: Site, size_of_day: Size) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Fills the database; returns public ids, and the cookie and workshops of each staff member."""
    pick = random.Random(1)
    with site.store.change() as session:
        names = [f"office-{number}" for number in range(OFFICES)]
        offices = [office(each, "Chicago", "IL", "America/Chicago") for each in names]
        kinds = [kind(f"kind-{n}", "Tus derechos", position=n) for n in range(KINDS)]
        session.add_all([*offices, *kinds])
        session.flush()
        places = [venue(session, each) for each in offices]
        made = []
        for number in range(size_of_day.workshops):
            which = number % OFFICES
            made.append(
                make_workshop(
                    session,
                    offices[which],
                    kinds[pick.randrange(KINDS)],
                    venue=places[which],
                    capacity=pick.randint(20, 40),
                    day=clock.now().date() + timedelta(days=5 + number % 7),
                )
            )
        ids = [each.public_id for each in made]
        staff_members = []
        for number in range(STAFF):
            who = staff.add(session, f"ana{number}@example.org", Role.ORGANIZER, names)
            session.flush()
            now = clock.now()
            staff_members.append((sessions.start(session, who.id, now=now, proven_at=now), ids))
        return ids, staff_members


def feeds(count: int) -> list[str]:
    """That many distinct feed addresses."""

    def every() -> "list[str]":
        pairs = list(combinations(range(KINDS), 2))
        return [
            f"/es/cal/{'red' if number == 0 else f'office-{number}'}.ics"
            f"?tipo=kind-{one}&tipo=kind-{other}{language}"
            for one, other in pairs
            for language in LANGUAGES
            for number in range(OFFICES)
        ]

    return list(islice(every(), count))


class Run:
    """One day on one site, and what was measured."""

    def __init__(self, site: Site, folder: Path, size_of_day: Size) -> None:
        self.site, self.folder, self.size_of_day = site, folder, size_of_day
        self.ids, self.staff_members = furnish(site, size_of_day)
        self.memory: Mapping[str, MemoryUse] = {}
        self.sizes: list[float] = []
        self.visit_result = VisitResult()

    def go(self) -> None:
        """Starts the site, sends the load, and records memory and sizes."""
        address = urlsplit(self.site.config.public_url)
        day = Day(
            address.hostname or "",
            address.port or 80,
            address.netloc,
            self.site.people,
            self.ids,
            feeds(self.size_of_day.calendars),
            self.staff_members,
            self.size_of_day.seconds,
            self.size_of_day.registrations,
            self.size_of_day.polls,
        )
        self.site.start()
        self.sizes.append(self._size())
        watch = Watch(self._pids)
        watch.start()
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            self.visit_result = pool.submit(visit, day).result(
                timeout=self.size_of_day.seconds * 6 + 300
            )
        self.memory = watch.stop()
        self.sizes.append(self._size())

    def _pids(self) -> dict[str, int]:
        """Process ids to watch. The largest of PostgreSQL's stands for all."""
        found = {}
        for program in (*self.site.programs, *self.site.workers):
            for number, pid in enumerate(program.pids):
                found[program.name if number == 0 else f"{program.name}, {number}"] = pid
        if isinstance(self.site, Hosts):
            for name in self.site.databases.servers:
                if pids := self.site.lan.processes(name):
                    found[f"PostgreSQL on {name}, largest"] = max(pids, key=resident)
        return found

    def _size(self) -> float:
        if not isinstance(self.site, Hosts):
            return size(self.site.config.data, self.site.config.keys)
        found = 0.0
        for name in ("outreach", "ring"):
            rows = self.site.databases.primary.ask(f"SELECT pg_database_size('{name}')")
            found += int(str(rows[0][0])) / 1e6
        return found

    def find_faults(self, *, is_soak: bool) -> list[str]:
        """What makes the run fail: see the docstring of the module."""
        found = [
            f"{what}: {count} answered {status or 'not at all'}"
            for what, statuses in self.visit_result.statuses.items()
            for status, count in statuses.items()
            if status in ERRORS
        ]
        with self.site.store.read() as session:
            rows = session.scalar(sa.select(sa.func.count()).select_from(Registration)) or 0
            found += checks.oversold(session)
        if rows < self.visit_result.saved:
            found.append(
                f"{self.visit_result.saved} registrations were acknowledged, and {rows} are stored"
            )
        if is_soak:
            found += [
                f"{name} grows: {use.middle:.0f} MB in the middle, {use.end:.0f} at the end"
                for name, use in self.memory.items()
                if use.end > use.middle * (1 + MAX_GROWTH)
            ]
        return found


def _rows(result: VisitResult) -> Iterator[tuple[str, list[float], Mapping[int, int]]]:
    """Each kind of request, the milliseconds of each and how often each status was answered; and
    the same of all polls together."""
    polls: list[float] = []
    answers: Counter[int] = Counter()
    for what, times in sorted(result.times.items()):
        yield what, times, result.statuses[what]
        if what in POLLS:
            polls += times
            answers.update(result.statuses[what])
    if polls:
        yield "calendar, all", polls, answers


def _p99(ordered: Sequence[float]) -> float:
    return ordered[min(int(len(ordered) * 0.99), len(ordered) - 1)]


def show(console: Console, run: Run, mailbox: Mailbox, title: str, faults: list[str]) -> None:
    requests = Table("request", "count", "a second", "p50 ms", "p99 ms", "longest", "errors",
                     "answers", title=title)  # fmt: skip
    for what, times, statuses in _rows(run.visit_result):
        ordered = sorted(times)
        errors = sum(count for status, count in statuses.items() if status in ERRORS)
        requests.add_row(
            what,
            f"{len(ordered):,}",
            f"{len(ordered) / run.visit_result.seconds:.1f}",
            f"{median(ordered):.1f}",
            f"{_p99(ordered):.0f}",
            f"{ordered[-1]:.0f}",
            str(errors),
            ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items())),
        )
    console.print(requests)
    memory = Table("process", "MB at the start", "middle", "end", "MB an hour", "CPU s")
    for name, use in sorted(run.memory.items()):
        numbers = (use.start, use.middle, use.end, use.slope)
        memory.add_row(name, *(f"{each:.0f}" for each in numbers), f"{use.cpu_seconds:.1f}")
    console.print(memory)
    delays = sorted(run.visit_result.timer_delays)
    console.print(
        f"Timers of the load fired {median(delays):.1f} ms late (p50), "
        f"{_p99(delays):.1f} (p99), which is not counted."
    )
    before, after = run.sizes
    console.print(
        f"{run.visit_result.seconds:.0f} s; {run.visit_result.saved:,} places saved; "
        f"{len(mailbox.came):,} letters taken; databases {before:.0f} → {after:.0f} MB",
        soft_wrap=True,
    )
    for each in faults[:30]:
        console.print(each, soft_wrap=True)


@contextmanager
def _behind_nginx(folder: Path, mail_port: int) -> Iterator[Site]:
    """Runs the site on one machine behind nginx, as the guide describes it."""
    bare = free_port()
    public_url = f"http://127.0.0.1:{bare}"
    site = on_one_machine(folder, mail_port, public_url=public_url, trusted_proxies=1)
    port = urlsplit(site.url).port
    assert port is not None
    with nginx(folder / "nginx", port, bare=bare):
        yield site


def run_day(size_of_day: Size, on: str, console: Console, *, is_soak: bool) -> int:
    title = (
        f"{on}: {size_of_day.workshops:,} workshops, {size_of_day.registrations:,} registrations, "
        f"{size_of_day.calendars:,} calendars in {size_of_day.seconds} s"
    )
    with tempfile.TemporaryDirectory(prefix="outreach-day-") as name:
        folder, port, host = Path(name), free_port(), "127.0.0.1"
        if on == "postgresql":
            namespaces.enter_namespaces()
            folder, port, host = namespaces.folder(), 2525, "0.0.0.0"
        with ExitStack() as exit_stack:
            mailbox = exit_stack.enter_context(serve_mail(Mailbox(port, host)))
            assert isinstance(mailbox, Mailbox)
            site: Site
            if on == "postgresql":
                site = Hosts(folder, port)
            else:
                site = exit_stack.enter_context(_behind_nginx(folder, port))
            try:
                run = Run(site, folder, size_of_day)
                run.go()
                faults = run.find_faults(is_soak=is_soak)
                show(console, run, mailbox, title, faults)
            finally:
                site.close()
    return 1 if faults or not run.visit_result.saved else 0


@click.command()
@click.option("--on", type=click.Choice(["sqlite", "postgresql"]), required=True)
@click.option("--workshops", default=1500, show_default=True)
@click.option("--registrations", default=20_000, show_default=True)
@click.option("--calendars", default=5000, show_default=True)
@click.option("--seconds", default=900, show_default=True, help="How long the day is.")
@click.option("--soak", help="An even load for so long instead, as 5m or 90s.")
def command(
    on: str, workshops: int, registrations: int, calendars: int, seconds: int, soak: str | None
) -> None:
    """Run a campaign's day; report latencies, memory and errors."""
    if soak is not None:
        found = re.fullmatch(r"(\d+)([ms])", soak)
        if found is None:
            raise click.BadParameter("write it as 5m or 90s", param_hint="--soak")
        seconds = int(found[1]) * (60 if found[2] == "m" else 1)
        registrations = STEADY * seconds
    polls = 4 if soak is None else max(4, seconds // 300)
    size_of_day = Size(workshops, registrations, calendars, seconds, polls)
    console = Console(width=None if sys.stdout.isatty() else 150, highlight=False)
    if on == "postgresql" and not namespaces.is_apart():
        try:
            namespaces.require()
        except Missing as missing:
            print(f"tests.benchmarks.day: {missing}", file=sys.stderr)
            sys.exit(2)
        arguments = sys.argv[1:]
        sys.exit(namespaces.run("tests.benchmarks.day", arguments, at_most=seconds * 8 + 600))
    sys.exit(run_day(size_of_day, on, console, is_soak=soak is not None))


if __name__ == "__main__":
    command()
