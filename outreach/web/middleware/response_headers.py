"""Sets the security and cache headers of every response (S02 to S04), and compresses it.

What any cache may keep has an entity tag, answers conditional requests, and may be read by scripts
of other sites (CORS): nothing in it is personal.
"""

import gzip
import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from flask import Flask, Response, current_app, g, request

from outreach import preconditions

_POLICY: Final = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
# On a page that other sites may frame nothing can be done, so that nobody is tricked into it.
_IN_A_FRAME: Final = _POLICY | {
    "script-src": "'none'",
    "connect-src": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "https:",
}
CSP: Final = "; ".join(f"{what} {whence}" for what, whence in _POLICY.items())
ALWAYS: Final = {
    "Content-Security-Policy": CSP,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), "
    "browsing-topics=(), interest-cohort=()",
}
# Only where the site is https: a browser ignores it over http (RFC 6797, 7.2).
HTTPS_ONLY: Final = {"Strict-Transport-Security": "max-age=31536000"}
PUBLIC_METHODS: Final = ("GET", "HEAD", "OPTIONS")
CORS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Last-Modified, Link, Retry-After",
}
PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": ", ".join(PUBLIC_METHODS),
    "Access-Control-Allow-Headers": "If-Match, If-Modified-Since, If-None-Match, "
    "If-Unmodified-Since",
    "Access-Control-Max-Age": "86400",
}
FRAMED: Final = {
    **{name: value for name, value in ALWAYS.items() if name != "X-Frame-Options"},
    "Content-Security-Policy": "; ".join(
        f"{what} {whence}" for what, whence in _IN_A_FRAME.items()
    ),
    "Cross-Origin-Resource-Policy": "cross-origin",
}
# The check-in pages read QR codes with the camera; that of a phone works without a network too.
WITH_CAMERA: Final = ALWAYS | {
    "Permissions-Policy": ALWAYS["Permissions-Policy"].replace("camera=()", "camera=(self)"),
}
OFFLINE_CHECKIN: Final = WITH_CAMERA | {"Content-Security-Policy": f"{CSP}; worker-src 'self'"}
# The page on which people ask for push messages registers the worker that shows them.
WITH_WORKER: Final = ALWAYS | {"Content-Security-Policy": f"{CSP}; worker-src 'self'"}
# The list page asks a phone where it is, when somebody presses the button.
LOCATING: Final = ALWAYS | {
    "Permissions-Policy": ALWAYS["Permissions-Policy"].replace(
        "geolocation=()", "geolocation=(self)"
    ),
}
# A page with recordings plays those of this site.
WITH_AUDIO: Final = ALWAYS | {"Content-Security-Policy": f"{CSP}; media-src 'self'"}
# The staff's page of recordings uses the microphone.
WITH_RECORDER: Final = WITH_AUDIO | {
    "Permissions-Policy": ALWAYS["Permissions-Policy"].replace(
        "microphone=()", "microphone=(self)"
    ),
}
MIN_GZIP_BYTES: Final = 500  # below this, gzip makes a response longer
COMPRESSIBLE: Final = ("text/", "application/json", "application/atom", "image/svg")


def init_app(app: Flask) -> None:
    app.extensions["outreach_https_headers"] = get_https_headers(
        app.extensions["outreach_config"].public_url
    )
    app.after_request(_finish)


def get_https_headers(public_url: str) -> Mapping[str, str]:
    """The headers that a site has beside ALWAYS if its address is https."""
    return HTTPS_ONLY if public_url.startswith("https:") else {}


def keep_private() -> None:
    """Keeps this response out of caches and search engines."""
    g.is_private = True


def keep_for(seconds: int) -> None:
    """Lets any cache keep this response for so many seconds."""
    g.cache_seconds = seconds


def let_sites_frame() -> None:
    """Lets other sites show this response in a frame. Only for pages without forms; call it last,
    when it is certain which page is returned."""
    g.is_framed = True


def allow_camera() -> None:
    """Lets this page use the camera: for the check-in page of a signed-in account only."""
    g.has_camera = True


def allow_offline_checkin() -> None:
    """Lets this page use the camera and have a service worker: for the phone's page only."""
    g.is_offline_checkin = True


def allow_push_worker() -> None:
    """Lets this page have a service worker: for the page on which people follow workshops only."""
    g.has_push_worker = True


def allow_audio() -> None:
    """Lets this page play recordings of this site: for pages that have one."""
    g.has_audio = True


def allow_recorder() -> None:
    """Lets this page use the microphone and play recordings: for the staff's page of recordings."""
    g.has_recorder = True


def allow_location() -> None:
    """Lets this page ask where the phone is, unless it is private: a list that is filtered to
    discreet kinds never asks. For the list page only."""
    g.is_locating = True


def _security_headers() -> dict[str, str]:
    if g.get("is_framed"):
        return FRAMED
    if g.get("is_locating") and not g.get("is_private"):
        return LOCATING
    if g.get("has_push_worker"):
        return WITH_WORKER
    if g.get("has_recorder"):
        return WITH_RECORDER
    if g.get("has_audio"):
        return WITH_AUDIO
    if g.get("is_offline_checkin"):
        return OFFLINE_CHECKIN
    return WITH_CAMERA if g.get("has_camera") else ALWAYS


def _finish(response: Response) -> Response:
    # `setdefault` would read all headers for each name: a third of the time of a short response.
    present = {name.lower() for name in response.headers.keys()}  # noqa: SIM118 - no dict
    https_headers = current_app.extensions["outreach_https_headers"]
    for name, value in (*_security_headers().items(), *https_headers.items()):
        if name.lower() not in present:
            response.headers.add(name, value)
    if "Cache-Control" not in response.headers:
        seconds = g.get("cache_seconds", 0)
        is_shareable = seconds and not g.get("is_private") and response.status_code == 200
        response.headers["Cache-Control"] = (
            f"public, max-age={seconds}" if is_shareable else "no-store"
        )
    # The error may be about a private page that failed before `keep_private`.
    if g.get("is_private") or response.status_code >= 400:
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
    if request.method == "OPTIONS" and _is_public_address():
        response.headers.update(get_preflight_headers())
    elif response.headers["Cache-Control"].startswith("public"):
        response.headers.update(CORS)
        _answer_conditions(response)
    return _compress(response)


def get_preflight_headers() -> Mapping[str, str]:
    """The headers of an answer to OPTIONS: what a script of another site may send, if a browser
    asks on its behalf (CORS)."""
    is_asked = "Access-Control-Request-Method" in request.headers
    return CORS | PREFLIGHT if is_asked else CORS


def _is_public_address() -> bool:
    """Whether this address can only be read, and is not one of the staff."""
    rule = request.url_rule
    if rule is None or rule.methods is None or rule.rule.startswith("/org"):
        return False
    return rule.methods <= set(PUBLIC_METHODS)


def _answer_conditions(response: Response) -> None:
    """Gives the response an entity tag, and makes it 304 or 412 where the request says so."""
    if response.status_code != HTTPStatus.OK or request.method not in {"GET", "HEAD"}:
        return
    etag, _is_weak = response.get_etag()
    if etag is None:
        if response.is_streamed or "Content-Encoding" in response.headers:
            return
        etag = hashlib.sha256(response.get_data()).hexdigest()[:32]
        response.set_etag(etag, weak=True)  # one for the plain and the compressed body
    failed = preconditions.evaluate(request.environ, etag, response.last_modified)
    if failed is None:
        return
    response.status_code = failed
    response.set_data(b"")
    for name in ("Content-Encoding", "Content-Length", "Content-Disposition"):
        response.headers.pop(name, None)
    if failed is HTTPStatus.NOT_MODIFIED:
        response.headers.pop("Content-Type", None)


def _compress(response: Response) -> Response:
    if (
        response.direct_passthrough
        or "Content-Encoding" in response.headers
        or not (response.mimetype or "").startswith(COMPRESSIBLE)
    ):
        return response
    response.vary.add("Accept-Encoding")
    if response.status_code == 304 or request.accept_encodings.quality("gzip") <= 0:
        return response
    body = response.get_data()
    if len(body) < MIN_GZIP_BYTES:
        return response
    # mtime=0: equal pages have equal bytes.
    response.set_data(gzip.compress(body, compresslevel=5, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    return response
