"""Three calendar programs follow three feeds for some simulated weeks: whatever happens to a
workshop, each program shows what the database has."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import fields, replace
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.imports import offices as office_import
from tests.calendar_clients import Client, network
from tests.calendar_clients.khal import Khal
from tests.calendar_clients.network import Network
from tests.calendar_clients.thunderbird import Thunderbird
from tests.calendar_clients.vdirsyncer import Vdirsyncer
from tests.conftest import LONG_AGO, kind, make_workshop, office, venue

pytestmark = pytest.mark.long
FEEDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "chicago": {"office": "chicago"},
    "asked": {"office": "chicago", "kind_codes": ["derechos", "mujeres"]},
    "calgary": {"office": "calgary"},
}
SPRING: Final = date(2027, 3, 14)  # clocks go forward in Chicago


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Network]:
    with network.made(tmp_path / "network") as made:
        with made.store.change() as session:
            session.add_all(
                (
                    office("chicago", "Chicago", "IL", "America/Chicago"),
                    office("calgary", "Calgary", "AB", "America/Edmonton", country="CA"),
                    kind("derechos", "Tus derechos"),
                    _women(),
                )
            )
        yield made


@pytest.mark.parametrize("program", [Vdirsyncer, Khal, Thunderbird])
def test_a_program_shows_what_became_of_every_workshop(
    there: Network, tmp_path: Path, program: Callable[[Path, Mapping[str, str]], Client]
) -> None:
    folder = tmp_path / "program"
    folder.mkdir()
    story = Story(there)
    with ExitStack() as earlier:
        rules = network.earlier_rules(tmp_path / "rules")
        earlier.enter_context(there.serving(rules=rules))
        client = program(folder, there.addresses(FEEDS))
        story.tell(client, "created")
        story.tell(client, "moved")
        story.tell(client, "renamed")
        story.tell(client, "cancelled")
        story.tell(client, "reinstated")
        story.tell(client, "made discreet")
        story.tell(client, "made public")
        story.tell(client, "at another address")
        story.tell(client, "of an office that closes")
        story.tell(client, "taken away")
        story.tell(client, "kept while it may be read of")
        story.tell(client, "gone after its time")
    with there.serving():
        there.run("retime")
        story.look(client, "after a law changed the clocks of Alberta")


class Story:
    """A sequence of events, a week apart."""

    def __init__(self, there: Network) -> None:
        self.there = there
        self.ids: dict[str, int] = {}

    def tell(self, client: Client, what: str) -> None:
        self.there.wait(days=7)
        step: Callable[[Session], None] = getattr(self, "_" + what.replace(" ", "_"))
        with self.there.store.change() as session:
            step(session)
        self.look(client, f"after something was {what}")

    def look(self, client: Client, when: str) -> None:
        expected = self.there.expected(FEEDS, by_new_rules=client.knows_zones)
        assert client.follow(expected) == expected, when

    def _workshop(self, session: Session, name: str) -> Workshop:
        return session.get_one(Workshop, self.ids[name])

    def _change(self, session: Session, name: str, **changes: Any) -> None:
        there = self._workshop(session, name)
        data = replace(workshop_service.get_data(there), **changes)
        workshop_service.change(session, there, data, now=self.there.now)

    def _created(self, session: Session) -> None:
        chicago, calgary = offices.find(session, "chicago"), offices.find(session, "calgary")
        rights = kinds.find(session, "derechos")
        day = self.there.today + timedelta(days=20)
        far = self.there.today + timedelta(days=150)
        for name, where, when in (
            ("first", chicago, day),
            ("second", chicago, day + timedelta(days=2)),
            ("spring", chicago, SPRING),
            ("late", chicago, far),
            ("north", calgary, far),
            ("near", calgary, day),
        ):
            made = make_workshop(
                session, where, rights, day=when, now=self.there.now,
                title={"es": f"Taller «{name}»; con coma, \\ y 🎉"},
                starts=time(1, 30) if name == "spring" else time(18),
                ends=time(3, 30) if name == "spring" else time(0, 30),
            )  # fmt: skip
            self.ids[name] = made.id
        self._tell_by_earlier_rules(session)

    def _tell_by_earlier_rules(self, session: Session) -> None:
        """Stores the instants in Calgary as computed before the law."""
        for name in ("north", "near"):
            there = self._workshop(session, name)
            denver = ZoneInfo("America/Denver")
            there.starts_at, there.ends_at = clock.span(there.day, there.starts, there.ends, denver)
            there.calendar_zone = there.zone  # nothing else was known of it

    def _moved(self, session: Session) -> None:
        day = self._workshop(session, "first").day + timedelta(days=60)
        self._change(session, "first", day=day, starts=time(9), ends=time(11, 15))
        self._change(session, "spring", starts=time(0, 45))

    def _renamed(self, session: Session) -> None:
        self._change(session, "first", title={"es": "Tus derechos, con café", "en": "Rights"})

    def _cancelled(self, session: Session) -> None:
        workshop_service.cancel(session, self._workshop(session, "first"), now=self.there.now)

    def _reinstated(self, session: Session) -> None:
        workshop_service.reinstate(session, self._workshop(session, "first"), now=self.there.now)

    def _made_discreet(self, session: Session) -> None:
        """Gives a workshop the discreet kind, and its visibility."""
        women = kinds.find(session, "mujeres")
        self._change(session, "first", kind=women, visibility=women.visibility)

    def _made_public(self, session: Session) -> None:
        rights = kinds.find(session, "derechos")
        self._change(session, "first", kind=rights, visibility=rights.visibility)

    def _at_another_address(self, session: Session) -> None:
        """Moves one workshop to another venue, and edits the address of another venue."""
        chicago = offices.find(session, "chicago")
        self._change(
            session, "first", venue=venue(session, chicago, "Parroquia", address="7 Otra St.")
        )
        house = self._workshop(session, "late").venue
        assert house is not None
        house.address, house.changed_at = "200 W. Nueva St.", self.there.now

    def _of_an_office_that_closes(self, session: Session) -> None:
        """Closes an office: its feed stays, with its workshops cancelled."""
        closing = offices.find(session, "chicago")
        row = office_import.OfficeRow(
            **{each.name: getattr(closing, each.name) for each in fields(office_import.OfficeRow)}
        )
        closed = replace(row, closed_on=self.there.today + timedelta(days=14), phone="800 1")
        office_import.load(session, [closed], now=self.there.now)
        workshop_service.cancel(session, self._workshop(session, "late"), now=self.there.now)

    def _taken_away(self, session: Session) -> None:
        """Cancels and deletes a published workshop, and makes another unlisted."""
        workshop_service.cancel(session, self._workshop(session, "first"), now=self.there.now)
        self._change(session, "spring", way=Way.UNLISTED)

    def _kept_while_it_may_be_read_of(self, session: Session) -> None:
        self.there.wait(days=14)
        assert 0 < self._days_after("first") < 7
        self._change(session, "north", title={"es": "Taller del norte"})
        self._tell_by_earlier_rules(session)

    def _gone_after_its_time(self, session: Session) -> None:
        assert self._days_after("first") > 7

    def _days_after(self, name: str) -> int:
        with self.there.store.read() as session:
            return (self.there.today - self._workshop(session, name).day).days


def _women() -> Kind:
    return kind(
        "mujeres",
        "Para mujeres",
        is_discreet=True,
        public_code="K7QX",
        neutral_title={"es": "Taller"},
        visibility=Visibility.REGISTERED,
        changed_at=LONG_AGO,
    )
