"""The headers of every answer (S02 to S04), and its compression."""

import gzip
from typing import Final

from flask import Flask, Response, g, request

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
# A page in a frame on somebody else's site does nothing, so nobody can be lured into doing it.
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
    "Strict-Transport-Security": "max-age=31536000",
}
FRAMED: Final = {
    **{name: value for name, value in ALWAYS.items() if name != "X-Frame-Options"},
    "Content-Security-Policy": "; ".join(
        f"{what} {whence}" for what, whence in _IN_A_FRAME.items()
    ),
    "Cross-Origin-Resource-Policy": "cross-origin",
}
# The door on a phone: it works without a network, and reads squares.
WATCHING: Final = ALWAYS | {
    "Content-Security-Policy": f"{CSP}; worker-src 'self'",
    "Permissions-Policy": ALWAYS["Permissions-Policy"].replace("camera=()", "camera=(self)"),
}
WORTH_IT: Final = 500  # bytes: below this, gzip makes an answer longer
SQUEEZABLE: Final = ("text/", "application/json", "application/atom", "image/svg")


def init_app(app: Flask) -> None:
    app.after_request(_finish)


def keep_private() -> None:
    """This answer is nobody else's business: kept by no cache, shown by no search engine."""
    g.is_private = True


def keep_for(seconds: int) -> None:
    """Any cache may keep this answer for so long."""
    g.cache_seconds = seconds


def let_sites_frame() -> None:
    """Other sites may show this answer within a page of theirs. Said as the last thing, when it is
    sure which answer it will be; and of no page on which anything can be done."""
    g.is_framed = True


def let_watch() -> None:
    """This page keeps a worker, and may ask for the camera: the door's own, and no other."""
    g.is_watching = True


def _said() -> dict[str, str]:
    if g.get("is_framed"):
        return FRAMED
    return WATCHING if g.get("is_watching") else ALWAYS


def _finish(response: Response) -> Response:
    # Not `setdefault`: it reads all headers again for each, a third of a short answer's time.
    present = {name.lower() for name in response.headers.keys()}  # noqa: SIM118 - no dict
    for name, value in _said().items():
        if name.lower() not in present:
            response.headers.add(name, value)
    if "Cache-Control" not in response.headers:
        seconds = g.get("cache_seconds", 0)
        is_shareable = seconds and not g.get("is_private") and response.status_code == 200
        response.headers["Cache-Control"] = (
            f"public, max-age={seconds}" if is_shareable else "no-store"
        )
    # What went wrong may be about a page that is private, and never came to say so.
    if g.get("is_private") or response.status_code >= 400:
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return _squeeze(response)


def _squeeze(response: Response) -> Response:
    if (
        response.direct_passthrough
        or "Content-Encoding" in response.headers
        or not (response.mimetype or "").startswith(SQUEEZABLE)
    ):
        return response
    response.vary.add("Accept-Encoding")
    if response.status_code == 304 or request.accept_encodings.quality("gzip") <= 0:
        return response
    body = response.get_data()
    if len(body) < WORTH_IT:
        return response
    # mtime=0: the same page gives the same bytes.
    response.set_data(gzip.compress(body, compresslevel=5, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    return response
