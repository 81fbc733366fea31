"""Limits of a feed's size: past days, then texts, then distant days are left out."""

from datetime import UTC, date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from tests.conftest import make_workshop, venue
from tests.support.feed_reader import events_of, feed, parsed, utc_today
from tests.support.fixed_clock import fixed_clock

pytestmark = [pytest.mark.any_database("the limit is a number of bytes"), fixed_clock]

LONG = {"es": "Qué decir, qué no firmar y a quién llamar. " * 6}


def add_workshops(store: Store, office: Office, kind: Kind, days: range, a_day: int) -> None:
    """Inserts `a_day` copies of a workshop on each of these days."""
    with store.change() as session:
        place = venue(session, office, zone=office.zone)
        model = make_workshop(session, office, kind, venue=place, summary=LONG, day=utc_today())
        names = [c.key for c in sa.inspect(Workshop).column_attrs if c.key != "id"]
        plain = {name: getattr(model, name) for name in names}
        rows: list[dict[str, Any]] = []
        for day in days:
            moved = timedelta(days=day)
            for number in range(a_day):
                code = f"{day + 500:04d}{number:05d}"
                rows.append(
                    plain
                    | {
                        "public_id": code,
                        "uid": code,
                        "day": plain["day"] + moved,
                        "starts_at": plain["starts_at"] + moved,
                        "ends_at": plain["ends_at"] + moved,
                    }
                )
        session.execute(sa.insert(Workshop), rows)
        session.delete(model)


def days_of(events: list[Any]) -> list[date]:
    return sorted({event.start.astimezone(UTC).date() for event in events})


@pytest.mark.long
def test_large_feed_leaves_out_whole_past_days(store: Store, chicago: Office, rights: Kind) -> None:
    add_workshops(store, chicago, rights, range(-80, 40), 12)
    body = feed(store, "chicago")
    description, events = parsed(body)["DESCRIPTION"], events_of(body)
    days = days_of(events)

    # 30,000 bytes are kept for header and zones, and one more day of 12,000 would not fit.
    assert 900_000 - 30_000 - 12_000 < len(body) <= 900_000
    assert len(events) == len(days) * 12, "whole days"
    assert utc_today() - timedelta(days=79) < days[0] < utc_today()
    assert days[-1] >= utc_today() + timedelta(days=39)
    assert "Qué decir" in events[-1]["DESCRIPTION"]
    assert "Llega hasta" not in description


@pytest.mark.long
def test_larger_feed_replaces_descriptions_by_links(
    store: Store, chicago: Office, rights: Kind
) -> None:
    add_workshops(store, chicago, rights, range(-20, 110), 12)
    body = feed(store, None)
    description, events = parsed(body)["DESCRIPTION"], events_of(body)
    days = days_of(events)

    assert len(body) <= 900_000
    assert days[0] == utc_today() - timedelta(days=1)
    assert days[-1] >= utc_today() + timedelta(days=109)
    assert all(event["DESCRIPTION"] == event["URL"] for event in events)
    assert "Llega hasta" not in description


@pytest.mark.long
def test_largest_feed_ends_earlier_and_states_its_last_day(
    store: Store, chicago: Office, rights: Kind
) -> None:
    add_workshops(store, chicago, rights, range(-3, 12), 200)
    body = feed(store, None)
    description, events = parsed(body)["DESCRIPTION"], events_of(body)
    days = days_of(events)

    assert len(body) <= 900_000
    assert len(events) == len(days) * 200, "whole days"
    assert days[0] == utc_today() - timedelta(days=1)
    last_day = f"{days[-1].day} de "
    assert f"Llega hasta el {last_day}" in description
    assert all(event["DESCRIPTION"] == event["URL"] for event in events)
