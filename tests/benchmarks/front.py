"""nginx in front, as the guide configures it: requests a second for a file, for the same bytes from
its cache, and how long a change stays invisible."""

import gzip
import json
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

import sqlalchemy as sa

from outreach import clock
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from tests.benchmarks import load
from tests.benchmarks.network import HOST, Network
from tests.benchmarks.poll import FEED
from tests.benchmarks.server import Running
from tests.support.nginx import Proxy, nginx
from tests.support.ports import free_port

FILE = """
    server {{
        listen 127.0.0.1:{port};
        root {folder};
        access_log {folder}/file.log outreach;
        default_type "text/calendar; charset=utf-8";
        types {{ }}
        gzip off;
        gzip_static on;
        etag on;
        {headers}
    }}
"""
OWN_HEADERS = {"server", "date", "connection", "content-length", "content-type", "content-encoding",
           "etag", "last-modified"}  # fmt: skip


@dataclass(frozen=True)
class Front:
    """Answers a second from nginx's cache and of the same bytes as a static file."""

    cached: float  # answers a second
    file: float
    ratio: float
    seen_after: float  # seconds until a change shows


def measured(
    folder: Path, server: Running, base: Network, *, seconds: int, repetitions: int
) -> Front:
    path = FEED.format("thousand")
    bare, file_port = free_port(), free_port()
    root = folder / "files"
    root.mkdir()
    with nginx(folder / "first", server.port, bare=bare) as first:
        answer = first.ask(path, headers={"Accept-Encoding": "gzip"})
    (root / "feed.ics.gz").write_bytes(answer.body)
    (root / "feed.ics").write_bytes(gzip.decompress(answer.body))
    headers = [
        f"add_header {name} {json.dumps(value)};"
        for name, value in answer.headers.items()
        if name.lower() not in OWN_HEADERS
    ]
    file_server = FILE.format(port=file_port, folder=root, headers="\n        ".join(headers))
    with nginx(folder / "second", server.port, bare=bare, more=file_server) as proxy:
        wanted = (f"Host: {HOST}", "Accept-Encoding: gzip")
        pairs = []
        for repetition in range(repetitions):
            rates = {
                f"http://127.0.0.1:{bare}{path}": 0.0,
                f"http://127.0.0.1:{file_port}/feed.ics": 0.0,
            }
            for address in list(rates) if repetition % 2 else reversed(rates):
                rates[address] = load.rate(address, seconds=seconds, headers=wanted)
            pairs.append(tuple(rates.values()))
        cached, file = (median(each) for each in zip(*pairs, strict=True))
        ratio = median(cache / static for cache, static in pairs)
        return Front(cached, file, ratio, _seen_after(proxy, base, path))


def _seen_after(proxy: Proxy, base: Network, path: str) -> float:
    """Seconds from the commit of a change until a poll gets the new content. Raises RuntimeError
    after two minutes."""
    etag = proxy.ask(path).headers["ETag"]
    store = Store(base.database, is_durable=False)
    change_sessions.install(store)
    with store.change() as session:
        workshop = session.scalars(
            sa.select(Workshop)
            .join(Workshop.office)
            .where(Office.slug == "thousand", Workshop.day > clock.now().date())
            .order_by(Workshop.day.desc())
            .limit(1)
        ).one()
        data = replace(workshop_service.get_data(workshop), title={"es": "Se ve por nginx"})
        workshop_service.change(session, workshop, data, now=clock.now())
    store.close()
    changed_at = perf_counter()
    while proxy.ask(path).headers["ETag"] == etag:
        if perf_counter() - changed_at > 120:
            raise RuntimeError("nginx does not show the change")
        sleep(0.05)
    return perf_counter() - changed_at
