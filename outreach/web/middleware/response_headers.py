"""Sets the security and cache headers of every response (S02 to S04), compresses and pads it.

What any cache may keep has an entity tag, answers conditional requests, and may be read by scripts
of other sites (CORS): nothing in it is personal.
"""

import gzip
import hashlib
from collections.abc import Mapping
from enum import Enum
from http import HTTPStatus
from typing import Final

from flask import Flask, Response, current_app, g, request

from outreach import preconditions
from outreach.web.middleware import response_size

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
_FRAMED: Final = {
    **{name: value for name, value in ALWAYS.items() if name != "X-Frame-Options"},
    "Content-Security-Policy": "; ".join(f"{what} {where}" for what, where in _IN_A_FRAME.items()),
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def _extend(*features: str, **sources: str) -> Mapping[str, str]:
    """Returns the headers ALWAYS, changed so that this site may use these features of the device
    (`camera`) and more sources of the CSP (`media_src`)."""
    permissions = ALWAYS["Permissions-Policy"]
    for each in features:
        permissions = permissions.replace(f"{each}=()", f"{each}=(self)")
    csp = "; ".join((CSP, *(f"{what.replace('_', '-')} {each}" for what, each in sources.items())))
    return ALWAYS | {"Content-Security-Policy": csp, "Permissions-Policy": permissions}


class PagePolicy(Enum):
    """What a page may do beside what every page may, as its security headers (S02)."""

    USUAL = ALWAYS
    # Other sites may show it in a frame: a page without forms. Chosen last, when it is certain
    # which page is returned.
    FRAMED = _FRAMED
    # The check-in pages of a signed-in account read QR codes; that of a phone works without a
    # network too.
    CAMERA = _extend("camera")
    OFFLINE_CHECKIN = _extend("camera", worker_src="'self'")
    # A page that registers a service worker of this site.
    SERVICE_WORKER = _extend(worker_src="'self'")
    # The list asks a phone where it is, when somebody presses the button; not while it is private.
    LOCATION = _extend("geolocation")
    # A page with recordings of this site.
    AUDIO = _extend(media_src="'self'")
    # The staff's page of recordings.
    RECORDER = _extend("microphone", media_src="'self'")

    @property
    def headers(self) -> Mapping[str, str]:
        headers: Mapping[str, str] = self.value
        return headers


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


def allow(policy: PagePolicy) -> None:
    """Gives this response the headers of a page that may do more, or less, than every page."""
    g.page_policy = policy


def _security_headers() -> Mapping[str, str]:
    policy: PagePolicy = g.get("page_policy", PagePolicy.USUAL)
    if policy is PagePolicy.LOCATION and g.get("is_private"):
        policy = PagePolicy.USUAL  # a list that is filtered to discreet kinds never asks
    return policy.headers


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
        return response
    # Before the conditions: a 304 has no type, and the `Vary` of the answer that it stands for.
    can_compress = _can_compress(response)
    if can_compress:
        response.vary.add("Accept-Encoding")
    if response.headers["Cache-Control"].startswith("public"):
        response.headers.update(CORS)
        _answer_conditions(response)
    return _compress(response) if can_compress else response


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


def _can_compress(response: Response) -> bool:
    return (
        not response.direct_passthrough
        and "Content-Encoding" not in response.headers
        and (response.mimetype or "").startswith(COMPRESSIBLE)
    )


def _compress(response: Response) -> Response:
    if response.status_code == 304 or request.accept_encodings.quality("gzip") <= 0:
        return response
    body, is_padded = response.get_data(), response_size.is_padded(response)
    if len(body) < MIN_GZIP_BYTES and not is_padded:
        return response
    # mtime=0: equal pages have equal bytes.
    response.set_data(gzip.compress(body, compresslevel=5, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    if is_padded:
        response_size.pad(response)
    return response
