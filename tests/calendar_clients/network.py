"""A served installation with a clock that the test advances."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.cli.db import bring_up_to_date
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.domain.calendar import feed_query
from outreach.domain.calendar.feed_query import FeedQuery
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.feeds import ics_feed
from tests.calendar_clients import Calendars, Shown
from tests.calendar_readers.life import is_in_feed, location, summary
from tests.support import server_process
from tests.support.environment import where
from tests.support.ports import free_port

LANG: Final = "es"


@dataclass
class Network:
    """The installation at `config.public_url`, and its clock."""

    config: Config
    store: Store
    ahead: timedelta = timedelta()

    @property
    def now(self) -> datetime:
        return clock.now() + self.ahead

    @property
    def today(self) -> date:
        return self.now.date()

    def wait(self, **time: int) -> None:
        """Advances the clock of the test and of the server."""
        self.ahead += timedelta(**time)
        _clock(self.config).write_text(f"+{int(self.ahead.total_seconds())}")

    @contextmanager
    def serving(self, *, rules: Path | None = None) -> Iterator[None]:
        """Runs `outreach serve`, optionally with other zone rules: a folder with a `tzdata`
        package."""
        port = self.config.public_url.rpartition(":")[2]
        settings = self._settings | ({"PYTHONPATH": str(rules)} if rules else {})
        with server_process.running(
            ["serve", "--port", port, "--workers", "1", "--no-mail"],
            f"{self.config.public_url}/{LANG}/",
            settings=settings,
            log=self.config.data / "server.log",
        ):
            yield

    def run(self, *words: str) -> None:
        """Runs a command of the program at the installation's time."""
        done = subprocess.run(
            [program("outreach", "Install the project."), *words],
            env=os.environ | self._settings,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    @property
    def _settings(self) -> dict[str, str]:
        config = self.config
        return {
            **where(config),
            "OUTREACH_PUBLIC_URL": config.public_url,
            "OUTREACH_MAIL_FROM": "talleres@example.org",
            "OUTREACH_CONTROLLER": "Red de consulados",
            "LD_PRELOAD": str(_library()),
            "FAKETIME_TIMESTAMP_FILE": str(_clock(config)),
            "FAKETIME_NO_CACHE": "1",  # read the file at each call
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def addresses(self, feeds: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
        """The URL of each of these calendars."""
        with self.store.read() as session:
            return {
                name: ics_feed.address(_choice(session, asked), LANG, self.config.public_url)
                for name, asked in feeds.items()
            }

    def expected(
        self, feeds: Mapping[str, Mapping[str, Any]], *, by_new_rules: bool = False
    ) -> Calendars:
        """The entries in the database for each calendar. `by_new_rules`: with instants computed
        from day and hour by today's zone rules, instead of those stored."""
        with self.store.read() as session:
            every = session.scalars(sa.select(Workshop)).all()
            return {
                name: sorted(
                    _shown(each, by_new_rules=by_new_rules)
                    for each in every
                    if _has(_choice(session, asked), each) and is_in_feed(each, self.today)
                )
                for name, asked in feeds.items()
            }


@contextmanager
def made(folder: Path) -> Iterator[Network]:
    """An empty installation in `folder`."""
    config = Config(
        data=folder / "data",
        keys=folder / "keys",
        database_url=f"sqlite:///{folder / 'data' / 'outreach.db'}",
        keyring_url=f"sqlite:///{folder / 'keys' / 'keyring.db'}",
        public_url=f"http://localhost:{free_port()}",
    )
    bring_up_to_date(config)
    network = Network(config, Store(config.database_url))
    change_sessions.install(network.store)
    network.wait()
    yield network
    network.store.close()


def earlier_rules(folder: Path) -> Path:
    """A tzdata package from before the 2026 law of Alberta: Calgary has Denver's clock changes."""
    with resources.as_file(resources.files("tzdata")) as now:
        shutil.copytree(now, folder / "tzdata")
    there = folder / "tzdata" / "zoneinfo" / "America"
    shutil.copy(there / "Denver", there / "Edmonton")
    return folder


def program(name: str, how: str) -> str:
    """The path of a program: beside our Python, or on PATH."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is not installed. {how}")
    return found


def _library() -> Path:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        pytest.fail("libfaketime is not here. Debian has it: sudo apt-get install faketime")
    return found[0]


def _clock(config: Config) -> Path:
    return config.data.parent / "ahead"


def _choice(session: Session, asked: Mapping[str, Any]) -> FeedQuery:
    return feed_query.parse(session, **asked)


def _has(choice: FeedQuery, workshop: Workshop) -> bool:
    if choice.office is None or workshop.office_id != choice.office.id:
        return False
    codes = {kind.code for kind in choice.kinds}
    return workshop.kind.code in codes if codes else not workshop.kind.is_discreet


def _shown(workshop: Workshop, *, by_new_rules: bool) -> Shown:
    starts, ends = workshop.starts_at, workshop.ends_at
    if by_new_rules:
        starts, ends = clock.span(workshop.day, workshop.starts, workshop.ends, workshop.zone)
    return Shown(
        starts=starts,
        ends=ends,
        summary=summary(workshop, LANG),
        location=location(workshop, LANG),
        status="CANCELLED" if workshop.status is WorkshopStatus.CANCELLED else "CONFIRMED",
    )
