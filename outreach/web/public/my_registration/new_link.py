"""A new link for a registration; the old one answers like an unknown one from then on.

Who lost the phone gets it in the same act as the end of all messages to that phone."""

import secrets

from flask import make_response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests

from outreach import clock, i18n
from outreach.domain import registrations
from outreach.domain.text import clean
from outreach.errors import NotFound
from outreach.i18n import gettext as _
from outreach.privacy import link_renewal, lost_phones
from outreach.web.context import key_store, store
from outreach.web.middleware import rate_limits
from outreach.web.public.my_registration import registration_page
from outreach.web.public.my_registration.registration_page import RegistrationView, pages


@pages.get("/r/<token>/enlace")
def ask_new_link(token: str) -> ResponseReturnValue:
    with store().read() as session:
        view = registration_page.find(session, token)
    return _page(view, "", 200)


@pages.post("/r/<token>/enlace")
def renew_link(token: str) -> ResponseReturnValue:
    nonce = clean(request.form.get("nonce", ""))[:40]
    try:
        with store().read() as session:
            view = registration_page.find(session, token)
    except NotFound:
        registration_id = clean(request.form.get("registration", ""))[:26]
        return _lead_to(link_renewal.find_renewed(store(), key_store(), registration_id, nonce))
    registration = view.registration
    try:
        rate_limits.count_new_link(registration.joint_id or registration.id)
    except TooManyRequests:
        notice = _("Hoy ya pediste tres enlaces nuevos. Pide otro mañana, o llámanos.")
        return _page(view, notice, 429)
    is_lost = request.form.get("lost") == "phone"
    renew = lost_phones.report if is_lost else link_renewal.renew
    keys = renew(store(), key_store(), view.joint, nonce, now=clock.now())
    if registration.id not in keys:
        raise NotFound("registration")
    return _lead_to(keys[registration.id])


def _lead_to(key: bytes) -> ResponseReturnValue:
    token = registrations.derive_manage_token(key)
    return redirect(f"/{i18n.current()}/r/{token}?enlace=nuevo", 303)


def _page(view: RegistrationView, notice: str, status: int) -> ResponseReturnValue:
    nonce = secrets.token_urlsafe(16)
    page = registration_page.show("new_link", view, clock.now(), notice=notice, nonce=nonce)
    return make_response(page, status)
