"""Answers to an offer and to the reconfirmation, and rejoining the waitlist."""

from flask import redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.domain import registrations
from outreach.domain.registrations import (
    RegistrationStatus,
    reconfirmation,
    waitlist,
)
from outreach.errors import Full, RegistrationClosed
from outreach.i18n import gettext as _
from outreach.web.context import key_store, store
from outreach.web.public.my_registration import cancel, detail, registration_page
from outreach.web.public.my_registration.registration_page import RegistrationView, pages


@pages.post("/r/<token>/oferta")
def answer_offer(token: str) -> ResponseReturnValue:
    answer, view = request.form.get("answer"), _load(token)
    if answer == "yes":
        return _accept(token)
    if answer != "no":
        return detail.show_registration(
            token, clock.now(), notice=_("Elige sí o no. Tu lugar sigue guardado."), status=422
        )
    if view.status is not RegistrationStatus.OFFERED:  # expired, or accepted elsewhere
        return redirect(view.path, 303)
    return cancel.leave([view.registration], _("Otra persona toma el lugar. Borramos tus datos."))


def _accept(token: str) -> ResponseReturnValue:
    now = clock.now()
    try:
        with store().change() as session:
            registrations.accept_offer(
                session, registrations.find(session, key_store(), token), now=now
            )
    except RegistrationClosed:
        # Offer the place to the next in the waitlist now, without waiting for the worker.
        with store().change() as session:
            workshop = registrations.find(session, key_store(), token).workshop
            waitlist.expire_offers(session, workshop, now=now)
            is_cancelled = workshop.is_cancelled
        notice = _("Ya pasó el tiempo para contestar. El lugar pasó a otra persona.")
        # The page already says that the workshop is cancelled.
        return detail.show_registration(
            token, now, notice="" if is_cancelled else notice, status=409
        )
    return redirect(_load(token).path, 303)


@pages.post("/r/<token>/volver")
def rejoin_waitlist(token: str) -> ResponseReturnValue:
    now = clock.now()
    try:
        with store().change() as session:
            registrations.rejoin(session, registrations.find(session, key_store(), token), now=now)
    except Full:
        words = _("Este taller ya no tiene lista de espera.")
        return detail.show_registration(token, now, notice=words, status=409)
    except RegistrationClosed:
        return detail.show_registration(
            token, now, notice=_("Ya no se apartan lugares."), status=409
        )
    return redirect(_load(token).path, 303)


@pages.get("/r/<token>/vengo")
def ask_coming(token: str) -> ResponseReturnValue:
    view, now = _load(token), clock.now()
    if view.workshop.is_cancelled or not reconfirmation.is_asked(view.registration, now):
        return redirect(view.path, 303)
    return _question(view)


@pages.post("/r/<token>/vengo")
def answer_coming(token: str) -> ResponseReturnValue:
    now, view, answer = clock.now(), _load(token), request.form.get("answer")
    if answer == "yes":
        try:
            with store().change() as session:
                reconfirmation.confirm(
                    session, registrations.find(session, key_store(), token), now=now
                )
        except RegistrationClosed:
            words = _("Ya pasó el tiempo para contestar.")
            return detail.show_registration(token, now, notice=words, status=409)
        return redirect(view.path, 303)
    if not reconfirmation.is_asked(view.registration, now):
        return redirect(view.path, 303)
    if answer != "no":
        return _question(view, notice=_("Elige sí o no. Tu lugar sigue apartado.")), 422
    return cancel.leave([view.registration], _("Cancelaste tu lugar. Borramos tus datos."))


def _question(view: RegistrationView, notice: str = "") -> str:
    now, deadline = clock.now(), reconfirmation.get_answer_deadline(view.registration)
    words = (
        detail.format_moment(view.registration, deadline, now)
        if deadline and deadline > now
        else ""
    )
    return registration_page.show("reconfirm", view, now, notice=notice, answer_by=words)


def _load(token: str) -> RegistrationView:
    with store().read() as session:
        return registration_page.find(session, token)
