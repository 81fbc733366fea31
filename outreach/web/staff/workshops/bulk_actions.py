"""Bulk actions on ticked workshops: publish, move, cancel, delete.

A page shows what would happen to each workshop; then the action applies to all of them or to none.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import Form
from wtforms.validators import NumberRange, Optional

from outreach import clock
from outreach.clock import Month
from outreach.domain import workshops
from outreach.domain.audit.audit_log import Details
from outreach.domain.locations import venues
from outreach.domain.locations.venues import Venue
from outreach.domain.network.staff import Permission
from outreach.domain.registrations.change_notifications import (
    LATER,
    NO_REACH,
    NotifyDecision,
)
from outreach.domain.scheduling import bulk
from outreach.domain.scheduling.bulk import Act, BulkOutcome, Publish, Reschedule
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound, Refusal
from outreach.i18n import gettext as _
from outreach.i18n import lazy, ngettext
from outreach.web import error_messages
from outreach.web.context import config, key_store, store
from outreach.web.error_messages import PageRefused
from outreach.web.presentation.workshop_cards import CardTag
from outreach.web.staff.common import notify_sheet, publish_warnings, workshop_labels
from outreach.web.staff.common.form_fields import (
    Choice,
    HourField,
    NumberField,
    with_merged_venue,
)
from outreach.web.staff.common.guards import (
    log_office_action,
    log_workshop_action,
    page,
    require_permission,
)
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.common.publish_warnings import NeedsConfirmations
from outreach.web.staff.scheduling import date_proposal
from outreach.web.staff.scheduling.date_proposal import DateWarning, ProposalLine
from outreach.web.staff.workshops import blueprint, cancel_workshop

MAX_DAYS: Final = 366  # that a move may shift a workshop


class BulkAction(StrEnum):
    PUBLISH = "publicar"
    MOVE = "mover"
    CANCEL = "cancelar"
    DELETE = "borrar"


_NOTIFYING: Final = frozenset({BulkAction.MOVE, BulkAction.CANCEL})  # people are told of these


class BulkForm(Form):
    """The options of a move and of a cancellation; all optional while the page is first shown."""

    dias = NumberField(
        validators=[
            Optional(),
            NumberRange(-MAX_DAYS, MAX_DAYS, lazy("Escribe un número de -366 a 366.")),
        ]
    )
    hora = HourField(validators=[Optional()])
    sede = Choice(default="")
    motivo = Choice(default="")

    def __init__(self, typed: MultiDict[str, str] | None, offered: Sequence[Venue]) -> None:
        super().__init__(typed)
        self.sede.choices = [
            ("", _("La que tiene cada uno")),
            *((str(number), name) for number, name in venues.get_distinct_names(offered).items()),
        ]
        self.motivo.choices = [("", _("Elige")), *cancel_workshop.reasons().items()]

    @property
    def faults(self) -> list[tuple[str, str]]:
        return [(field.name, str(fault)) for field in self for fault in field.errors[:1]]


@blueprint.get("/talleres/varios")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def bulk_form() -> ResponseReturnValue:
    return _ask(request.args)


@blueprint.post("/talleres/varios")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def bulk_apply() -> ResponseReturnValue:
    typed, now = request.form, clock.now()
    action = _action(typed)
    try:
        with store().change() as session:
            chosen = _chosen(session, typed.getlist("t"))
            form = _form(session, typed, chosen)
            if not form.validate() or not _is_complete(action, form):
                raise PageRefused(_missing_message(action, form))
            month = Month.from_day(chosen[0].day)
            numbers = {each.public_id: each.id for each in chosen}
            decision = notify_sheet.read_decision()
            act = _act(session, action, form, chosen, decision)
            outcomes = bulk.execute(session, chosen, act, now=now)
            if action in _NOTIFYING:
                notify_sheet.require_decision(session, chosen, decision)
            elif action is BulkAction.PUBLISH:
                publish_warnings.require_confirmed(session, chosen)
            _log_outcomes(session, chosen, action, form, outcomes)
            moved = {
                numbers[each.public_id]: each.data.day + timedelta(days=each.data.retention_days)
                for each in outcomes
                if each.data is not None and "day" in each.changed
            }
    except Refusal as refusal:
        return _ask(typed, fault=error_messages.say(refusal))
    except NeedsConfirmations:
        return _ask(typed, fault=_("No se publicó. Mira primero lo que dice cada taller."))
    for number, forget_on in moved.items():
        # The key of each registration is destroyed as many days after the new day.
        key_store().move(number, forget_on)
    undo = f"&lote={decision.batch}" if action in _NOTIFYING else ""
    return redirect(f"/org/talleres?mes={month}&hecho={action}&cuantos={len(outcomes)}{undo}", 303)


def _ask(typed: MultiDict[str, str], *, fault: str = "") -> Response:
    """Shows what the action would do to each workshop."""
    action, ids = _action(typed), typed.getlist("t")
    if not ids:
        return page("workshops/bulk_none", 422 if request.method == "POST" else 200)
    try:
        tried = _dry_run(typed, action, ids)
    except Refusal as refusal:
        return page("workshops/bulk_none", 422, fault=error_messages.say(refusal))
    outcomes = [outcome for outcome, _warned in tried.values()]
    with store().read() as session:
        chosen = _chosen(session, ids)
        form = _form(session, typed, chosen)
        form.validate()
        faults = ([("talleres", fault)] if fault else []) + form.faults
        lines = [ProposalLine(each, *tried.get(each.public_id, (None, []))) for each in chosen]
        return page(
            "workshops/bulk",
            422 if faults else 200,
            action=action,
            form=form,
            lines=lines,
            faults=faults,
            reach=sum((each.reach for each in outcomes), NO_REACH),
            sure=publish_warnings.confirming(session, chosen)
            if action is BulkAction.PUBLISH
            else "",
            possible=sum(1 for each in outcomes if not each.refusal and each.changed),
            refused=sum(1 for each in outcomes if each.refusal),
            month=Month.from_day(chosen[0].day),
            has_several_offices=len({each.office_id for each in chosen}) > 1,
            now=clock.now(),
            words=workshop_labels,
        )


def _dry_run(
    typed: MultiDict[str, str], action: BulkAction, ids: Sequence[str]
) -> Mapping[str, tuple[BulkOutcome, list[DateWarning]]]:
    """The outcome of the action for each workshop (by its public id), with warnings about its new
    date; empty while the target of a move is missing."""
    with store().change() as session:
        chosen = _chosen(session, ids)
        form = _form(session, typed, chosen)
        if not form.validate() or (action is BulkAction.MOVE and not _is_complete(action, form)):
            return {}
        act = _act(session, action, form, chosen, LATER)
        warned = _publish_warnings(session, chosen) if action is BulkAction.PUBLISH else {}
        has_texts = bool(config().texts.url)
        outcomes = bulk.dry_run(session, chosen, act, now=clock.now(), has_texts=has_texts)
        if action is BulkAction.MOVE:
            warned = date_proposal.warnings_by_workshop(session, outcomes, chosen)
        # The loaded objects are still shown; nothing of the dry run is written.
        session.expunge_all()
        session.rollback()
    return {each.public_id: (each, warned.get(each.public_id, [])) for each in outcomes}


def _publish_warnings(
    session: Session, chosen: Sequence[Workshop]
) -> Mapping[str, list[DateWarning]]:
    """The warnings before each draft is published, by its public id."""
    return {
        each.public_id: [
            DateWarning(CardTag(what, "tag-warn"), more)
            for what, more in publish_warnings.check(session, each).warnings
        ]
        for each in chosen
    }


def _chosen(session: Session, ids: Sequence[str]) -> Sequence[Workshop]:
    """The ticked workshops in order of time. Raises Refusal for too many or none, NotFound for
    those of another office."""
    public_ids = list(dict.fromkeys(ids))
    if not public_ids:
        raise PageRefused(_("Marca al menos un taller."))
    if len(public_ids) > bulk.MAX_WORKSHOPS:
        raise PageRefused(_("Son más de 200 talleres. Marca menos."))
    selected = workshops.find_all(session, public_ids)
    for slug in {each.office.slug for each in selected}:
        require_permission(Permission.EDIT, slug)
    return selected


def _form(session: Session, typed: MultiDict[str, str], chosen: Sequence[Workshop]) -> BulkForm:
    return BulkForm(with_merged_venue(session, typed, "sede"), _venues(session, chosen))


def _venues(session: Session, chosen: Sequence[Workshop]) -> Sequence[Venue]:
    """The venues that the workshops can be moved to; none when they belong to several offices."""
    if len({each.office_id for each in chosen}) != 1:
        return []
    return venues.list_selectable(session, chosen[0].office)


def _action(typed: MultiDict[str, str]) -> BulkAction:
    try:
        return BulkAction(typed.get("hacer", BulkAction.PUBLISH))
    except ValueError:
        raise NotFound("bulk action") from None


def _is_complete(action: BulkAction, form: BulkForm) -> bool:
    if action is BulkAction.MOVE:
        return bool(form.dias.data or form.hora.data is not None or form.sede.data)
    return bool(action is not BulkAction.CANCEL or form.motivo.data)


def _missing_message(action: BulkAction, form: BulkForm) -> str:
    if form.faults:
        return form.faults[0][1]
    if action is BulkAction.CANCEL:
        return str(_("Elige por qué se cancelan."))
    return str(_("Di cuántos días, a qué hora o a qué sede se mueven."))


def _act(
    session: Session,
    action: BulkAction,
    form: BulkForm,
    chosen: Sequence[Workshop],
    decision: NotifyDecision,
) -> Act:
    if action is BulkAction.MOVE:
        venue = (
            venues.find(session, chosen[0].office, int(form.sede.data)) if form.sede.data else None
        )
        return Reschedule(
            days=form.dias.data or 0, starts=form.hora.data, venue=venue, decision=decision
        )
    if action is BulkAction.PUBLISH:
        return Publish(phone=config().phone)
    return bulk.Cancel(decision) if action is BulkAction.CANCEL else bulk.delete_draft


def _log_outcomes(
    session: Session,
    chosen: Sequence[Workshop],
    action: BulkAction,
    form: BulkForm,
    outcomes: Sequence[BulkOutcome],
) -> None:
    count: Details = {"one_of": len(chosen)}
    for workshop, outcome in zip(chosen, outcomes, strict=True):
        if not outcome.changed:
            continue
        if action is BulkAction.DELETE:
            slug = workshop.office.slug
            log_office_action(session, slug, "workshop deleted", {"draft": outcome.public_id})
        elif action is BulkAction.CANCEL:
            log_workshop_action(
                session, workshop, "workshop cancelled", {"reason": form.motivo.data, **count}
            )
        elif action is BulkAction.PUBLISH:
            log_workshop_action(session, workshop, "workshop published", count)
        else:
            details: Details = {"fields": sorted(outcome.changed), **count}
            log_workshop_action(session, workshop, "workshop changed", details)


def done_message(action: str, count: int) -> str:
    """Returns what the list says after a bulk action; empty for an unknown one."""
    if action == BulkAction.PUBLISH:
        return ngettext("Publicamos %(num)d taller.", "Publicamos %(num)d talleres.", count)
    if action == BulkAction.MOVE:
        return ngettext("Movimos %(num)d taller.", "Movimos %(num)d talleres.", count)
    if action == BulkAction.CANCEL:
        return ngettext("Cancelamos %(num)d taller.", "Cancelamos %(num)d talleres.", count)
    if action == BulkAction.DELETE:
        return ngettext("Borramos %(num)d borrador.", "Borramos %(num)d borradores.", count)
    return ""
