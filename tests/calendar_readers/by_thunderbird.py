"""Reads with Thunderbird, which subscribes to each calendar and stores its events in a database of
its own."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from tests.calendar_clients import thunderbird
from tests.calendar_readers import EventHours, Misread, programs
from tests.support.threaded_server import running

START_SECONDS: Final = 240  # to start, and to fetch and store a new calendar
QUIET_SECONDS: Final = 5  # without a new event: it has all of them
MICROSECONDS: Final = 1_000_000
READ: Final = "SELECT cal_id, id, event_start, event_end FROM cal_events"


def read_hours(folder: Path, bodies: Sequence[bytes]) -> list[set[EventHours]]:
    """The hours in each calendar. `folder`: where its profile is. Raises Misread if it does not
    fetch them all."""
    folder.mkdir(parents=True)
    with _serve(bodies) as server:
        port = server.server_address[1]
        addresses = {
            str(index): f"http://127.0.0.1:{port}/{index}.ics" for index in range(len(bodies))
        }
        profile = thunderbird.make_profile(folder, addresses)
        with thunderbird.running(folder, profile):
            rows = _wait_for_all(server, profile)
    found: list[set[EventHours]] = [set() for _body in bodies]
    for calendar, uid, starts, ends in rows:
        hours = (programs.instant(each / MICROSECONDS) for each in (starts, ends))
        found[int(calendar)].add(EventHours(uid, *hours))
    return found


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, bodies: Sequence[bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies = bodies
        self.fetched: set[int] = set()


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        name = self.path.strip("/").removesuffix(".ics")
        if not name.isdigit():
            self.send_error(404)
            return
        body = self.server.bodies[int(name)]
        self.send_response(200)
        self.send_header("Content-Type", "text/calendar; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.server.fetched.add(int(name))

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def _serve(bodies: Sequence[bytes]) -> Iterator[_Server]:
    server = _Server(bodies)
    with running(server):
        yield server


def _wait_for_all(server: _Server, profile: Path) -> list[tuple[str, str, int, int]]:
    """The rows of its database, once every calendar was fetched and no row is added any more."""
    rows: list[tuple[str, str, int, int]] = []
    changed_at = time.monotonic()
    until = changed_at + START_SECONDS
    while time.monotonic() < until:
        time.sleep(1)
        now = thunderbird.read_database(profile, READ)
        if len(now) != len(rows):
            rows, changed_at = now, time.monotonic()
            until = changed_at + START_SECONDS
        is_fetched = len(server.fetched) == len(server.bodies)
        if rows and is_fetched and time.monotonic() - changed_at > QUIET_SECONDS:
            return rows
    raise Misread(f"Thunderbird fetched {len(server.fetched)} of {len(server.bodies)} calendars")
