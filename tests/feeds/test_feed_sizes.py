"""A feed that grows too large loses its past, then its texts, then its far future; and says so."""

from datetime import UTC, date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from tests.conftest import hold, venue
from tests.support.feed_reader import events_of, feed, parsed, utc_today
from tests.support.fixed_clock import fixed_clock

pytestmark = [pytest.mark.any_database("how much fits is counted in bytes"), fixed_clock]

LONG = {"es": "Qué decir, qué no firmar y a quién llamar. " * 6}


def crowd(store: Store, there: Office, what: Kind, days: range, a_day: int) -> None:
    """So many workshops on each of these days: copies of one, for there are thousands."""
    with store.change() as session:
        place = venue(session, there, zone=there.zone)
        model = hold(session, there, what, venue=place, summary=LONG, day=utc_today())
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


def test_first_the_past_goes_by_whole_days(store: Store, chicago: Office, rights: Kind) -> None:
    crowd(store, chicago, rights, range(-80, 40), 12)
    body = feed(store, "chicago")
    about, events = parsed(body)["DESCRIPTION"], events_of(body)
    days = days_of(events)

    assert 880_000 < len(body) <= 900_000
    assert len(events) == len(days) * 12, "whole days"
    assert utc_today() - timedelta(days=79) < days[0] < utc_today()
    assert days[-1] >= utc_today() + timedelta(days=39)
    assert "Qué decir" in events[-1]["DESCRIPTION"]
    assert "Llega hasta" not in about


@pytest.mark.long
def test_then_the_texts_become_an_address(store: Store, chicago: Office, rights: Kind) -> None:
    crowd(store, chicago, rights, range(-20, 110), 12)
    body = feed(store, None)
    about, events = parsed(body)["DESCRIPTION"], events_of(body)
    days = days_of(events)

    assert len(body) <= 900_000
    assert days[0] == utc_today() - timedelta(days=1)
    assert days[-1] >= utc_today() + timedelta(days=109)
    assert all(event["DESCRIPTION"] == event["URL"] for event in events)
    assert "Llega hasta" not in about


def test_last_the_horizon_comes_nearer_and_the_calendar_says_so(
    store: Store, chicago: Office, rights: Kind
) -> None:
    crowd(store, chicago, rights, range(-3, 12), 200)
    body = feed(store, None)
    about, events = parsed(body)["DESCRIPTION"], events_of(body)
    days = days_of(events)

    assert len(body) <= 900_000
    assert len(events) == len(days) * 200, "whole days"
    assert days[0] == utc_today() - timedelta(days=1)
    reaches = f"{days[-1].day} de "
    assert f"Llega hasta el {reaches}" in about
    assert all(event["DESCRIPTION"] == event["URL"] for event in events)
