"""Retries a request that failed with a temporary error of the database (`db.retry`).

A GET may always be retried. A POST may be if its form has a nonce, which makes two posts one
(`@repeatable`), or if doing it twice has the effect of doing it once (`@harmless`). Whether any
other POST was done is unknown: the person sees what they typed, with status 503 (`error_pages`).
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
    """Raised to dispatch the same request once more."""


class RetryState:
    """What is kept from one attempt of a request to the next."""

    def __init__(self, policy: RetryPolicy) -> None:
        self.policy = policy
        self.attempt = 1
        self.values: dict[str, Any] = {}


def init_app(app: Flask) -> None:
    app.extensions["outreach_outage"] = Outage()


def repeatable(view: View) -> View:
    """Decorates a view whose form creates one thing for one nonce, however often it is sent."""
    view.is_repeatable = True  # type: ignore[attr-defined]  # an attribute of a function
    return view


def harmless(view: View) -> View:
    """Decorates a view that is idempotent and answers the same the second time."""
    view.is_harmless = True  # type: ignore[attr-defined]  # an attribute of a function
    return view


def dispatch_with_retry(dispatch: Callable[[], Response]) -> Response:
    """Returns the response of the first attempt that is not to be retried."""
    before = set(g)
    parts = dict(request.view_args or {})  # dispatching removes the language
    g.retry_state = state = RetryState(RetryPolicy(current_app.extensions["outreach_outage"]))
    while True:
        with suppress(RetryRequest):
            answer = dispatch()
            if answer.status_code < 500:
                state.policy.succeed()
            return answer
        state.attempt += 1
        for name in set(g) - before:  # what the failed attempt loaded, as the staff member
            g.pop(name)
        g.retry_state = state
        request.view_args = dict(parts)


def retry_after(error: Exception) -> None:
    """Raises RetryRequest, after the wait that the error needs, if the request may be retried."""
    state: RetryState | None = g.get("retry_state")
    if state is not None and _may_retry() and state.policy.should_retry(error):
        raise RetryRequest from error


def keep(name: str, make: Callable[[], Any]) -> Any:
    """The value that an earlier attempt of this request kept by that name, or that of `make`."""
    state: RetryState | None = g.get("retry_state")
    return make() if state is None else state.values.setdefault(name, make())


def find_kept(name: str) -> Any | None:
    """The value that an earlier attempt of this request kept by that name, if any."""
    state: RetryState | None = g.get("retry_state")
    return None if state is None else state.values.get(name)


def is_retry() -> bool:
    """Whether this is not the first attempt of the request."""
    state: RetryState | None = g.get("retry_state")
    return state is not None and state.attempt > 1


def _may_retry() -> bool:
    if request.method in SAFE:
        return True
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "is_harmless", False):
        return True
    if not getattr(view, "is_repeatable", False):
        return False
    try:
        return bool(NONCE.fullmatch(request.form.get("nonce", "")))
    except HTTPException:  # too large, or not a form
        return False
