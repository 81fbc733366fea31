"""Refuses cross-site requests that change something, and requests for an unknown host.

Browsers send where a request comes from (`Sec-Fetch-Site`, `Origin`). Checking that instead of a
token in a cookie means that public pages need no cookie. The `no-referrer` of our pages makes
browsers send `Origin: null`, and old phones send neither header: a public form then relies on its
signed form token, a staff form on the token of its session (`web/staff`).
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, request
from werkzeug.exceptions import Forbidden

from outreach.web.context import config
from outreach.web.middleware import health

ONE_CLICK_ENDPOINTS: Final = frozenset({"newsletter.leave", "staff.auth.switch_letters_off"})
_ENDPOINTS: Final = "outreach_one_click"  # in `app.extensions`: those of extensions too
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class CrossSiteRequest(Forbidden):
    """A request that another site sent, as the browser says, or one from another address of this
    site."""


def init_app(app: Flask, one_click: Iterable[str] = ()) -> None:
    """`one_click` are the endpoints of extensions that take the unsubscription of mail programs."""
    app.extensions[_ENDPOINTS] = ONE_CLICK_ENDPOINTS.union(one_click)
    app.before_request(_refuse_other_hosts)
    app.before_request(_refuse_other_sites)


def _refuse_other_hosts() -> None:
    """Refuses a false Host, which could otherwise get into the links of a feed or a letter."""
    if health.accepts_any_host():
        return
    if not config().answers_to(request.headers.get("Host", "")):
        abort(400)


def _refuse_other_sites() -> None:
    if request.method in SAFE_METHODS or _is_one_click():
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in {"same-origin", "none"}:
        raise CrossSiteRequest
    origin = request.headers.get("Origin")
    if origin not in {None, "null"} and not _is_ours(str(origin)):
        raise CrossSiteRequest


def _is_ours(origin: str) -> bool:
    try:
        parts = urlsplit(origin.lower())
    except ValueError:  # as «http://[»
        return False
    ours = urlsplit(config().public_url.lower())
    # A page of the same host without https may come from an attacker on the network.
    is_safe = parts.netloc != ours.netloc or parts.scheme == ours.scheme
    return is_safe and parts.netloc == request.host.lower()


def _is_one_click() -> bool:
    """Whether this is the one-click unsubscription of a mail program (RFC 8058), which is
    cross-site. The token in the address is the permission, and nothing else can be done there."""
    return (
        request.endpoint in current_app.extensions[_ENDPOINTS]
        and request.form.get("List-Unsubscribe") == "One-Click"
    )
