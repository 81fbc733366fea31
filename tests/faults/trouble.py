"""`python -m tests.faults.trouble`: faults of the machine under load, one after the other, as root.

Disk full or read-only, wrong clock, mail server down or refusing, name resolution down, PostgreSQL
restarted. The table shows what people and the operator saw, and how long after the end of a fault
the next registration succeeded, without a restart by hand. Exit status 1: something acknowledged is
lost, internals or a name are shown, or the site does not recover.
"""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from shutil import copy
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from tests.faults import namespaces, nights
from tests.faults.mailbox import Mailbox
from tests.faults.namespaces import Lan
from tests.faults.nights import Night, Play, Stage
from tests.faults.scene import played
from tests.faults.site import Keeper
from tests.runner import Missing
from tests.support.ports import free_port
from tests.support.smtp_server import serve_mail

PEOPLE: Final = 8
CALM: Final = 8.0  # seconds before the fault


@dataclass(frozen=True)
class Scenario:
    name: str
    play: Play
    small: str = ""  # the folder that is a small disk of its own
    has_clock: bool = False
    is_postgresql: bool = False
    by_name: bool = False
    mail_seconds: int = 30
    tells: bool = False  # whether `outreach doctor` must say what to do
    may_die: bool = False  # the server is killed and restarted during the fault


SCENARIOS: Final = {
    "data-full": Scenario("disk full: DATA", nights.disk_full("data"), small="data", tells=True),
    "keys-full": Scenario("disk full: KEYS", nights.disk_full("keys"), small="keys", tells=True),
    "read-only": Scenario("disk read-only: DATA", nights.disk_read_only, tells=True, may_die=True),
    "clock-ahead": Scenario("clock a day ahead", nights.clock_jumps(86_400), has_clock=True),
    "clock-back": Scenario("clock a day back", nights.clock_jumps(-86_400), has_clock=True),
    "mail-down": Scenario("mail server away for an hour", nights.mail_down, has_clock=True),
    "mail-4xx": Scenario("mail server answers 451", nights.mail_says("451 later")),
    "mail-5xx": Scenario("mail server answers 550", nights.mail_says("550 no such user")),
    "mail-slow": Scenario(
        "mail server says nothing", nights.mail_says("say nothing"), mail_seconds=3
    ),
    "pg-full": Scenario(
        "disk full: PostgreSQL", nights.postgresql_full, small="n1", is_postgresql=True
    ),
    "names": Scenario("names dead", nights.names_dead, is_postgresql=True, by_name=True),
    "pg-restart": Scenario(
        "PostgreSQL restarted 3 times", nights.database_restarted, is_postgresql=True
    ),
}


def play(scenario: Scenario, folder: Path, lan: Callable[[], Lan]) -> Night:
    night, is_believed = Night(scenario.name), not scenario.has_clock
    with ExitStack() as until_the_end:
        mailbox = until_the_end.enter_context(serve_mail(Mailbox(free_port(), dates=is_believed)))
        assert isinstance(mailbox, Mailbox)
        databases = None
        if scenario.is_postgresql:
            site, databases = until_the_end.enter_context(
                nights.on_postgresql(
                    folder, mailbox, lan(), is_small=bool(scenario.small), by_name=scenario.by_name
                )
            )
        else:
            site = until_the_end.enter_context(
                nights.on_sqlite(folder, mailbox, small=scenario.small, clock=scenario.has_clock,
                                 smtp_seconds=scenario.mail_seconds)
            )  # fmt: skip
        scene = until_the_end.enter_context(
            played(site, mailbox, 1, people=PEOPLE, calendars=2, workshops=12)
        )
        stage = Stage(folder, mailbox, site, scene, databases=databases)
        if scenario.small == "n1" and databases is not None:
            keeper = Keeper([nights.restarter(databases)])
            keeper.start()
            until_the_end.callback(keeper.leave)
        _through(scenario, stage, night)
    return night


def _through(scenario: Scenario, stage: Stage, night: Night) -> None:
    scene, book = stage.scene, stage.scene.book
    try:
        stage.wait_for_success()
        time.sleep(CALM)
        scene_before = _errors(stage)
        night.operator = scenario.play(stage)
        if scenario.tells and "to do" not in night.operator:
            night.wrong.append(f"the doctor sees nothing: {night.operator}")
        night.back = stage.wait_for_success()
        time.sleep(3)
    except TimeoutError as error:
        night.wrong.append(str(error))
        scene_before = 0
    looked, wrong = scene.finish(kills=_may_repeat(scenario))
    wrong = [each for each in wrong if not _is_meant(scenario, each)]
    night.saved = looked.saved
    seen = ", ".join(f"{words} ×{count}" for words, count in book.shown.most_common(3))
    errors = _errors(stage) - scene_before
    night.people = seen or (f"{errors} errors" if errors else "nothing")
    if book.silences():
        night.people += f"; {book.silences()} without an answer"
    night.people += f"; waited {book.longest:.1f} s at most"
    night.people += f"; {book.recovered} of {book.unlucky} then succeeded" if book.unlucky else ""
    log = stage.log()
    if report := _kinds(log):
        night.operator += f"; log: {report}"
    night.wrong += [*looked.wrong, *wrong]
    if found := nights.NAMES.search(log):
        night.wrong.append(f"the log names somebody: {found[0]}")
    restarts = sum(stage.site.keeper.restarts.values())
    if restarts and scenario.may_die:
        night.operator += f"; {restarts} killed, started again as systemd would"
    elif restarts:
        night.wrong.append(f"{restarts} of our processes had to be started again")


def _may_repeat(scenario: Scenario) -> int:
    """Whether a letter may be repeated: the server gave no final answer."""
    return (
        1000 if scenario.name.startswith("mail") or scenario.is_postgresql or scenario.small else 20
    )


def _is_meant(scenario: Scenario, fault: str) -> bool:
    """Whether a missing letter is expected: a permanently refused address gets none."""
    return "550" in scenario.name and ("given up" in fault or "never had a letter" in fault)


def _errors(stage: Stage) -> int:
    return stage.scene.book.errors()


def _kinds(log: str) -> str:
    """The kinds of errors in a log, without their variable parts."""
    found: dict[str, int] = {}
    for line in log.splitlines():
        if "failed: " in line:
            kind = line.rpartition("failed: ")[2][:40]
            found[kind] = found.get(kind, 0) + 1
        elif "wait: " in line:
            found[line.strip()[-70:]] = found.get(line.strip()[-70:], 0) + 1
    return ", ".join(f"{kind} ×{count}" for kind, count in found.items())


def report(console: Console, every: Sequence[Night]) -> int:
    table = Table("night", "people see", "operator sees", "back after", "wrong", show_lines=True)
    for night in every:
        wrong = "no" if not night.wrong else f"YES: {night.wrong[0][:80]}"
        back = f"{night.back:.1f} s"
        table.add_row(night.name, night.people, night.operator, back, wrong)
    console.print(table)
    for night in every:
        for each in night.wrong[:20]:
            console.print(f"{night.name}: {each}", soft_wrap=True)
    return 1 if any(night.wrong for night in every) else 0


def inside(chosen: Sequence[str], logs: Path | None, console: Console) -> int:
    namespaces.enter_namespaces()
    every, lans = list[Night](), list[Lan]()

    def lan() -> Lan:
        if not lans:
            lans.append(Lan())
        lans[0].clear()
        return lans[0]

    for name in chosen or SCENARIOS:
        folder = namespaces.folder() / name
        folder.mkdir(mode=0o711)
        begun = time.monotonic()
        try:
            every.append(play(SCENARIOS[name], folder, lan))
        except Exception as error:
            every.append(Night(SCENARIOS[name].name, wrong=[f"the harness: {error!r}"]))
        night = every[-1]
        if logs is not None and (folder / "site.log").exists():
            logs.mkdir(exist_ok=True)
            copy(folder / "site.log", logs / f"{name}.log")
        console.print(
            f"{night.name}: {len(night.wrong)} wrong, {night.saved} saved, "
            f"{time.monotonic() - begun:.0f} s",
            soft_wrap=True,
        )
    return report(console, every)


@click.command()
@click.argument("chosen", nargs=-1, type=click.Choice([*SCENARIOS]))
@click.option("--logs", type=click.Path(path_type=Path), help="A folder to keep the logs in.")
def command(chosen: tuple[str, ...], logs: Path | None) -> None:
    """Run faults, all of them or those named."""
    if namespaces.is_apart():
        sys.exit(inside(chosen, logs, Console(width=None if sys.stdout.isatty() else 150)))
    try:
        namespaces.require(namespaces.PROGRAMS | {"faketime": "faketime", "chattr": "e2fsprogs"})
    except Missing as missing:
        print(f"tests.faults.trouble: {missing}", file=sys.stderr)
        sys.exit(2)
    arguments = [*chosen, *(["--logs", str(logs.resolve())] if logs else [])]
    at_most = 240 * len(chosen or SCENARIOS)
    sys.exit(namespaces.run("tests.faults.trouble", arguments, at_most=at_most))


if __name__ == "__main__":
    command()
