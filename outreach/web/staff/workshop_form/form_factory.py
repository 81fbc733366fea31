"""Builds the workshop form from a workshop, from the defaults of a kind, or from typed fields."""

from dataclasses import dataclass, replace
from datetime import date, time
from hashlib import sha256
from typing import Any, Final

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import Field

from outreach import clock
from outreach.domain.locations import venues
from outreach.domain.network import kinds
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_data, workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus, partners, series
from outreach.domain.workshops.partners import ChosenPartners
from outreach.errors import NotFound
from outreach.web.middleware.reference_cache import reference
from outreach.web.staff.common.form_fields import with_merged_venue
from outreach.web.staff.workshop_form.workshop_form import BY_VENUE, WorkshopForm, values_of

NOON: Final = time(12, 0)


def form_of(
    session: Session,
    office: Office,
    typed: MultiDict[str, str] | None,
    *,
    workshop: Workshop | None = None,
    chosen: ChosenPartners | None = None,
    values: dict[str, Any] | None = None,
) -> WorkshopForm:
    """The form with the typed fields or, without them, with these values. Its lists hold what the
    office uses, and what the workshop already has; `chosen` are its partners, if they are read."""
    typed = with_merged_venue(session, typed, "venue")
    if chosen is None and workshop is not None:
        chosen = partners.get_chosen(session, workshop)
    chosen = chosen or ChosenPartners()
    venue_id = workshop.venue.id if workshop is not None and workshop.venue else None
    is_draft = workshop is None or workshop.status is WorkshopStatus.DRAFT
    return WorkshopForm(
        typed,
        office=office,
        kinds=kinds_of(office),
        venues=[
            each
            for each in venues.list_venues(session, office)
            if each.retired_at is None or each.id == venue_id
        ],
        all_series=series.list_series(session, office),
        partners=[
            each
            for each in partners.list_partners(session, office)
            if each.retired_at is None or each.id in chosen.partners
        ],
        speakers=[
            each
            for each in partners.list_speakers(session, office)
            if each.retired_at is None or each.id in chosen.speakers
        ],
        is_unpublished=is_draft,
        is_draft=is_draft and (typed is None or typed.get("action") != "publish"),
        values=values,
    )


def of_workshop(session: Session, workshop: Workshop) -> WorkshopForm:
    chosen = partners.get_chosen(session, workshop)
    saved = _saved(workshop, chosen)
    values = saved | {"seen": _hash(workshop, saved)}
    return form_of(session, workshop.office, None, workshop=workshop, chosen=chosen, values=values)


def fingerprint(workshop: Workshop, chosen: ChosenPartners) -> str:
    """A hash of the saved fields of the form and of whether the workshop is cancelled, which
    detects a change by somebody else."""
    return _hash(workshop, _saved(workshop, chosen))


def _hash(workshop: Workshop, saved: dict[str, Any]) -> str:
    return sha256(repr((saved, workshop.is_cancelled)).encode()).hexdigest()[:16]


def _saved(workshop: Workshop, chosen: ChosenPartners) -> dict[str, Any]:
    return values_of(workshop_service.get_data(workshop)) | {
        "partners": sorted(str(each) for each in chosen.partners),
        "speakers": sorted(str(each) for each in chosen.speakers),
    }


@dataclass(frozen=True)
class GivenPlace:
    """The day, hour and venue (its id, as text) that a new workshop begins with."""

    day: date | None = None
    starts: time | None = None
    venue: str = ""


def of_kind(
    session: Session, office: Office, kind: Kind, given: GivenPlace = GivenPlace()
) -> WorkshopForm:
    """The form of a new workshop with the defaults of its kind; day, hours and venue are empty
    where `given` has none."""
    today = clock.now().astimezone(office.zone).date()
    base = workshop_data.from_kind(kind, office, given.day or today, given.starts or NOON)
    data = replace(base, phone=office.phone)
    values = values_of(data)
    if given.day is None:
        values["day"] = None
    if given.starts is None:
        values |= dict.fromkeys(("starts", "ends"))
    if given.venue:
        values["venue"] = given.venue
    values["filled_by"] = kind.code
    if kind.is_discreet:
        values["visibility"] = BY_VENUE
    return form_of(session, office, None, values=values)


def change_kind(session: Session, office: Office, typed: MultiDict[str, str]) -> WorkshopForm:
    """The form after the kind was changed: untouched fields get the defaults of the new kind."""
    form = form_of(session, office, typed)
    try:
        before = of_kind(session, office, kinds.find(session, form.filled_by.data or ""))
        after = of_kind(session, office, kinds.find(session, form.kind.data or ""))
    except NotFound:
        return form
    filled = MultiDict(typed)
    for field in form:
        if field.name != "kind" and _is_untouched(field, before[field.name]):
            filled.setlist(field.name, _as_sent(after[field.name]))
    return form_of(session, office, filled)


def kinds_of(office: Office) -> list[Kind]:
    """The kinds that are held in the country of the office; read only."""
    return [kind for kind in reference().kinds if kind.is_given_in(office.country)]


def _is_untouched(field: Field, default: Field) -> bool:
    return not field.process_errors and (field.data or None) == (default.data or None)


def _as_sent(field: Field) -> list[str]:
    """The values that a browser would send for a field."""
    if isinstance(field.data, bool):
        return ["yes"] if field.data else []
    if isinstance(field.data, list):
        return field.data
    return [field._value() if hasattr(field, "_value") else field.data or ""]
