"""Pages for monitoring: `/healthz`, `/readyz` and `/metrics`.

`/healthz` is public and says nothing. The others need `Authorization: Bearer` with
OUTREACH_METRICS_TOKEN; without the token or without the setting they answer 404.

The host of a network answers for it. Where a process serves several, an address of the machine
answers for all of them, and with a token for those whose token it is.
"""

import hmac
import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Flask, Response, abort, current_app, jsonify, request
from prometheus_client import Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from outreach.config import Config
from outreach.maintenance import gauges, readiness_probe
from outreach.network_profile import use_profile
from outreach.web.context import config, key_store, store
from outreach.web.middleware.metrics import MetricsMiddleware, RequestMetrics, keep_route
from outreach.web.middleware.response_headers import ALWAYS

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

pages = Blueprint("health", __name__)

HEALTH: Final = "health.health"
GUARDED: Final = frozenset({"health.ready", "health.metrics"})
# All methods, since without the token each of them must get 404.
ALL_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def init_app(app: Flask) -> None:
    app.register_blueprint(pages)


def measure(app: Flask) -> None:
    """Measures requests if OUTREACH_METRICS_TOKEN is set. Call it after all other middleware, so
    that those are measured too."""
    if app.extensions["outreach_config"].metrics_token:
        request_metrics = RequestMetrics(app.extensions["outreach_config"].name)
        app.extensions["outreach_measures"] = request_metrics
        app.url_value_preprocessor(keep_route)
        app.wsgi_app = MetricsMiddleware(app.wsgi_app, request_metrics)  # type: ignore[assignment]  # Flask documents it so


def accepts_any_host() -> bool:
    """Whether the request may have any Host: probes use the address of a server, and the answer
    has no links."""
    return request.endpoint == HEALTH or (request.endpoint in GUARDED and _has_token())


@pages.get("/healthz")
def health() -> Response:
    """Answers 200 while the process runs. It does not use the database: restarting would not
    help."""
    return Response("ok\n", mimetype="text/plain")


@pages.route("/readyz", methods=ALL_METHODS, provide_automatic_options=False)
def ready() -> Response:
    _require_token()
    failed = readiness_probe.find_failures(store(), key_store(), config().extensions)
    answer = jsonify(ready=not failed, failed=failed)
    answer.status_code = 503 if failed else 200
    return answer


@pages.route("/metrics", methods=ALL_METHODS, provide_automatic_options=False)
def metrics() -> Response:
    _require_token()
    return _write_metrics([current_app])


def answer_for_all(
    environ: "WSGIEnvironment", apps: Sequence[Flask], absent: Sequence[Config]
) -> Response | None:
    """Answers a probe that names the host of no network; returns None for any other request.
    Networks that are `absent`, since they cannot be served, are not ready."""
    path, method = environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
    if method not in {"GET", "HEAD"}:
        return None
    if path == "/healthz":
        return _with_headers(Response("ok\n", mimetype="text/plain"))
    credentials = environ.get("HTTP_AUTHORIZATION", "")
    own = [app for app in apps if _is_token(credentials, app.extensions["outreach_config"])]
    if path == "/readyz":
        missing = [each.name for each in absent if _is_token(credentials, each)]
        return _with_headers(_probe_all(own, missing)) if own or missing else None
    return _with_headers(_write_metrics(own)) if own and path == "/metrics" else None


def _with_headers(answer: Response) -> Response:
    answer.headers.extend({**ALWAYS, "Cache-Control": "no-store"})
    return answer


def _probe_all(apps: Sequence[Flask], absent: Sequence[str]) -> Response:
    failed = [f"{each}: not served" for each in absent]
    for own in (app.extensions for app in apps):
        settings: Config = own["outreach_config"]
        with use_profile(settings.profile):
            found = readiness_probe.find_failures(
                own["outreach_store"], own["outreach_key_store"], settings.extensions
            )
        failed += [f"{settings.name}: {each}" for each in found]
    body = json.dumps({"ready": not failed, "failed": failed})
    return Response(body, 503 if failed else 200, mimetype="application/json")


def _write_metrics(apps: Sequence[Flask]) -> Response:
    return Response(generate_latest(_Metrics(apps)), content_type=CONTENT_TYPE_LATEST)


class _Metrics(Collector):
    """Collects the metrics of some networks; a family that several of them have is written once."""

    def __init__(self, apps: Sequence[Flask]) -> None:
        self._apps = apps

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for family in chain.from_iterable(map(_collect, self._apps)):
            known = families.setdefault(family.name, family)
            if known is not family:  # what concerns the process is the same for all
                known.samples += [each for each in family.samples if each not in known.samples]
        yield from families.values()


def _collect(app: Flask) -> list[Metric]:
    own = app.extensions
    request_metrics: RequestMetrics = own["outreach_measures"]
    settings: Config = own["outreach_config"]
    now = gauges.Gauges(settings, own["outreach_store"], own["outreach_key_store"])
    with use_profile(settings.profile):
        return [*request_metrics.collect(), *now.collect()]


def _require_token() -> None:
    if not _has_token():
        abort(404)
    if request.method not in {"GET", "HEAD"}:
        abort(405)


def _has_token() -> bool:
    return _is_token(request.headers.get("Authorization", ""), config())


def _is_token(authorization: str, config: Config) -> bool:
    token = config.metrics_token
    scheme, _, credentials = authorization.partition(" ")
    is_right = hmac.compare_digest(credentials.strip().encode(), token.encode())
    return bool(token) and scheme.lower() == "bearer" and is_right
