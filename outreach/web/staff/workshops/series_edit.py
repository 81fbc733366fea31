"""Applies what was changed on one date of a series to the following dates, or to all of them.

A page shows what would happen to each date; then the change applies to all ticked dates or to none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from outreach import clock
from outreach.domain.audit.audit_log import Details
from outreach.domain.network.staff import Permission
from outreach.domain.registrations.change_notifications import (
    LATER,
    NO_REACH,
    NotifyDecision,
)
from outreach.domain.scheduling import bulk, workshop_service
from outreach.domain.scheduling.bulk import PARTNERS, BulkOutcome, SameForAll, When
from outreach.domain.workshops import Workshop, partners
from outreach.domain.workshops.fields import NAMES
from outreach.errors import NotFound, Refusal
from outreach.i18n import current, say
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import config, key_store, store
from outreach.web.error_messages import PageRefused
from outreach.web.presentation.formatting import first_capital
from outreach.web.staff.common import field_labels, notify_sheet, workshop_labels
from outreach.web.staff.common.guards import find_workshop, log_workshop_action, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.scheduling import date_proposal
from outreach.web.staff.scheduling.date_proposal import ProposalLine
from outreach.web.staff.workshops import blueprint

# Fields that each date has for itself; the time zone follows the venue.
_OWN: Final = {"office", "series", "day", "starts", "ends", "zone"}
SHARED_FIELDS: Final = (
    *(name for name in NAMES if name not in _OWN),
    PARTNERS,
)
MAX_MINUTES: Final = 366 * 24 * 60  # that a date may be moved
_MINUTES_A_DAY: Final = 24 * 60


@dataclass(frozen=True)
class SeriesEditRequest:
    """The fields to copy from this date, to which dates, and by how many days and minutes these
    move."""

    names: tuple[str, ...]
    only_following: bool
    days: int
    minutes: int
    longer: int

    @property
    def has_changes(self) -> bool:
        return bool(self.names or self.days or self.minutes or self.longer)

    def act(self, source: Workshop, decision: NotifyDecision) -> SameForAll:
        return SameForAll(
            source,
            frozenset(self.names),
            self.days * _MINUTES_A_DAY + self.minutes,
            self.longer,
            decision,
        )


@blueprint.get("/talleres/<public_id>/serie")
@requires(Scope.WORKSHOP, Permission.EDIT)
def edit_series(public_id: str) -> ResponseReturnValue:
    return _ask(public_id, request.args)


@blueprint.post("/talleres/<public_id>/serie")
@requires(Scope.WORKSHOP, Permission.EDIT)
def update_series(public_id: str) -> ResponseReturnValue:
    typed = request.form
    try:
        moved, batch = _change(public_id, typed)
    except Refusal as refusal:
        return _ask(public_id, typed, fault=error_messages.say(refusal))
    for number, forget_on in moved.items():
        # The key of each registration is destroyed as many days after the new day.
        key_store().move(number, forget_on)
    return redirect(f"/org/talleres/{public_id}?hecho=serie&lote={batch}", 303)


def _change(public_id: str, typed: MultiDict[str, str]) -> tuple[Mapping[int, Any], str]:
    """Changes the ticked dates. Returns the day on which the data of each moved workshop is erased,
    by the id of the workshop, and the batch that undoes the changes."""
    with store().change() as session:
        workshop = find_workshop(session, public_id)
        edit, ticked = _read_request(typed), set(typed.getlist("t"))
        dates = [each for each in _dates(session, workshop, edit) if each.public_id in ticked]
        if not ticked or not edit.has_changes:
            raise PageRefused(_("Elige qué cambiar, y en qué fechas."))
        if len(dates) != len(ticked):
            raise NotFound("date of a series")
        decision = notify_sheet.read_decision()
        act = edit.act(workshop, decision)
        outcomes = bulk.execute(session, dates, act, now=clock.now())
        notify_sheet.require_decision(session, dates, decision)
        for date, outcome in zip(dates, outcomes, strict=True):
            if outcome.changed:
                details: Details = {"same_as": public_id, "fields": sorted(outcome.changed)}
                log_workshop_action(session, date, "workshop changed", details)
        moved = {
            date.id: date.day + timedelta(days=date.retention_days)
            for date, outcome in zip(dates, outcomes, strict=True)
            if outcome.changed & {"day", "retention_days"}
        }
        return moved, decision.batch


def _ask(public_id: str, typed: MultiDict[str, str], *, fault: str = "") -> Response:
    edit = _read_request(typed)
    tried = _dry_run(public_id, edit) if edit.has_changes else {}
    outcomes = [outcome for outcome, _warned in tried.values()]
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        every = bulk.list_series_dates(session, workshop, only_following=False)
        following = bulk.list_series_dates(session, workshop, only_following=True)
        shown = following if edit.only_following else every
        return page(
            "workshops/series_edit",
            422 if fault else 200,
            workshop=workshop,
            asked=edit,
            every=every,
            following=following,
            lines=[ProposalLine(each, *tried.get(each.public_id, (None, []))) for each in shown],
            offered=_offered_fields(session, workshop, every, edit),
            reach=sum((each.reach for each in outcomes), NO_REACH),
            possible=sum(1 for each in outcomes if each.changed),
            refused=sum(1 for each in outcomes if each.refusal),
            fault=fault,
            now=clock.now(),
            words=workshop_labels,
        )


def _dry_run(
    public_id: str, edit: SeriesEditRequest
) -> Mapping[str, tuple[BulkOutcome, list[date_proposal.DateWarning]]]:
    with store().change() as session:
        workshop = find_workshop(session, public_id)
        dates = _dates(session, workshop, edit)
        has_texts = bool(config().texts.url)
        act = edit.act(workshop, LATER)
        found = bulk.dry_run(session, dates, act, now=clock.now(), has_texts=has_texts)
        has_moved = edit.days or edit.minutes or "venue" in edit.names
        warned = date_proposal.warnings_by_workshop(session, found, dates) if has_moved else {}
        session.rollback()  # a dry run changes no feed
    return {each.public_id: (each, warned.get(each.public_id, [])) for each in found}


def _dates(session: Session, workshop: Workshop, edit: SeriesEditRequest) -> Sequence[Workshop]:
    return bulk.list_series_dates(session, workshop, only_following=edit.only_following)


def _read_request(typed: MultiDict[str, str]) -> SeriesEditRequest:
    """The parsed form; an unreadable value counts as absent."""
    named = [name for text in typed.getlist("campos") for name in text.split(",")]
    return SeriesEditRequest(
        names=tuple(name for name in SHARED_FIELDS if name in named),
        only_following=typed.get("alcance", "siguientes") != "todas",
        days=_number(typed.get("dias", ""), MAX_MINUTES // _MINUTES_A_DAY),
        minutes=_number(typed.get("minutos", ""), MAX_MINUTES),
        longer=_number(typed.get("durar", ""), _MINUTES_A_DAY),
    )


def _number(text: str, most: int) -> int:
    try:
        number = int(text[:8])
    except ValueError:
        return 0
    return number if abs(number) <= most else 0


def _offered_fields(
    session: Session, workshop: Workshop, others: Sequence[Workshop], edit: SeriesEditRequest
) -> list[tuple[str, str, str]]:
    """The fields that differ on another date or were chosen: name, label, value on this date."""
    return [
        (name, field_words(name), _value_words(session, workshop, name))
        for name in SHARED_FIELDS
        if name in edit.names or _is_different(session, workshop, others, name)
    ]


def _is_different(
    session: Session, workshop: Workshop, others: Sequence[Workshop], name: str
) -> bool:
    if name == PARTNERS:
        return not partners.are_alike(session, [workshop, *others])
    return any(getattr(each, name) != getattr(workshop, name) for each in others)


def when(workshop: Workshop) -> When:
    """The day and hours of a workshop."""
    return workshop.day, workshop.starts, workshop.ends


def changes_query(
    session: Session, workshop: Workshop, before: When, changed: frozenset[str]
) -> str:
    """The part of a query string that says what of a change could apply to other dates of the
    series; empty when there is nothing or no other date ahead."""
    ahead = bulk.list_series_dates(session, workshop, only_following=False)
    later, longer = bulk.compute_shift(before, when(workshop))
    if changed & {"partners", "speakers"}:
        changed |= {PARTNERS}
    query = {
        "campos": ",".join(name for name in SHARED_FIELDS if name in changed),
        "dias": later // _MINUTES_A_DAY if later % _MINUTES_A_DAY == 0 else 0,
        "minutos": later if later % _MINUTES_A_DAY else 0,
        "durar": longer,
    }
    if not any(query.values()) or not any(each.starts_at > clock.now() for each in ahead):
        return ""
    return "".join(f"&{name}={value}" for name, value in query.items() if value)


def offered_address(public_id: str) -> str:
    """The address of the page that applies the changes in the current query; empty without any."""
    edit = _read_request(request.args)
    if not edit.has_changes:
        return ""
    query = {
        "campos": ",".join(edit.names),
        "dias": edit.days,
        "minutos": edit.minutes,
        "durar": edit.longer,
    }
    text = "&".join(f"{name}={value}" for name, value in query.items() if value)
    return f"/org/talleres/{public_id}/serie?{text}"


def _value_words(session: Session, workshop: Workshop, name: str) -> str:
    if name == PARTNERS:
        return ", ".join(partners.list_names(session, workshop)) or _("Nadie más")
    value: Any = getattr(workshop_service.get_data(workshop), name)
    if name == "venue":
        return workshop_labels.place(workshop)
    if name == "kind":
        return str(say(value.name, current()) or value.code)
    if isinstance(value, bool):
        return str(_("Sí") if value else _("No"))
    if isinstance(value, dict):
        return str(say(value, current()))[:60]
    if isinstance(value, int):
        return str(value)
    return value if isinstance(value, str) and not hasattr(value, "name") else ""


def field_words(name: str) -> str:
    """The label of a workshop field: its usual one, unless this page says it otherwise."""
    labels: dict[str, str] = {
        "summary": _("De qué trata"),
        "way": _("Cómo se entra al taller"),
        "languages": _("Idioma"),
        "interpretation": _("Intérprete"),
        "facilitator": _("Quién lo da"),
        "phone": _("Teléfono para dudas"),
        "has_waiting_list": _("Lista de espera"),
        "retention_days": _("Cuándo se borran los datos"),
        "slot_minutes": _("Minutos de cada cita"),
        "support": _("Hasta cuántas personas atienden"),
        "confirm_days": _("Cuándo se pregunta quién viene"),
        "frees_silence": _("Quien no contesta pierde su lugar"),
        "is_shared": _("Mostrarlo también en los sitios de otras redes"),
        PARTNERS: _("Con quién se da"),
    }
    return labels.get(name) or first_capital(field_labels.field_words(name))
