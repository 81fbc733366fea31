"""100,000 people who follow areas, and 200 new workshops: who gets which letter, and all letters
written. Sending is not measured: the mail server decides that."""

import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.app import create_app
from outreach.cli.db import bring_up_to_date
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.locations import gazetteer
from outreach.domain.outbox import ClaimedMessage
from outreach.extensions.follow import choices, matching
from outreach.extensions.follow.choices import FollowChoice, FollowDetails
from outreach.extensions.follow.messages import FollowWriter, LetterWriter
from outreach.extensions.follow.tables import Follow, FollowChannel, FollowMessage, FollowSubject
from outreach.i18n import LANGUAGES
from outreach.keystore import KeyStore
from tests.conftest import close_app, kind, make_workshop, office, venue

if TYPE_CHECKING:
    from tests.benchmarks.__main__ import Bench

MAX_SECONDS: Final = 120
KINDS: Final = 8
BATCH: Final = 5000


@dataclass(frozen=True)
class FollowerTimes:
    matching_seconds: float
    writing_seconds: float
    letters: int

    @property
    def seconds(self) -> float:
        return self.matching_seconds + self.writing_seconds


def measure(folder: Path, *, people: int = 100_000, workshop_count: int = 200) -> FollowerTimes:
    app = _make_app(folder)
    try:
        return _measure(app, people, workshop_count)
    finally:
        close_app(app)


def _measure(app: Flask, people: int, workshop_count: int) -> FollowerTimes:
    store: Store = app.extensions["outreach_store"]
    key_store: KeyStore = app.extensions["outreach_key_store"]
    config: Config = app.extensions["outreach_config"]
    now = clock.now() + timedelta(hours=3)  # the new workshops are published before
    _store_people(key_store, people)
    _hold(store, workshop_count)
    started_at = perf_counter()
    count = matching.enqueue_news(store, key_store, now=now)
    matched_at = perf_counter()
    writer = FollowWriter(store, key_store, LetterWriter(config))
    with key_store.store.read() as session:
        rows = session.execute(sa.select(FollowMessage.id, FollowMessage.message_type)).all()
    written = 0
    with app.app_context():
        for row in rows:
            claimed = ClaimedMessage(row.id, row.message_type, now, now, None)
            written += writer(claimed, now) is not None
    assert written == count, (written, count)
    return FollowerTimes(matched_at - started_at, perf_counter() - matched_at, written)


def _make_app(folder: Path) -> Flask:
    config = Config.from_environ(
        {
            "OUTREACH_DATA": str(folder / "followers" / "data"),
            "OUTREACH_EXTENSIONS": "follow",
            "OUTREACH_KEYS": str(folder / "followers" / "keys"),
            "OUTREACH_MAIL_FROM": "talleres@example.org",
        }
    )
    bring_up_to_date(config)
    return create_app(config)


def _store_people(key_store: KeyStore, count: int) -> None:
    """Confirmed follows by letter, spread over the counties of the United States."""
    counties = sorted(gazetteer.load().counties(), key=lambda each: (each.region, each.name))
    until = key_store.today() + timedelta(days=90)
    for start in range(0, count, BATCH):
        rows = []
        for number in range(start, min(count, start + BATCH)):
            kinds = (f"tema{number % KINDS}",) if number % 3 == 0 else ()
            choice = FollowChoice(
                counties[number % len(counties)],
                choices.DISTANCES[number % 3],
                number % 2 == 0,
                kinds,
            )
            details = FollowDetails(
                f"persona{number}@ejemplo.com", LANGUAGES[number % len(LANGUAGES)], choice
            )
            follow_id = number.to_bytes(16, "big")
            sealed, generation = key_store.envelope.seal(choices.pack(details), follow_id)
            rows.append(
                {
                    "id": follow_id,
                    "sealed": sealed,
                    "generation": generation,
                    "recipient": key_store.digest_recipient(details.recipient),
                    "link": follow_id[::-1],
                    "channel": FollowChannel.LETTER,
                    "subject": FollowSubject.AREA,
                    "is_confirmed": True,
                    "expires_on": until,
                    "news_since": clock.now(),
                }
            )
        with key_store.store.change() as session:
            session.execute(sa.insert(Follow), rows)


def _hold(store: Store, count: int) -> None:
    """New workshops at venues in the largest counties."""
    counties = sorted(gazetteer.load().counties(), key=lambda each: -each.population)
    with store.change() as session:
        session.add(chicago := office("chicago", "Chicago", "IL", "America/Chicago"))
        some = [kind(f"tema{each}", f"Tema {each}") for each in range(KINDS)]
        session.add_all(some)
        session.flush()
        for number in range(count):
            latitude, longitude = counties[number % 100].position
            place = venue(
                session, chicago, f"Sede {number}", near_latitude=latitude, near_longitude=longitude
            )
            make_workshop(
                session, chicago, some[number % KINDS], venue=place,
                # In a later hour than that since which people want news: hours are compared.
                now=clock.now() + timedelta(minutes=60 + number % 60),
            )  # fmt: skip


def measure_followers(bench: "Bench") -> None:
    """Measures how long it takes to find and write the letters to 100,000 who follow workshops."""
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        found = measure(Path(folder))
    bench.add_result(
        f"100,000 follow, 200 workshops are new: {found.letters:,} letters matched and written",
        f"{found.matching_seconds:.0f} and {found.writing_seconds:.0f} s",
        most=(found.seconds, MAX_SECONDS),
        limit=f"≤ {MAX_SECONDS} s",
    )


PARTS: Final = {"followers": measure_followers}
