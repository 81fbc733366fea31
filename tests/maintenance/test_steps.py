"""Steps of extensions beside those of the core, and what steps keep between rounds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pytest
from flask import Flask

from outreach.maintenance import steps
from outreach.maintenance.steps import Step, StepContext
from outreach.maintenance.worker import Worker
from outreach.maintenance.worker_steps import STEPS

pytestmark = pytest.mark.any_database("in which order steps run")


@dataclass(frozen=True)
class Declared:
    steps: tuple[Step, ...]


def make(name: str, *, sends: bool = False, is_led: bool = True) -> Step:
    def run(_context: StepContext, _now: datetime) -> int:
        return 1

    return Step(name, run, is_led=is_led, sends=sends)


def test_steps_of_extensions_wait_for_no_letter_and_their_letters_come_last() -> None:
    first, second = Declared((make("a", sends=True), make("b"))), Declared((make("c"),))
    joined = [each.name for each in steps.join(STEPS, (first, second))]
    core = [each.name for each in STEPS]
    assert [each for each in joined if each in core] == core
    sending = [each.name for each in STEPS if each.sends]
    start = joined.index(sending[0])
    assert joined[start - 2 : start] == ["b", "c"]
    assert joined[joined.index(sending[-1]) + 1] == "a"
    assert steps.join(STEPS, ()) == STEPS
    assert "a" in steps.name_led(steps.join(STEPS, (first,)))


def test_worker_runs_the_steps_of_its_extensions(make_app: Callable[..., Flask]) -> None:
    app = make_app(extensions=())
    ran = []

    def run(context: StepContext, now: datetime) -> int:
        ran.append(context.remember(list_things))
        return 1

    app.extensions["outreach_extensions"] = (Declared((Step("own", run, is_led=True),)),)
    worker = Worker(app)
    with worker.leader.renewing():
        worker.round()
        worker.round()
    assert len(ran) == 2
    assert ran[0] is ran[1], "it is remembered"


def list_things(_context: StepContext) -> list[str]:
    return []
