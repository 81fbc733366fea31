"""Cancelling a registration and erasing its data. Afterwards the link no longer works.

In a group of dates, cancelling applies to this date unless all are chosen, and erasing applies to
all dates unless this one is chosen.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Final

from flask import g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.domain.registrations import ContactMethod, Registration
from outreach.i18n import gettext as _
from outreach.privacy import erasure
from outreach.web.context import config, key_store, store
from outreach.web.middleware import request_retry
from outreach.web.public.my_registration import registration_page
from outreach.web.public.my_registration.registration_page import RegistrationView, pages

STATE_KEY: Final = "left"
ViewFunction = Callable[[str], ResponseReturnValue]


@dataclass(frozen=True)
class Cancellation:
    """The registrations to erase, and the message of the last page."""

    ids: Sequence[str]
    words: str
    had_letters: bool


def resume_erasure(view: ViewFunction) -> ViewFunction:
    """Decorates a view that erases: a retried request finishes the erasure that an earlier attempt
    began, since that attempt may have invalidated the link already."""

    @wraps(view)
    def resume_or_begin(token: str) -> ResponseReturnValue:
        cancellation: Cancellation | None = request_retry.find_kept(STATE_KEY)
        return view(token) if cancellation is None else _erase(cancellation)

    return request_retry.harmless(resume_or_begin)


@pages.get("/r/<token>/cancelar")
def ask_cancel(token: str) -> ResponseReturnValue:
    view = _load(token)
    if view.workshop.starts_at <= clock.now():  # too late to cancel
        return redirect(f"{view.path}/borrar", 303)
    return registration_page.show("cancel", view, clock.now(), dates=len(_list_future_dates(view)))


@pages.get("/r/<token>/borrar")
def ask_forget(token: str) -> ResponseReturnValue:
    return registration_page.show("erase", _load(token), clock.now())


@pages.post("/r/<token>/cancelar")
@resume_erasure
def cancel(token: str) -> ResponseReturnValue:
    view = _load(token)
    if request.form.get("todas") == "yes" and len(_list_future_dates(view)) > 1:
        return leave(
            _list_future_dates(view), _("Cancelaste todas tus fechas. Borramos tus datos.")
        )
    return leave([view.registration], _("Cancelaste tu lugar. Borramos tus datos."))


@pages.post("/r/<token>/borrar")
@resume_erasure
def forget(token: str) -> ResponseReturnValue:
    view = _load(token)
    if request.form.get("todas") == "no" and len(view.joint) > 1:
        return leave([view.registration], _("Borramos tus datos de esta fecha."))
    return leave(view.joint, _("Ya no tenemos tus datos."))


def leave(to_erase: Sequence[Registration], words: str) -> ResponseReturnValue:
    """Erases registrations and shows the last page."""
    ids = [each.id for each in to_erase]
    had_letters = any(each.contact is ContactMethod.EMAIL for each in to_erase)
    return _erase(request_retry.keep(STATE_KEY, lambda: Cancellation(ids, words, had_letters)))


def _erase(cancellation: Cancellation) -> ResponseReturnValue:
    erasure.erase(store(), key_store(), config(), cancellation.ids, now=clock.now())
    g.other_languages_at = "/"
    return render_template(
        "my_registration/cancelled.html",
        words=cancellation.words,
        had_letters=cancellation.had_letters,
    )


def _load(token: str) -> RegistrationView:
    with store().read() as session:
        return registration_page.find(session, token)


def _list_future_dates(view: RegistrationView) -> list[Registration]:
    """Returns the dates of the group that have not begun; at least this one."""
    now = clock.now()
    future_dates = [each for each in view.joint if each.workshop.starts_at > now]
    return future_dates or [view.registration]
