"""What ten years cost: 9,700,000 registrations of erased people, as the purge leaves them, and
100,000 of upcoming workshops, of 250,000 workshops at 2,000 offices; beside a network of 500
workshops, both on SQLite.

Nothing that a page shows differs between the two, so no page may cost much more.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

import sqlalchemy as sa

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration, RegistrationStatus
from outreach.domain.registrations.models import TicketSharing
from outreach.domain.workshops import Workshop
from tests.benchmarks import backup
from tests.benchmarks.network import Network, network
from tests.benchmarks.poll import FEED, Poll
from tests.benchmarks.scale import spend
from tests.benchmarks.server import running
from tests.benchmarks.weight import run_ours

WORKSHOPS: Final = 250_000
OFFICES: Final = 2_000
REGISTRATIONS: Final = 40  # each workshop that is over has that many
LIVING: Final = 100_000
DAYS: Final = 3_650
PAGES: Final = {
    "front page": "/es/",
    "office": "/es/o/same",
    "list of a kind of an office": "/es/?oficina=same&tipo=kind-1",
    "a new search": "/es/?donde=Chicago",
    "month of the network": "/es/cifras/{month}",
    "feed of an office, gzip (200)": FEED.format("same"),
    "workshop": "/es/t/{workshop}",
    "form": "/es/t/{workshop}/lugar",
}
COMMANDS: Final = {
    "purge": ("purge",),
    "backup": ("backup", "{folder}/decade.zip"),
    "counts of a month": ("counts", "{month}"),
}


@dataclass(frozen=True)
class Compared:
    """What was asked for, with ten years and with 500 workshops: milliseconds of the processor for
    a page, seconds for a command; and the median of the ratios."""

    what: str
    many: float
    few: float
    ratio: float
    is_command: bool = False


def make(folder: Path) -> tuple[Network, Network]:
    """Makes the large network, which takes 3.7 GB and twenty minutes, and the small one."""
    many = network(
        folder / "many",
        others=WORKSHOPS - 300,
        offices=OFFICES,
        spread=lambda number: number * 7 % (DAYS + 100) - DAYS,
    )
    register_and_erase(many)
    few = network(folder / "few", others=200)
    backup.register(Config.from_environ(many.environ), count=LIVING)
    return many, few


def measure(folder: Path, factory: str, *, times: int, repetitions: int) -> Iterator[Compared]:
    """Makes both networks and compares them."""
    many, few = make(folder)
    with ExitStack() as stack:
        servers = [
            stack.enter_context(running(factory, base.environ, "/es/")) for base in (many, few)
        ]
        names = [find_names(base) for base in (many, few)]
        polls = [stack.enter_context(Poll(server.port)) for server in servers]
        for what, path in PAGES.items():
            paths = [path.format(**each) for each in names]
            pairs = [
                (
                    spend(servers[0], polls[0], paths[0], times),
                    spend(servers[1], polls[1], paths[1], times),
                )
                for _ in range(repetitions + 1)
            ][1:]
            yield compare(what, pairs)
    for what, arguments in COMMANDS.items():
        spent = []
        for base, words in zip((many, few), names, strict=True):
            place = folder / ("many" if base is many else "few")
            command = [each.format(folder=place, **words) for each in arguments]
            spent.append(run_ours(command, base.environ)[0])
        yield compare(what, [(spent[0], spent[1])], is_command=True)


def compare(what: str, pairs: list[tuple[float, float]], *, is_command: bool = False) -> Compared:
    return Compared(
        what,
        median(one for one, _ in pairs),
        median(other for _, other in pairs),
        median(one / other for one, other in pairs),
        is_command,
    )


def find_names(base: Network) -> Mapping[str, str]:
    """A month that is over, and an upcoming workshop of the office that both networks have."""
    now = clock.now()
    upcoming = (
        sa.select(Workshop.public_id)
        .join(Office, Office.id == Workshop.office_id)
        .where(Office.slug == "same", Workshop.day > now.date(), Workshop.venue_id.is_not(None))
        .order_by(Workshop.day)
        .limit(1)
    )
    store = Store(base.database)
    change_sessions.install(store)
    with store.read() as session:
        workshop = session.scalars(upcoming).one()
    store.close()
    return {"month": str(clock.Month.from_day(now.date()).plus(-1)), "workshop": workshop}


def register_and_erase(base: Network) -> None:
    """Adds registrations to each workshop that is over, as the purge leaves them."""
    store = Store(base.database, is_durable=False)
    change_sessions.install(store)
    table = Registration.__table__
    numbers = sa.select(sa.literal(1).label("value")).cte("numbers", recursive=True)
    numbers = numbers.union_all(
        sa.select(numbers.c.value + 1).where(numbers.c.value < REGISTRATIONS)
    )
    fixed = {
        "status": RegistrationStatus.CONFIRMED, "people": 1, "contact": ContactMethod.NONE,
        "may_leave_message": False, "wants_reminder": False,
        "registered_at": datetime(2020, 1, 1, tzinfo=UTC), "lapses": 0, "is_declined": False,
        "wants_entry": False, "changes": 0,
        "is_beyond_share": False, "appears_confirmed": False, "is_released": False,
        "sharing": TicketSharing.OPEN,
    }  # fmt: skip
    values = {
        "id": sa.func.lower(sa.func.hex(sa.func.randomblob(13))),
        "workshop_id": Workshop.id,
        "nonce": sa.func.randomblob(32),
        "queue_number": sa.literal(0),
    } | {name: sa.literal(each, table.c[name].type) for name, each in fixed.items()}
    rows = sa.select(*values.values()).select_from(Workshop).join(numbers, sa.true())
    today = clock.now().date()
    with store.engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA cache_size = -3000000")
        connection.execute(
            sa.insert(Registration).from_select(
                list(values), rows.where(Workshop.day < today), include_defaults=False
            )
        )
    store.close()
