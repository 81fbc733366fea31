"""`/org/llamada`: where the person calls from and for what; a place is held with one key.

The list is of dates, never of people.
"""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Final

from flask import redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock, i18n
from outreach.domain import workshops
from outreach.domain.audit import audit_log
from outreach.domain.call_centre import call_holds
from outreach.domain.network.staff import Permission
from outreach.errors import NotFound
from outreach.i18n import gettext as _
from outreach.web.context import store
from outreach.web.error_messages import PageRefused
from outreach.web.forms import form_token
from outreach.web.middleware import request_retry
from outreach.web.middleware.reference_cache import reference
from outreach.web.presentation import place_words
from outreach.web.staff.call_centre import blueprint, call_script, holding, offers
from outreach.web.staff.call_centre.call_params import MAX_PEOPLE, CallParams
from outreach.web.staff.call_centre.holding import HoldRequest
from outreach.web.staff.call_centre.offers import FoundOffers
from outreach.web.staff.common.guards import CALLS_PATH, current_staff, page
from outreach.web.staff.common.permissions import Scope, requires

MAX_CHOICES: Final = 8  # places of a name


@blueprint.get("/llamada")
@requires(Scope.NETWORK, Permission.CALLS)
def search() -> ResponseReturnValue:
    return _page(CallParams.read(request.args, now=clock.now()))


@blueprint.post("/llamada")
@requires(Scope.NETWORK, Permission.CALLS)
@request_retry.repeatable
def hold() -> ResponseReturnValue:
    """Holds the date of the pressed button (`one`), or all that are ticked (`workshop`)."""
    now = clock.now()
    params = CallParams.read(request.form, now=now)
    one, nonce = request.form.get("one", ""), request.form.get("nonce", "")
    ids = list(dict.fromkeys([one] if one else request.form.getlist("workshop")))
    if not request_retry.NONCE.fullmatch(nonce):
        return _page(params, 422, fault=_("Busca otra vez y elige una fecha."))
    if not 1 <= len(ids) <= offers.MAX_OFFERS:
        return _page(params, 422, fault=_("Elige una fecha."))
    agent = current_staff().organizer_id
    with store().read() as session:
        is_own = call_holds.is_free_or_own(session, params.call_id, agent)
        before = call_holds.list_of_call(session, params.call_id, agent, now=now)
    if not is_own or len(before) + len(ids) > call_holds.MAX_PARTIES:
        return _page(params, 422, fault=_("Esta llamada ya tiene muchos lugares. Empieza otra."))
    faults = [fault for each in ids if (fault := _hold(each, params, nonce, now))]
    if len(faults) == len(ids):
        return _page(params, 409, fault=faults[0])
    missing = f"&faltan={len(faults)}" if faults else ""
    seconds = max(1, params.seconds(now))  # begun seconds
    return redirect(f"{CALLS_PATH}/{params.call_id}?en={seconds}{missing}", 303)


def _hold(public_id: str, params: CallParams, nonce: str, now: datetime) -> str:
    """Holds one date; returns why it could not be held, or nothing."""
    try:
        with store().read() as session:
            workshop = workshops.find_public(session, public_id)
    except NotFound:
        return _("Ese taller ya no aparta lugares.")
    wanted = HoldRequest(
        workshop,
        slot=request.form.get(f"slot-{public_id}", "")[:5] if workshop.has_slots else "",
        has_consent=public_id in request.form.getlist("consent"),
    )
    try:
        holding.hold(wanted, params, nonce, now=now)
    except PageRefused as refusal:
        return refusal.message
    return ""


def _page(params: CallParams, status: int = 200, *, fault: str = "") -> ResponseReturnValue:
    now, known = clock.now(), reference()
    agent = current_staff().organizer_id
    found: FoundOffers | None = None
    with store().read() as session:
        if params.is_asked:
            found = offers.find(session, params, known, now=now)
        broken = call_holds.list_broken(session, agent, now=now)
        is_same_call = bool(call_holds.list_of_call(session, params.call_id, agent, now=now))
        held_today = audit_log.count_by(
            session, agent, "place held by phone", since=_day_start(now)
        )
    first = found.first if found is not None else None
    return page(
        "call_centre/search",
        status,
        params=params,
        fault=fault,
        done_message=_done_message(request.args.get("hecho", "")),
        kinds=known.kinds,
        languages=[(code, i18n.NAMES[code]) for code in i18n.list_languages()],
        people_choices=range(1, MAX_PEOPLE + 1),
        found=found,
        place=place_words.location_name(found.where) if found is not None else "",
        choices=_list_choices(found),
        script=call_script.write_offer(first, params.language) if first is not None else None,
        nonce=form_token.nonce(),
        broken=broken,
        is_same_call=is_same_call,
        held_today=held_today,
        seconds=params.seconds(now),
        zone=clock.headquarters_zone(),
    )


def _day_start(now: datetime) -> datetime:
    """Returns when this day began by the clock of headquarters, which the call centre uses."""
    return clock.instant(clock.network_day(now), time(0), clock.headquarters_zone())


def _list_choices(found: FoundOffers | None) -> Sequence[place_words.PlaceLink]:
    if found is None or found.is_one_place:
        return ()
    return place_words.links((found.where.others or found.where.guesses)[:MAX_CHOICES])


def _done_message(done: str) -> str:
    words: dict[str, str] = {
        "suelto": _("Se soltó. No queda nada de esa persona."),
        "terminada": _("Esa llamada ya terminó. Para cambiar un lugar, pide su código."),
        "cortada": _("Si no la confirmas, su lugar se suelta solo en 30 minutos."),
        "texto": _("Su código va por mensaje: el lugar se queda."),
    }
    return words.get(done, "")
