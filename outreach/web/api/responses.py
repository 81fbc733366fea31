"""Serves the open-data API: caching, conditional requests, CORS and error responses (RFC 9457)."""

import gzip
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import msgspec
from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.http import HTTP_STATUS_CODES, http_date

from outreach import clock, preconditions
from outreach.errors import OutreachError
from outreach.memory_cache import MemoryCache
from outreach.web.api import params, schemas
from outreach.web.api.handlers import Answer, Question
from outreach.web.api.openapi import JSON, PROBLEM
from outreach.web.api.params import InvalidParameter, UnknownResource
from outreach.web.api.route import Route
from outreach.web.api.routes import TABLE
from outreach.web.api.serializers import ROOT
from outreach.web.context import store
from outreach.web.middleware import failures, response_headers
from outreach.web.middleware.page_cache import MAX_AGE
from outreach.web.middleware.response_headers import MIN_GZIP_BYTES

api = Blueprint("api", __name__, url_prefix=ROOT)

ALLOWED: Final = response_headers.PUBLIC_METHODS
# All methods, so that the errors of each are made here.
METHODS: Final = (*ALLOWED, "POST", "PUT", "PATCH", "DELETE", "TRACE")
CORS_HEADERS: Final = {
    **response_headers.CORS,
    "Cross-Origin-Resource-Policy": "cross-origin",
}
SECOND: Final = timedelta(seconds=1)
MAX_ANSWERS: Final = 200


@dataclass(frozen=True)
class CachedAnswer:
    """The compressed body and the headers of an answer."""

    compressed: bytes
    size: int  # bytes before compression
    etag: str
    changed_at: datetime | None
    headers: tuple[tuple[str, str], ...]
    until: datetime | None  # when it changes by the clock, if it does


def init_app(app: Flask) -> None:
    app.extensions["outreach_api"] = MemoryCache[CachedAnswer](MAX_ANSWERS, lifetime=MAX_AGE)
    app.register_blueprint(api)


def _serve(route: Route, **parts: str) -> Response:
    if request.method == "OPTIONS":
        headers = {"Allow": ", ".join(ALLOWED), **response_headers.get_preflight_headers()}
        return Response(status=204, headers=headers)
    if request.method not in ALLOWED:
        raise MethodNotAllowed(valid_methods=ALLOWED)
    cache: MemoryCache[CachedAnswer] = current_app.extensions["outreach_api"]
    version, now = store().mark(), clock.now()  # read before the data: later commits are newer
    cached = cache.get(request.full_path, version=version, now=now)
    if cached is None or (cached.until is not None and cached.until <= now):
        query = params.read(route.parameters, request.args)
        with store().read() as session:
            answer = route.answer(Question(session=session, query=query, now=now), **parts)
        cached = _encode(answer, now)
        cache.put(request.full_path, cached, version=version, now=now)
    return _respond(cached)


def _encode(answer: Answer, now: datetime) -> CachedAnswer:
    body = msgspec.json.encode(answer.body)
    etag_body = body if answer.etag_body is None else msgspec.json.encode(answer.etag_body)
    etag = hashlib.sha256(etag_body).hexdigest()[:32]
    seconds = answer.seconds
    if answer.until is not None:
        seconds = max(0, min(seconds, int((answer.until - now).total_seconds())))
    headers = [("ETag", f'W/"{etag}"'), ("Cache-Control", f"public, max-age={seconds}")]
    if answer.changed_at is not None:
        # The current second may bring another change, so until it ends the date is one second less.
        is_second_over = now - answer.changed_at >= SECOND
        since = answer.changed_at if is_second_over else answer.changed_at - SECOND
        headers.append(("Last-Modified", http_date(since)))
    if answer.next is not None:
        headers.append(("Link", f'<{answer.next}>; rel="next"'))
    compressed = gzip.compress(body, compresslevel=5, mtime=0)
    return CachedAnswer(
        compressed, len(body), etag, answer.changed_at, tuple(headers), answer.until
    )


def _respond(cached: CachedAnswer) -> Response:
    failed = preconditions.evaluate(request.environ, cached.etag, cached.changed_at)
    if failed is HTTPStatus.NOT_MODIFIED:
        return Response(status=failed, headers=cached.headers, mimetype=JSON)
    if failed is not None:
        return _problem(failed, "This has changed. Ask for it without a condition.")
    if cached.size >= MIN_GZIP_BYTES and request.accept_encodings.quality("gzip") > 0:
        headers = (*cached.headers, ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"))
        return Response(cached.compressed, headers=headers, mimetype=JSON)
    return Response(gzip.decompress(cached.compressed), headers=cached.headers, mimetype=JSON)


def _unknown_address(rest: str) -> Response:
    raise UnknownResource(f"There is nothing at this address. What there is: {ROOT}/.")


@api.after_request
def _add_cors_headers(response: Response) -> Response:
    response.headers.update(CORS_HEADERS)
    return response


@api.errorhandler(InvalidParameter)
def _invalid_parameter(error: InvalidParameter) -> Response:
    return _problem(400, str(error))


@api.errorhandler(UnknownResource)
def _unknown_resource(error: UnknownResource) -> Response:
    return _problem(404, str(error))


@api.errorhandler(HTTPException)
def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    sentences = {
        403: "Another site may read this with GET only.",
        404: f"There is nothing at this address. What there is: {ROOT}/.",
        405: f"Ask for this with one of these methods: {', '.join(ALLOWED)}.",
    }
    answer = _problem(status, sentences.get(status, f"Ask for it as {ROOT}/openapi.json says."))
    if status == 405:
        answer.headers["Allow"] = ", ".join(ALLOWED)
    return answer


@api.errorhandler(OutreachError)
@api.errorhandler(Exception)
def _unexpected(error: Exception) -> Response:
    failure = failures.note(error)
    is_ours = failure.reason is None
    words = "This is our fault. Ask again later." if is_ours else "Ask again in a moment."
    answer = _problem(failure.status, words, incident=failure.incident)
    answer.headers.update(failure.headers)
    return answer


def _problem(status: int, detail: str, **more: Any) -> Response:
    problem = schemas.Problem(title=HTTP_STATUS_CODES[status], status=status, detail=detail, **more)
    return Response(msgspec.json.encode(problem), status, mimetype=PROBLEM)


for _route in TABLE:
    api.add_url_rule(
        _route.rule,
        _route.name,
        partial(_serve, _route),
        methods=METHODS,
        provide_automatic_options=False,
    )
api.add_url_rule(
    "/<path:rest>", "nothing", _unknown_address, methods=METHODS, provide_automatic_options=False
)
