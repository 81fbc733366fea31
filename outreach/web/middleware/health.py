"""For who looks after the server: is it there, can it work, how is it doing.

`/healthz` is for anybody and tells nothing. `/readyz` and `/metrics` are there only for who sends
`Authorization: Bearer` with OUTREACH_METRICS_TOKEN; for everybody else, and without the setting,
there is no such page.
"""

import hmac
from typing import Final

from flask import Blueprint, Flask, Response, abort, current_app, jsonify, request
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from outreach.maintenance import gauges, readiness_probe
from outreach.web.context import config, key_store, store
from outreach.web.middleware.metrics import MetricsMiddleware, RequestMetrics, keep_route

pages = Blueprint("health", __name__)

HEALTH: Final = "health.health"
GUARDED: Final = frozenset({"health.ready", "health.metrics"})
# Whoever has no token is to find nothing there, however they ask.
HOWEVER: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def init_app(app: Flask) -> None:
    app.register_blueprint(pages)


def measure(app: Flask) -> None:
    """Counts every request from now on, where somebody may ask for it; called last, so that what
    is in front of Flask is measured too."""
    if app.extensions["outreach_config"].metrics_token:
        measures = RequestMetrics()
        app.extensions["outreach_measures"] = measures
        app.url_value_preprocessor(keep_route)
        app.wsgi_app = MetricsMiddleware(app.wsgi_app, measures)  # type: ignore[assignment]  # as Flask says


def may_ask_by_any_name() -> bool:
    """A probe calls a server by whatever address it has, and nothing in the answer is a link."""
    return request.endpoint == HEALTH or (request.endpoint in GUARDED and _has_token())


@pages.get("/healthz")
def health() -> Response:
    """The process answers. It asks no database: one that is away is no reason to start us anew."""
    return Response("ok\n", mimetype="text/plain")


@pages.route("/readyz", methods=HOWEVER, provide_automatic_options=False)
def ready() -> Response:
    _require_token()
    failed = readiness_probe.find_failures(store(), key_store())
    answer = jsonify(ready=not failed, failed=failed)
    answer.status_code = 503 if failed else 200
    return answer


@pages.route("/metrics", methods=HOWEVER, provide_automatic_options=False)
def metrics() -> Response:
    _require_token()
    measures: RequestMetrics = current_app.extensions["outreach_measures"]
    registry = measures.of_all()
    told = generate_latest(registry) + generate_latest(
        gauges.Gauges(config(), store(), key_store())
    )
    return Response(told, content_type=CONTENT_TYPE_LATEST)


def _require_token() -> None:
    if not _has_token():
        abort(404)
    if request.method not in {"GET", "HEAD"}:
        abort(405)


def _has_token() -> bool:
    wanted = config().metrics_token
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    is_right = hmac.compare_digest(given.strip().encode(), wanted.encode())
    return bool(wanted) and scheme.lower() == "bearer" and is_right
