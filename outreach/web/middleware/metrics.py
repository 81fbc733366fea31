"""Counts and times requests by the pattern of their route, never by their address (S10).

With `PROMETHEUS_MULTIPROC_DIR`, which `outreach serve` sets, all processes count in shared files
and each reports the totals; without it a process reports its own numbers. If there are several
networks, each has its own label and reports only its own numbers.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from flask import request
from prometheus_client import CollectorRegistry, Counter, Histogram, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from outreach import languages
from outreach.feeds.server import ADDRESS
from outreach.maintenance.gauges import SHARED_FOLDER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Existing dashboards use this spelling of the language in a route.
LANGUAGE: Final = f"/<any({','.join(languages.CODES)}):lang>"
FEED: Final = f"{LANGUAGE}/cal/<name>.<any(ics,atom,json,jcal,jscal):form>"
NO_ROUTE: Final = "-"  # for unknown addresses, which are not recorded
SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)
ROUTE: Final = "outreach.route"


class RequestMetrics:
    """The request metrics of one application; `network` is the label of one of several."""

    def __init__(self, network: str = "") -> None:
        self.network = network
        self._labels = (network,) if network else ()
        names = ["network"] if network else []
        self.registry = CollectorRegistry()
        self._children: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}
        self.requests = Counter(
            "outreach_requests",
            "Requests answered, by the pattern of their address.",
            [*names, "route", "method", "status"],
            registry=self.registry,
        )
        self.failures = Counter(
            "outreach_failures",
            "Requests that failed, by their reason: of a database or a disk, or a bug.",
            [*names, "reason"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "outreach_request_seconds",
            "How long an answer took, by what was asked for.",
            [*names, "group"],
            buckets=SECONDS,
            registry=self.registry,
        )

    def count(self, route: str, method: str, status: str, seconds: float) -> None:
        key = route, method if method in METHODS else "other", status[:1]
        children = self._children.get(key)
        if children is None:
            # Cached, since `labels` is slower than counting. Routes bound the number.
            counter = self.requests.labels(*self._labels, key[0], key[1], f"{key[2]}xx")
            seconds_of = self.seconds.labels(*self._labels, group_of(route))
            children = self._children[key] = counter, seconds_of
        children[0].inc()
        children[1].observe(seconds)

    def count_failure(self, reason: str) -> None:
        self.failures.labels(*self._labels, reason).inc()

    def collect(self) -> Iterator[Metric]:
        """The metrics of all processes, if they are shared, or of this one."""
        if not os.environ.get(SHARED_FOLDER):
            yield from self.registry.collect()
            return
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]  # it has no types
        for family in shared.collect():
            family.samples = [
                each for each in family.samples if each.labels.get("network", "") == self.network
            ]
            yield family


class MetricsMiddleware:
    """WSGI middleware that measures the application it wraps."""

    def __init__(self, app: "WSGIApplication", metrics: RequestMetrics) -> None:
        self.app, self.metrics = app, metrics

    def __call__(self, environ: "WSGIEnvironment", respond: "StartResponse") -> Iterable[bytes]:
        started_at = time.perf_counter()
        response_status = "500"

        def record_status(status: str, headers: Any, *more: Any) -> Callable[[bytes], object]:
            nonlocal response_status
            response_status = status
            return respond(status, headers, *more)

        try:
            return self.app(environ, record_status)
        finally:
            elapsed = time.perf_counter() - started_at
            self.metrics.count(_route(environ), environ["REQUEST_METHOD"], response_status, elapsed)


def _route(environ: "WSGIEnvironment") -> str:
    route: str | None = environ.get(ROUTE)
    if route is not None:
        return route
    # Answered by the feed server or a cache, before Flask.
    return FEED if ADDRESS.fullmatch(environ.get("PATH_INFO", "")) else NO_ROUTE


def keep_route(_endpoint: str | None, _values: object) -> None:
    """Stores the route of the request in the WSGI environment for `MetricsMiddleware`."""
    rule = request.url_rule
    request.environ[ROUTE] = rule.rule.replace("/<lang:lang>", LANGUAGE) if rule else NO_ROUTE


@lru_cache(maxsize=1024)
def group_of(route: str) -> str:
    """The label of a route in the histogram: one of a few groups of pages."""
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
