"""Reads with node-ical, which takes the rules of a known zone from Node and not from the file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.calendar_readers import EventHours, programs
from tests.runner.packages import NODE_ICAL

PACKAGE: Final = Path(__file__).parents[2] / ".tests" / NODE_ICAL
READ: Final = """
const ical = require("node-ical");
const texts = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const seconds = moment => moment.getTime() / 1000;
process.stdout.write(JSON.stringify(texts.map(text =>
    Object.values(ical.sync.parseICS(text))
        .filter(each => each.type === "VEVENT")
        .map(event => [event.uid, seconds(event.start), seconds(event.end)])
)));
"""


def read_hours(bodies: Sequence[bytes]) -> list[set[EventHours]]:
    modules = PACKAGE / "node_modules"
    if not modules.is_dir():
        pytest.fail("node-ical is not here; tests/run --long fetches it from npm into .tests/")
    # A host with another zone would hide hours that are read as the host's own.
    env = {"NODE_PATH": str(modules), "PATH": "/usr/local/bin:/usr/bin:/bin", "TZ": "Asia/Tokyo"}
    return programs.read_hours(["node", "--eval", READ], bodies, env=env)
