"""The queue of the staff as other pages use it: how much waits, and the way back to it.

The navigation is on every page, so the number is counted once a minute for each office.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import current_app, request
from sqlalchemy.orm import Session

from outreach.domain.dashboard import work_queue
from outreach.domain.dashboard.pending_items import WorkSort
from outreach.domain.dashboard.work_queue import WorkLine
from outreach.domain.network import staff
from outreach.domain.network.staff import ALL_OFFICES, Permission, Role
from outreach.domain.text import clean
from outreach.keystore import bursts
from outreach.memory_cache import MemoryCache
from outreach.web.context import config, key_store, store

PATH: Final = "/org/por-atender"
MAX_AGE: Final = timedelta(minutes=1)
MAX_OFFICES: Final = 500
# A form with this field was sent from the queue, and leads back to it.
ORIGIN_FIELD, ORIGIN = "desde", "por-atender"
FILTER_FIELDS: Final = ("ver", "oficina", "pagina")


def own_offices(grants: Mapping[str, Role]) -> frozenset[str]:
    """Returns the slugs of the offices whose queue a staff member works through. Offices reached by
    a role for all of them are not among these: such a role has the pages of the network."""
    return frozenset(
        slug
        for slug in grants
        if slug != ALL_OFFICES
        and staff.is_allowed(grants, Permission.EDIT, slug)
        and staff.is_allowed(grants, Permission.CONTACTS, slug)
    )


def load(session: Session, slugs: Collection[str], *, now: datetime) -> list[WorkLine]:
    """The lines of the queue of these offices; the navigation shows their number from now on."""
    lines = work_queue.load(
        session,
        slugs,
        now=now,
        has_texts=bool(config().texts.url),
        bursts=bursts.list_bursts(key_store().store, key_store().today()),
    )
    by_office = Counter(line.workshop.office.slug for line in lines)
    for slug in slugs:
        _counts().put(slug, by_office[slug], now=now)
    return lines


def count(slugs: Collection[str], *, now: datetime) -> int:
    """Returns how many lines the queue of these offices has, or had at most a minute ago."""
    known = {slug: _counts().get(slug, now=now) for slug in slugs}
    missing = [slug for slug, number in known.items() if number is None]
    total = sum(number for number in known.values() if number is not None)
    if not missing:
        return total
    with store().read() as session:
        return total + len(load(session, missing, now=now))


def forget(slug: str) -> None:
    """Has the lines of that office counted again, since somebody did something."""
    _counts().put(slug, 0, size=MAX_OFFICES + 1)  # too large to be kept


def _counts() -> MemoryCache[int]:
    found: MemoryCache[int] = current_app.extensions.setdefault(
        "outreach_pending_work", MemoryCache[int](MAX_OFFICES, lifetime=MAX_AGE)
    )
    return found


def sum_by_sort(lines: Collection[WorkLine]) -> dict[WorkSort, int]:
    """Returns how many lines have something of each sort; sorts with none are left out."""
    counts = work_queue.count_by_sort(lines)
    return {sort: counts[sort] for sort in WorkSort if counts[sort]}


def get_next_page(usual: str) -> str:
    """The address to go on with after a form: the queue where it was sent from there, else the
    usual one. What was done (`hecho`), and for which registration, is said there too."""
    if request.form.get(ORIGIN_FIELD) != ORIGIN:
        return usual
    done = parse_qs(urlsplit(usual).query).get("hecho", [""])[0]
    return build_address(hecho=done, registro=clean(request.form.get("registration", "")))


def build_address(**more: str) -> str:
    """The address of the queue with the filters of this request, and these fields."""
    given = {name: request.values.get(name, "") for name in FILTER_FIELDS} | more
    query = urlencode({name: value for name, value in given.items() if value})
    return f"{PATH}?{query}" if query else PATH
