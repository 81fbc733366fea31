"""How many requests there were and how long they took: by the pattern of an address, never by an
address (S10).

Several processes serve, and whoever asks for the figures reaches one of them. With
`PROMETHEUS_MULTIPROC_DIR`, which `outreach serve` sets, all of them count in shared files and each
answers for all; without it a process answers for itself.
"""

import os
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from flask import request
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

from outreach import languages
from outreach.feeds.server import ADDRESS
from outreach.maintenance.gauges import SHARED_FOLDER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Dashboards know the first part of a route by this spelling.
LANGUAGE: Final = f"/<any({','.join(languages.CODES)}):lang>"
FEED: Final = f"{LANGUAGE}/cal/<name>.<any(ics,atom,json,jcal):form>"
NOWHERE: Final = "-"  # an address that there is not: whatever was typed is not kept
SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)
ROUTE: Final = "outreach.route"


class RequestMetrics:
    """What one application counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._found: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}
        self.requests = Counter(
            "outreach_requests",
            "Requests answered, by the pattern of their address.",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "outreach_request_seconds",
            "How long an answer took, by what was asked for.",
            ["group"],
            buckets=SECONDS,
            registry=self.registry,
        )

    def count(self, route: str, method: str, status: str, seconds: float) -> None:
        of = route, method if method in METHODS else "other", status[:1]
        found = self._found.get(of)
        if found is None:
            # Looked up once: it takes longer than the counting. No more of them than patterns.
            counter = self.requests.labels(of[0], of[1], f"{of[2]}xx")
            found = self._found[of] = counter, self.seconds.labels(group_of(route))
        found[0].inc()
        found[1].observe(seconds)

    def of_all(self) -> CollectorRegistry:
        """The figures of all processes, where they are shared."""
        if not os.environ.get(SHARED_FOLDER):
            return self.registry
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # it has no types
        return together


class MetricsMiddleware:
    """A WSGI application around another, that measures it."""

    def __init__(self, app: "WSGIApplication", measures: RequestMetrics) -> None:
        self.app, self.measures = app, measures

    def __call__(self, environ: "WSGIEnvironment", respond: "StartResponse") -> Iterable[bytes]:
        began = time.perf_counter()
        said = "500"

        def listen(status: str, headers: Any, *more: Any) -> Callable[[bytes], object]:
            nonlocal said
            said = status
            return respond(status, headers, *more)

        try:
            return self.app(environ, listen)
        finally:
            took = time.perf_counter() - began
            self.measures.count(_route(environ), environ["REQUEST_METHOD"], said, took)


def _route(environ: "WSGIEnvironment") -> str:
    found: str | None = environ.get(ROUTE)
    if found is not None:
        return found
    # Answered in front of Flask.
    return FEED if ADDRESS.fullmatch(environ.get("PATH_INFO", "")) else NOWHERE


def keep_route(_endpoint: str | None, _values: object) -> None:
    """Tells the meter, which stands outside, where the request went."""
    rule = request.url_rule
    request.environ[ROUTE] = rule.rule.replace("/<lang:lang>", LANGUAGE) if rule else NOWHERE


@lru_cache(maxsize=1024)
def group_of(route: str) -> str:
    """Few enough to look at: what for the visitor is one thing."""
    if "/cal/" in route:
        return "feed"
    if route.startswith("/org"):
        return "desk"
    if "<token>" in route or route.endswith(("/lugar", "/mi-registro")):
        return "place"
    first = route.split("/")[1] if route.startswith("/") else ""
    return {"api": "data", "static": "static", "healthz": "probe", "readyz": "probe"}.get(
        first, "probe" if first == "metrics" else "page" if first else "nowhere"
    )
