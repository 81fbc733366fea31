"""What the control room of headquarters costs the processor, with few offices and with many: each
page beside a bare Flask «hello» on the same server.

    python -m tests.benchmarks --only control
"""

from datetime import datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from outreach import clock
from outreach.accounts import sessions
from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.domain.network import staff
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.web.staff.common.guards import COOKIE
from tests.benchmarks import costs
from tests.benchmarks.costs import Cost
from tests.benchmarks.network import network
from tests.benchmarks.poll import Poll
from tests.benchmarks.server import running

OFFICES: Final = (59, 2_000)
WORKSHOPS: Final = 5  # each office has that many, around today
MAX_MS: Final = 300
TIMES: Final = 5


def measure(folder: Path, *, repetitions: int = 3) -> list[Cost]:
    """The costs of the page of the month that is over, by number of offices."""
    return [_measure(folder / str(each), each, repetitions=repetitions) for each in OFFICES]


def _measure(folder: Path, number: int, *, repetitions: int) -> Cost:
    now = clock.now()
    base = network(
        folder, same=0, others=number * WORKSHOPS, offices=number, spread=lambda n: n % 60 - 59
    )
    store = Store(base.database, is_durable=False)
    change_sessions.install(store)
    cookie = _furnish(store, now)
    store.close()
    what = f"control room, {number:,} offices"
    path = f"/org/control?mes={Month.from_day(now.date()).plus(-1)}"
    with (
        running("tests.benchmarks.hello:create_app", {}) as bare,
        running("outreach.app:create_app", base.environ, "/es/") as ours,
        Poll(bare.port) as bare_poll,
        Poll(ours.port) as poll,
    ):
        measured = costs.Measured(bare, ours, lambda: bare_poll.ask("/"))

        def ask() -> None:
            for _ in range(TIMES):
                poll.ask(path, Cookie=f"{COOKIE}={cookie}")

        for repetition in range(repetitions + 1):  # the first one warms up
            measured.add(what, ask, TIMES, is_kept=bool(repetition))
    return measured.costs()[what]


def _furnish(store: Store, now: datetime) -> str:
    """The cookie of an administrator; every workshop that is over was held, and is reported."""
    with store.change() as session:
        session.execute(
            sa.update(Workshop)
            .where(Workshop.day < now.date())
            .values(status=WorkshopStatus.HELD, head_count=Workshop.id % 40 + 5)
        )
        who = staff.add(session, "elena@example.org", Role.ADMIN, [ALL_OFFICES])
        session.flush()
        return sessions.start(session, who.id, now=now, proven_at=now)
