"""The proposals to an office, for its staff: read, made a draft, or declined."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.locations import venues
from outreach.domain.locations.venue_fields import VenueData
from outreach.domain.locations.venues import Venue
from outreach.domain.network import kinds, offices
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import workshop_data, workshop_service
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound, Refusal
from outreach.extensions.proposals import erasure, proposals
from outreach.extensions.proposals.form import PART_WORDS, may_be_proposed
from outreach.extensions.proposals.proposals import OpenProposal
from outreach.extensions.proposals.tables import ProposalAnswer
from outreach.i18n import gettext as _
from outreach.i18n import ngettext
from outreach.web import error_messages
from outreach.web.context import config, key_store, store
from outreach.web.middleware.reference_cache import reference
from outreach.web.staff.common.guards import (
    has_permission,
    log_office_action,
    log_workshop_action,
    offices_with,
    render_page,
    require_permission,
)
from outreach.web.staff.common.permissions import Scope, requires

staff_pages = Blueprint(
    "proposals", __name__, url_prefix="/propuestas", template_folder="templates"
)

PATH = "/org/propuestas"


@staff_pages.get("")
@requires(Scope.CHOSEN_OFFICE, Permission.CONTACTS)
def list_proposals() -> ResponseReturnValue:
    return _show()


@staff_pages.post("/<proposal_id>/borrador")
@requires(Scope.CHOSEN_OFFICE, Permission.CONTACTS)
def make_draft(proposal_id: str) -> ResponseReturnValue:
    """Makes a draft of a proposal, at a venue that is unverified, and opens it."""
    proposal = _find(proposal_id)
    now = clock.now()
    if not proposals.answer(key_store(), proposal, ProposalAnswer.DRAFTED):
        return redirect(f"{PATH}?hecho=antes", 303)
    try:
        with store().change() as session:
            workshop = _make_workshop(session, proposal, now)
            public_id = workshop.public_id
    except (Refusal, NotFound) as error:
        proposals.take_back(key_store(), proposal)
        fault = (
            error_messages.say(error)
            if isinstance(error, Refusal)
            else _("Ese tipo de taller ya no se puede proponer.")
        )
        return _show(fault=fault)
    except BaseException:
        proposals.take_back(key_store(), proposal)
        raise
    proposals.enqueue_letter(key_store(), proposal, ProposalAnswer.DRAFTED, now=now)
    return redirect(f"/org/talleres/{public_id}/editar", 303)


@staff_pages.post("/<proposal_id>/no")
@requires(Scope.CHOSEN_OFFICE, Permission.CONTACTS)
def decline(proposal_id: str) -> ResponseReturnValue:
    proposal = _find(proposal_id)
    is_first = proposals.answer(key_store(), proposal, ProposalAnswer.DECLINED)
    if is_first:
        proposals.enqueue_letter(key_store(), proposal, ProposalAnswer.DECLINED, now=clock.now())
    return redirect(f"{PATH}?hecho={'no' if is_first else 'antes'}", 303)


@staff_pages.post("/<proposal_id>/borrar")
@requires(Scope.CHOSEN_OFFICE, Permission.CONTACTS)
def erase(proposal_id: str) -> ResponseReturnValue:
    """Deletes a proposal without an answer, as one that is no proposal."""
    erasure.erase(store(), key_store(), config(), _find(proposal_id).id)
    return redirect(f"{PATH}?hecho=borrada", 303)


def _show(*, fault: str = "") -> ResponseReturnValue:
    with store().read() as session:
        own = {each.slug: each for each in offices_with(session, Permission.CONTACTS)}
    own = {slug: each for slug, each in own.items() if has_permission(Permission.EDIT, slug)}
    done: dict[str, str] = {
        "no": _("Le escribimos que no, si dejó su correo."),
        "antes": _("Alguien la contestó antes."),
        "borrada": _("Se borró."),
    }
    return render_page(
        "proposals/list.html",
        422 if fault else 200,
        found=proposals.list_of(key_store(), own),
        offices=own,
        kinds={each.code: each.short_name for each in reference().kinds},
        parts=PART_WORDS,
        fault=fault,
        done=done.get(request.args.get("hecho", ""), ""),
    )


def _find(proposal_id: str) -> OpenProposal:
    """Returns a proposal to one of the staff member's offices. Raises NotFound and
    PermissionMissing."""
    try:
        found = proposals.find_by_id(key_store(), bytes.fromhex(proposal_id))
    except ValueError:
        raise NotFound("proposal") from None
    for each in (Permission.CONTACTS, Permission.EDIT):
        require_permission(each, found.office)
    return found


def _make_workshop(session: Session, proposal: OpenProposal, now: datetime) -> Workshop:
    """Stores the draft. Raises Refusal, and NotFound where its kind may not be proposed any
    more."""
    details, office = proposal.details, offices.find(session, proposal.office)
    kind = kinds.find(session, details.kind)
    if not may_be_proposed(kind):
        raise NotFound("kind")
    wanted = details.days[0]
    data = workshop_data.from_kind(kind, office, wanted.day, wanted.part.starts)
    begins = datetime.combine(wanted.day, wanted.part.starts, UTC)
    data = replace(
        data,
        venue=_find_or_add_venue(session, office, proposal, now),
        ends=(begins + timedelta(minutes=kind.minutes)).time(),
        capacity=details.people,
    )
    workshop = workshop_service.create(session, data, now=now)
    log_workshop_action(session, workshop, "workshop created")
    return workshop


def _find_or_add_venue(
    session: Session, office: Office, proposal: OpenProposal, now: datetime
) -> Venue:
    """The venue of that name and address, or a new one that is unverified."""
    details = proposal.details
    for each in venues.list_venues(session, office):
        if (each.name, each.address, each.city) == (details.place, details.address, details.city):
            return each
    data = VenueData(
        name=details.place,
        address=details.address,
        city=details.city,
        region=details.region,
        zone=office.zone,
    )
    venue = venues.add(session, office, data, now=now, is_unverified=True)
    log_office_action(session, office.slug, "venue created", {"venue": venue.id})
    return venue


def render_queue_line(slugs: Collection[str]) -> Markup:
    """Returns the folded line above the queue; empty without proposals."""
    count = _count(slugs)
    if not count:
        return Markup()
    words = ngettext("%(num)d propuesta de taller", "%(num)d propuestas de talleres", count)
    return Markup('<p class="notice"><a href="{}">{}</a></p>').format(PATH, words)


def render_number(slugs: Collection[str]) -> Markup:
    """Returns the number on the page of today; empty without proposals."""
    count = _count(slugs)
    if not count:
        return Markup()
    return Markup('<a href="{}"><b>{}</b><span>{}</span></a>').format(
        PATH, count, _("Propuestas de talleres")
    )


def _count(slugs: Collection[str]) -> int:
    own = [each for each in slugs if has_permission(Permission.CONTACTS, each)]
    return proposals.count_open(key_store(), own) if own else 0
