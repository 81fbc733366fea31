"""What polls cost the processor: unchanged feeds, and the first poll after a change.

Two processes serve, and each writes a changed feed for itself; a poll is answered by either. A
change here is one of another workshop's title: the feeds hold the workshops of one office.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from outreach import clock
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.domain.workshops import Workshop
from tests.benchmarks.costs import Cost, Measured
from tests.benchmarks.network import THOUSAND, network
from tests.benchmarks.poll import FEED, Poll
from tests.benchmarks.server import running

UNCHANGED, WHOLE = "feed, unchanged (304)", "feed, gzip (200)"
SMALL: Final = "first poll after a change, some events"
LARGE: Final = f"first poll after a change, {THOUSAND:,} events"
SMALL_FEED: Final = f"{FEED.format('same')}?tipo=kind-1&tipo=kind-2"
LARGE_FEED: Final = FEED.format("thousand")
MAX_RATIOS: Final = {UNCHANGED: 0.67, WHOLE: 0.67}


def measure(folder: Path, *, times: int = 60, repetitions: int = 3) -> list[Cost]:
    """The cost of each kind of poll."""
    base = network(folder / "feeds", thousand=THOUSAND, others=1500)
    store = Store(base.database, is_durable=False)
    change_sessions.install(store)
    with (
        running("tests.benchmarks.hello:create_app", {}) as bare,
        running("outreach.app:create_server_app", base.environ, "/es/") as ours,
        Poll(bare.port) as bare_poll,
        Poll(ours.port) as poll,
    ):
        measured = Measured(bare, ours, lambda: bare_poll.ask("/"))
        for repetition in range(repetitions + 1):
            for what, ask in _steps(store, poll, times):
                measured.add(what, ask, times, is_kept=repetition > 0)
    store.close()
    return [*measured.costs().values()]


def _steps(store: Store, poll: Poll, times: int) -> Iterator[tuple[str, Callable[[], object]]]:
    _, etag, _ = poll.ask(SMALL_FEED)
    yield UNCHANGED, lambda: [poll.ask(SMALL_FEED, If_None_Match=etag) for _ in range(times)]
    yield WHOLE, lambda: [poll.ask(SMALL_FEED) for _ in range(times)]
    yield SMALL, lambda: _poll_changed(store, poll, "same", SMALL_FEED, times)
    yield LARGE, lambda: _poll_changed(store, poll, "thousand", LARGE_FEED, times)


def _poll_changed(store: Store, poll: Poll, office: str, path: str, times: int) -> None:
    """Polls after each change of a workshop of the office."""
    for number in range(times):
        with store.change() as session:
            workshop = session.scalars(
                sa.select(Workshop)
                .where(Workshop.office.has(slug=office), Workshop.day > clock.now().date())
                .order_by(Workshop.changed_at, Workshop.id)
                .limit(1)
            ).one()
            workshop.title = workshop.title | {"es": f"Taller {number}"}
            workshop.changed_at = clock.second_after(workshop.changed_at, clock.now())
        poll.ask(path)
