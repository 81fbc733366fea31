"""Proposing a workshop, for a parish, a school or a union: the form, and what became of it.

The page of a proposal says received or answered, and nothing else; its address is the permission.
"""

from typing import Final

from flask import Blueprint, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from outreach import clock, i18n
from outreach.domain.network.offices import Office
from outreach.extensions.proposals import erasure, proposals
from outreach.extensions.proposals.form import ProposalForm
from outreach.extensions.proposals.proposals import TooManyProposals
from outreach.i18n import gettext as _
from outreach.web.context import config, key_store, store
from outreach.web.forms import email_form
from outreach.web.middleware import error_pages, rate_limits
from outreach.web.middleware.response_headers import keep_private

pages = Blueprint(
    "proposals", __name__, url_prefix="/<lang:lang>/proponer", template_folder="templates"
)

ABOUT: Final = "proponer"  # purpose of the form token
MAX_ASKED: Final = 10  # in ten minutes by one address


@pages.get("")
def form() -> ResponseReturnValue:
    today = clock.network_day(clock.now())
    office = request.args.get("oficina", "")
    return _render(ProposalForm(None, today, office=office))


@pages.post("")
def propose() -> ResponseReturnValue:
    error_pages.keep_form()
    typed = ProposalForm(request.form, clock.network_day(clock.now()))
    is_valid = typed.validate()
    notice = "" if not is_valid else email_form.notice(ABOUT)
    rate_limits.count_post(is_well_formed=is_valid and not notice)
    if not is_valid or notice:
        return make_response(_render(typed, notice=notice), 422)
    rate_limits.count_request("proposals", MAX_ASKED)
    try:
        token = proposals.make(key_store(), typed.office.data, typed.details())
    except TooManyProposals:
        notice = _("Esa oficina tiene muchas propuestas. Llámale, o intenta la otra semana.")
        return make_response(_render(typed, notice=notice), 422)
    return redirect(f"/{i18n.current()}/proponer/s/{token}", 303)


@pages.get("/s/<token>")
def state(token: str) -> ResponseReturnValue:
    keep_private()
    found = proposals.find(key_store(), token)
    return render_template(
        "proposals/state.html",
        is_answered=not found.is_open,
        has_email=bool(found.details.email),
        path=f"/{i18n.current()}/proponer/s/{token}",
        last_day=found.expires_on,
    )


@pages.post("/s/<token>/borrar")
def erase(token: str) -> ResponseReturnValue:
    """Erases the proposal, for who holds its address."""
    keep_private()
    found = proposals.find(key_store(), token)
    erasure.erase(store(), key_store(), config(), found.id)
    return redirect(f"/{i18n.current()}/proponer/borrada", 303)


@pages.get("/borrada")
def erased() -> ResponseReturnValue:
    return render_template("proposals/erased.html")


def _render(typed: ProposalForm, *, notice: str = "") -> str:
    if request.method == "POST":
        keep_private()
    return render_template(
        "proposals/form.html", form=typed, notice=notice, form_token=email_form.get_token(ABOUT)
    )


def render_link(office: Office) -> Markup:
    """Returns the link on the page of an office."""
    return Markup('<p><a href="/{}/proponer?oficina={}" rel="nofollow">{}</a></p>').format(
        i18n.current(), office.slug, _("¿Quieres un taller en tu parroquia, escuela o grupo?")
    )
