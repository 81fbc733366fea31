"""ical.js, the parser of Thunderbird, reads the same events from feeds as icalendar does."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import icalendar
import pytest
from playwright.sync_api import Page, Route

from tests.browser.conftest import Open
from tests.browser.world import World
from tests.runner.packages import ICAL_JS

ICAL_JS_PATH: Final = Path(__file__).parents[2] / ".tests" / ICAL_JS / "dist" / "ical.min.js"
READ_EVENTS: Final = """async text => {
    const ICAL = (await import("/ical.js")).default;
    const calendar = new ICAL.Component(ICAL.parse(text));
    for (const zone of calendar.getAllSubcomponents("vtimezone"))
        ICAL.TimezoneService.register(zone);
    return calendar.getAllSubcomponents("vevent").map(component => {
        const event = new ICAL.Event(component);
        return {
            uid: event.uid, summary: event.summary, location: event.location || "",
            sequence: event.sequence, status: component.getFirstPropertyValue("status"),
            starts: event.startDate.toUnixTime(), ends: event.endDate.toUnixTime(),
        };
    });
}"""


@pytest.fixture
def reader(opened: Open) -> Page:
    """Returns a page of an intercepted site that serves ical.js."""
    if not ICAL_JS_PATH.is_file():
        pytest.fail("ical.js is missing; tests/run fetches it from npm into .tests/")
    page = opened()

    def answer(route: Route) -> None:
        if route.request.url.endswith("/ical.js"):
            route.fulfill(body=ICAL_JS_PATH.read_text(), content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><link rel=icon href=data:,>")

    page.route("http://reader.example/**", answer)
    page.goto("http://reader.example/")
    return page


@pytest.mark.parametrize(
    ("address", "count"),
    [
        ("/es/cal/red.ics", 6),
        ("/en/cal/calgary.ics", 3),
        ("/es/cal/red.ics?tipo={discreet_kind}", 1),
        ("/es/t/{plain}.ics", 1),
    ],
)
def test_ical_js_and_icalendar_read_the_same_events(
    reader: Page, world: World, address: str, count: int
) -> None:
    answer = reader.request.get(world.url + address.format(**vars(world)))
    assert answer.ok
    by_ical_js = reader.evaluate(READ_EVENTS, answer.text())
    by_icalendar = [
        _event_dict(event) for event in icalendar.Calendar.from_ical(answer.body()).events
    ]
    assert len(by_icalendar) >= count  # other tests may have created more
    assert _sorted(by_ical_js) == _sorted(by_icalendar)


def _event_dict(event: icalendar.Event) -> dict[str, Any]:
    return {
        "uid": str(event["UID"]),
        "summary": str(event["SUMMARY"]),
        "location": str(event.get("LOCATION", "")),
        "sequence": event.sequence,
        "status": str(event["STATUS"]),
        "starts": _timestamp(event.start),
        "ends": _timestamp(event.end),
    }


def _timestamp(moment: object) -> int:
    assert isinstance(moment, datetime)
    return int(moment.astimezone(UTC).timestamp())


def _sorted(events: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(event, sort_keys=True) for event in events)
