"""How the open data is served: from the table of routes, with what HTTP has for those who ask
again and again, for any site (CORS), and with errors that say what to do."""

import gzip
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import msgspec
from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.http import HTTP_STATUS_CODES, http_date

from outreach import clock
from outreach.db import error_classes
from outreach.errors import OutreachError
from outreach.memory_cache import MemoryCache
from outreach.web.api import params, schemas
from outreach.web.api.handlers import Answer, Question
from outreach.web.api.openapi import JSON, PROBLEM
from outreach.web.api.params import Missing, Unfit
from outreach.web.api.route import Route
from outreach.web.api.routes import TABLE
from outreach.web.api.serializers import ROOT
from outreach.web.context import store
from outreach.web.middleware import error_pages
from outreach.web.middleware.page_cache import MAX_AGE
from outreach.web.middleware.response_headers import MIN_GZIP_BYTES

api = Blueprint("api", __name__, url_prefix=ROOT)

ALLOWED: Final = ("GET", "HEAD", "OPTIONS")
# All there are, so that the answer to each is ours to give.
METHODS: Final = (*ALLOWED, "POST", "PUT", "PATCH", "DELETE", "TRACE")
FOR_EVERY_SITE: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
PREFLIGHT: Final = {
    "Allow": ", ".join(ALLOWED),
    "Access-Control-Allow-Methods": ", ".join(ALLOWED),
    "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since",
    "Access-Control-Max-Age": "86400",
}
SECOND: Final = timedelta(seconds=1)
MAX_ANSWERS: Final = 200


@dataclass(frozen=True)
class CachedAnswer:
    """The body and the headers of an answer."""

    squeezed: bytes
    size: int  # before it was squeezed
    etag: str
    changed_at: datetime | None
    headers: tuple[tuple[str, str], ...]


def init_app(app: Flask) -> None:
    app.extensions["outreach_api"] = MemoryCache[CachedAnswer](MAX_ANSWERS, lifetime=MAX_AGE)
    app.register_blueprint(api)


def _serve(route: Route, **parts: str) -> Response:
    if request.method == "OPTIONS":
        return Response(status=204, headers=PREFLIGHT)
    if request.method not in ALLOWED:
        raise MethodNotAllowed(valid_methods=ALLOWED)
    cache: MemoryCache[CachedAnswer] = current_app.extensions["outreach_api"]
    mark, now = store().mark(), clock.now()  # before reading: what is committed meanwhile is newer
    cached = cache.get(request.full_path, version=mark, now=now)
    if cached is None:
        asked = params.read(route.parameters, request.args)
        with store().read() as session:
            answer = route.answer(Question(session=session, asked=asked, now=now), **parts)
        cached = _written(answer, now)
        cache.put(request.full_path, cached, version=mark, now=now)
    return _given(cached)


def _written(answer: Answer, now: datetime) -> CachedAnswer:
    body = msgspec.json.encode(answer.body)
    same = body if answer.same is None else msgspec.json.encode(answer.same)
    etag = hashlib.sha256(same).hexdigest()[:32]
    headers = [("ETag", f'W/"{etag}"'), ("Cache-Control", f"public, max-age={answer.seconds}")]
    if answer.changed_at is not None:
        # The second that is not over yet may bring another change: until it is, the one before.
        is_over = now - answer.changed_at >= SECOND
        since = answer.changed_at if is_over else answer.changed_at - SECOND
        headers.append(("Last-Modified", http_date(since)))
    if answer.next is not None:
        headers.append(("Link", f'<{answer.next}>; rel="next"'))
    squeezed = gzip.compress(body, compresslevel=5, mtime=0)
    return CachedAnswer(squeezed, len(body), etag, answer.changed_at, tuple(headers))


def _given(cached: CachedAnswer) -> Response:
    if _has_it(cached):
        return Response(status=304, headers=cached.headers, mimetype=JSON)
    if cached.size >= MIN_GZIP_BYTES and request.accept_encodings.quality("gzip") > 0:
        headers = (*cached.headers, ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"))
        return Response(cached.squeezed, headers=headers, mimetype=JSON)
    return Response(gzip.decompress(cached.squeezed), headers=cached.headers, mimetype=JSON)


def _has_it(cached: CachedAnswer) -> bool:
    """Whether the one who asks holds it. If-None-Match wins over If-Modified-Since."""
    if "If-None-Match" in request.headers:
        return request.if_none_match.contains_weak(cached.etag)
    since = request.if_modified_since  # None for what is no date
    if since is None or cached.changed_at is None:
        return False
    return cached.changed_at.replace(microsecond=0) <= since


def _nothing(rest: str) -> Response:
    raise Missing(f"There is nothing at this address. What there is: {ROOT}/.")


@api.after_request
def _for_every_site(response: Response) -> Response:
    response.headers.update(FOR_EVERY_SITE)
    return response


@api.errorhandler(Unfit)
def _unfit(error: Unfit) -> Response:
    return _problem(400, str(error))


@api.errorhandler(Missing)
def _missing(error: Missing) -> Response:
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
    if error_classes.classify(error) is None:
        return _problem(
            500, "This is our fault. Ask again later.", incident=error_pages.log_error(error)
        )
    answer = _problem(
        503, "Ask again in a moment.", incident=error_pages.log_temporary_error(error)
    )
    answer.headers["Retry-After"] = error_pages.RETRY_AFTER_SECONDS
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
    "/<path:rest>", "nothing", _nothing, methods=METHODS, provide_automatic_options=False
)
