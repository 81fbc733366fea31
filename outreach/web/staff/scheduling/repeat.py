"""Repeats a workshop: a recurrence rule, its dates with warnings, and a workshop for each ticked
one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import sqlalchemy as sa
from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form
from wtforms.validators import Optional

from outreach import clock, formats
from outreach.clock import Month
from outreach.domain.audit.audit_log import Details
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import recurrence, workshop_service
from outreach.domain.scheduling.recurrence import DateProposal, RecurrenceRule, RecurrenceUnit
from outreach.domain.workshops import Workshop
from outreach.errors import Refusal
from outreach.i18n import current, get_default_language, lazy
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.error_messages import PageRefused
from outreach.web.middleware import request_retry
from outreach.web.presentation.formatting import day as day_words
from outreach.web.presentation.formatting import hour as hour_words
from outreach.web.presentation.formatting import weekday
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.form_fields import Choice, Choices, DayField, number
from outreach.web.staff.common.guards import find_workshop, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.common.publish_warnings import (
    NOTHING_ASKED,
    AskedWorkshops,
    NeedsConfirmations,
)
from outreach.web.staff.scheduling import blueprint, date_proposal

_NTH: Final = (lazy("primer"), lazy("segundo"), lazy("tercer"), lazy("cuarto"), lazy("quinto"))
_NAME_LENGTH: Final = 100


class RepeatForm(Form):
    cada = Choice(default=RecurrenceUnit.WEEK)
    dias = Choices()
    hasta = DayField(validators=[Optional()])
    veces = number(1, recurrence.MAX_DATES, lazy("Escribe un número de 1 a 60, o déjalo vacío."))

    def __init__(self, typed: MultiDict[str, str] | None, workshop: Workshop, today: date) -> None:
        until = _end_of_month(max(workshop.day, today))
        super().__init__(
            typed,
            data={
                "cada": RecurrenceUnit.WEEK,
                "dias": [str(workshop.day.weekday())],
                "hasta": until,
            },
        )
        self.cada.choices = [(unit.value, label) for unit, label in _units(workshop.day)]
        self.dias.choices = [
            (str(number), workshop_labels.short_weekday(number))
            for number in formats.order_weekdays(current(), workshop.office.country)
        ]

    def validate_veces(self, field: Field) -> None:
        if self.hasta.errors:  # one of the two fields is enough, and so is one error
            field.errors = []

    @property
    def faults(self) -> list[tuple[str, str]]:
        return [(field.name, str(fault)) for field in self for fault in field.errors[:1]]

    @property
    def rule(self) -> RecurrenceRule:
        """The rule, after `validate()`. A number of times takes precedence over a last day."""
        count = self.veces.data
        return RecurrenceRule(
            RecurrenceUnit(self.cada.data),
            weekdays=frozenset(int(number) for number in self.dias.data or ()),
            until=self.hasta.data if count is None else None,
            count=count,
        )


@blueprint.get("/talleres/<public_id>/repetir")
@requires(Scope.WORKSHOP, Permission.EDIT)
def repeat_form(public_id: str) -> ResponseReturnValue:
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        typed = request.args if "cada" in request.args else None
        return _page(session, workshop, typed, date_proposal.new_nonce())


@blueprint.post("/talleres/<public_id>/repetir")
@requires(Scope.WORKSHOP, Permission.EDIT)
@request_retry.repeatable
def repeat(public_id: str) -> ResponseReturnValue:
    typed, nonce = request.form, date_proposal.typed_nonce()
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        if not typed.getlist("date"):
            fault = _("Marca al menos una fecha.")
            return _page(session, workshop, typed, nonce, fault=fault)
        first = workshop.day
    try:
        with store().change() as session:
            first = _create(session, find_workshop(session, public_id), typed, nonce)
    except Refusal as refusal:
        with store().read() as session:
            workshop = find_workshop(session, public_id)
            return _page(session, workshop, typed, nonce, fault=error_messages.say(refusal))
    except NeedsConfirmations as why:
        with store().read() as session:
            workshop = find_workshop(session, public_id)
            return _page(session, workshop, typed, nonce, asked=why.asked)
    except sa.exc.IntegrityError as error:
        date_proposal.require_same_form(nonce, error)
    return redirect(date_proposal.done_address(first), 303)


def _create(session: Session, workshop: Workshop, typed: MultiDict[str, str], nonce: str) -> date:
    """Creates the ticked dates in the series of the workshop; returns the first. Raises Refusal
    and NeedsConfirmations."""
    if recurrence.has_created(session, nonce):
        return workshop.day
    chosen = _chosen(workshop, typed)
    now = clock.now()
    series = recurrence.find_or_create_series(session, workshop, _series_name(workshop), now=now)
    base = replace(workshop_service.get_data(workshop), series=series)
    entries = [replace(base, day=day) for day in chosen]
    details: Details = {"repeats": workshop.public_id, "dates": len(entries)}
    date_proposal.create(entries, session, nonce=nonce, details=details, source=workshop)
    return chosen[0]


def _chosen(workshop: Workshop, typed: MultiDict[str, str]) -> list[date]:
    """The ticked days. Raises Refusal for a day that is not in the rule."""
    form = RepeatForm(typed, workshop, _today(workshop))
    if not form.validate():
        raise PageRefused(form.faults[0][1])
    dates = recurrence.list_days(form.rule, workshop.day, today=_today(workshop))
    ticked = set(typed.getlist("date"))
    chosen = [day for day in dates if day.isoformat() in ticked]
    if len(chosen) != len(ticked):
        raise PageRefused(_("La lista de fechas ya no es la misma. Revísala otra vez."))
    return chosen


def _page(
    session: Session,
    workshop: Workshop,
    typed: MultiDict[str, str] | None,
    nonce: str,
    *,
    fault: str = "",
    asked: AskedWorkshops = NOTHING_ASKED,
) -> Response:
    form = RepeatForm(typed, workshop, _today(workshop))
    faults = [("fechas", fault)] if fault else []
    dates: list[date] = []
    if not form.validate():
        faults += form.faults
    else:
        try:
            dates = recurrence.list_days(form.rule, workshop.day, today=_today(workshop))
        except Refusal as refusal:
            # No error before anything was typed.
            faults += (
                [("hasta", error_messages.say(refusal))] if typed is not None and not fault else []
            )
    base = workshop_service.get_data(workshop)
    proposals = recurrence.propose(session, [replace(base, day=day) for day in dates])
    is_sent = request.method == "POST"
    ticked = set(typed.getlist("date")) if is_sent and typed is not None else None
    return page(
        "scheduling/repeat",
        422 if faults or asked.warnings else 200,
        asked=asked,
        workshop=workshop,
        form=form,
        faults=faults,
        nonce=nonce,
        rule_words=_rule_words(form, workshop, dates) if dates else "",
        rows=[(each.data.day.isoformat(), each) for each in proposals],
        ticked=_ticked(proposals) if ticked is None else ticked,
        changes=date_proposal.clock_changes(proposals, workshop.zone),
        warnings=date_proposal.warnings,
        words=workshop_labels,
    )


def _ticked(proposals: Sequence[DateProposal]) -> set[str]:
    return {each.data.day.isoformat() for each in proposals if each.is_recommended}


def _units(day: date) -> list[tuple[RecurrenceUnit, str]]:
    name, number = weekday(day), recurrence.week_of_month(day)
    units = [
        (RecurrenceUnit.WEEK, _("Cada semana")),
        (RecurrenceUnit.TWO_WEEKS, _("Cada 2 semanas")),
        (RecurrenceUnit.MONTH, _("El %(nth)s %(day)s de cada mes", nth=_NTH[number - 1], day=name)),
    ]
    if recurrence.is_last_of_month(day):
        units.append((RecurrenceUnit.LAST, _("El último %(day)s de cada mes", day=name)))
    return units


def _rule_words(form: RepeatForm, workshop: Workshop, dates: Sequence[date]) -> str:
    """Returns a rule in words: «Cada semana (sáb), 10:00 a. m., del sábado 5 de diciembre al …»."""
    rule = form.rule
    unit_words = dict(_units(workshop.day))[rule.every]
    if rule.every in {RecurrenceUnit.WEEK, RecurrenceUnit.TWO_WEEKS}:
        names = (
            workshop_labels.short_weekday(number)
            for number in (6, 0, 1, 2, 3, 4, 5)
            if number in rule.weekdays
        )
        unit_words += f" ({', '.join(map(str, names))})"
    words: str = _(
        "%(rule)s, %(hour)s, del %(first)s al %(last)s",
        rule=unit_words,
        hour=hour_words(workshop.starts),
        first=day_words(dates[0]),
        last=day_words(dates[-1]),
    )
    return words


def _series_name(workshop: Workshop) -> str:
    title = workshop.title.get(get_default_language(), "")[:_NAME_LENGTH]
    return f"{title}, {weekday(workshop.day)}"


def _end_of_month(day: date) -> date:
    """Returns the last day of the month, or of the next month if less than a week is left."""
    month = Month.from_day(day)
    return month.last if (month.last - day).days >= 7 else month.following.last


def _today(workshop: Workshop) -> date:
    return clock.now().astimezone(workshop.zone).date()
