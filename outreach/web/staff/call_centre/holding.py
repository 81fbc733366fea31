"""Holds places for who is on the telephone: ordinary registrations, by staff's own act (S29)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from outreach.domain import registrations
from outreach.domain.call_centre import call_holds
from outreach.domain.registrations import UNNAMED, RegistrationData
from outreach.domain.registrations.models import CODE_LENGTH
from outreach.domain.text import spoken_code
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound
from outreach.i18n import gettext as _
from outreach.web.context import key_store, store
from outreach.web.error_messages import PageRefused
from outreach.web.staff.call_centre import call_log
from outreach.web.staff.call_centre.call_params import CallParams
from outreach.web.staff.common import staff_booking
from outreach.web.staff.common.guards import current_staff


@dataclass(frozen=True)
class HoldRequest:
    """One date that the person chose. `slot` is its hour, as `10:20`; empty without slots."""

    workshop: Workshop
    slot: str
    has_consent: bool


def hold(wanted: HoldRequest, params: CallParams, nonce: str, *, now: datetime) -> None:
    """Holds one place of the call; posted again with the same nonce it is the same place. Raises
    PageRefused with a message for the agent where there is none to hold."""
    workshop = wanted.workshop
    form_id = key_store().form_id(f"{nonce} {workshop.public_id}")
    with store().read() as session:
        try:
            if registrations.find_duplicate(session, form_id) is not None:
                return
        except NotFound:  # it was released since
            raise PageRefused(
                _("Desde esta página ya se apartó ese lugar. Busca otra vez.")
            ) from None
    _require_place(wanted, params, now)
    data = RegistrationData(
        name=UNNAMED,
        people=params.people,
        language=params.language,
        slot=wanted.slot,
        channel=workshop.mode.channels[0].value,
        code=spoken_code(CODE_LENGTH),  # the phone line says what became of it
    )
    record = _record(workshop, params, form_id, now)
    staff_booking.save(staff_booking.CALL_CENTRE, workshop, data, form_id, record=record, now=now)


def _require_place(wanted: HoldRequest, params: CallParams, now: datetime) -> None:
    workshop = wanted.workshop
    if not workshop.is_open(now) or workshop.calls_people:
        raise PageRefused(_("Ese taller ya no aparta lugares."))
    if params.people > workshop.party_limit:
        raise PageRefused(_("Ahí no caben tantas personas en un registro."))
    if workshop.is_discreet and not wanted.has_consent:
        raise PageRefused(
            _("Pregúntale si acepta que guardemos su lugar, y márcalo. Sin eso no se aparta.")
        )


def _record(
    workshop: Workshop, params: CallParams, form_id: str, now: datetime
) -> Callable[[Session], None]:
    """Returns a function that stores, in the transaction of the registration, its call and an entry
    of the audit log."""

    def store_call(session: Session) -> None:
        party = registrations.find_duplicate(session, form_id)
        assert party is not None, "it has just been stored"
        agent = current_staff().organizer_id
        call_holds.add(session, party.id, params.call_id, agent, now=now)
        call_log.record(session, workshop, "place held by phone", {"people": params.people})

    return store_call
