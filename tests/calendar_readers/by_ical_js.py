"""Reads with ical.js, the parser of Thunderbird, in Chromium: all files in one page, which keeps
the first VTIMEZONE of each TZID."""

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Route

from tests.browser import chromium
from tests.calendar_readers import Misread, Seen
from tests.runner.packages import ICAL_JS

MODULE: Final = Path(__file__).parents[2] / ".tests" / ICAL_JS / "dist" / "ical.min.js"
READ: Final = """async texts => {
    const ICAL = (await import("/ical.js")).default;
    return texts.map(text => {
        const calendar = new ICAL.Component(ICAL.parse(text));
        for (const zone of calendar.getAllSubcomponents("vtimezone"))
            if (!ICAL.TimezoneService.has(zone.getFirstPropertyValue("tzid")))
                ICAL.TimezoneService.register(zone);
        return calendar.getAllSubcomponents("vevent").map(component => {
            const event = new ICAL.Event(component);
            return [
                event.uid, event.startDate.toUnixTime(), event.endDate.toUnixTime(),
                event.summary, event.location || "", component.getFirstPropertyValue("status"),
                event.sequence,
            ];
        });
    });
}"""


def read(bodies: Sequence[bytes]) -> list[list[Seen]]:
    """The events of each calendar, sorted. Chromium runs in a process of its own, since the browser
    of other tests may be open in this one. Raises Misread."""
    if not MODULE.is_file():
        pytest.fail("ical.js is not here; tests/run fetches it from npm into .tests/")
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        input=json.dumps([body.decode() for body in bodies]),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise Misread(f"ical.js: {done.stderr}")
    return [sorted(_seen(event) for event in events) for events in json.loads(done.stdout)]


def _seen(event: list[Any]) -> Seen:
    uid, starts, ends, summary, location, status, sequence = event
    return Seen(uid, _instant(starts), _instant(ends), summary, location, status, sequence)


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _evaluate(texts: list[str]) -> Any:
    """The result of `READ` in a page whose requests are all intercepted."""

    def answer(route: Route) -> None:
        if route.request.url.endswith("/ical.js"):
            route.fulfill(body=MODULE.read_text(), content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><link rel=icon href=data:,>")

    with chromium.running() as browser:
        page = browser.new_page()
        page.route("http://reader.example/**", answer)
        page.goto("http://reader.example/")
        return page.evaluate(READ, texts)


if __name__ == "__main__":
    json.dump(_evaluate(json.load(sys.stdin)), sys.stdout)
