"""Moves one workshop to another day or hour: the page «Mover», and what calendar.js sends."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, HiddenField

from outreach import clock
from outreach.domain.network.staff import Permission
from outreach.domain.registrations.change_notifications import NotifyDecision
from outreach.domain.scheduling import bulk, workshop_service
from outreach.domain.workshops import Workshop
from outreach.errors import Refusal
from outreach.i18n import gettext as _
from outreach.i18n import lazy
from outreach.web import error_messages
from outreach.web.context import key_store, store
from outreach.web.error_messages import PageRefused
from outreach.web.staff.calendar import blueprint
from outreach.web.staff.calendar.calendar_params import PATH, CalendarView
from outreach.web.staff.common import notify_sheet, workshop_labels
from outreach.web.staff.common.form_fields import (
    DayField,
    HourField,
    find_next_day_question,
    hours_key,
    line,
    require_next_day_answer,
    required,
)
from outreach.web.staff.common.guards import find_workshop, log_workshop_action, page
from outreach.web.staff.common.permissions import Scope, requires


class MoveWorkshopForm(Form):
    dia = DayField(validators=[required(lazy("Escribe la fecha como 2026-12-05."))])
    hora = HourField(validators=[required(lazy("Escribe la hora como 18:30."))])
    hasta = HourField(validators=[required(lazy("Escribe la hora como 18:30."))])
    next_day = line(11)  # the hours of which staff said that they end on the next day
    visto = HiddenField()  # the version of the workshop that the page showed; may be missing
    vista = HiddenField()  # the view of the calendar to go back to
    oficina = HiddenField()  # the office that it shows

    @property
    def next_day_question(self) -> str:
        return find_next_day_question(self.hora.data, self.hasta.data)

    def validate_hasta(self, _field: Field) -> None:
        require_next_day_answer(self.next_day_question, self.next_day.data)

    @property
    def faults(self) -> list[tuple[str, str]]:
        return [(field.name, str(fault)) for field in self for fault in field.errors[:1]]


@blueprint.get("/talleres/<public_id>/mover")
@requires(Scope.WORKSHOP, Permission.EDIT)
def move_form(public_id: str) -> ResponseReturnValue:
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        return _form_page(
            workshop, MoveWorkshopForm(data=_current(workshop) | _origin(request.args))
        )


@blueprint.post("/talleres/<public_id>/mover")
@requires(Scope.WORKSHOP, Permission.EDIT)
def move(public_id: str) -> ResponseReturnValue:
    form = MoveWorkshopForm(request.form)
    if not form.validate():
        return _refuse(public_id, form)
    try:
        with store().change() as session:
            workshop = find_workshop(session, public_id)
            workshop_service.lock(session, workshop)
            decision = notify_sheet.read_decision()
            changed = _move(session, workshop, form, decision)
            if changed & workshop_service.NOTIFYING_FIELDS:
                notify_sheet.require_decision(session, [workshop], decision)
            if changed:
                log_workshop_action(
                    session, workshop, "workshop changed", {"fields": sorted(changed)}
                )
            moved = (workshop.id, workshop.forget_on) if "day" in changed else None
    except Refusal as refusal:
        return _refuse(public_id, form, fault=error_messages.say(refusal))
    if moved is not None:
        # The key of each registration is destroyed as many days after the new day.
        key_store().move(*moved)
    back = _origin(request.form) | {"dia": str(form.dia.data)}
    if changed:
        back |= {"hecho": "mover", "cuantos": "1", "lote": decision.batch}
    return redirect(
        f"{PATH}?{urlencode({key: value for key, value in back.items() if value})}", 303
    )


def _move(
    session: Session, workshop: Workshop, form: MoveWorkshopForm, decision: NotifyDecision
) -> frozenset[str]:
    """Returns the names of the fields that changed."""
    now = clock.now()
    if form.visto.data and form.visto.data != str(workshop.sequence):
        raise PageRefused(
            _("Alguien más cambió este taller mientras lo mirabas. Su hora de ahora está arriba.")
        )
    bulk.require_ahead(workshop, now)
    before = workshop_service.get_data(workshop)
    day, starts, ends = form.dia.data, form.hora.data, form.hasta.data
    assert day is not None
    assert starts is not None
    assert ends is not None
    data = replace(before, day=day, starts=starts, ends=ends)
    is_same_hour = (before.day, before.starts, before.ends) == (day, starts, ends)
    if not is_same_hour and clock.has_doubled_hour(day, starts, ends, data.zone):
        raise PageRefused(_("Ese día esa hora pasa dos veces. Muévelo en «Editar» y di cuál es."))
    bulk.require_upcoming(data, now)
    return workshop_service.change(session, workshop, data, now=now, decision=decision)


def _current(workshop: Workshop) -> dict[str, object]:
    return {
        "dia": workshop.day,
        "hora": workshop.starts,
        "hasta": workshop.ends,
        "next_day": hours_key(workshop.starts, workshop.ends),
        "visto": str(workshop.sequence),
    }


def _origin(query: Mapping[str, str]) -> dict[str, str]:
    """The view and the office of the calendar from which the page was opened."""
    view = query.get("vista", "")
    known = {"vista": view} if view in set(CalendarView) else {"vista": str(CalendarView.MONTH)}
    return known | {"oficina": query.get("oficina", "")[:40]}


def _refuse(public_id: str, form: MoveWorkshopForm, *, fault: str = "") -> Response:
    """Shows the page again, with what was typed; nothing was changed."""
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        typed = MultiDict(request.form)
        typed["visto"] = str(workshop.sequence)
        again = MoveWorkshopForm(typed)
        again.validate()
        faults = ([("dia", fault)] if fault else []) + form.faults
        return _form_page(workshop, again, status=422, faults=faults)


def _form_page(
    workshop: Workshop,
    form: MoveWorkshopForm,
    *,
    status: int = 200,
    faults: Sequence[tuple[str, str]] = (),
) -> Response:
    return page(
        "calendar/move", status, workshop=workshop, form=form, faults=faults, words=workshop_labels
    )
