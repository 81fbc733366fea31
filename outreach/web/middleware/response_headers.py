"""Sets the security and cache headers of every response (S02 to S04), and compresses it."""

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
    "Strict-Transport-Security": "max-age=31536000",
}
FRAMED: Final = {
    **{name: value for name, value in ALWAYS.items() if name != "X-Frame-Options"},
    "Content-Security-Policy": "; ".join(
        f"{what} {whence}" for what, whence in _IN_A_FRAME.items()
    ),
    "Cross-Origin-Resource-Policy": "cross-origin",
}
# The check-in page: it works without a network and reads QR codes with the camera.
CHECKIN: Final = ALWAYS | {
    "Content-Security-Policy": f"{CSP}; worker-src 'self'",
    "Permissions-Policy": ALWAYS["Permissions-Policy"].replace("camera=()", "camera=(self)"),
}
# The list page asks a phone where it is, when somebody presses the button.
LOCATING: Final = ALWAYS | {
    "Permissions-Policy": ALWAYS["Permissions-Policy"].replace(
        "geolocation=()", "geolocation=(self)"
    ),
}
MIN_GZIP_BYTES: Final = 500  # below this, gzip makes a response longer
COMPRESSIBLE: Final = ("text/", "application/json", "application/atom", "image/svg")


def init_app(app: Flask) -> None:
    app.after_request(_finish)


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


def allow_checkin_features() -> None:
    """Lets this page have a service worker and use the camera: for the check-in page only."""
    g.is_checkin = True


def allow_location() -> None:
    """Lets this page ask where the phone is, unless it is private: a list that is filtered to
    discreet kinds never asks. For the list page only."""
    g.is_locating = True


def _security_headers() -> dict[str, str]:
    if g.get("is_framed"):
        return FRAMED
    if g.get("is_locating") and not g.get("is_private"):
        return LOCATING
    return CHECKIN if g.get("is_checkin") else ALWAYS


def _finish(response: Response) -> Response:
    # `setdefault` would read all headers for each name: a third of the time of a short response.
    present = {name.lower() for name in response.headers.keys()}  # noqa: SIM118 - no dict
    for name, value in _security_headers().items():
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
    return _compress(response)


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
