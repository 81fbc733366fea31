"""Signing in and out, and the link that sets a password."""

from flask import Response, current_app, g, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from outreach import clock
from outreach.accounts import access, invitations, passwords, sessions
from outreach.domain import offices, organizers
from outreach.domain.organizers import EVERYWHERE, Organizer
from outreach.domain.text import clean
from outreach.errors import NotFound
from outreach.languages import gettext as _
from outreach.web import limits
from outreach.web.context import store
from outreach.web.desk import bulletin, editing, planner
from outreach.web.desk.month import figures
from outreach.web.desk.policy import rule_of
from outreach.web.desk.staff import (
    COOKIE,
    begin,
    desk,
    given_back,
    our_path,
    page,
    require,
    role_words,
    signed,
)

DEVICES = ("Android", "iPhone", "iPad", "Windows", "Mac", "Linux")


@desk.get("/entrar")
def entrance() -> ResponseReturnValue:
    back = our_path(request.args.get("volver", ""))
    if signed() is not None:
        return redirect(back, 303)
    return page("entrance", message="", email="", back=back, kept=[])


@desk.post("/entrar")
def sign_in() -> ResponseReturnValue:
    limits.count_sign_in()
    email = clean(request.form.get("email", ""))
    typed = request.form.get("password", "")
    back = our_path(request.form.get("volver", ""))
    with store().read() as session:
        who = organizers.find(session, email)
    stored = who.password if who is not None and who.disabled_at is None else None
    # Outside any transaction: it takes 30 ms, and as long for an account that does not exist.
    if not passwords.is_right(typed, stored) or who is None:
        kept = [each for each in request.form.items(multi=True) if each[0].startswith("dato-")]
        return page(
            "entrance",
            422,
            message=_("Correo o contraseña incorrectos."),
            email=email,
            back=back,
            kept=kept,
        )
    better = passwords.hashed(typed) if stored and passwords.is_outdated(stored) else None
    token = _start(who, better)
    fields = given_back(request.form)
    if fields:
        with store().read() as session:
            found = sessions.find(session, token, now=clock.now())
        g.signed = found[0] if found else None
        return begin(_filled_again(back, fields), token)
    return begin(redirect(back, 303), token)


def _filled_again(back: str, fields: MultiDict[str, str]) -> Response:
    """The page at `back` with what was typed before the session ended, as far as one may."""
    endpoint, given = current_app.url_map.bind("").match(back, method="POST")
    require(rule_of(endpoint), given)
    if back.startswith("/org/boletin/"):
        return bulletin.filled_again(back, fields)
    if back.startswith("/org/mes/"):
        return figures.filled_again(back, fields)
    if back == planner.PATH:
        return planner.filled_again(fields)
    return editing.filled_again(back, fields)


@desk.post("/cerrar")
def sign_out() -> ResponseReturnValue:
    with store().change() as session:
        sessions.end(session, request.cookies[COOKIE])
    response = redirect("/org/entrar", 303)
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Lax", path="/")
    response.headers["Clear-Site-Data"] = '"*"'
    return response


@desk.get("/invitacion/<token>")
def invitation(token: str) -> ResponseReturnValue:
    return _invitation_page(token)


@desk.post("/invitacion/<token>")
def accept(token: str) -> ResponseReturnValue:
    password = request.form.get("password", "")
    with store().read() as session:
        _whose(session, token)
    if len(password) < passwords.SHORTEST:
        return _invitation_page(token, _("La contraseña es corta. Escribe 12 letras o más."))
    hashed = passwords.hashed(password)
    with store().change() as session:
        if not access.set_password(session, token, hashed, now=clock.now()):
            raise NotFound("invitation")
    return redirect("/org/entrar", 303)


def _start(who: Organizer, better: str | None) -> str:
    """A new session in place of this browser's old one, if it had one; the cookie's token."""
    old = request.cookies.get(COOKIE)
    with store().change() as session:
        if old:
            sessions.end(session, old)
        if better:
            session.merge(who, load=False).password = better
        return sessions.start(session, who.id, now=clock.now(), device=_device())


def _device() -> str:
    agent = request.user_agent.string
    return next((name for name in DEVICES if name in agent), "")


def _whose(session: Session, token: str) -> Organizer:
    """Raises NotFound, the same for a link that is used, old, withdrawn or was never made."""
    who = invitations.whose(session, token, now=clock.now())
    organizer = session.get(Organizer, who) if who is not None else None
    if organizer is None or organizer.disabled_at is not None:
        raise NotFound("invitation")
    return organizer


def _invitation_page(token: str, fault: str = "") -> ResponseReturnValue:
    with store().read() as session:
        organizer = _whose(session, token)
        slugs = sorted(grant.office for grant in organizer.grants if grant.office != EVERYWHERE)
        places = [offices.find(session, slug) for slug in slugs]
        ends_at = invitations.ends_at(session, token) or clock.now()
        role = role_words(grant.role for grant in organizer.grants)
    there = ends_at.astimezone(places[0].zone) if places else ends_at
    return page(
        "invitation",
        422 if fault else 200,
        email=organizer.email,
        role=role,
        offices=", ".join(office.city for office in places) or _("Toda la red"),
        ends=there,
        zone=places[0].zone if places else None,
        fault=fault,
        shortest=passwords.SHORTEST,
    )
