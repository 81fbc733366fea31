"""What a search of the staff costs the processor: 50 different ones of who sees all of 20,000
workshops, each beside a bare Flask «hello» on the same server.

    python -m tests.benchmarks --only staff-search
"""

from pathlib import Path
from statistics import median, quantiles
from typing import Final

import sqlalchemy as sa

from outreach import clock
from outreach.accounts import sessions
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.domain.network import staff
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.workshops import Workshop
from outreach.web.staff.common.guards import COOKIE
from tests.benchmarks.costs import Cost
from tests.benchmarks.network import network
from tests.benchmarks.poll import Poll
from tests.benchmarks.server import running

WORKSHOPS: Final = 20_000
MAX_P95_MS: Final = 50
WHAT: Final = "search of the staff, p95 of 50"
_WORDS: Final = (
    "derechos", "know your rights", "vos droits", "biblioteca", "pilsen chicago", "kind-3",
    "kind-7 derechos", "chicago", "xyzzy", "derechos xyzzy", "conoce tus derechos biblioteca",
    "office-12", "ajustes smtp", "personal", "nuevo taller",
)  # fmt: skip
_DAYS: Final = (
    "hoy", "mañana", "viernes", "viernes 5", "5 dic", "derechos diciembre", "2027-01-04", "5/12",
    "biblioteca lunes", "enero",
)  # fmt: skip


def measure(folder: Path, *, repetitions: int = 3) -> Cost:
    """The 95th percentile of the costs of 50 searches."""
    base = network(folder / "search", others=WORKSHOPS - 300)
    store = Store(base.database, is_durable=False)
    change_sessions.install(store)
    cookie, form_token, codes = _furnish(store)
    store.close()
    queries = [*_WORDS, *_DAYS, *codes][:50]
    with (
        running("tests.benchmarks.hello:create_app", {}) as bare,
        running("outreach.app:create_app", base.environ, "/es/") as ours,
        Poll(bare.port) as bare_poll,
        Poll(ours.port) as poll,
    ):
        headers = {"Cookie": f"{COOKIE}={cookie}"}
        found = []
        for repetition in range(repetitions + 1):
            costs = []
            for query in queries:
                before = bare.processor_ms()
                for _ in range(20):
                    bare_poll.ask("/")
                hello = (bare.processor_ms() - before) / 20
                before = ours.processor_ms()
                poll.post("/org/buscar", {"token": form_token, "q": query, "parte": "1"}, **headers)
                costs.append((ours.processor_ms() - before, hello))
            if repetition:  # the first one warms up
                found.append(costs)
    p95 = median(quantiles([ms for ms, _ in costs], n=20)[-1] for costs in found)
    hello = median(hello for costs in found for _, hello in costs)
    return Cost(WHAT, p95, hello, p95 / hello, p95)


def _furnish(store: Store) -> tuple[str, str, list[str]]:
    """The cookie and the form token of an administrator, and codes of workshops."""
    now = clock.now()
    with store.change() as session:
        who = staff.add(session, "elena@example.org", Role.ADMIN, [ALL_OFFICES])
        session.flush()
        cookie = sessions.start(session, who.id, now=now, proven_at=now)
        ids = session.scalars(sa.select(Workshop.public_id).order_by(Workshop.id).limit(25)).all()
    with store.read() as session:
        signed_in = sessions.find(session, cookie, now=now)
    assert signed_in is not None
    return cookie, signed_in[0].form_token, [f"{each[:4]} {each[4:8]}" for each in ids]
