"""The journeys of the page *architecture*: their files exist, and run when somebody goes them."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pytest
from flask import Flask
from flask.testing import FlaskClient

from outreach.cli import guide
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from tests.conftest import make_workshop
from tests.support.registration_forms import answers, send

pytestmark = pytest.mark.any_database

CHECKOUT: Final = Path(__file__).parents[2]
PACKAGE: Final = f"{CHECKOUT}/outreach/"
PATH: Final = re.compile(r"`((?:outreach|templates|tests)/[\w./-]+)`")
MODULE: Final = re.compile(r"`([\w/]+\.py)`")
# Where each file that runs is named; of the others only those that somebody has to know.
WHOLE: Final = (
    "outreach/domain/", "outreach/keystore/", "outreach/web/forms/", "outreach/web/public/",
)  # fmt: skip

REMEMBERED: Final = ("outreach.domain.locations", "outreach.feeds")


def _journey(number: int) -> list[str]:
    """The files that a journey names, in their order, without its introduction."""
    [section] = re.findall(
        rf"^## Journey {number}: .*?(?=^## |\Z)", guide.text("architecture"), re.M | re.S
    )
    return PATH.findall(section[section.index("\n1. ") :])


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """As in a new process: what another test has computed is computed again."""
    modules = [module for name, module in sys.modules.items() if name.startswith(REMEMBERED)]
    for function in [each for module in modules for each in vars(module).values()]:
        cells = getattr(function, "__closure__", None) or ()  # a closure of `memory_cache.remember`
        for each in (function, *(cell.cell_contents for cell in cells)):
            if type(each).__name__ == "_lru_cache_wrapper":
                each.cache_clear()


class _Runs:
    """Records the files of the program of which a function is called."""

    def __init__(self) -> None:
        self.files: dict[str, None] = {}  # in the order of their first call

    def __call__(self, go: Callable[[], Any]) -> Any:
        sys.setprofile(self._note)
        try:
            return go()
        finally:
            sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, arg: Any) -> None:
        name = frame.f_code.co_filename
        if event == "call" and name.startswith(PACKAGE):
            self.files[f"outreach/{name.removeprefix(PACKAGE)}"] = None


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_files_of_a_journey_exist(number: int) -> None:
    files = _journey(number)
    assert len(set(files)) > 5
    assert [each for each in files if not (CHECKOUT / each).is_file()] == []


def test_a_registration_runs_the_files_of_its_journey(
    app: Flask, client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    client.get("/es/")  # what is made once is no part of the journey
    runs = _Runs()
    page = f"/es/t/{workshop.public_id}"
    assert runs(lambda: client.get(page)).status_code == 200
    assert runs(lambda: client.get(f"{page}/lugar")).status_code == 200
    typed = answers(app, workshop, contact="email", email="rosa@example.org")
    saved = runs(lambda: send(client, workshop, typed))
    assert runs(lambda: client.get(saved.headers["Location"])).status_code == 200
    named = set(_journey(1))
    assert named - runs.files.keys() == set()
    assert {each for each in runs.files if each.startswith(WHOLE)} - named == set()


def test_a_poll_runs_the_files_of_its_journey_in_their_order(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights)
    runs = _Runs()
    assert runs(lambda: client.get("/es/cal/chicago.ics").data)
    named = list(dict.fromkeys(_journey(2)))
    in_order = [each for each in runs.files if each in named]
    assert in_order == named


def test_files_named_by_a_package_exist() -> None:
    """A name in the docstring of a package is a module of it or of the product."""
    known = {str(path.relative_to(CHECKOUT)) for path in (CHECKOUT / "outreach").rglob("*.py")}
    absent = [
        (package, name)
        for package in sorted(each for each in known if each.endswith("/__init__.py"))
        for name in MODULE.findall((CHECKOUT / package).read_text().split('"""')[1])
        if f"{package.removesuffix('__init__.py')}{name}" not in known
        and not any(each.endswith(f"/{name}") for each in known)
        and name not in known
    ]
    assert absent == []
