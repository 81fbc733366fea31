"""Answers again a request that failed because two changes met, or because the database was away.

A page that is only read can be asked for as often as one likes. A form can be sent again where its
nonce makes two posts one, or where doing it twice does no more than once: its view says so with
`repeatable` or `harmless`. Whatever else was posted may have
been done or not, and is shown to the person with all that they typed (`error_pages`, 503).
"""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from outreach.db.retry import Outage, RetryPolicy

NONCE: Final = re.compile(r"[A-Za-z0-9_-]{22,64}")
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
View = TypeVar("View", bound=Callable[..., Any])


class RetryRequest(Exception):
    """The same request is to be answered once more."""


class RetryState:
    """What one request keeps from one try to the next."""

    def __init__(self, patience: RetryPolicy) -> None:
        self.patience = patience
        self.number = 1
        self.kept: dict[str, Any] = {}


def init_app(app: Flask) -> None:
    app.extensions["outreach_outage"] = Outage()


def repeatable(view: View) -> View:
    """Its form makes one thing however often it is sent, told by its nonce."""
    view.is_repeatable = True  # type: ignore[attr-defined]  # a mark on a function
    return view


def harmless(view: View) -> View:
    """Done twice it has done no more than once, and the second time it says the same."""
    view.is_harmless = True  # type: ignore[attr-defined]  # a mark on a function
    return view


def answered(dispatch: Callable[[], Response]) -> Response:
    """The answer of the first try that has one."""
    before = set(g)
    parts = dict(request.view_args or {})  # the language is taken out of them on the way
    g.tries = tries = RetryState(RetryPolicy(current_app.extensions["outreach_outage"]))
    while True:
        with suppress(RetryRequest):
            answer = dispatch()
            if answer.status_code < 500:
                tries.patience.is_done()
            return answer
        tries.number += 1
        for name in set(g) - before:  # who was found signed in, and the like
            g.pop(name)
        g.tries = tries
        request.view_args = dict(parts)


def or_not(error: Exception) -> None:
    """Raises Again, once the error has been waited out, where the request may be repeated."""
    tries: RetryState | None = g.get("tries")
    if tries is not None and _may_be_repeated() and tries.patience.waits_out(error):
        raise RetryRequest from error


def kept(name: str, make: Callable[[], Any]) -> Any:
    """What an earlier try of this request kept by that name, or what `make` gives."""
    tries: RetryState | None = g.get("tries")
    return make() if tries is None else tries.kept.setdefault(name, make())


def kept_before(name: str) -> Any | None:
    """What an earlier try of this request kept by that name."""
    tries: RetryState | None = g.get("tries")
    return None if tries is None else tries.kept.get(name)


def is_another_try() -> bool:
    tries: RetryState | None = g.get("tries")
    return tries is not None and tries.number > 1


def _may_be_repeated() -> bool:
    if request.method in SAFE:
        return True
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "is_harmless", False):
        return True
    if not getattr(view, "is_repeatable", False):
        return False
    try:
        return bool(NONCE.fullmatch(request.form.get("nonce", "")))
    except HTTPException:  # it is too large, or no form at all
        return False
