"""Leads pages that name a discreet kind in their address to the four letters that stand for it.

An address is seen in the history of a browser, over a shoulder and on a shared phone (S14). Feeds
answer under both, since a subscribed address never stops working.
"""

from typing import Final
from urllib.parse import urlencode

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue

from outreach.web.middleware.reference_cache import reference
from outreach.web.middleware.response_headers import keep_private

FIELD: Final = "tipo"
# They answer programs, which keep the address that they were given.
_UNCHANGED: Final = frozenset({"calendar_files", "api", "embed", "oembed"})


def init_app(app: Flask) -> None:
    app.before_request(_redirect)


def _redirect() -> ResponseReturnValue | None:
    codes = request.args.getlist(FIELD)
    if not codes or request.method not in {"GET", "HEAD"} or request.blueprint in _UNCHANGED:
        return None
    if request.blueprint is None or request.path.startswith("/org"):
        return None
    letters = {kind.code: kind.public_code for kind in reference().kinds if kind.is_discreet}
    if not letters.keys() & codes:
        return None
    pairs = [
        (name, letters.get(value, value) if name == FIELD else value)
        for name, value in request.args.items(multi=True)
    ]
    keep_private()
    return redirect(f"{request.path}?{urlencode(pairs)}", 302)
