"""Refuses what another site asks for, and requests for a host that is not ours.

Browsers say where a request comes from (`Sec-Fetch-Site`, `Origin`). Trusting that, rather than a
token in a cookie, means a person who registers needs no cookie at all. Our own `no-referrer`
makes browsers send `Origin: null`, and old phones send neither: a public form then relies on its
signed stamp, a staff form on the token of its session (`web/staff`).
"""

from typing import Final
from urllib.parse import urlsplit

from flask import Flask, abort, request

from outreach.web.context import config
from outreach.web.middleware import health

ONE_CLICK: Final = "newsletter.leave"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def init_app(app: Flask) -> None:
    app.before_request(_refuse_other_hosts)
    app.before_request(_refuse_other_sites)


def _refuse_other_hosts() -> None:
    """A feed or a letter must never be made to carry a false address."""
    if health.may_ask_by_any_name():
        return
    if not config().answers_to(request.headers.get("Host", "")):
        abort(400)


def _refuse_other_sites() -> None:
    if request.method in SAFE_METHODS or _is_one_click():
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in {"same-origin", "none"}:
        abort(403)
    origin = request.headers.get("Origin")
    if origin not in {None, "null"} and not _is_ours(str(origin)):
        abort(403)


def _is_ours(origin: str) -> bool:
    try:
        parts = urlsplit(origin.lower())
    except ValueError:  # as «http://[», which no browser says
        return False
    ours = urlsplit(config().public_url.lower())
    # A page that somebody on the way has made up, without https, is no page of ours.
    is_safe = parts.netloc != ours.netloc or parts.scheme == ours.scheme
    return is_safe and parts.netloc == request.host.lower()


def _is_one_click() -> bool:
    """A mail program that stops the letters of whoever reads them (RFC 8058): it asks from where it
    is, without a page of ours. The token in the address is the permission, and nothing else can be
    done there."""
    return request.endpoint == ONE_CLICK and request.form.get("List-Unsubscribe") == "One-Click"
