"""Actions on one registration: contact, seat, address approval, calls; and resending messages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain import outbox, registrations
from outreach.domain.audit.audit_log import Details
from outreach.domain.checkin import checkin
from outreach.domain.network.staff import Permission
from outreach.domain.registrations import (
    ContactMethod,
    Registration,
    address_approval,
    call_attempts,
    reconfirmation,
)
from outreach.domain.registrations.call_attempts import CallBlock, CallOutcome
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop
from outreach.errors import Full, Refusal, RegistrationClosed
from outreach.i18n import gettext as _
from outreach.privacy import erasure
from outreach.web import error_messages
from outreach.web.context import config, key_store, store
from outreach.web.error_messages import PageRefused
from outreach.web.staff.attendees import blueprint, message_pages
from outreach.web.staff.common import call_labels, contact_views, pending_work
from outreach.web.staff.common.guards import (
    current_staff,
    find_workshop,
    log_workshop_action,
    require_fresh_factor,
)
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.workshops.workshop_detail import show

MAX_LISTED: Final = 500  # registrations reviewed in one act


@blueprint.post("/talleres/<public_id>/contacto")
@requires(Scope.WORKSHOP, Permission.CONTACTS)
def show_contact(public_id: str) -> ResponseReturnValue:
    """Reveals the e-mail or phone of one registration, and logs it. One that is opened to be called
    (the tab of calls, and the calls of a message) is shown where it may be called now."""
    registration_id = clean(request.form.get("registration", ""))
    is_message = bool(request.form.get("message"))
    is_call = is_message or request.form.get("tab") == "llamadas"
    is_counted = (
        contact_views.count_call(public_id, registration_id)
        if is_call
        else contact_views.count_view()
    )
    if not is_counted:
        return require_fresh_factor()
    with store().change() as session:
        workshop = find_workshop(session, public_id)
        party = checkin.find(session, workshop, registration_id)
        block = open_call(session, party) if is_call else None
        if block is None:
            log_workshop_action(session, workshop, "contact seen")
    shown = registration_id if block is None else ""
    fault = call_labels.block_words(block) if block is not None else ""
    if is_message:
        draft = message_pages.MessageDraft()
        return message_pages.show_page(public_id, draft, shown=shown, fault=fault)
    return show(public_id, shown=shown, fault=fault)


def open_call(session: Session, party: Registration) -> CallBlock | None:
    """Returns why the number of a party is not shown to be called now; None where it is. Only those
    who left a phone are called."""
    if party.contact is not ContactMethod.PHONE:
        return None
    return call_attempts.open_call(
        session, party, organizer_id=current_staff().organizer_id, now=clock.now()
    )


@blueprint.post("/talleres/<public_id>/persona")
@requires(Scope.WORKSHOP, Permission.EDIT)
def decide(public_id: str) -> ResponseReturnValue:
    """Changes one registration as the field `do` says: grant gives a seat, confirm and cancel note
    what was answered by phone, approve and unapprove decide on reading the address, and undo takes
    back such a decision while it is on hold."""
    what = request.form.get("do", "")
    registration_id = clean(request.form.get("registration", ""))
    now = clock.now()
    if what == "cancel":
        return _cancel(public_id, registration_id)
    try:
        with store().change() as session:
            workshop = find_workshop(session, public_id)
            party = checkin.find(session, workshop, registration_id)
            query = _decide(session, workshop, party, what, now=now)
    except Full:
        message = _("No hay lugar libre para esas personas, o lo que necesitan ya se llenó.")
        return show(public_id, fault=message)
    except RegistrationClosed:
        messages = {"confirm": _("Esa persona ya no tiene lugar, o el taller ya empezó.")}
        return show(public_id, fault=messages.get(what, _("Esa persona ya no espera un lugar.")))
    except Refusal as refusal:
        return show(public_id, fault=error_messages.say(refusal))
    return redirect(f"/org/talleres/{public_id}?{query}", 303)


def _decide(
    session: Session, workshop: Workshop, party: Registration, what: str, *, now: datetime
) -> str:
    """Does what `do` says, writes it in the audit log and returns the query of the page that says
    so."""
    done = True
    match what:
        case "grant":
            registrations.grant_seat(session, party, now=now)
            action, query = "place given by hand", "hecho=con-lugar&ver=espera"
        case "confirm":
            reconfirmation.confirm(session, party, now=now)
            action, query = "answer noted", "hecho=si"
        case "approve":
            done = registrations.approve(session, party, now=now)
            action, query = "address approved", _query_of_approval(workshop, now)
        case "unapprove":
            done = registrations.revoke_approval(session, party)
            action, query = "approval taken back", "hecho=sin-aprobar"
        case "undo":
            if not address_approval.undo_decision(session, party):
                raise PageRefused(_("Ya no se puede deshacer. Cambia la decisión en su lista."))
            action, query = "address decision undone", "hecho=por-aprobar"
        case _:
            raise PageRefused(_("Elige qué hacer con los botones de la lista."))
    if done:
        log_workshop_action(session, workshop, action)
    return query


def _query_of_approval(workshop: Workshop, now: datetime) -> str:
    is_held = address_approval.compute_undo_end(workshop, now=now) is not None
    return "hecho=aprobada" if is_held else "hecho=aprobada-ya"


@blueprint.post("/talleres/<public_id>/por-aprobar")
@requires(Scope.WORKSHOP, Permission.EDIT)
def decide_addresses(public_id: str) -> ResponseReturnValue:
    """Approves or declines (field `do`) those of the ticked registrations that await approval. With
    undo it takes back the decisions on ticked ones that are on hold."""
    listed = [clean(each) for each in request.form.getlist("registration")][:MAX_LISTED]
    what, now = request.form.get("do", ""), clock.now()
    if what not in {"approve", "decline", "undo"} or not listed:
        return show(public_id, fault=_("Marca a quién y elige: aprobar o no aprobar."))
    with store().change() as session:
        workshop = find_workshop(session, public_id)
        count, done = _decide_on(session, workshop, listed, what, now=now)
    usual = f"/org/talleres/{public_id}?hecho={done if count else 'igual'}"
    return redirect(pending_work.get_next_page(usual), 303)


def _decide_on(
    session: Session, workshop: Workshop, listed: Sequence[str], what: str, *, now: datetime
) -> tuple[int, str]:
    """Decides, and writes it in the audit log. Returns how many decisions were made, and the code
    of what the page says."""
    waiting = address_approval.list_awaiting(session, workshop, listed)
    match what:
        case "undo":
            held = address_approval.list_held(session, workshop)
            chosen = [each for each in held if each.id in listed]
            count = sum(address_approval.undo_decision(session, each) for each in chosen)
            action, done = "address decision undone", "por-aprobar"
        case "approve":
            count = sum(registrations.approve(session, each, now=now) for each in waiting)
            is_held = address_approval.compute_undo_end(workshop, now=now) is not None
            action, done = "addresses approved", "aprobadas" if is_held else "aprobadas-ya"
        case _:
            count = sum(registrations.decline_approval(session, each, now=now) for each in waiting)
            action, done = "approval declined", "no-aprobadas"
    if count:
        log_workshop_action(session, workshop, action, {"parties": count})
    return count, done


@blueprint.post("/talleres/<public_id>/llamada")
@requires(Scope.WORKSHOP, Permission.CONTACTS)
def record_call(public_id: str) -> ResponseReturnValue:
    """Notes that a call was made, or its answer. The field `do` is called, undo, yes or no; a no to
    a question erases the person's data."""
    what, number = request.form.get("do", ""), request.form.get("notice", "")
    try:
        with store().read() as session:
            workshop = find_workshop(session, public_id)
            notice = _notice(session, workshop, number)
        if what == "no" and _is_question(notice):
            return _decline(public_id, notice)
        with store().change() as session:
            workshop = find_workshop(session, public_id)
            query = _record_answer(session, workshop, _notice(session, workshop, number), what)
    except RegistrationClosed:
        return show(public_id, fault=_("Ese lugar ya no está apartado para esta persona."))
    except Refusal as refusal:
        return show(public_id, fault=error_messages.say(refusal))
    message = request.form.get("message", "")
    if _is_number(message):
        return redirect(f"/org/talleres/{public_id}/mensaje?enviado={message}#l-{number}", 303)
    return redirect(f"/org/talleres/{public_id}?ver=llamadas&{query}", 303)


@blueprint.post("/talleres/<public_id>/correos")
@requires(Scope.WORKSHOP, Permission.EDIT)
def resend(public_id: str) -> ResponseReturnValue:
    """Queues again the messages whose delivery was given up, to one registration or to all."""
    only, now = clean(request.form.get("registration", "")), clock.now()
    with store().change() as session:
        workshop = find_workshop(session, public_id)
        unsent = [
            each
            for each in outbox.list_unsent_letters(session, workshop, now=now)
            if only in {"", each.registration_id}
        ]
        for notice in unsent:
            outbox.retry_delivery(session, notice.id, now=now)
        if unsent:
            log_workshop_action(session, workshop, "letters sent again", {"letters": len(unsent)})
    return redirect(pending_work.get_next_page(f"/org/talleres/{public_id}?hecho=correos"), 303)


def _cancel(public_id: str, registration_id: str) -> ResponseReturnValue:
    with store().read() as session:
        party = checkin.find(session, find_workshop(session, public_id), registration_id)
    give_up_by_phone(public_id, party.id)
    return redirect(f"/org/talleres/{public_id}?hecho=no", 303)


def _decline(public_id: str, notice: Notification) -> ResponseReturnValue:
    give_up_by_phone(public_id, notice.registration_id)
    return redirect(f"/org/talleres/{public_id}?ver=llamadas&hecho=no", 303)


def give_up_by_phone(public_id: str, registration_id: str) -> None:
    """Cancels a registration as its person said by phone: their data is erased at once, as on their
    own page."""
    if erasure.erase(store(), key_store(), config(), [registration_id], now=clock.now()):
        with store().change() as session:
            workshop = find_workshop(session, public_id)
            log_workshop_action(session, workshop, "place given up by phone")


def _notice(session: Session, workshop: Workshop, number: str) -> Notification:
    if not _is_number(number):
        raise PageRefused(_("Marca las llamadas con los botones de la lista."))
    return outbox.find(session, workshop, int(number))


def _is_number(typed: str) -> bool:
    return typed.isascii() and typed.isdigit() and len(typed) < 10


def _is_question(notice: Notification) -> bool:
    return notice.cause in outbox.QUESTIONS


def _record_answer(session: Session, workshop: Workshop, notice: Notification, what: str) -> str:
    now, organizer_id = clock.now(), current_staff().organizer_id
    party = notice.registration
    if what == "undo":
        outbox.undo_called(session, notice.id)
        call_attempts.take_back(session, party, organizer_id=organizer_id)
        return "hecho=pendiente"
    if what not in {"called", "yes"} or (what == "yes" and not _is_question(notice)):
        raise PageRefused(_("Marca las llamadas con los botones de la lista."))
    outbox.mark_called(session, notice.id, now=now)
    call_attempts.record_answer(session, party, organizer_id=organizer_id, now=now)
    if what == "called":
        details: Details = {"outcome": CallOutcome.ANSWERED.value}
        log_workshop_action(session, workshop, "call made", details)
        return f"llamada={notice.id}"
    answer_yes(session, notice, now=now)
    log_workshop_action(session, workshop, "answer noted")
    return "hecho=si"


def answer_yes(session: Session, question: Notification, *, now: datetime) -> None:
    """Records that a person said yes to an offer or to the reconfirmation. Raises
    RegistrationClosed where their seat is gone."""
    if question.cause is NotificationType.OFFER:
        registrations.accept_offer(session, question.registration, now=now)
    else:
        reconfirmation.confirm(session, question.registration, now=now)
