"""Thunderbird without a window: fetches the calendars of its profile at start, and stores them in
its own database."""

import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.calendar_clients import Calendars, Shown
from tests.calendar_clients.network import program

SECONDS: Final = 180  # to start, fetch and store beside a second process of a long run
STARTS: Final = (
    2  # it fetches when it starts, and then once an hour, also after a fetch that failed
)
CALENDAR: Final = """
user_pref("calendar.registry.{name}.type", "ics");
user_pref("calendar.registry.{name}.uri", "{address}");
user_pref("calendar.registry.{name}.name", "{name}");
user_pref("calendar.registry.{name}.cache.enabled", true);
user_pref("calendar.registry.{name}.readOnly", true);
user_pref("calendar.registry.{name}.refreshInterval", "60");
"""
# A proxy that does not exist blocks all requests to other sites.
QUIET: Final = """
user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", "127.0.0.1");
user_pref("network.proxy.http_port", 9);
user_pref("network.proxy.ssl", "127.0.0.1");
user_pref("network.proxy.ssl_port", 9);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("app.update.enabled", false);
user_pref("mail.provider.suppress_dialog_on_startup", true);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("toolkit.telemetry.enabled", false);
user_pref("network.dns.disablePrefetch", true);
user_pref("extensions.update.enabled", false);
"""
# Instants are in microseconds of UTC, whatever the zone of the entry.
READ: Final = """
SELECT cal_id, event_start, event_end, title, ical_status, (
    SELECT value FROM cal_properties AS more
    WHERE more.item_id = event.id AND more.cal_id = event.cal_id AND more.key = 'LOCATION'
) FROM cal_events AS event
"""


class Thunderbird:
    knows_zones = False

    def __init__(self, folder: Path, addresses: Mapping[str, str]) -> None:
        self._folder = folder
        self._profile = make_profile(folder, addresses)

    def follow(self, expected: Calendars) -> Calendars:
        for _start in range(STARTS):
            with running(self._folder, self._profile) as process:
                until = time.monotonic() + SECONDS
                found = self._read(expected)
                while found != expected and time.monotonic() < until and process.poll() is None:
                    time.sleep(0.2)
                    found = self._read(expected)
            if found == expected:
                break
        return found

    def _read(self, expected: Calendars) -> Calendars:
        found: dict[str, list[Shown]] = {name: [] for name in expected}
        for name, starts, ends, title, status, location in read_database(self._profile, READ):
            found[name].append(Shown(_instant(starts), _instant(ends), title, location, status))
        return {name: sorted(entries) for name, entries in found.items()}


def make_profile(folder: Path, addresses: Mapping[str, str]) -> Path:
    """A profile in this folder that is subscribed to the calendars at these addresses, by name."""
    profile = folder / "profile"
    profile.mkdir()
    calendars = [CALENDAR.format(name=n, address=a) for n, a in addresses.items()]
    (profile / "user.js").write_text(QUIET + "".join(calendars))
    return profile


@contextmanager
def running(folder: Path, profile: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Runs Thunderbird with a profile, and its home in `folder`."""
    path = program("thunderbird", "Debian has it: sudo apt-get install thunderbird")
    home = folder / "home"
    home.mkdir(exist_ok=True)
    with (home / "said.log").open("ab") as log:
        process = subprocess.Popen(
            [path, "--headless", "--no-remote", "--profile", profile],
            env=os.environ | {"HOME": str(home), "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def read_database(profile: Path, query: str) -> list[Any]:
    """The rows of a query of its calendars; none while its database is not yet made, or being
    changed. Reads a copy: the database is in use, and part of it is in its journal."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            for path in (profile / "calendar-data").glob("cache.sqlite*"):
                shutil.copy(path, folder)
            with closing(sqlite3.connect(Path(folder) / "cache.sqlite")) as database:
                return database.execute(query).fetchall()
        except (OSError, sqlite3.DatabaseError):
            return []


def _instant(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)
