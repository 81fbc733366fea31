"""Who is notified of what: 600 follows and 60 workshops, against a plain computation."""

import math
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.domain.locations import gazetteer
from outreach.domain.locations.gazetteer import GazetteerPlace
from outreach.domain.outbox import ClaimedMessage
from outreach.domain.workshops import DeliveryMode
from outreach.extensions.follow import follows, matching, message_queue
from outreach.extensions.follow.choices import FollowChoice, FollowDetails
from outreach.extensions.follow.matching import NewsMatcher, NewWorkshop
from outreach.extensions.follow.messages import FollowContext, FollowWriter
from outreach.extensions.follow.tables import FollowChannel, FollowMessage
from outreach.keystore import KeyStore
from tests.conftest import kind, make_workshop, office, venue
from tests.extensions.follow import benchmark
from tests.support.fixed_clock import FIXED_NOW, fixed_clock

pytestmark = fixed_clock
HOUR: Final = timedelta(hours=1)
PEOPLE: Final = 600
WORKSHOPS: Final = 60
KINDS: Final = 4
MODES: Final = (DeliveryMode.IN_PERSON, DeliveryMode.VIDEO_CALL, DeliveryMode.HYBRID)


def counties(chance: random.Random) -> Sequence[GazetteerPlace]:
    own = [each for each in gazetteer.load().counties() if each.region in {"IL", "IN", "WI"}]
    return chance.sample(sorted(own, key=lambda each: each.name), 12)


def miles(one: tuple[float, float], other: tuple[float, float]) -> float:
    """By the law of cosines: another formula than the program's."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*one, *other))
    cosine = math.sin(lat1) * math.sin(lat2) + math.cos(lat1) * math.cos(lat2) * math.cos(
        lon1 - lon2
    )
    return 3958.8 * math.acos(min(1.0, max(-1.0, cosine)))


def expects(choice: FollowChoice, workshop: dict[str, Any]) -> bool:
    if choice.kinds and workshop["kind"] not in choice.kinds:
        return False
    is_online = workshop["mode"] is not DeliveryMode.IN_PERSON
    if is_online and choice.has_online:
        return True
    assert choice.area is not None
    is_near = miles(choice.area.position, workshop["position"]) <= choice.miles
    return workshop["mode"] is not DeliveryMode.VIDEO_CALL and is_near


@pytest.mark.thorough
def test_everybody_is_notified_of_exactly_what_they_follow(
    store: Store, key_store: KeyStore, app: Flask
) -> None:
    chance = random.Random(20261129)
    places, codes = counties(chance), [f"tema{each}" for each in range(KINDS)]
    choices = [
        FollowChoice(
            chance.choice(places),
            chance.choice((25, 50, 100)),
            chance.random() < 0.5,
            tuple(sorted(chance.sample(codes, chance.randrange(3)))),
        )
        for _number in range(PEOPLE)
    ]
    expected = _follow(key_store, choices)
    held = _hold(store, chance, places)
    wanted = {
        follow_id: sorted(each["id"] for each in held if expects(choice, each))
        for follow_id, choice in expected.items()
    }
    now = FIXED_NOW + 3 * HOUR
    count = matching.enqueue_news(store, key_store, now=now)
    assert count == sum(1 for each in wanted.values() if each)
    found = _read_letters(store, key_store, now + HOUR)
    assert found == {each: ids for each, ids in wanted.items() if ids}
    assert 100 < count < PEOPLE
    assert matching.enqueue_news(store, key_store, now=now) == 0, "a second round finds nothing"


def _follow(key_store: KeyStore, choices: Sequence[FollowChoice]) -> dict[bytes, FollowChoice]:
    found = {}
    for number, choice in enumerate(choices):
        details = FollowDetails(f"persona{number}@ejemplo.com", "es", choice)
        token = follows.request(key_store, details, FollowChannel.LETTER, now=FIXED_NOW)
        follow = follows.find(key_store, token)
        follows.confirm(key_store, follow, None, now=FIXED_NOW)
        found[follow.id] = choice
    with key_store.store.change() as session:
        session.execute(sa.delete(FollowMessage))
    return found


def _hold(
    store: Store, chance: random.Random, places: Sequence[GazetteerPlace]
) -> list[dict[str, Any]]:
    found = []
    with store.change() as session:
        session.add(chicago := office("chicago", "Chicago", "IL", "America/Chicago"))
        some = [kind(f"tema{each}", f"Tema {each}") for each in range(KINDS)]
        session.add_all(some)
        session.flush()
        for number in range(WORKSHOPS):
            chosen, mode = chance.choice(some), chance.choice(MODES)
            latitude, longitude = chance.choice(places).position
            latitude += chance.uniform(-1, 1)
            near = {"near_latitude": latitude, "near_longitude": longitude}
            made = make_workshop(
                session, chicago, chosen, mode=mode, now=FIXED_NOW + timedelta(minutes=number + 1),
                online_url="https://example.org/x",
                venue=venue(session, chicago, f"Sede {number}", **near),
            )  # fmt: skip
            row = {"id": made.id, "kind": chosen.code, "mode": mode}
            found.append(row | {"position": (latitude, longitude)})
    return found


def _read_letters(store: Store, key_store: KeyStore, now: Any) -> dict[bytes, list[int]]:
    """The ids of the workshops in each letter, by who gets it."""
    found: dict[bytes, list[int]] = {}

    def write(context: FollowContext) -> bool:
        found[context.follow.id] = sorted(each.id for each in context.news)
        return True

    writer = FollowWriter(store, key_store, write)
    outbox, claimed = message_queue.OUTBOXES[FollowChannel.LETTER], None
    while True:
        with key_store.store.change_rows() as connection:
            claimed = outbox.claim(connection, now=now, after=claimed)
        if claimed is None:
            return found
        assert isinstance(claimed, ClaimedMessage)
        assert writer(claimed, now)


def test_text_and_push_wait_for_the_day_and_a_letter_does_not() -> None:
    night = FIXED_NOW.replace(hour=3, minute=0)
    for channel in (FollowChannel.TEXT, FollowChannel.PUSH):
        due = message_queue.find_daytime(channel, night)
        assert (due.date(), due.hour) == (night.date(), 18)
        assert message_queue.find_daytime(channel, due) == due
        evening = FIXED_NOW.replace(hour=23, minute=30)
        assert message_queue.find_daytime(channel, evening) == due + timedelta(days=1)
    assert message_queue.find_daytime(FollowChannel.LETTER, night) == night


@pytest.mark.long
def test_benchmark_writes_every_letter(tmp_path: Any) -> None:
    result = benchmark.measure(tmp_path, people=500, workshop_count=50)
    assert 0 < result.letters <= 500


def test_workshop_without_a_place_is_near_nobody() -> None:
    listed = NewWorkshop(
        1, "A", {"es": "x"}, FIXED_NOW, "tema0", "low", DeliveryMode.IN_PERSON, clock.now().date(),
        FIXED_NOW.time(), FIXED_NOW, ZoneInfo("America/Chicago"), None, None, None, None, "Chicago",
        "IL",
    )  # fmt: skip
    area = gazetteer.load().find_county("IL", (41.88, -87.63))
    matcher, before = NewsMatcher([listed]), FIXED_NOW - HOUR
    assert matcher.find(FollowChoice(area, 100), before) == []
    assert matcher.find(FollowChoice(gazetteer.load().region_places["IL"]), before) == [listed]
    assert matcher.find(FollowChoice(gazetteer.load().region_places["IN"]), before) == []
