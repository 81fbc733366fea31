"""Leads pages that name a discreet kind in their address to the four letters that stand for it.

An address is seen in the history of a browser, over a shoulder and on a shared phone (S14). Feeds
answer under both, since a subscribed address never stops working.
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlencode

from flask import Flask, current_app, redirect, request
from flask.typing import ResponseReturnValue

from outreach.web.middleware.reference_cache import reference
from outreach.web.middleware.response_headers import keep_private
from outreach.web.presentation.extension_pages import ExtensionPages

FIELD: Final = "tipo"
# They answer programs, which keep the address that they were given.
_UNCHANGED: Final = frozenset({"calendar_files", "api"})
_BLUEPRINTS: Final = "outreach_unchanged_codes"  # in `app.extensions`: names of blueprints


def init_app(app: Flask, extensions: Iterable[ExtensionPages]) -> None:
    app.extensions[_BLUEPRINTS] = _UNCHANGED | {
        blueprint.name
        for each in extensions
        if each.keeps_discreet_codes
        for blueprint in each.blueprints
    }
    app.before_request(_redirect)


def _redirect() -> ResponseReturnValue | None:
    codes = request.args.getlist(FIELD)
    if not codes or request.method not in {"GET", "HEAD"}:
        return None
    if request.blueprint in {None, *current_app.extensions[_BLUEPRINTS]}:
        return None
    if request.path.startswith("/org"):
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
