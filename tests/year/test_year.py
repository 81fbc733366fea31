"""An installation lives days of a year, and nothing is found wrong (`python -m tests.year`)."""

import random
import subprocess
import sys
from datetime import date, time, timedelta

import pytest

from outreach import formats, languages
from outreach.mail import sms
from tests.year.installation import DAYS
from tests.year.messages import Moment, read_moments


@pytest.mark.real_clock  # its own clock begins in another year, whatever that of the run is
@pytest.mark.any_database("lives on SQLite")
@pytest.mark.parametrize(
    "days",
    [
        pytest.param(20, marks=pytest.mark.thorough),
        pytest.param(DAYS, marks=pytest.mark.long),
    ],
)
def test_nothing_is_wrong_on_any_day(days: int, request: pytest.FixtureRequest) -> None:
    seed = _read_seed(request.config)
    command = ["-m", "tests.year", "--days", str(days), "--seed", str(seed)]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True)
    print(done.stdout[-20_000:])
    assert done.returncode == 0, f"python {' '.join(command)}\n{done.stderr[-3000:]}"


@pytest.mark.parametrize("lang", languages.CODES)
def test_day_and_hour_are_read_in_letters_and_in_texts_of_every_day(lang: str) -> None:
    """A text leaves accents out that its alphabet lacks."""
    day = date(2028, 1, 1)
    while day.year == 2028:
        for pattern in (formats.DAY, formats.WEEKDAY_AND_DAY):
            line = f"{formats.dated(day, pattern, lang)}, {formats.hour(time(18, 30), lang)}"
            for text in (line, sms.plain(line)):
                assert list(read_moments(text, lang)) == [Moment(day.month, day.day, time(18, 30))]
        day += timedelta(days=1)


def _read_seed(config: pytest.Config) -> int:
    """That of the order of the tests, which `tests/run` prints; else another each time."""
    found = str(config.getoption("random_order_seed", "")).partition(":")[0]
    return int(found) if found.isdigit() else random.randrange(1_000_000)
