"""Yes or no: to an offer, to the question whether one still comes, to waiting once more."""

from flask import redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.domain import registrations
from outreach.domain.registrations import Standing, rounds, waiting
from outreach.errors import Closed, Full
from outreach.languages import gettext as _
from outreach.web.context import store
from outreach.web.mine import leaving, looking, place
from outreach.web.mine.place import Place, pages


@pages.post("/r/<token>/oferta")
def answer_offer(token: str) -> ResponseReturnValue:
    answer, mine = request.form.get("answer"), _found(token)
    if answer == "yes":
        return _accept(token)
    if answer != "no":
        return looking.own_page(
            token, clock.now(), notice=_("Elige sí o no. Tu lugar sigue guardado."), status=422
        )
    if mine.standing is not Standing.OFFERED:  # it ran out, or they said yes on another phone
        return redirect(mine.path, 303)
    return leaving.leave([mine.registration], _("Otra persona toma el lugar. Borramos tus datos."))


def _accept(token: str) -> ResponseReturnValue:
    now = clock.now()
    try:
        with store().change() as session:
            registrations.accept(session, registrations.find(session, token), now=now)
    except Closed:
        # The offer goes on to the next one now, and not when the worker comes.
        with store().change() as session:
            workshop = registrations.find(session, token).workshop
            waiting.lapse_due(session, workshop, now=now)
            is_off = workshop.is_cancelled
        late = _("Ya pasó el tiempo para contestar. El lugar pasó a otra persona.")
        # That it was cancelled is on the page already.
        return looking.own_page(token, now, notice="" if is_off else late, status=409)
    return redirect(_found(token).path, 303)


@pages.post("/r/<token>/volver")
def wait_again(token: str) -> ResponseReturnValue:
    now = clock.now()
    try:
        with store().change() as session:
            registrations.rejoin(session, registrations.find(session, token), now=now)
    except Full:
        words = _("Este taller ya no tiene lista de espera.")
        return looking.own_page(token, now, notice=words, status=409)
    except Closed:
        return looking.own_page(token, now, notice=_("Ya no se apartan lugares."), status=409)
    return redirect(_found(token).path, 303)


@pages.get("/r/<token>/vengo")
def ask_coming(token: str) -> ResponseReturnValue:
    mine, now = _found(token), clock.now()
    if mine.workshop.is_cancelled or not rounds.is_asked(mine.registration, now):
        return redirect(mine.path, 303)
    return _question(mine)


@pages.post("/r/<token>/vengo")
def answer_coming(token: str) -> ResponseReturnValue:
    now, mine, answer = clock.now(), _found(token), request.form.get("answer")
    if answer == "yes":
        try:
            with store().change() as session:
                rounds.confirm(session, registrations.find(session, token), now=now)
        except Closed:
            words = _("Ya pasó el tiempo para contestar.")
            return looking.own_page(token, now, notice=words, status=409)
        return redirect(mine.path, 303)
    if not rounds.is_asked(mine.registration, now):
        return redirect(mine.path, 303)
    if answer != "no":
        return _question(mine, notice=_("Elige sí o no. Tu lugar sigue apartado.")), 422
    return leaving.leave([mine.registration], _("Cancelaste tu lugar. Borramos tus datos."))


def _question(mine: Place, notice: str = "") -> str:
    now, by = clock.now(), rounds.answer_by(mine.registration)
    words = looking.moment_words(mine.registration, by, now) if by and by > now else ""
    return place.show("coming", mine, now, notice=notice, answer_by=words)


def _found(token: str) -> Place:
    with store().read() as session:
        return place.find(session, token)
