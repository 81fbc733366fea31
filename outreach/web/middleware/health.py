"""Pages for monitoring: `/healthz`, `/readyz` and `/metrics`.

`/healthz` is public and says nothing. The others need `Authorization: Bearer` with
OUTREACH_METRICS_TOKEN; without the token or without the setting they answer 404.
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
# All methods, since without the token each of them must get 404.
ALL_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def init_app(app: Flask) -> None:
    app.register_blueprint(pages)


def measure(app: Flask) -> None:
    """Measures requests if OUTREACH_METRICS_TOKEN is set. Call it after all other middleware, so
    that those are measured too."""
    if app.extensions["outreach_config"].metrics_token:
        request_metrics = RequestMetrics()
        app.extensions["outreach_measures"] = request_metrics
        app.url_value_preprocessor(keep_route)
        app.wsgi_app = MetricsMiddleware(app.wsgi_app, request_metrics)  # type: ignore[assignment]  # Flask documents it so


def accepts_any_host() -> bool:
    """Whether the request may have any Host: probes use the address of a server, and the answer
    has no links."""
    return request.endpoint == HEALTH or (request.endpoint in GUARDED and _has_token())


@pages.get("/healthz")
def health() -> Response:
    """200 while the process runs. It does not use the database: restarting would not help."""
    return Response("ok\n", mimetype="text/plain")


@pages.route("/readyz", methods=ALL_METHODS, provide_automatic_options=False)
def ready() -> Response:
    _require_token()
    failed = readiness_probe.find_failures(store(), key_store())
    answer = jsonify(ready=not failed, failed=failed)
    answer.status_code = 503 if failed else 200
    return answer


@pages.route("/metrics", methods=ALL_METHODS, provide_automatic_options=False)
def metrics() -> Response:
    _require_token()
    request_metrics: RequestMetrics = current_app.extensions["outreach_measures"]
    registry = request_metrics.collect()
    text = generate_latest(registry) + generate_latest(
        gauges.Gauges(config(), store(), key_store())
    )
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def _require_token() -> None:
    if not _has_token():
        abort(404)
    if request.method not in {"GET", "HEAD"}:
        abort(405)


def _has_token() -> bool:
    token = config().metrics_token
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    is_right = hmac.compare_digest(credentials.strip().encode(), token.encode())
    return bool(token) and scheme.lower() == "bearer" and is_right
