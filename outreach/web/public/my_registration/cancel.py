"""Giving the place up, and being forgotten. After the last page, the link leads nowhere.

Of dates that were saved together one gives up this one, unless one says all; and is forgotten in
all of them, unless one says this one.
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

LEFT: Final = "left"
View = Callable[[str], ResponseReturnValue]


@dataclass(frozen=True)
class Cancellation:
    """Who is forgotten, and what is said of it."""

    ids: Sequence[str]
    words: str
    had_letters: bool


def once(view: View) -> View:
    """For whoever leaves by this form. Where an earlier try of the same request broke off, the link
    may be dead by its own doing: then what that try began is finished, and said."""

    @wraps(view)
    def finish_or_begin(token: str) -> ResponseReturnValue:
        left: Cancellation | None = request_retry.find_kept(LEFT)
        return view(token) if left is None else _done(left)

    return request_retry.harmless(finish_or_begin)


@pages.get("/r/<token>/cancelar")
def ask_cancel(token: str) -> ResponseReturnValue:
    view = _found(token)
    if view.workshop.starts_at <= clock.now():  # there is no place to give back any more
        return redirect(f"{view.path}/borrar", 303)
    return registration_page.show("cancel", view, clock.now(), dates=len(_ahead(view)))


@pages.get("/r/<token>/borrar")
def ask_forget(token: str) -> ResponseReturnValue:
    return registration_page.show("erase", _found(token), clock.now())


@pages.post("/r/<token>/cancelar")
@once
def cancel(token: str) -> ResponseReturnValue:
    view = _found(token)
    if request.form.get("todas") == "yes" and len(_ahead(view)) > 1:
        return leave(_ahead(view), _("Cancelaste todas tus fechas. Borramos tus datos."))
    return leave([view.registration], _("Cancelaste tu lugar. Borramos tus datos."))


@pages.post("/r/<token>/borrar")
@once
def forget(token: str) -> ResponseReturnValue:
    view = _found(token)
    if request.form.get("todas") == "no" and len(view.joint) > 1:
        return leave([view.registration], _("Borramos tus datos de esta fecha."))
    return leave(view.joint, _("Ya no tenemos tus datos."))


def leave(those: Sequence[Registration], words: str) -> ResponseReturnValue:
    """Forgets them and shows the last page."""
    ids = [each.id for each in those]
    had_letters = any(each.contact is ContactMethod.EMAIL for each in those)
    return _done(request_retry.keep(LEFT, lambda: Cancellation(ids, words, had_letters)))


def _done(left: Cancellation) -> ResponseReturnValue:
    erasure.erase(store(), key_store(), config(), left.ids, now=clock.now())
    g.other_languages_at = "/"
    return render_template(
        "my_registration/cancelled.html", words=left.words, had_letters=left.had_letters
    )


def _found(token: str) -> RegistrationView:
    with store().read() as session:
        return registration_page.find(session, token)


def _ahead(view: RegistrationView) -> list[Registration]:
    """Those of the dates that are still to come; at least this one."""
    now = clock.now()
    ahead = [each for each in view.joint if each.workshop.starts_at > now]
    return ahead or [view.registration]
