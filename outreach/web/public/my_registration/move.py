"""Moving a registration to another date: the page with the dates, and the act.

The old place is kept until the new one is sure. A discreet workshop is no date of this form: its
page leads to a new request, and the person cancels the old one.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import g, make_response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests

from outreach import clock
from outreach.domain import workshops
from outreach.domain.registrations import ContactMethod, Registration, moving, review
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.errors import Conflict, Full, NotFound, OutreachError, RegistrationClosed
from outreach.i18n import gettext as _
from outreach.privacy import registration_move
from outreach.web.context import config, key_store, seat_shares, store
from outreach.web.forms import availability, language_switch, move_form
from outreach.web.forms.move_form import MoveForm
from outreach.web.middleware import client_address, rate_limits, request_retry
from outreach.web.public.my_registration import registration_page
from outreach.web.public.my_registration.registration_page import RegistrationView, pages


@dataclass(frozen=True)
class MoveRefusal:
    """Why nothing was moved."""

    words: str
    status: int
    other: str = ""  # the id of a workshop at which the person can ask for a place besides


@pages.get("/r/<token>/mover")
def ask_date(token: str) -> ResponseReturnValue:
    view = _load(token)
    return _page(MoveForm(view.registration), view, clock.now())


@pages.post("/r/<token>/mover")
@request_retry.harmless
def move(token: str) -> ResponseReturnValue:
    view, now = _load(token), clock.now()
    filled = MoveForm(view.registration, request.form)
    if language_switch.is_pressed():
        return _page(filled, view, now)
    target = _find_target(filled.day.data or "")
    if target is not None and target.id == view.workshop.id:  # posted twice
        return _move(filled, view, target, now)
    if refused := _find_refusal(filled, view, target, now):
        return _page(filled, view, now, refused)
    assert target is not None, "without one it is refused"
    if not _is_within_limits(view):
        words = _("Hoy ya intentaste mover tu lugar diez veces. Muévelo mañana o llámanos.")
        return _page(filled, view, now, MoveRefusal(words, 429))
    # At a workshop of high sensitivity the page must not tell who else registered from here.
    if not _take_share(view, target, now) and not target.is_sensitive:
        words = _("Ahora no podemos mover tu lugar a esa fecha: sigue apartado. Llámanos.")
        return _page(filled, view, now, MoveRefusal(words, 409))
    return _move(filled, view, target, now)


def _find_target(public_id: str) -> Workshop | None:
    """Returns the workshop of this id from the database; None where there is none to the public."""
    with store().read() as session:
        try:
            return workshops.find_public(session, public_id)
        except NotFound:
            return None


def _find_refusal(
    filled: MoveForm, view: RegistrationView, target: Workshop | None, now: datetime
) -> MoveRefusal | None:
    """Returns why this cannot be moved there, before anything is counted or taken."""
    if not moving.is_movable(view.registration, now):
        return MoveRefusal(_("Ya no se puede mover."), 409)
    if target is not None and target.is_discreet and target.kind_id == view.workshop.kind_id:
        words = _("Esa fecha es una solicitud nueva: se pide aparte.")
        return MoveRefusal(words, 409, target.public_id)
    if target is None or not moving.can_receive(view.registration, target):
        return MoveRefusal(_("Elige una de estas fechas."), 422)
    if target.has_slots and not filled.slot and target.seats_left:
        return MoveRefusal(_("Elige la hora de esa fecha."), 422)
    return None


def _is_within_limits(view: RegistrationView) -> bool:
    try:
        rate_limits.count_move(view.registration.id)
    except TooManyRequests:
        return False
    return True


def _take_share(view: RegistrationView, target: Workshop, now: datetime) -> bool:
    """Counts the party in the share of the client's networks at the new workshop (S29). Returns
    whether there was room for it."""
    counted: dict[int, bool] = request_retry.keep("move share", dict)
    if target.id not in counted:
        counted[target.id] = seat_shares().take(
            review.name_subject(target),
            client_address.list_networks(),
            view.registration.people,
            review.compute_share(target),
            now=now,
            key_ids=[view.registration.key_id or b""],
        )
    return counted[target.id]


def _move(
    filled: MoveForm, view: RegistrationView, target: Workshop, now: datetime
) -> ResponseReturnValue:
    counted: dict[int, bool] = request_retry.keep("move share", dict)
    try:
        is_new = registration_move.move(
            store(),
            key_store(),
            view.registration.id,
            target.id,
            now=now,
            slot=filled.slot,
            is_beyond_share=not counted.get(target.id, True),
            may_write=_may_write,
        )
    except (Full, Conflict, RegistrationClosed, NotFound) as error:
        _give_back(view, target, counted)
        return _page(filled, _load(view.token), now, _describe_refusal(error, target))
    if not is_new and not request_retry.is_retry():
        _give_back(view, target, counted)
    return redirect(f"{view.path}?fecha=nueva", 303)


def _give_back(view: RegistrationView, target: Workshop, counted: dict[int, bool]) -> None:
    if counted.pop(target.id, False):
        networks = client_address.list_networks()
        subject = review.name_subject(target)
        seat_shares().give_back(subject, networks, view.registration.people)


def _describe_refusal(error: OutreachError, target: Workshop) -> MoveRefusal:
    if isinstance(error, Full):
        other = target.public_id if target.has_waiting_list else ""
        return MoveRefusal(_("En esa fecha ya no hay lugar para ustedes."), 409, other)
    if isinstance(error, RegistrationClosed):
        return MoveRefusal(_("Ya no se puede mover a esa fecha."), 409)
    if isinstance(error, NotFound):
        return MoveRefusal(_("Elige una de estas fechas."), 409)
    if need := str(error):
        gone = availability.used_up_words(need)
        return MoveRefusal(_("%(gone)s. Tu lugar sigue apartado como estaba.", gone=gone), 409)
    return MoveRefusal(_("Esa hora se acaba de ocupar. Elige otra: tu lugar sigue apartado."), 409)


def _page(
    filled: MoveForm,
    view: RegistrationView,
    now: datetime,
    refused: MoveRefusal | None = None,
) -> ResponseReturnValue:
    registration = view.registration
    can_move = moving.is_movable(registration, now)
    is_request = view.workshop.is_discreet and view.workshop.status is WorkshopStatus.PUBLISHED
    requests = list[Workshop]()
    with store().read() as session:
        registration = view.registration
        if can_move:
            filled.choices = move_form.list_dates(session, registration, now=now)
        elif is_request:
            requests = list(move_form.list_requests(session, view.workshop, now=now))
    g.other_languages_at = f"/r/{view.token}/mover"
    page = registration_page.show(
        "move",
        view,
        now,
        form=filled,
        notice=refused.words if refused else "",
        other=refused.other if refused else "",
        can_move=can_move,
        requests=requests,
        is_written=_is_written(view),
        way_words=move_form.way_words,
        language_form="mover" if filled.choices else "",
    )
    return make_response(page, refused.status if refused else 200)


def _is_written(view: RegistrationView) -> bool:
    """Returns whether we write to this person: staff call nobody about what they did themselves."""
    registration = view.registration
    if _gets_text(registration):
        return rate_limits.has_text_left()
    return registration.contact is ContactMethod.EMAIL


def _may_write(registration: Registration) -> bool:
    """Counts the text of a move, if the person gets one, as a text that this address causes (S31).
    Returns whether it may be sent."""
    return not _gets_text(registration) or rate_limits.count_text()


def _gets_text(registration: Registration) -> bool:
    return bool(config().texts.url) and registration.gets_texts


def _load(token: str) -> RegistrationView:
    with store().read() as session:
        return registration_page.find(session, token)
