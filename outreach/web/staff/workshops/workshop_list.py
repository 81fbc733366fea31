"""The workshops of a month, as a list or as a calendar."""

import calendar
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.clock import Month
from outreach.domain.dashboard import agenda
from outreach.domain.dashboard.agenda import AgendaFilter, Offices
from outreach.domain.network.staff import Permission, get_office_slugs
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop
from outreach.i18n import gettext as _
from outreach.web.context import store
from outreach.web.staff.common import undo_notice, workshop_labels
from outreach.web.staff.common.guards import (
    current_staff,
    has_permission,
    offices_with,
    page,
    require_permission,
)
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.workshops import blueprint, bulk_actions

PAGE_SIZE: Final = 200
MAX_IN_CELL: Final = 4  # workshops that one day of the calendar shows
MONTHS: Final = (Month(2015, 1), Month(2100, 1))  # the first one, and the one after the last
MAX_WORKSHOPS: Final = 5000  # of one day, or of one month in the calendar


@dataclass(frozen=True)
class ListParams:
    """The parsed query string; an unreadable value counts as absent."""

    month: Month
    show: AgendaFilter | None
    day: date | None
    office: str
    is_calendar: bool
    after: tuple[date, time, int] | None

    def address(self, **changes: object) -> str:
        """The address of the list with these parameters, changed as given."""
        query = {
            "mes": self.month,
            "vista": "mes" if self.is_calendar else "",
            "estado": self.show or "",
            "oficina": self.office,
        } | changes
        return "/org/talleres?" + "&".join(
            f"{key}={value}" for key, value in query.items() if value
        )


@blueprint.get("/talleres")
@requires(Scope.SIGNED_IN)
def list_workshops() -> ResponseReturnValue:
    now, params = clock.now(), _read_params()
    own: Offices = get_office_slugs(current_staff().grants)
    if params.office:
        require_permission(Permission.SEE, params.office)
        own = frozenset([params.office])
    with store().read() as session:
        counts = agenda.count_by_status(session, own, params.month, now=now)
        if params.day is not None:
            matches = agenda.list_workshops(
                session, own, params.day, params.day + timedelta(days=1), limit=MAX_WORKSHOPS
            )
        else:
            matches = agenda.list_month(
                session,
                own,
                params.month,
                show=params.show,
                now=now,
                after=params.after,
                limit=MAX_WORKSHOPS if params.is_calendar else PAGE_SIZE + 1,
            )
        offices = offices_with(session, Permission.SEE)
        undo = undo_notice.find_undoable_batch(session, request.args.get("lote", ""), now=now)
    is_cut = not params.is_calendar and params.day is None and len(matches) > PAGE_SIZE
    shown = matches[:PAGE_SIZE] if is_cut else matches
    return page(
        "workshops/calendar" if params.is_calendar else "workshops/list",
        asked=params,
        counts=counts,
        shown=shown,
        on_a_day=MAX_IN_CELL,
        more=params.address(tras=_key(shown[-1])) if is_cut else "",
        weeks=_weeks(params.month, shown) if params.is_calendar else [],
        offices=offices if len(offices) > 1 else [],
        shows=[each for each in AgendaFilter if counts[each] or each is params.show],
        total=sum(counts.values()),
        may_edit=any(has_permission(Permission.EDIT, each.slug) for each in offices),
        may=has_permission,
        is_all_ticked=request.args.get("elegir") == "todos",
        undo=undo,
        done=_done_message(request.args.get("hecho", ""), request.args.get("cuantos", "")),
        today=now.date(),
        now=now,
        words=workshop_labels,
    )


def _weeks(
    month: Month, in_month: Sequence[Workshop]
) -> list[list[tuple[date | None, list[Workshop]]]]:
    """The weeks of a month from Sunday on: each day with its workshops, None outside the month."""
    by_day: dict[date, list[Workshop]] = defaultdict(list)
    for workshop in in_month:
        by_day[workshop.day].append(workshop)
    weeks = calendar.Calendar(firstweekday=6).monthdatescalendar(month.year, month.month)
    return [
        [(day, by_day[day]) if day.month == month.month else (None, []) for day in week]
        for week in weeks
    ]


def _read_params() -> ListParams:
    query = request.args
    day = _day(query.get("dia", ""))
    show = query.get("estado", "")
    return ListParams(
        month=Month.from_day(day) if day else _month(query.get("mes", "")),
        show=AgendaFilter(show) if show in set(AgendaFilter) else None,
        day=day,
        office=clean(query.get("oficina", "")),
        is_calendar=query.get("vista") == "mes" and day is None,
        after=_read_key(query.get("tras", "")),
    )


def _done_message(what: str, count: str) -> str:
    """What was just done, to several workshops."""
    messages: dict[str, str] = {
        "borradores": _("Guardados como borradores. Nadie los ve todavía."),
        "publicados": _(
            "Publicados. Ya se pueden ver en el sitio y en los calendarios; los de tipos con "
            "discreción no salen en los calendarios."
        ),
        "serie": _("Cambiamos también las otras fechas."),
    }
    number = int(count) if re.fullmatch("[0-9]{1,3}", count) else 0
    return messages.get(what) or bulk_actions.done_message(what, number)


def _month(text: str) -> Month:
    try:
        month = Month.parse(text)
    except ValueError:
        return Month.from_day(clock.now().date())
    first, last = MONTHS
    return month if first <= month < last else Month.from_day(clock.now().date())


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    first, last = MONTHS
    return day if first <= Month.from_day(day) < last else None


def _key(workshop: Workshop) -> str:
    return f"{workshop.day}_{workshop.starts:%H:%M}_{workshop.id}"


def _read_key(text: str) -> tuple[date, time, int] | None:
    try:
        day, starts, number = text.split("_")
        return (
            date.fromisoformat(day),
            time.fromisoformat(starts).replace(tzinfo=None),
            int(number[:9]),
        )
    except ValueError:
        return None
