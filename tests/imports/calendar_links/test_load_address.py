"""`load workshops --guess` takes the address of a calendar, and keeps nothing of it."""

import json

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.offices import Office
from outreach.domain.scheduling.calendar_links import CalendarLink
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.imports import DATA, kinds
from tests.conftest import venue
from tests.support.calendar_server import CALENDAR_RULE, HOST, CalendarServer
from tests.support.fixed_clock import fixed_clock
from tests.support.loading import run

pytestmark = [pytest.mark.any_database, fixed_clock]

GUESS = ("--guess", "--office", "chicago")
TIMES = ("DTSTART:20261205T180000", "DTEND:20261205T200000")
DACA = ("UID:a@example.org", "SUMMARY:DACA", "LOCATION:Biblioteca de Pilsen", *TIMES)
DOCTOR = ("UID:b@example.org", "SUMMARY:Cita con la Dra. Canaria", *TIMES)


@pytest.fixture
def furnished(store: Store, chicago: Office, server: CalendarServer) -> Office:
    with store.change() as session:
        kinds.load(session, kinds.read(DATA / "taxonomy.json"), now=clock.now())
        venue(session, chicago, "Biblioteca de Pilsen")
    server.show(DACA, DOCTOR)
    return chicago


def workshops(store: Store) -> list[Workshop]:
    with store.read() as session:
        assert session.scalars(sa.select(CalendarLink)).all() == []
        return list(session.scalars(sa.select(Workshop)))


def test_events_that_name_a_kind_are_loaded_as_drafts(
    config: Config, store: Store, furnished: Office, server: CalendarServer
) -> None:
    address = server.url(scheme="webcal")
    dry = run(config, "load", "workshops", address, *GUESS, "--dry-run", rule=CALENDAR_RULE)
    assert dry.exit_code == 0, dry.stderr
    assert workshops(store) == []
    form = ("--format", "json")
    done = run(config, "load", "workshops", address, *GUESS, *form, rule=CALENDAR_RULE)
    answer = json.loads(done.stdout)
    assert [each["outcome"] for each in answer["rows"]] == ["new", "asked"]
    (workshop,) = workshops(store)
    assert workshop.status is WorkshopStatus.DRAFT
    again = run(config, "load", "workshops", address, *GUESS, *form, rule=CALENDAR_RULE)
    assert json.loads(again.stdout)["loaded"] == 0
    assert HOST not in done.stdout + dry.stdout + dry.stderr


def test_address_may_be_typed_so_that_no_list_of_processes_has_it(
    config: Config, store: Store, furnished: Office, server: CalendarServer
) -> None:
    typed = f"{server.url()}\n"
    done = run(config, "load", "workshops", "-", *GUESS, rule=CALENDAR_RULE, typed=typed)
    assert done.exit_code == 0, done.stderr
    assert len(workshops(store)) == 1


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("https://interno.example/secreto.ics", "only https on port 443 of the public internet"),
        ("http://calendario.example/secreto.ics", "write the one with https://"),
        ("https://ana:clave@calendario.example/secreto.ics", "has a name or password in it"),
        ("https://nadie.example/secreto.ics", "does not answer, or too slowly"),
    ],
)
def test_address_that_cannot_be_read_is_one_line_without_it(
    config: Config, store: Store, furnished: Office, address: str, reason: str
) -> None:
    refused = run(config, "load", "workshops", address, *GUESS, rule=CALENDAR_RULE)
    assert refused.exit_code == 2
    assert reason in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert "secreto" not in refused.stderr
    assert workshops(store) == []


def test_rule_of_the_command_is_that_of_production(
    config: Config, furnished: Office, server: CalendarServer
) -> None:
    refused = run(config, "load", "workshops", server.url(host="127.0.0.1"), *GUESS)
    assert refused.exit_code == 2
    assert "only https on port 443 of the public internet" in refused.stderr
    assert server.asked == []


def test_address_needs_the_guess(config: Config, furnished: Office, server: CalendarServer) -> None:
    refused = run(config, "load", "workshops", server.url(), "--office", "chicago")
    assert refused.exit_code == 2
    assert "The address of a calendar needs --guess." in refused.stderr
    assert server.asked == []
