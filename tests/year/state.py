"""What must hold of the data after each day, by SQL of our own."""

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

import icalendar
import sqlalchemy as sa

from outreach import clock
from outreach.clock import Month
from tests.year.findings import Findings
from tests.year.installation import Installation

_SEATS: Final = """
    SELECT w.public_id, w.capacity + w.overbooked - w.seats_left - w.held_seats,
        coalesce((SELECT sum(r.people) FROM registration r
            WHERE r.workshop_id = w.id AND r.status IN ('confirmed', 'offered')), 0), w.seats_left
    FROM workshop w
"""
_HOURS: Final = """
    SELECT w.public_id, s.minute, s.seats_left,
        coalesce((SELECT sum(r.people) FROM registration r
            WHERE r.slot_id = s.id AND r.status IN ('confirmed', 'offered')), 0), s.capacity
    FROM time_slot s JOIN workshop w ON w.id = s.workshop_id WHERE w.ends_at > :now
"""
_COUNTS: Final = """
    SELECT
        sum(status = 'held' OR (status = 'published' AND ends_at <= :now)),
        sum(status = 'published' AND ends_at > :now)
    FROM workshop WHERE month = :month AND is_synthetic = 0
"""


@dataclass
class StateCheck:
    site: Installation
    findings: Findings
    sequences: dict[str, tuple[int, str]] = field(default_factory=dict)  # by UID

    def run(self, day: date) -> None:
        self._check_seats()
        self._check_erased()
        self._check_counts(day)

    def _rows(self, statement: str, **values: Any) -> list[Any]:
        with self.site.store.read() as session:
            return list(session.execute(sa.text(statement), values))

    def _check_seats(self) -> None:
        now = _write_instant(clock.now())
        for public_id, taken, people, left in self._rows(_SEATS):
            self.findings.expect(
                taken == people and left >= 0, "seats",
                "are not exact", f"{public_id}: {taken} taken, {people} people, {left} left",
            )  # fmt: skip
        for public_id, minute, left, people, places in self._rows(_HOURS, now=now):
            self.findings.expect(
                left + people == places and left >= 0, "hours",
                "are not exact", f"{public_id} {minute}: {left} left, {people} people of {places}",
            )  # fmt: skip

    def _check_erased(self) -> None:
        today = clock.now().date()
        with self.site.key_store.store.read() as session:
            due = session.execute(
                sa.text("SELECT count(*) FROM key WHERE forget_on < :today"), {"today": today}
            ).scalar_one()
        self.findings.expect(not due, "keys", "are kept beyond their day", str(due))
        kept = self._rows(
            "SELECT count(*) FROM registration WHERE key_id IS NULL AND sealed IS NOT NULL"
        )
        self.findings.expect(not kept[0][0], "registrations", "have data without a key")

    def _check_counts(self, day: date) -> None:
        client, now = self.site.app.test_client(use_cookies=False), _write_instant(clock.now())
        for month in {Month.from_day(day), Month.from_day(day).plus(-1)}:
            answer = client.get(f"/es/cifras/{month}.json")
            if answer.status_code != 200:
                continue
            document = json.loads(answer.get_data())
            if document["state"] == "closed":
                continue
            held, planned = self._rows(_COUNTS, month=month.number, now=now)[0]
            self.findings.expect(
                (document["total"], document["planned"]) == (held or 0, planned or 0),
                f"counts of a month ({document['state']})",
                "differ from SQL",
                f"{month}: {document['total']}, {document['planned']} and {held}, {planned}",
            )

    def check_feed(self, body: bytes, where: str) -> None:
        """A feed is read; SEQUENCE rises where when or where has changed."""
        try:
            calendar = icalendar.Calendar.from_ical(body)
        except ValueError as error:
            self.findings.add(where, "is no calendar", str(error))
            return
        for event in calendar.events:
            uid, sequence = str(event["UID"]), int(event.get("SEQUENCE", 0))
            starts = event.DTSTART
            said = f"{starts} {event.get('LOCATION', '')} {event.get('STATUS', '')}"
            known = self.sequences.get(uid)
            if known is not None:
                self.findings.expect(
                    sequence >= known[0], where, "SEQUENCE falls", f"{uid} {known} {sequence}"
                )
                moved = said.split(" ", 2)[:2] != known[1].split(" ", 2)[:2]
                self.findings.expect(
                    not moved or sequence > known[0], where,
                    "moves without SEQUENCE", f"{uid} {known} {sequence} {said}",
                )  # fmt: skip
            self.sequences[uid] = sequence, said
            ends = event.get("DTEND")
            if ends is not None:
                end = event.DTEND
                self.findings.expect(
                    starts < end, where, "ends before it starts", f"{uid} {starts} {end}"
                )


def _write_instant(moment: datetime) -> str:
    """As SQLite stores it."""
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"
