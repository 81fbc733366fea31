"""What the staff is told of a date before a workshop is made on it, and making those that are
ticked: the same from a repetition, a month at once, or a clone."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import request
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.scheduling import recurrence
from outreach.domain.scheduling.bulk import BulkOutcome
from outreach.domain.scheduling.recurrence import DateProposal
from outreach.domain.scheduling.workshop_service import WorkshopData
from outreach.domain.workshops import Workshop
from outreach.i18n import gettext as _
from outreach.web.context import config, store
from outreach.web.presentation.formatting import hour as hour_words
from outreach.web.presentation.workshop_cards import CardTag
from outreach.web.staff.common.guards import log_workshop_action

_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass(frozen=True)
class DateWarning:
    """One thing one wants to know of a date: a tag, and a few words more."""

    tag: CardTag
    more: str = ""


@dataclass(frozen=True)
class ProposalLine:
    """A workshop that many things are to be done to, and what it would come to."""

    workshop: Workshop
    outcome: BulkOutcome | None  # None: not tried yet
    warned: list[DateWarning]


def warnings(proposal: DateProposal) -> list[DateWarning]:
    plan, said = proposal.plan, []
    if proposal.is_skipped:
        more = _(
            "El reloj se adelanta y no existen las %(hour)s. Elige otra hora para este día.",
            hour=hour_words(plan.starts),
        )
        said.append(DateWarning(CardTag(_("No se puede"), "tag-bad"), more))
    for each in proposal.holidays:
        name = _("%(name)s, México", name=each.name) if each.is_home else each.name
        said.append(
            DateWarning(CardTag(name, "tag-bad"), _("Día feriado: la sede puede estar cerrada"))
        )
    if proposal.is_twin:
        said.append(
            DateWarning(CardTag(_("Ya hay uno igual"), "tag-bad"), _("El mismo tipo, a esa hora"))
        )
    elif proposal.has_sibling:
        said.append(
            DateWarning(CardTag(_("Ya hay uno de este tipo"), "tag-warn"), _("A otra hora"))
        )
    if proposal.busy_until is not None:
        until = hour_words(proposal.busy_until.astimezone(plan.zone).time())
        more = _("«%(title)s» hasta las %(hour)s", title=proposal.busy, hour=until)
        said.append(DateWarning(CardTag(_("Sede ocupada"), "tag-warn"), more))
    if proposal.is_doubled:
        more = _("Esa hora se repite: empieza la primera vez.")
        said.append(DateWarning(CardTag(_("Se atrasa el reloj"), "tag-warn"), more))
    elif proposal.is_day_of_change and not proposal.is_skipped:
        said.append(DateWarning(CardTag(_("Ese día cambia la hora"), "tag-warn")))
    return said


def warned(
    session: Session, outcomes: Sequence[BulkOutcome], chosen: Sequence[Workshop]
) -> Mapping[str, list[DateWarning]]:
    """What would be in the way of what is moved, on its new day and at its new hour."""
    plans = {
        each.public_id: each.plan for each in outcomes if each.plan is not None and each.changed
    }
    there = recurrence.propose(session, list(plans.values()), ignoring={each.id for each in chosen})
    return {public_id: warnings(proposal) for public_id, proposal in zip(plans, there, strict=True)}


def clock_changes(proposals: Sequence[DateProposal], zone: ZoneInfo) -> list[date]:
    """The days between the first and the last on which the clock changes there."""
    days = [each.plan.day for each in proposals]
    return recurrence.list_clock_changes(min(days), max(days), zone) if days else []


def new_nonce() -> str:
    return secrets.token_urlsafe(16)


def typed_nonce() -> str:
    """The number of the form, that makes one set; a new one where there is none."""
    nonce = request.form.get("nonce", "")
    return nonce if _NONCE.fullmatch(nonce) else new_nonce()


def make(
    plans: Sequence[WorkshopData],
    session: Session,
    *,
    nonce: str,
    detail: str,
    source: Workshop | None = None,
) -> list[Workshop]:
    """Makes them, published where the form asks for it, and writes down each; who gives `source`
    gives them too. Raises Refused."""
    is_public = request.form.get("action") == "publish"
    made = recurrence.create_workshops(
        session,
        plans,
        nonce=nonce,
        now=clock.now(),
        is_public=is_public,
        phone=config().phone,
        source=source,
    )
    for workshop in made:
        log_workshop_action(session, workshop, "workshop created", detail)
        if is_public:
            log_workshop_action(session, workshop, "workshop published")
    return made


def is_made(nonce: str, error: sa.exc.IntegrityError) -> None:
    """The same form came twice at one moment, and the other one was first. Raises the error where
    it was something else."""
    with store().read() as session:
        if not recurrence.has_created(session, nonce):
            raise error


def done(month: date) -> str:
    """The address of the list that says so."""
    what = "publicados" if request.form.get("action") == "publish" else "borradores"
    return f"/org/talleres?mes={clock.Month.of(month)}&hecho={what}"
