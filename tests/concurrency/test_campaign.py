"""Three hundred people register for fifty seats at once, through a real server."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration, RegistrationStatus
from outreach.domain.workshops import Workshop
from tests.benchmarks.campaign import rush
from tests.benchmarks.server import serving
from tests.conftest import make_workshop
from tests.support.environment import where
from tests.support.registration_forms import answers

pytestmark = pytest.mark.any_database


@pytest.mark.long
def test_three_hundred_simultaneous_registrations_share_fifty_seats(
    config: Config, app: Flask, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, capacity=50)
    opened = [answers(app, workshop) for _ in range(300)]
    forms = [{name: each[name] for name in ("stamp", "nonce")} for each in opened]
    environ = {
        **where(config),
        "OUTREACH_SECRET_KEY": config.secret_key,
    }
    with serving("outreach.app:create_app", environ, "/es/") as site:
        outcome = rush(site, workshop.public_id, forms)
    print(f"300 posts settled in {outcome.seconds:.1f} s")
    assert outcome.statuses == {303: 300}
    with store.read() as session:
        statuses = Counter(session.scalars(sa.select(Registration.status)))
        left = session.scalar(sa.select(Workshop.seats_left))
    assert statuses == {RegistrationStatus.CONFIRMED: 50, RegistrationStatus.WAITLISTED: 250}
    assert left == 0


@pytest.mark.long
@pytest.mark.any_database("the harness has a database of its own")
def test_campaign_load_causes_no_error_and_loses_no_registration() -> None:
    small = ("--workshops", "60", "--registrations", "150", "--calendars", "60", "--seconds", "30")
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.day", "--on", "sqlite", *small],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stdout + done.stderr
