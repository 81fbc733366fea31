"""Warnings about proposed dates, and creation of the ticked ones.

`repeat`, `month_planner` and `duplicate` share it.
"""

import re
import secrets
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import request
from sqlalchemy.orm import Session

from outreach import clock, network_profile
from outreach.domain.audit.audit_log import Details
from outreach.domain.scheduling import recurrence
from outreach.domain.scheduling.bulk import BulkOutcome
from outreach.domain.scheduling.recurrence import DateProposal
from outreach.domain.scheduling.workshop_data import WorkshopData
from outreach.domain.workshops import Workshop
from outreach.domain.workshops.publish_checks import PublishWarning
from outreach.formats import country_name
from outreach.i18n import current, say
from outreach.i18n import gettext as _
from outreach.web.context import config, store
from outreach.web.presentation.formatting import hour as hour_words
from outreach.web.presentation.workshop_cards import CardTag
from outreach.web.staff.common import publish_warnings
from outreach.web.staff.common.guards import log_workshop_action

_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass(frozen=True)
class DateWarning:
    """A warning about a date: a tag, and an explanation that may be empty."""

    tag: CardTag
    more: str = ""


@dataclass(frozen=True)
class ProposalLine:
    """A workshop in the table of a bulk action, with its outcome."""

    workshop: Workshop
    outcome: BulkOutcome | None  # None before the dry run
    warned: list[DateWarning]


def warnings(proposal: DateProposal) -> list[DateWarning]:
    """Returns what the staff should know before a workshop is created on this date."""
    data, found = proposal.data, []
    if proposal.is_skipped:
        more = _(
            "El reloj se adelanta y no existen las %(hour)s: elige otra hora para este día.",
            hour=hour_words(data.starts),
        )
        found.append(DateWarning(CardTag(_("No se puede"), "tag-bad"), more))
    for each in proposal.holidays:
        name = say(each.names, current())
        if each.is_home:
            country = country_name(network_profile.current().home_country, current())
            name = _("%(name)s, %(country)s", name=name, country=country)
        found.append(
            DateWarning(CardTag(name, "tag-bad"), _("Día feriado: la sede puede estar cerrada"))
        )
    if proposal.is_twin:
        found.append(
            DateWarning(CardTag(_("Ya hay uno igual"), "tag-bad"), _("El mismo tipo, a esa hora"))
        )
    elif proposal.has_sibling:
        found.append(
            DateWarning(CardTag(_("Ya hay uno de este tipo"), "tag-warn"), _("A otra hora"))
        )
    if proposal.busy_until is not None:
        until = hour_words(proposal.busy_until.astimezone(data.zone).time())
        more = _("«%(title)s» hasta las %(hour)s", title=proposal.busy, hour=until)
        found.append(DateWarning(CardTag(_("Sede ocupada"), "tag-warn"), more))
    if proposal.is_doubled:
        more = _("Esa hora se repite: empieza la primera vez.")
        found.append(DateWarning(CardTag(_("Se atrasa el reloj"), "tag-warn"), more))
    elif proposal.is_day_of_change and not proposal.is_skipped:
        found.append(DateWarning(CardTag(_("Ese día cambia la hora"), "tag-warn")))
    return found


def warnings_by_workshop(
    session: Session, outcomes: Sequence[BulkOutcome], chosen: Sequence[Workshop]
) -> Mapping[str, list[DateWarning]]:
    """The warnings about the new dates of moved workshops, by their public id."""
    entries = {
        each.public_id: each.data for each in outcomes if each.data is not None and each.changed
    }
    proposals = recurrence.propose(
        session, list(entries.values()), ignoring={each.id for each in chosen}
    )
    return {
        public_id: warnings(proposal)
        for public_id, proposal in zip(entries, proposals, strict=True)
    }


def clock_changes(proposals: Sequence[DateProposal], zone: ZoneInfo) -> list[date]:
    """The days between the first and the last date on which the clock changes in the zone."""
    days = [each.data.day for each in proposals]
    return recurrence.list_clock_changes(min(days), max(days), zone) if days else []


def new_nonce() -> str:
    return secrets.token_urlsafe(16)


def typed_nonce() -> str:
    """The nonce of the form, which creates one set of workshops; a new one without."""
    nonce = request.form.get("nonce", "")
    return nonce if _NONCE.fullmatch(nonce) else new_nonce()


def create(
    entries: Sequence[WorkshopData],
    session: Session,
    *,
    nonce: str,
    details: Details,
    source: Workshop | None = None,
    known: Set[PublishWarning] = frozenset(),
) -> list[Workshop]:
    """Creates the workshops, published if the form says so, with the partners of `source`, and logs
    each. Raises Refusal, and NeedsConfirmations for warnings that the page has not shown yet,
    except the `known` ones."""
    is_public = request.form.get("action") == "publish"
    created = recurrence.create_workshops(
        session,
        entries,
        nonce=nonce,
        now=clock.now(),
        is_public=is_public,
        phone=config().phone,
        source=source,
    )
    if is_public:
        publish_warnings.require_confirmed(session, created, known=known)
    for workshop in created:
        log_workshop_action(session, workshop, "workshop created", details)
        if is_public:
            log_workshop_action(session, workshop, "workshop published")
    return created


def require_same_form(nonce: str, error: sa.exc.IntegrityError) -> None:
    """Checks after an IntegrityError that the same form was sent twice at once, so that the other
    request created the workshops. Raises the error if it had another cause."""
    with store().read() as session:
        if not recurrence.has_created(session, nonce):
            raise error


def done_address(month: date) -> str:
    """The address of the list, with the message that the workshops were created."""
    what = "publicados" if request.form.get("action") == "publish" else "borradores"
    return f"/org/talleres?mes={clock.Month.from_day(month)}&hecho={what}"
