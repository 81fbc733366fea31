"""Many workshops at once, from the list: publish, move, cancel, delete. First a page that says what
would happen to each; then all of it, or nothing."""

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
from outreach.domain.locations import venues
from outreach.domain.locations.venues import Venue
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import bulk
from outreach.domain.scheduling.bulk import Act, BulkOutcome, Publish, Reschedule
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound, Refused
from outreach.i18n import gettext as _
from outreach.i18n import lazy, ngettext
from outreach.web import error_messages
from outreach.web.context import config, key_store, store
from outreach.web.error_messages import PageRefused
from outreach.web.presentation.workshop_cards import CardTag
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.form_fields import Choice, HourField, NumberField
from outreach.web.staff.common.guards import (
    log_office_action,
    log_workshop_action,
    page,
    require_permission,
)
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.scheduling import date_proposal
from outreach.web.staff.scheduling.date_proposal import DateWarning, ProposalLine
from outreach.web.staff.workshops import blueprint, cancel_workshop, publish_warnings

FARTHEST: Final = 366  # days


class BulkAction(StrEnum):
    PUBLISH = "publicar"
    MOVE = "mover"
    CANCEL = "cancelar"
    DELETE = "borrar"


class BulkForm(Form):
    """What a move and a cancellation want to know; nothing of it has to be said at once."""

    dias = NumberField(
        validators=[
            Optional(),
            NumberRange(-FARTHEST, FARTHEST, lazy("Escribe un número de -366 a 366.")),
        ]
    )
    hora = HourField(validators=[Optional()])
    sede = Choice(default="")
    motivo = Choice(default="")

    def __init__(self, typed: MultiDict[str, str], there: Sequence[Venue]) -> None:
        super().__init__(typed)
        self.sede.choices = [
            ("", _("La que tiene cada uno")),
            *((str(venue.id), venue.name) for venue in there),
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
    deed = _deed(typed)
    try:
        with store().change() as session:
            chosen = _chosen(session, typed.getlist("t"))
            form = BulkForm(typed, _venues(session, chosen))
            if not form.validate() or not _is_said(deed, form):
                raise PageRefused(_missing(deed, form))
            month = Month.of(chosen[0].day)
            numbers = {each.public_id: each.id for each in chosen}
            act = _act(session, deed, form, chosen)
            outcomes = bulk.execute(session, chosen, act, now=now)
            _write_down(session, chosen, deed, form, outcomes)
            moved = {
                numbers[each.public_id]: each.plan.day + timedelta(days=each.plan.retention_days)
                for each in outcomes
                if each.plan is not None and "day" in each.changed
            }
    except Refused as refusal:
        return _ask(typed, fault=error_messages.say(refusal))
    for number, forget_on in moved.items():
        # Whoever registered is to be forgotten as many days after the new day.
        key_store().move(number, forget_on)
    return redirect(f"/org/talleres?mes={month}&hecho={deed}&cuantos={len(outcomes)}", 303)


def _ask(typed: MultiDict[str, str], *, fault: str = "") -> Response:
    """What it would come to, tried on each and taken back."""
    deed, ids = _deed(typed), typed.getlist("t")
    if not ids:
        return page("workshops/bulk_none", 422 if request.method == "POST" else 200)
    try:
        tried = _rehearsed(typed, deed, ids)
    except Refused as refusal:
        return page("workshops/bulk_none", 422, fault=error_messages.say(refusal))
    outcomes = [outcome for outcome, _warned in tried.values()]
    with store().read() as session:
        chosen = _chosen(session, ids)
        form = BulkForm(typed, _venues(session, chosen))
        form.validate()
        faults = ([("talleres", fault)] if fault else []) + form.faults
        lines = [ProposalLine(each, *tried.get(each.public_id, (None, []))) for each in chosen]
        return page(
            "workshops/bulk",
            422 if faults else 200,
            deed=deed,
            form=form,
            lines=lines,
            faults=faults,
            told=sum(each.told for each in outcomes),
            calls=sum(each.calls for each in outcomes),
            possible=sum(1 for each in outcomes if not each.refusal and each.changed),
            refused=sum(1 for each in outcomes if each.refusal),
            month=Month.of(chosen[0].day),
            has_several_offices=len({each.office_id for each in chosen}) > 1,
            now=clock.now(),
            words=workshop_labels,
        )


def _rehearsed(
    typed: MultiDict[str, str], deed: BulkAction, ids: Sequence[str]
) -> Mapping[str, tuple[BulkOutcome, list[DateWarning]]]:
    """What the deed would do to each, and what would be in its way where it moves to; nothing,
    where it is not said yet how far."""
    with store().change() as session:
        chosen = _chosen(session, ids)
        form = BulkForm(typed, _venues(session, chosen))
        if not form.validate() or (deed is BulkAction.MOVE and not _is_said(deed, form)):
            return {}
        act = _act(session, deed, form, chosen)
        warned = _doubted(session, chosen) if deed is BulkAction.PUBLISH else {}
        found = bulk.dry_run(session, chosen, act, now=clock.now())
        if deed is BulkAction.MOVE:
            warned = date_proposal.warned(session, found, chosen)
        # What was looked at is shown; nothing is kept, not even that something was touched.
        session.expunge_all()
        session.rollback()
    return {each.public_id: (each, warned.get(each.public_id, [])) for each in found}


def _doubted(session: Session, chosen: Sequence[Workshop]) -> Mapping[str, list[DateWarning]]:
    """What somebody should look at before they are public."""
    return {
        each.public_id: [
            DateWarning(CardTag(what, "tag-warn"), more)
            for what, more in publish_warnings.of(session, each).doubts
        ]
        for each in chosen
    }


def _chosen(session: Session, ids: Sequence[str]) -> Sequence[Workshop]:
    """The workshops that are ticked, in order of time. Raises Refused for too many or none."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        raise PageRefused(_("Marca al menos un taller."))
    if len(wanted) > bulk.MAX_WORKSHOPS:
        raise PageRefused(_("Son más de 200 talleres. Marca menos."))
    found = workshops.find_all(session, wanted)
    for slug in {each.office.slug for each in found}:
        require_permission(Permission.EDIT, slug)
    return found


def _venues(session: Session, chosen: Sequence[Workshop]) -> Sequence[Venue]:
    """Those all of them could be moved to: of one office."""
    if len({each.office_id for each in chosen}) != 1:
        return []
    return venues.list_selectable(session, chosen[0].office)


def _deed(typed: MultiDict[str, str]) -> BulkAction:
    try:
        return BulkAction(typed.get("hacer", BulkAction.PUBLISH))
    except ValueError:
        raise NotFound("deed") from None


def _is_said(deed: BulkAction, form: BulkForm) -> bool:
    if deed is BulkAction.MOVE:
        return bool(form.dias.data or form.hora.data is not None or form.sede.data)
    return bool(deed is not BulkAction.CANCEL or form.motivo.data)


def _missing(deed: BulkAction, form: BulkForm) -> str:
    if form.faults:
        return form.faults[0][1]
    if deed is BulkAction.CANCEL:
        return str(_("Elige por qué se cancelan."))
    return str(_("Di cuántos días, a qué hora o a qué sede se mueven."))


def _act(session: Session, deed: BulkAction, form: BulkForm, chosen: Sequence[Workshop]) -> Act:
    if deed is BulkAction.MOVE:
        venue = (
            venues.find(session, chosen[0].office, int(form.sede.data)) if form.sede.data else None
        )
        return Reschedule(days=form.dias.data or 0, starts=form.hora.data, venue=venue)
    if deed is BulkAction.PUBLISH:
        return Publish(phone=config().phone)
    return bulk.cancel if deed is BulkAction.CANCEL else bulk.delete_draft


def _write_down(
    session: Session,
    chosen: Sequence[Workshop],
    deed: BulkAction,
    form: BulkForm,
    outcomes: Sequence[BulkOutcome],
) -> None:
    told = f"one of {len(chosen)}"
    for workshop, outcome in zip(chosen, outcomes, strict=True):
        if not outcome.changed:
            continue
        if deed is BulkAction.DELETE:
            slug = workshop.office.slug
            log_office_action(session, slug, "workshop deleted", f"draft {outcome.public_id}")
        elif deed is BulkAction.CANCEL:
            log_workshop_action(
                session, workshop, "workshop cancelled", f"{form.motivo.data}, {told}"
            )
        elif deed is BulkAction.PUBLISH:
            log_workshop_action(session, workshop, "workshop published", told)
        else:
            what = ", ".join(sorted(outcome.changed))
            log_workshop_action(session, workshop, "workshop changed", f"{what} ({told})"[:200])


def done_words(what: str, many_: int) -> str:
    """What the list says after it."""
    words_of: dict[str, tuple[str, str]] = {
        "publicar": ("Publicamos %(num)d taller.", "Publicamos %(num)d talleres."),
        "mover": ("Movimos %(num)d taller.", "Movimos %(num)d talleres."),
        "cancelar": ("Cancelamos %(num)d taller.", "Cancelamos %(num)d talleres."),
        "borrar": ("Borramos %(num)d borrador.", "Borramos %(num)d borradores."),
    }
    if what not in words_of:
        return ""
    return ngettext(*words_of[what], many_)
