"""Keeps forms that a sign-in interrupts; views state which forms, and how they are shown again.

`outreach.accounts.interrupted_forms` stores them, `auth.login` gives them back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Response, current_app, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from outreach import clock
from outreach.accounts import interrupted_forms, sessions
from outreach.accounts.server_encryption import ServerEncryption
from outreach.web.context import store

Restore = Callable[..., Response]

_NOT_KEPT: Final = "password"  # a form with this field is never stored


@dataclass(frozen=True)
class FormTarget:
    """The view that a form is sent to."""

    endpoint: str
    arguments: Mapping[str, Any]  # the parts of its address
    restore: Restore | None  # shows the form again with what was typed


def restores(view: Callable[..., Any]) -> Callable[[Restore], Restore]:
    """Registers the function that shows the form of `view` again with what was typed: it is called
    with the fields (a MultiDict) and the parts of the address. Such a form is kept when its session
    has ended by time."""

    def mark(restore: Restore) -> Restore:
        view.restore_form = restore  # type: ignore[attr-defined]  # an attribute of a function
        return restore

    return mark


def is_kept(endpoint: str | None) -> bool:
    """Whether the form that is sent to this view is kept when its session has ended."""
    return hasattr(current_app.view_functions.get(endpoint or ""), "restore_form")


def target_of(path: str) -> FormTarget | None:
    """The view of a path that takes forms; None where there is none."""
    try:
        endpoint, arguments = current_app.url_map.bind("").match(path, method="POST")
    except HTTPException:
        return None
    view = current_app.view_functions[endpoint]
    return FormTarget(endpoint, arguments, getattr(view, "restore_form", None))


def keep(digest: str, organizer_id: int, *, replaces_others: bool) -> bool:
    """Keeps the form of this request for the session of that digest, unless it is empty. Returns
    whether it was kept."""
    fields = [each for each in request.form.items(multi=True) if each[0] != "token"]
    if not fields or _NOT_KEPT in request.form:
        return False
    with store().change() as session:
        return interrupted_forms.keep(
            session,
            digest,
            organizer_id,
            request.path,
            fields,
            server_key(),
            now=clock.now(),
            replaces_others=replaces_others,
        )


def keep_of_expired(cookie: str) -> bool:
    """Keeps the form of this request when the cookie's session ended by time and the form is one of
    that session's own: a stranger has no such session. Returns whether it was kept."""
    with store().read() as session:
        expired = sessions.find_expired(session, cookie, now=clock.now())
    if expired is None or not sessions.is_same_token(expired.form_token, request.form.get("token")):
        return False
    return keep(expired.digest, expired.organizer_id, replaces_others=False)


def fields_of(form: interrupted_forms.KeptForm) -> MultiDict[str, str]:
    """The fields of a kept form, as a request has them."""
    return MultiDict(form.fields)


def server_key() -> ServerEncryption:
    """The encryption under this server's secret."""
    return ServerEncryption(current_app.extensions["outreach_secret"])
