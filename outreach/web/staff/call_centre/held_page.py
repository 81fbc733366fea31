"""A call with its places: the codes to read out, and what can be done while the person is there.

Reading the code out confirms. Only «Se cortó» starts the end of the hold, and «Sí lo oyó» takes it
back. The page opens for the agent of the call alone, and for as long as the call lasts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import TooManyRequests

from outreach import clock
from outreach.domain import registrations
from outreach.domain.call_centre import call_holds
from outreach.domain.call_centre.call_holds import CallHold
from outreach.domain.network.staff import Permission
from outreach.domain.registrations import (
    UNNAMED,
    PersonalData,
    Registration,
    RegistrationChange,
    RegistrationStatus,
    contact_details,
)
from outreach.errors import Conflict, Full, NotFound, RegistrationClosed
from outreach.i18n import gettext as _
from outreach.privacy import erasure, registration_move
from outreach.web.context import config, key_store, store
from outreach.web.error_messages import PageRefused
from outreach.web.forms import availability, move_form
from outreach.web.forms.move_form import DateChoice
from outreach.web.middleware import rate_limits, request_retry
from outreach.web.presentation.formatting import hour
from outreach.web.staff.call_centre import blueprint, call_log, call_script
from outreach.web.staff.call_centre.call_params import MAX_PEOPLE, CallParams
from outreach.web.staff.call_centre.call_script import CallScript
from outreach.web.staff.call_centre.contact_form import CallContactForm
from outreach.web.staff.common.guards import (
    CALLS_PATH,
    current_staff,
    page,
)
from outreach.web.staff.common.permissions import Scope, requires

MAX_DATES: Final = 6


@dataclass(frozen=True)
class HeldParty:
    """A place of the call as its page shows it."""

    registration: Registration
    script: CallScript
    is_waiting: bool
    people_choices: Sequence[int]
    dates: Sequence[DateChoice]


@dataclass(frozen=True)
class OpenCall:
    """The places of a call that are still held, opened."""

    call_id: str
    holds: Sequence[CallHold]
    parties: Sequence[Registration]

    @property
    def ids(self) -> list[str]:
        return [each.id for each in self.parties]

    @property
    def ends_at(self) -> datetime | None:
        """When the first of its places ends, since the call broke off; None where none ends."""
        return min((each.ends_at for each in self.holds if each.ends_at), default=None)

    def find(self, registration_id: str) -> Registration:
        """A place of this call. Raises NotFound."""
        for each in self.parties:
            if each.id == registration_id:
                return each
        raise NotFound("registration")


@blueprint.get("/llamada/<call_id>")
@requires(Scope.NETWORK, Permission.CALLS)
def show_call(call_id: str) -> ResponseReturnValue:
    with store().read() as session:
        call = _open(session, call_id)
    return _page(call) if call.parties else _go_to_search("terminada")


@blueprint.post("/llamada/<call_id>")
@requires(Scope.NETWORK, Permission.CALLS)
@request_retry.harmless
def act_on_call(call_id: str) -> ResponseReturnValue:
    """Does `do` with the places of the call, or with the one that `party` names."""
    with store().read() as session:
        call = _open(session, call_id)
    if not call.parties:
        return _go_to_search("terminada")
    act = _ACTS.get(request.form.get("do", ""))
    if act is None:
        return _page(call, 422, fault=_("Usa los botones de la página."))
    try:
        return act(call, clock.now())
    except (Full, Conflict, RegistrationClosed, NotFound) as error:
        return _page(call, 409, fault=_say_refusal(error))
    except PageRefused as refusal:
        return _page(call, 422, fault=str(refusal.message))


def _open(session: Session, call_id: str) -> OpenCall:
    agent = current_staff().organizer_id
    holds = call_holds.list_of_call(session, call_id, agent, now=clock.now())
    rows = {each.registration_id: session.get(Registration, each.registration_id) for each in holds}
    found = [row for row in rows.values() if row is not None and row.key_id is not None]
    opened = registrations.open_details(key_store(), found)
    for each in found:  # read before the session ends
        _load(each)
    return OpenCall(call_id, holds, [each for each in found if each.key_id in opened])


def _load(registration: Registration) -> None:
    workshop = registration.workshop
    assert workshop.office.slug
    assert workshop.venue is None or workshop.venue.city


def _free(call: OpenCall, now: datetime) -> ResponseReturnValue:
    party = call.find(request.form.get("party", ""))
    erasure.erase(store(), key_store(), config(), [party.id], now=now)
    with store().change() as session:
        call_log.record(session, party.workshop, "held place released")
    return _go_to_call(call) if len(call.parties) > 1 else _go_to_search("suelto")


def _cut(call: OpenCall, now: datetime) -> ResponseReturnValue:
    """Starts the end of the places whose code the person may not have heard. Those whose code was
    sent by text are kept: they must not vanish after the person has read it."""
    with store().change() as session:
        unheard = set(call.ids) - call_holds.list_texted(session, call.ids)
        call_holds.break_off(session, unheard, now=now)
        for each in call.parties:
            call_log.record(session, each.workshop, "call broke off")
    return _go_to_search("cortada" if unheard else "texto")


def _confirm(call: OpenCall, now: datetime) -> ResponseReturnValue:
    with store().change() as session:
        if call_holds.confirm(session, call.ids, now=now):
            for each in call.parties:
                call_log.record(session, each.workshop, "call hold confirmed")
    return _go_to_call(call)


def _change_people(call: OpenCall, now: datetime) -> ResponseReturnValue:
    party = call.find(request.form.get("party", ""))
    people = request.form.get("people", "")
    if people not in {str(each) for each in list_people(party)}:
        raise PageRefused(_("Elige cuántas personas vienen."))
    with store().change() as session:
        row = session.get_one(Registration, party.id)
        change = RegistrationChange(people=int(people), needs=row.needs)
        registrations.change(session, row, change, now=now)
        call_log.record(session, row.workshop, "held place changed", {"people": int(people)})
    return _go_to_call(call)


def _move(call: OpenCall, now: datetime) -> ResponseReturnValue:
    party = call.find(request.form.get("party", ""))
    day, _separator, slot = request.form.get("day", "").partition(" ")
    with store().read() as session:
        dates = list_dates(session, party, now)
    target = next((each.workshop for each in dates if each.public_id == day), None)
    if target is None:
        raise PageRefused(_("Elige una de estas fechas."))
    registration_move.move(store(), key_store(), party.id, target.id, now=now, slot=slot)
    with store().change() as session:
        call_log.record(session, target, "held place moved")
    return _go_to_call(call)


def _save_contact(call: OpenCall, now: datetime) -> ResponseReturnValue:
    """Stores what the person said, at each place of the call; with `text` the code is sent too."""
    form = CallContactForm(call.parties, request.form)
    is_text = request.form.get("do") == "text"
    if not form.validate():
        return _page(call, 422, form=form)
    if is_text and not (form.address and form.can_text):
        raise PageRefused(_("Escribe el teléfono al que se manda."))
    people = registrations.decrypt_people(key_store(), call.parties)
    for party in call.parties:
        before = people[party.id]
        person = PersonalData(
            name=form.clean_name or before.name, address=form.address or before.address
        )
        if person.address != before.address:
            _count_contact(party)
            assert party.key_id is not None
            key_store().set_contact(party.key_id, person.address)
        _store_contact(party, person, form, now, is_text=is_text)
    return redirect(f"{CALLS_PATH}/{call.call_id}?hecho={'mensaje' if is_text else 'aviso'}", 303)


def _count_contact(party: Registration) -> None:
    """Counts a new contact: each can cause a message to somebody (S30)."""
    try:
        rate_limits.count_contact_change(party.id)
    except TooManyRequests:
        raise PageRefused(
            _("Ya se cambió dos veces el teléfono de este lugar. Suéltalo y aparta otro.")
        ) from None


def _store_contact(
    party: Registration,
    person: PersonalData,
    form: CallContactForm,
    now: datetime,
    *,
    is_text: bool,
) -> None:
    with store().change() as session:
        row = session.get_one(Registration, party.id)
        if form.chosen_needs or row.needs:
            change = RegistrationChange(people=row.people, needs=form.chosen_needs)
            registrations.change(session, row, change, now=now)
        key = registrations.get_key(key_store(), row)
        contact = form.contact if form.address else row.contact
        contact_details.change_person(
            session, row, key, person, contact,
            may_leave_message=form.may_text or is_text if form.address else row.may_leave_message,
            takes_calls=not form.may_text if form.address else row.takes_calls,
            has_moved=is_text,
            now=now,
        )  # fmt: skip
        if is_text:
            call_holds.confirm(session, [row.id], now=now)
        call_log.record(session, row.workshop, "held contact saved")


_ACTS: Final[Mapping[str, Callable[[OpenCall, datetime], ResponseReturnValue]]] = {
    "free": _free,
    "cut": _cut,
    "confirm": _confirm,
    "people": _change_people,
    "date": _move,
    "contact": _save_contact,
    "text": _save_contact,
}


def list_dates(session: Session, party: Registration, now: datetime) -> list[DateChoice]:
    """Returns the dates to which a place can be moved. There are none at a discreet workshop, where
    another place is held instead."""
    has_seat = party.status is RegistrationStatus.CONFIRMED
    if party.workshop.is_discreet or not has_seat:
        return []
    dates = move_form.list_dates(session, party, now=now)
    free = [each for each in dates if each.workshop.seats_left >= party.people]
    return [each for each in free if not each.is_full and not each.obstacle][:MAX_DATES]


def list_people(party: Registration) -> list[int]:
    """Returns the numbers of people to which a place can be changed. At a discreet workshop they
    are no more than before, as on the person's own page (S29)."""
    limit = party.people if party.workshop.is_discreet else party.workshop.party_limit
    return [each for each in range(1, min(MAX_PEOPLE, limit) + 1) if each != party.people]


def _say_refusal(error: Exception) -> str:
    if isinstance(error, Full):
        return _("No caben. El lugar sigue como estaba.")
    if isinstance(error, RegistrationClosed):
        return _("Ya no se puede cambiar.")
    if isinstance(error, NotFound):
        return _("Ese lugar ya se soltó.")
    if need := str(error):
        gone = availability.used_up_words(need)
        return _("%(gone)s. El lugar sigue como estaba.", gone=gone)
    return _("Esa hora se acaba de ocupar. El lugar sigue como estaba.")


def _page(
    call: OpenCall, status: int = 200, *, fault: str = "", form: CallContactForm | None = None
) -> ResponseReturnValue:
    now = clock.now()
    people = registrations.decrypt_people(key_store(), call.parties)
    contact_form = form or CallContactForm(call.parties)
    if form is None:
        first = people[call.parties[0].id]
        contact_form.name.data = "" if first.name == UNNAMED else first.name
        contact_form.needs.data = list(call.parties[0].needs)
    with store().read() as session:
        shown = [
            HeldParty(
                registration=each,
                script=call_script.write_held(each, each.language),
                is_waiting=each.apparent_status is not RegistrationStatus.CONFIRMED,
                people_choices=list_people(each),
                dates=list_dates(session, each, now),
            )
            for each in call.parties
        ]
    next_params = CallParams.read(request.args, now=now)
    ends = call.ends_at
    return page(
        "call_centre/held",
        status,
        call=call,
        shown=shown,
        form=contact_form,
        has_contact=any(each.address for each in people.values()),
        faults=dict(contact_form.faults) if status == 422 else {},
        fault=fault,
        done_message=_done_message(request.args.get("hecho", "")),
        seconds=_read_seconds(),
        missing="faltan" in request.args,
        ends=hour(clock.at_headquarters(ends).time()) if ends else "",
        same_call=next_params.address(
            llamada=call.call_id, idioma=call.parties[0].language, donde="", tipo="", inicio=""
        ),
        need_words=availability.need_words,
    )


def _read_seconds() -> int:
    typed = request.args.get("en", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 4 else 0


def _done_message(done: str) -> str:
    words: dict[str, str] = {
        "aviso": _("Guardado."),
        "mensaje": _("Guardado. El mensaje sale en un momento; de noche, a las 8 de la mañana."),
    }
    return words.get(done, "")


def _go_to_call(call: OpenCall) -> ResponseReturnValue:
    return redirect(f"{CALLS_PATH}/{call.call_id}", 303)


def _go_to_search(done: str) -> ResponseReturnValue:
    return redirect(f"{CALLS_PATH}?hecho={done}", 303)
