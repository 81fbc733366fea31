"""A month at once: what is the same for all is chosen once; then days are ticked, or lines typed;
then one looks at the dates, and makes them."""

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final

import sqlalchemy as sa
from flask import Response, abort, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, ValidationError
from wtforms.validators import Optional

from outreach import clock
from outreach.clock import Month
from outreach.db.types import Codes
from outreach.domain.locations import holidays, venues
from outreach.domain.locations.venues import Venue
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import recurrence
from outreach.domain.scheduling.workshop_service import WorkshopData
from outreach.domain.text import clean
from outreach.errors import Refused
from outreach.formats import language_name
from outreach.i18n import SPOKEN
from outreach.i18n import gettext as _
from outreach.languages import STAFF_LANGUAGE
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.error_messages import PageRefused
from outreach.web.middleware import request_retry
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.form_fields import Choice, Choices, HourField, text
from outreach.web.staff.common.guards import offices_with, page, require_permission
from outreach.web.staff.common.kept_forms import restores
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.scheduling import blueprint, date_proposal, schedule_parser
from outreach.web.staff.scheduling.schedule_parser import CommonFields, UnclearLine

PATH: Final = "/org/talleres/mes-nuevo"


def _apart(text: str | None) -> str:
    """Cells that were copied from a spreadsheet come with tabs between them."""
    return (text or "").replace("\t", "; ")


class MonthForm(Form):
    tipo = Choice()
    sede = Choice(default="")
    hora = HourField(validators=[Optional()])
    idioma = Choices()
    lineas = text(6000, _apart)

    def __init__(
        self,
        typed: MultiDict[str, str] | None,
        offered: Sequence[Kind],
        there: Sequence[Venue],
    ) -> None:
        sede = str(there[0].id) if there else ""
        super().__init__(typed, data={"idioma": ["es"], "sede": sede})
        self.tipo.choices = [(kind.public_code, kind.name.get("es", kind.code)) for kind in offered]
        self.called = venues.get_distinct_names(there)
        self.sede.choices = [
            *((str(number), name) for number, name in self.called.items()),
            ("", _("En línea")),
        ]
        self.idioma.choices = [(code, language_name(code, STAFF_LANGUAGE)) for code in SPOKEN]

    def validate_idioma(self, field: Field) -> None:
        if not field.data:
            raise ValidationError(_("Elige al menos un idioma."))

    @property
    def faults(self) -> list[tuple[str, str]]:
        return [(field.name, str(fault)) for field in self for fault in field.errors[:1]]


@dataclass
class PlannerSheet:
    """The form, what it means, and what is wrong with it."""

    office: Office
    month: Month
    form: MonthForm
    ticked: list[date]
    plans: list[WorkshopData]
    faults: list[tuple[str, str]]

    @property
    def mark(self) -> str:
        """Of what the numbers of the list mean: another as soon as one means something else."""
        meant = [
            (
                f"{plan.day} {plan.starts}-{plan.ends}",
                plan.kind.id,
                plan.venue.id if plan.venue else None,
                *plan.languages,
            )
            for plan in self.plans
        ]
        return sha256(repr(meant).encode()).hexdigest()[:16]


@blueprint.get("/talleres/mes-nuevo")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def plan_month() -> ResponseReturnValue:
    slug = clean(request.args.get("oficina", ""))
    with store().read() as session:
        mine = offices_with(session, Permission.EDIT)
        if not mine:
            abort(403)
        office = _office(session, slug) if slug else mine[0]
        sheet = _blank(session, office, _month(request.args.get("mes", "")))
        return _page(session, sheet, date_proposal.new_nonce(), mine)


@blueprint.post("/talleres/mes-nuevo")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
@request_retry.repeatable
def create_month() -> ResponseReturnValue:
    typed, nonce = request.form, date_proposal.typed_nonce()
    is_look = typed.get("action") not in {"draft", "publish"}
    with store().read() as session:
        sheet = _sheet(session, typed)
        if is_look or sheet.faults:
            return _page(session, sheet, nonce, offices_with(session, Permission.EDIT))
    try:
        with store().change() as session:
            _make(session, _sheet(session, typed), typed, nonce)
    except Refused as refusal:
        with store().read() as session:
            sheet = _sheet(session, typed)
            sheet.faults.append(("fechas", error_messages.say(refusal)))
            return _page(session, sheet, nonce, offices_with(session, Permission.EDIT))
    except sa.exc.IntegrityError as error:
        date_proposal.is_made(nonce, error)
    return redirect(date_proposal.done(sheet.month.first), 303)


@restores(create_month)
def restore(typed: MultiDict[str, str]) -> Response:
    """The form with what was typed before the session ended."""
    with store().read() as session:
        sheet = _sheet(session, typed)
        return _page(
            session, sheet, date_proposal.new_nonce(), offices_with(session, Permission.EDIT)
        )


def _make(session: Session, sheet: PlannerSheet, typed: MultiDict[str, str], nonce: str) -> None:
    """Makes what is ticked of what the sheet means. Raises Refused, where the list that was ticked
    is another too: its lines can still be changed on the page that shows it."""
    if recurrence.has_created(session, nonce):
        return
    if sheet.faults:
        raise PageRefused(sheet.faults[0][1])
    if typed.get("lista") != sheet.mark:
        raise PageRefused(_("La lista de fechas ya no es la misma. Revísala otra vez."))
    ticked = dict.fromkeys(typed.getlist("dia"))
    numbered = {str(number): plan for number, plan in enumerate(sheet.plans, 1)}
    plans = [numbered[number] for number in ticked if number in numbered]
    if not plans:
        raise PageRefused(_("Marca al menos una fecha."))
    detail = f"month {sheet.month}, {len(plans)} at once"
    date_proposal.make(plans, session, nonce=nonce, detail=detail)


def _office(session: Session, slug: str) -> Office:
    require_permission(Permission.EDIT, slug)
    return offices.find(session, slug)


def _month(typed: str) -> Month:
    """The month that is asked for; the next one without, since one plans ahead."""
    this = Month.of(clock.now().date())
    try:
        month = Month.parse(typed)
    except ValueError:
        return this.following
    return month if this <= month <= this.plus(36) else this.following


def _blank(session: Session, office: Office, month: Month) -> PlannerSheet:
    offered, there = _kinds(session, office), venues.list_selectable(session, office)
    return PlannerSheet(office, month, MonthForm(None, offered, there), [], [], [])


def _sheet(session: Session, typed: MultiDict[str, str]) -> PlannerSheet:
    """What was typed, and what it means. Raises NotFound for an office that is not one's own."""
    office, month = _office(session, clean(typed.get("oficina", ""))), _month(typed.get("mes", ""))
    offered, there = _kinds(session, office), venues.list_selectable(session, office)
    form = MonthForm(typed, offered, there)
    sheet = PlannerSheet(office, month, form, _ticked(typed, month), [], [])
    if not form.validate():
        sheet.faults += form.faults
        return sheet
    common = CommonFields(
        office=office,
        month=month,
        today=clock.now().astimezone(office.zone).date(),
        kinds=offered,
        venues=there,
        kind=kinds.find(session, form.tipo.data),
        venue=venues.find(session, office, int(form.sede.data)) if form.sede.data else None,
        starts=form.hora.data,
        languages=Codes(form.idioma.data or ()),
    )
    _understand(sheet, common, form.lineas.data or "")
    return sheet


def _understand(sheet: PlannerSheet, common: CommonFields, lines: str) -> None:
    try:
        sheet.plans += schedule_parser.of_days(common, sheet.ticked)
    except UnclearLine as fault:
        sheet.faults.append(("hora", str(fault)))
    for number, line in enumerate(lines.split("\n"), 1):
        try:
            sheet.plans += schedule_parser.of_line(common, line) if line.strip() else []
        except UnclearLine as fault:
            said = _("Línea %(number)d: %(fault)s", number=number, fault=str(fault))
            sheet.faults.append(("lineas", said))
    if len(sheet.plans) > recurrence.MAX_DATES:
        sheet.faults.append(("lineas", _("Son más de 60 fechas. Haz una parte primero.")))
    if not sheet.plans and not sheet.faults:
        sheet.faults.append(("lineas", _("Marca un día del mes, o escribe una línea.")))
    sheet.plans.sort(key=lambda plan: (plan.day, plan.starts))


def _kinds(session: Session, office: Office) -> list[Kind]:
    every = kinds.list_kinds(session)
    return [each for each in every if not each.countries or office.country in each.countries]


def _ticked(typed: MultiDict[str, str], month: Month) -> list[date]:
    numbers = {int(each) for each in typed.getlist("d") if re.fullmatch("[0-9]{1,2}", each)}
    return [month.first.replace(day=n) for n in sorted(numbers) if 1 <= n <= month.last.day]


def _page(session: Session, sheet: PlannerSheet, nonce: str, mine: Sequence[Office]) -> Response:
    is_shown = bool(sheet.plans) and not [each for each in sheet.faults if each[0] != "fechas"]
    proposals = recurrence.propose(session, sheet.plans) if is_shown else []
    rows = [(str(number), each) for number, each in enumerate(proposals, 1)]
    chosen = set(request.form.getlist("dia"))
    is_again = (
        request.form.get("action") in {"draft", "publish"}
        and request.form.get("lista") == sheet.mark
    )
    advised = {value for value, each in rows if each.is_advised}
    return page(
        "scheduling/month_planner",
        422 if sheet.faults else 200,
        office=sheet.office,
        month=sheet.month,
        form=sheet.form,
        faults=sheet.faults,
        nonce=nonce,
        offices=mine if len(mine) > 1 else [],
        weeks=_weeks(sheet),
        first=Month.of(clock.now().date()),
        rows=rows,
        list_mark=sheet.mark,
        ticked=chosen if is_again else advised,
        changes=date_proposal.clock_changes(proposals, sheet.office.zone),
        warnings=date_proposal.warnings,
        words=workshop_labels,
    )


@dataclass(frozen=True)
class PlannerCell:
    day: date
    is_ticked: bool
    is_past: bool
    closed: str  # the holiday


def _weeks(sheet: PlannerSheet) -> list[list[PlannerCell | None]]:
    """The weeks of the month from Sunday on; None outside of it."""
    today = clock.now().astimezone(sheet.office.zone).date()
    weeks = calendar.Calendar(firstweekday=6).monthdatescalendar(
        sheet.month.year, sheet.month.month
    )
    return [
        [_cell(sheet, day, today) if day.month == sheet.month.month else None for day in week]
        for week in weeks
    ]


def _cell(sheet: PlannerSheet, day: date, today: date) -> PlannerCell:
    there = holidays.list_holidays(day, sheet.office.country, sheet.office.region)
    return PlannerCell(
        day, day in sheet.ticked, day < today, ", ".join(each.name for each in there)
    )
