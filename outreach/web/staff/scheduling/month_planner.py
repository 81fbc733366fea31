"""Plans a month: common fields once, then ticked days or typed lines; a preview; then creation."""

import calendar
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import sqlalchemy as sa
from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, ValidationError
from wtforms.validators import Optional

from outreach import clock
from outreach.clock import Month
from outreach.db.types import Codes
from outreach.domain import workshops
from outreach.domain.audit.audit_log import Details
from outreach.domain.locations import holidays, venues
from outreach.domain.locations.venues import Venue
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import recurrence
from outreach.domain.scheduling.workshop_data import WorkshopData
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop
from outreach.errors import Refusal
from outreach.formats import first_weekday, language_name
from outreach.i18n import SPOKEN, current, get_default_language, say
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.error_messages import PageRefused
from outreach.web.middleware import request_retry
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.form_fields import (
    Choice,
    Choices,
    HourField,
    text,
    with_merged_venue,
)
from outreach.web.staff.common.guards import offices_with, page, require_permission
from outreach.web.staff.common.kept_forms import restores
from outreach.web.staff.common.permissions import PermissionMissing, Scope, requires
from outreach.web.staff.common.publish_warnings import (
    NOTHING_ASKED,
    AskedWorkshops,
    NeedsConfirmations,
)
from outreach.web.staff.scheduling import blueprint, date_proposal, schedule_parser
from outreach.web.staff.scheduling.schedule_parser import CommonFields, UnclearLine


def _tabs_to_semicolons(text: str | None) -> str:
    """Puts semicolons in place of tabs, which separate cells copied from a spreadsheet."""
    return (text or "").replace("\t", "; ")


class MonthForm(Form):
    kind = Choice()
    venue = Choice(default="")
    starts = HourField(validators=[Optional()])
    languages = Choices()
    lines = text(6000, _tabs_to_semicolons)

    def __init__(
        self,
        typed: MultiDict[str, str] | None,
        offered: Sequence[Kind],
        offered_venues: Sequence[Venue],
    ) -> None:
        venue = str(offered_venues[0].id) if offered_venues else ""
        super().__init__(typed, data={"languages": [get_default_language()], "venue": venue})
        self.kind.choices = [(kind.public_code, say(kind.name, current())) for kind in offered]
        self.venue_names = venues.get_distinct_names(offered_venues)
        self.venue.choices = [
            *((str(number), name) for number, name in self.venue_names.items()),
            ("", _("En línea")),
        ]
        self.languages.choices = [(code, language_name(code, current())) for code in SPOKEN]

    def validate_languages(self, field: Field) -> None:
        if not field.data:
            raise ValidationError(_("Elige al menos un idioma."))

    @property
    def faults(self) -> list[tuple[str, str]]:
        return [(field.name, str(fault)) for field in self for fault in field.errors[:1]]


@dataclass
class PlannerSheet:
    """The form, the workshops that it means, and its errors."""

    office: Office
    month: Month
    form: MonthForm
    ticked: list[date]
    workshops: list[WorkshopData]
    faults: list[tuple[str, str]]

    @property
    def mark(self) -> str:
        """A hash of the proposed list: the numbers of ticked lines are valid for the same list
        only."""
        entries = [
            (
                f"{data.day} {data.starts}-{data.ends}",
                data.kind.id,
                data.venue.id if data.venue else None,
                *data.languages,
            )
            for data in self.workshops
        ]
        return sha256(repr(entries).encode()).hexdigest()[:16]


@blueprint.get("/talleres/mes-nuevo")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def month_form() -> ResponseReturnValue:
    slug = clean(request.args.get("oficina", ""))
    with store().read() as session:
        own = offices_with(session, Permission.EDIT)
        if not own:
            raise PermissionMissing(Permission.EDIT)
        office = _office(session, slug) if slug else own[0]
        sheet = _blank(session, office, _month(office, request.args.get("mes", "")))
        return _page(session, sheet, date_proposal.new_nonce(), own)


@blueprint.post("/talleres/mes-nuevo")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
@request_retry.repeatable
def create_month() -> ResponseReturnValue:
    typed, nonce = request.form, date_proposal.typed_nonce()
    is_preview = typed.get("action") not in {"draft", "publish"}
    with store().read() as session:
        sheet = _sheet(session, typed)
        if is_preview or sheet.faults:
            return _page(session, sheet, nonce, offices_with(session, Permission.EDIT))
    try:
        with store().change() as session:
            _create(session, _sheet(session, typed), typed, nonce)
    except Refusal as refusal:
        with store().read() as session:
            sheet = _sheet(session, typed)
            sheet.faults.append(("fechas", error_messages.say(refusal)))
            return _page(session, sheet, nonce, offices_with(session, Permission.EDIT))
    except NeedsConfirmations as why:
        with store().read() as session:
            sheet = _sheet(session, typed)
            own = offices_with(session, Permission.EDIT)
            return _page(session, sheet, nonce, own, asked=why.asked)
    except sa.exc.IntegrityError as error:
        date_proposal.require_same_form(nonce, error)
    return redirect(date_proposal.done_address(sheet.month.first), 303)


@restores(create_month)
def restore(typed: MultiDict[str, str]) -> Response:
    """Shows the form with what was typed before the session ended."""
    with store().read() as session:
        sheet = _sheet(session, typed)
        return _page(
            session, sheet, date_proposal.new_nonce(), offices_with(session, Permission.EDIT)
        )


def _create(session: Session, sheet: PlannerSheet, typed: MultiDict[str, str], nonce: str) -> None:
    """Creates the ticked workshops. Raises Refusal, also when the list has changed since it was
    shown, and NeedsConfirmations."""
    if recurrence.has_created(session, nonce):
        return
    if sheet.faults:
        raise PageRefused(sheet.faults[0][1])
    if typed.get("list_mark") != sheet.mark:
        raise PageRefused(_("La lista de fechas ya no es la misma. Revísala otra vez."))
    ticked = dict.fromkeys(typed.getlist("date"))
    numbered = {str(number): data for number, data in enumerate(sheet.workshops, 1)}
    workshops = [numbered[number] for number in ticked if number in numbered]
    if not workshops:
        raise PageRefused(_("Marca al menos una fecha."))
    details: Details = {"month": str(sheet.month), "at_once": len(workshops)}
    date_proposal.create(workshops, session, nonce=nonce, details=details)


def _office(session: Session, slug: str) -> Office:
    require_permission(Permission.EDIT, slug)
    return offices.find(session, slug)


def _month(office: Office, typed: str) -> Month:
    """Returns the typed month if it is this one or one of the 36 after it; else the next month."""
    current = Month.from_day(_today(office))
    try:
        month = Month.parse(typed)
    except ValueError:
        return current.following
    return month if current <= month <= current.plus(36) else current.following


def _today(office: Office) -> date:
    return clock.now().astimezone(office.zone).date()


def _blank(session: Session, office: Office, month: Month) -> PlannerSheet:
    offered, offered_venues = _kinds(session, office), venues.list_selectable(session, office)
    return PlannerSheet(office, month, MonthForm(None, offered, offered_venues), [], [], [])


def _sheet(session: Session, typed: MultiDict[str, str]) -> PlannerSheet:
    """The form and the workshops that it means. Raises NotFound for another office."""
    office = _office(session, clean(typed.get("office", "")))
    month = _month(office, typed.get("month", ""))
    offered, offered_venues = _kinds(session, office), venues.list_selectable(session, office)
    form = MonthForm(with_merged_venue(session, typed, "venue"), offered, offered_venues)
    sheet = PlannerSheet(office, month, form, _ticked(typed, month), [], [])
    if not form.validate():
        sheet.faults += form.faults
        return sheet
    common = CommonFields(
        office=office,
        month=month,
        today=_today(office),
        kinds=offered,
        venues=offered_venues,
        kind=kinds.find(session, form.kind.data),
        venue=venues.find(session, office, int(form.venue.data)) if form.venue.data else None,
        starts=form.starts.data,
        languages=Codes(form.languages.data or ()),
    )
    _add_workshops(sheet, common, form.lines.data or "")
    return sheet


def _add_workshops(sheet: PlannerSheet, common: CommonFields, lines: str) -> None:
    try:
        sheet.workshops += schedule_parser.of_days(common, sheet.ticked)
    except UnclearLine as fault:
        sheet.faults.append(("starts", str(fault)))
    for each in schedule_parser.of_text(common, lines):
        sheet.workshops += each.workshops
        if each.fault:
            message = _("Línea %(number)d: %(fault)s", number=each.number, fault=each.fault)
            sheet.faults.append(("lines", message))
    if len(sheet.workshops) > recurrence.MAX_DATES:
        sheet.faults.append(("lines", _("Son más de 60 fechas. Haz una parte primero.")))
    if not sheet.workshops and not sheet.faults:
        sheet.faults.append(("lines", _("Marca un día del mes, o escribe una línea.")))
    sheet.workshops.sort(key=lambda data: (data.day, data.starts))


def _kinds(session: Session, office: Office) -> list[Kind]:
    every = kinds.list_kinds(session)
    return [each for each in every if each.is_given_in(office.country)]


def _ticked(typed: MultiDict[str, str], month: Month) -> list[date]:
    numbers = {int(each) for each in typed.getlist("days") if re.fullmatch("[0-9]{1,2}", each)}
    return [month.first.replace(day=n) for n in sorted(numbers) if 1 <= n <= month.last.day]


def _page(
    session: Session,
    sheet: PlannerSheet,
    nonce: str,
    own: Sequence[Office],
    *,
    asked: AskedWorkshops = NOTHING_ASKED,
) -> Response:
    is_shown = bool(sheet.workshops) and not [each for each in sheet.faults if each[0] != "fechas"]
    proposals = recurrence.propose(session, sheet.workshops) if is_shown else []
    rows = [(str(number), each) for number, each in enumerate(proposals, 1)]
    chosen = set(request.form.getlist("date"))
    booked = {} if rows else _list_booked(session, sheet)
    is_resubmitted = (
        request.form.get("action") in {"draft", "publish"}
        and request.form.get("list_mark") == sheet.mark
    )
    advised = {value for value, each in rows if each.is_recommended}
    return page(
        "scheduling/month_planner",
        422 if sheet.faults or asked.warnings else 200,
        asked=asked,
        office=sheet.office,
        month=sheet.month,
        form=sheet.form,
        faults=sheet.faults,
        nonce=nonce,
        offices=own if len(own) > 1 else [],
        weeks=_weeks(sheet, booked),
        booked_count=sum(len(each) for each in booked.values()),
        first=Month.from_day(_today(sheet.office)),
        rows=rows,
        list_mark=sheet.mark,
        ticked=chosen if is_resubmitted else advised,
        changes=date_proposal.clock_changes(proposals, sheet.office.zone),
        warnings=date_proposal.warnings,
        words=workshop_labels,
    )


@dataclass(frozen=True)
class PlannerCell:
    day: date
    is_ticked: bool
    is_past: bool
    closed: str  # the name of the holiday, if any
    booked: Sequence[Workshop]  # what the office has that day already


def _list_booked(session: Session, sheet: PlannerSheet) -> dict[date, list[Workshop]]:
    """The workshops of the office in the month that are not cancelled, by day."""
    since, until = sheet.month.first, sheet.month.following.first
    found = defaultdict[date, list[Workshop]](list)
    for each in workshops.list_workshops(session, sheet.office, since=since, until=until):
        if not each.is_cancelled:
            found[each.day].append(each)
    return found


def _weeks(
    sheet: PlannerSheet, booked: Mapping[date, Sequence[Workshop]]
) -> list[list[PlannerCell | None]]:
    """The weeks of the month; None for days outside it."""
    today = _today(sheet.office)
    weeks = calendar.Calendar(first_weekday(current(), sheet.office.country)).monthdatescalendar(
        sheet.month.year, sheet.month.month
    )
    return [
        [
            _cell(sheet, day, today, booked.get(day, ()))
            if day.month == sheet.month.month
            else None
            for day in week
        ]
        for week in weeks
    ]


def _cell(sheet: PlannerSheet, day: date, today: date, booked: Sequence[Workshop]) -> PlannerCell:
    day_holidays = holidays.list_holidays(day, sheet.office.country, sheet.office.region)
    names = ", ".join(say(each.names, current()) for each in day_holidays)
    return PlannerCell(day, day in sheet.ticked, day < today, names, booked)
