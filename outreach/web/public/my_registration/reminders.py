"""Reminders of one registration: its person turns them off and on again on its page."""

from flask import redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.domain import registrations
from outreach.i18n import gettext as _
from outreach.web.context import key_store, store
from outreach.web.public.my_registration import detail, registration_page
from outreach.web.public.my_registration.registration_page import pages


@pages.post("/r/<token>/recordatorios")
def set_reminders(token: str) -> ResponseReturnValue:
    now, answer = clock.now(), request.form.get("remind")
    with store().read() as session:
        view = registration_page.find(session, token)
    if answer not in {"yes", "no"}:
        notice = _("Elige si quieres que te recordemos o no. Nada cambió.")
        return detail.show_registration(token, now, notice=notice, status=422)
    with store().change() as session:
        registration = registrations.find(session, key_store(), token)
        registrations.set_reminders(session, registration, is_wanted=answer == "yes", now=now)
    return redirect(f"{view.path}#recordatorios", 303)
