"""The queue: all that waits for a person, and the acts that end a line.

Whatever the pages of a workshop can do already (approving an address, sending a letter again) is
sent to them; they lead back to the queue (`pending_work.get_next_page`). Lines of sensitive
workshops show nothing of the person until they are opened, which is logged.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain import outbox
from outreach.domain.audit.audit_log import Details
from outreach.domain.checkin import checkin
from outreach.domain.dashboard.pending_items import WorkSort
from outreach.domain.dashboard.work_queue import WorkLine
from outreach.domain.network import staff
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Permission
from outreach.domain.registrations import Registration, call_attempts
from outreach.domain.registrations.call_attempts import CallOutcome
from outreach.domain.registrations.notifications import Notification
from outreach.domain.reporting import attendance_slips
from outreach.domain.scheduling import workshop_service
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound, Refusal, RegistrationClosed
from outreach.i18n import gettext as _
from outreach.keystore import text_exchange
from outreach.web import error_messages
from outreach.web.context import config, key_store, store
from outreach.web.error_messages import PageRefused
from outreach.web.staff.attendees import blueprint, done_rows, queue_cards
from outreach.web.staff.attendees.queue_cards import QueueReader
from outreach.web.staff.attendees.registration_actions import (
    answer_yes,
    give_up_by_phone,
    open_call,
)
from outreach.web.staff.common import (
    call_labels,
    contact_views,
    disclosure,
    pending_work,
    queue_labels,
    workshop_labels,
)
from outreach.web.staff.common.guards import (
    current_staff,
    find_workshop,
    has_permission,
    log_workshop_action,
    offices_with,
    page,
    require_fresh_factor,
)
from outreach.web.staff.common.permissions import PermissionMissing, Scope, requires

MAX_CARDS: Final = 50  # on a page
MAX_PEOPLE: Final = 100_000
# What the page says after a decision on an address that can be undone.
DECISIONS: Final = frozenset({"aprobadas", "no-aprobadas"})


@dataclass(frozen=True)
class TypedReport:
    """An attendance that is asked about, or refused."""

    public_id: str
    people: str
    is_held: bool
    likely: int | None = None  # what the number is ten times, or a tenth, of


@dataclass(frozen=True)
class UndoForm:
    """The button beside what was done: where it is sent, and its fields."""

    action: str
    fields: Mapping[str, str]


@blueprint.get("/por-atender")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def queue() -> ResponseReturnValue:
    return show_queue()


@blueprint.post("/por-atender/abrir/<public_id>")
@requires(Scope.WORKSHOP, Permission.CONTACTS)
def open_line(public_id: str) -> ResponseReturnValue:
    """Shows whom a line is about and how they are reached, and logs it."""
    registration_id = clean(request.form.get("registration", ""))
    if not contact_views.count_call(public_id, registration_id):
        return require_fresh_factor(back=pending_work.PATH)
    with store().change() as session:
        workshop = find_workshop(session, public_id)
        party = checkin.find(session, workshop, registration_id)
        block = open_call(session, party)
        log_workshop_action(session, workshop, "contact seen")
    fault = call_labels.block_words(block) if block is not None else ""
    return show_queue(opened=registration_id, fault=fault)


@blueprint.post("/por-atender/llamada/<public_id>")
@requires(Scope.WORKSHOP, Permission.CONTACTS)
def record_outcome(public_id: str) -> ResponseReturnValue:
    """Notes what came of a call. The field `outcome` is a `CallOutcome`, or the answer to a
    question: yes or no. `attempt` is the number of the call, so that a form that is sent twice
    counts once."""
    registration_id = clean(request.form.get("registration", ""))
    outcome = request.form.get("outcome", "")
    try:
        if outcome == "no":
            return _say_no(public_id, registration_id)
        with store().change() as session:
            workshop = find_workshop(session, public_id)
            party = checkin.find(session, workshop, registration_id)
            done = _record(session, workshop, party, outcome)
    except RegistrationClosed:
        return show_queue(fault=_("Ese lugar ya no está apartado para esta persona."))
    except Refusal as refusal:
        return show_queue(opened="", fault=error_messages.say(refusal))
    return redirect(pending_work.build_address(**done), 303)


@blueprint.post("/por-atender/corregir/<public_id>")
@requires(Scope.WORKSHOP, Permission.CONTACTS)
def take_back_outcome(public_id: str) -> ResponseReturnValue:
    """Takes back what one noted last of a call: it was the wrong button."""
    notification_ids: Sequence[int] | None = None
    with store().change() as session:
        workshop = find_workshop(session, public_id)
        with suppress(NotFound):  # taken back already, or the person was erased
            attempt = call_attempts.find_attempt(session, _read_number("attempt"))
            party = checkin.find(session, workshop, attempt.registration_id)
            notification_ids = call_attempts.take_back(
                session, party, organizer_id=current_staff().organizer_id
            )
        for notification_id in notification_ids or ():
            outbox.undo_called(session, notification_id)
        if notification_ids is not None:
            log_workshop_action(session, workshop, "call taken back")
    done = "igual" if notification_ids is None else "corregida"
    return redirect(pending_work.build_address(hecho=done), 303)


@blueprint.post("/por-atender/reportar/<public_id>")
@requires(Scope.WORKSHOP, Permission.EDIT)
def report(public_id: str) -> ResponseReturnValue:
    """Reports an attendance where it waits. A number that looks like a slip is asked about."""
    is_held, typed = request.form.get("held") != "no", clean(request.form.get("people", ""))
    answer = TypedReport(public_id, typed[:9], is_held)
    is_number = typed.isascii() and typed.isdigit() and len(typed) < 7
    if is_held and not (is_number and int(typed) <= MAX_PEOPLE):
        fault = _("Escribe cuántas personas llegaron, con números.")
        return show_queue(report=answer, fault=fault)
    people = int(typed) if is_held else None
    try:
        with store().change() as session:
            workshop = find_workshop(session, public_id)
            likely = _find_likely(session, workshop, people)
            if likely is None:
                workshop_service.report(workshop, head_count=people, now=clock.now())
                details: Details = (
                    {"held": False} if people is None else {"held": True, "people": people}
                )
                log_workshop_action(session, workshop, "attendance reported", details)
    except Refusal as refusal:
        return show_queue(report=answer, fault=error_messages.say(refusal))
    if likely is not None:
        return show_queue(report=TypedReport(public_id, typed, is_held, likely))
    return redirect(pending_work.build_address(hecho="reportado"), 303)


def _find_likely(session: Session, workshop: Workshop, people: int | None) -> int | None:
    if people is None or request.form.get("sure") == str(people):
        return None
    marked = checkin.count_heads(session, workshop)
    return attendance_slips.find_likely(session, workshop, people, marked)


def _say_no(public_id: str, registration_id: str) -> ResponseReturnValue:
    """Records a «no» to the question of a call: the person's data is erased, as on their own
    page."""
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        try:
            party = checkin.find(session, workshop, registration_id)
        except NotFound:  # the form was sent twice: they are erased already
            return redirect(pending_work.build_address(hecho="igual"), 303)
        _find_question(session, party)
    give_up_by_phone(public_id, registration_id)
    return redirect(pending_work.build_address(hecho="no"), 303)


def _find_question(session: Session, party: Registration) -> Notification:
    """The question that a call asks. Raises PageRefused where there is none any more."""
    calls = outbox.list_calls_to(
        session, party, now=clock.now(), has_texts=bool(config().texts.url)
    )
    question = next((each for each in calls if each.cause in outbox.QUESTIONS), None)
    if question is None:
        raise PageRefused(_("Ya no hay nada que preguntarle a esa persona."))
    return question


def _record(
    session: Session, workshop: Workshop, party: Registration, outcome: str
) -> dict[str, str]:
    """Records what came of a call; returns the fields of the next page's address."""
    now, has_texts = clock.now(), bool(config().texts.url)
    kind = CallOutcome.ANSWERED if outcome == "yes" else _read_outcome(outcome)
    attempt = call_attempts.record(
        session,
        party,
        kind,
        number=_read_number("attempt"),
        organizer_id=current_staff().organizer_id,
        now=now,
        again_at=_read_hour(workshop, now) if kind is CallOutcome.LATER else None,
    )
    if attempt is None:
        return {"hecho": "igual"}
    log_workshop_action(session, workshop, "call made", {"outcome": kind.value})
    if kind is CallOutcome.ANSWERED:
        attempt.notification_ids = outbox.mark_all_called(
            session, party, now=now, has_texts=has_texts
        )
    if outcome != "yes":
        return {"hecho": kind.value.replace(" ", "-"), "intento": str(attempt.id)}
    question = _find_question(session, party)
    outbox.mark_called(session, question.id, now=now)
    answer_yes(session, question, now=now)
    log_workshop_action(session, workshop, "answer noted")
    return {"hecho": "si"}


def _read_outcome(typed: str) -> CallOutcome:
    if typed not in tuple(CallOutcome):
        raise PageRefused(_("Anota la llamada con los botones de la lista."))
    return CallOutcome(typed)


def _read_hour(workshop: Workshop, now: datetime) -> datetime:
    """The hour to call at, as the form says it in UTC."""
    try:
        at = datetime.strptime(request.form.get("at", ""), "%Y-%m-%dT%H:%M").replace(tzinfo=UTC)
    except ValueError:
        raise PageRefused(_("Elige a qué hora se le llama.")) from None
    if not call_attempts.is_valid_hour(workshop, at, now=now):
        raise PageRefused(_("A esa hora ya no se puede. Elige otra."))
    return at


def _read_number(name: str) -> int:
    typed = request.form.get(name, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


# The page


def show_queue(*, opened: str = "", fault: str = "", report: TypedReport | None = None) -> Response:
    """Shows the page, with the filters of the request. `opened` is the registration whose line was
    opened."""
    who, now = current_staff(), clock.now()
    chosen_sort = _read_sort(request.values.get("ver", ""))
    with store().read() as session:
        offices = [
            each
            for each in offices_with(session, Permission.EDIT)
            if has_permission(Permission.CONTACTS, each.slug)
        ]
        chosen = _choose_office(offices, request.values.get("oficina", ""))
        slugs = [each.slug for each in offices if chosen in {None, each}]
        lines = pending_work.load(session, slugs, now=now)
        counts = pending_work.sum_by_sort(lines)
        listed = [each for each in lines if chosen_sort is None or chosen_sort in each.sorts]
        number = _choose_page(listed, opened)
        listed_here = listed[number * MAX_CARDS : (number + 1) * MAX_CARDS]
        reader = _read_people(session, listed_here, who.organizer_id, now, opened)
        undo = _find_undoable(session) or _find_held(session)
        finished = done_rows.read(session, _own_slugs(chosen), now=now)
    return page(
        "attendees/queue",
        422 if fault or report is not None else 200,
        cards=queue_cards.build(listed_here, reader),
        total=len(lines),
        sort=chosen_sort,
        sorts=[
            (each, str(queue_labels.LABELS[each].name), counts.get(each, 0)) for each in WorkSort
        ],
        offices=offices if len(offices) > 1 else [],
        slugs=slugs,
        chosen=chosen.slug if chosen is not None else "",
        page_number=number,
        pages=-(-len(listed) // MAX_CARDS),
        address=pending_work.build_address,
        finished=finished,
        done=_done_words(request.args.get("hecho", "")),
        undo=undo,
        fault=fault,
        report=report,
        words=workshop_labels,
        is_network=ALL_OFFICES in who.grants,
    )


def _own_slugs(chosen: Office | None) -> list[str]:
    """The offices whose work of today is listed: one's own. With a role for all offices, the one
    that was chosen."""
    own = pending_work.own_offices(current_staff().grants)
    if chosen is None:
        return sorted(own)
    return [chosen.slug]


def _read_sort(typed: str) -> WorkSort | None:
    return WorkSort(typed) if typed in tuple(WorkSort) else None


def _choose_office(offices: Sequence[Office], typed: str) -> Office | None:
    """Returns the office of the filter; None for all. Raises NotFound for an office that is not one
    of theirs."""
    if not typed:
        return None
    for each in offices:
        if each.slug == typed:
            return each
    raise NotFound("office")


def _choose_page(lines: Sequence[WorkLine], opened: str) -> int:
    """The number of the page, from 0: that of the line that was opened, or as the address says."""
    for position, line in enumerate(lines):
        if opened and line.registration is not None and line.registration.id == opened:
            return position // MAX_CARDS
    typed = request.values.get("pagina", "")
    number = int(typed) - 1 if typed.isascii() and typed.isdigit() and len(typed) < 6 else 0
    return max(0, min(number, (len(lines) - 1) // MAX_CARDS))


def _read_people(
    session: Session, lines: Sequence[WorkLine], organizer_id: int, now: datetime, opened: str
) -> QueueReader:
    """Decrypts whom the page shows, and no one else."""
    shown = [
        each.registration
        for each in lines
        if each.registration is not None and queue_cards.is_shown(each, opened)
    ]
    callers = {
        attempt.organizer_id
        for each in lines
        for attempt in each.history.noted
        if attempt.organizer_id is not None
    }
    return QueueReader(
        organizer_id=organizer_id,
        now=now,
        opened=opened,
        people=disclosure.read_people_of_many(shown),
        addresses=staff.list_addresses(session, callers) if callers else {},
        stopped_keys=text_exchange.list_stopped(key_store(), [e.key_id for e in shown if e.key_id]),
    )


def _find_held(session: Session) -> UndoForm | None:
    """Returns the form that undoes the decision on an address that was just made; None where the
    decision is no longer on hold."""
    if request.args.get("hecho") not in DECISIONS:
        return None
    party = session.get(Registration, clean(request.args.get("registro", "")))
    if party is None or party.approval_undo_until is None:
        return None
    try:
        workshop = find_workshop(session, party.workshop.public_id)
    except (NotFound, PermissionMissing):  # in another office, or this account lacks the permission
        return None
    action = f"/org/talleres/{workshop.public_id}/por-aprobar"
    return UndoForm(action, {"do": "undo", "registration": party.id})


def _find_undoable(session: Session) -> UndoForm | None:
    """Returns the form that corrects what was just noted about a call; None without such a call."""
    typed = request.args.get("intento", "")
    if not (typed.isascii() and typed.isdigit() and len(typed) < 10):
        return None
    try:
        attempt = call_attempts.find_attempt(session, int(typed))
    except NotFound:  # erased meanwhile
        return None
    if attempt.organizer_id != current_staff().organizer_id or attempt.outcome is None:
        return None
    party = session.get_one(Registration, attempt.registration_id)
    action = f"/org/por-atender/corregir/{party.workshop.public_id}"
    return UndoForm(action, {"attempt": str(attempt.id)})


def _done_words(done: str) -> str:
    words = {
        "answered": _("Anotado: contestó."),
        "no-answer": _("Anotado: no contesta. Vuelve sola a la lista."),
        "wrong-number": _("Anotado: número equivocado. Ya no se le llama."),
        "other-person": _("Anotado: contestó otra persona. Ya no se le llama."),
        "later": _("Anotado. Vuelve a la lista a esa hora."),
        "corregida": _("Corregido: la llamada está otra vez en la lista."),
        "igual": _("Ya estaba anotado: no cambió nada."),
        "si": _("Anotado: dijo que sí viene."),
        "no": _("Su lugar quedó libre y se borraron sus datos."),
        "aprobadas": _("Aprobado. Ve la dirección en 5 minutos; hasta ahí puedes deshacerlo."),
        "aprobadas-ya": _("Aprobado: ya puede ver la dirección."),
        "no-aprobadas": _("Anotado: no se aprobó. Nadie recibe aviso."),
        "por-aprobar": _("Se deshizo: espera otra vez que decidas."),
        "reportado": _("Asistencia guardada."),
        "correos": _("El correo sale otra vez."),
    }
    return str(words.get(done, ""))
