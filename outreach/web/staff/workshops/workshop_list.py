"""The workshops of a month: as a list, and as a calendar."""

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
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.guards import (
    current_staff,
    has_permission,
    has_permission_anywhere,
    offices_with,
    page,
    require_permission,
)
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.workshops import blueprint, bulk_actions

PAGE: Final = 200
ON_A_DAY: Final = 4  # as many as a cell of the calendar has room for
MONTHS: Final = (Month(2015, 1), Month(2100, 1))
ALL_OF_THEM: Final = 5000


@dataclass(frozen=True)
class ListParams:
    """What the address asks for; whatever cannot be read counts as not asked."""

    month: Month
    show: AgendaFilter | None
    day: date | None
    office: str
    is_calendar: bool
    after: tuple[date, time, int] | None

    def address(self, **changes: object) -> str:
        """The address of the same, with something else."""
        asked = {
            "mes": self.month,
            "vista": "mes" if self.is_calendar else "",
            "estado": self.show or "",
            "oficina": self.office,
        } | changes
        return "/org/talleres?" + "&".join(
            f"{key}={value}" for key, value in asked.items() if value
        )


@blueprint.get("/talleres")
@requires(Scope.SIGNED_IN)
def list_workshops() -> ResponseReturnValue:
    now, asked = clock.now(), _asked()
    mine: Offices = get_office_slugs(current_staff().grants)
    if asked.office:
        require_permission(Permission.SEE, asked.office)
        mine = frozenset([asked.office])
    with store().read() as session:
        counts = agenda.count_by_status(session, mine, asked.month, now=now)
        if asked.day is not None:
            found = agenda.list_workshops(
                session, mine, asked.day, asked.day + timedelta(days=1), limit=ALL_OF_THEM
            )
        else:
            found = agenda.list_month(
                session,
                mine,
                asked.month,
                show=asked.show,
                now=now,
                after=asked.after,
                limit=ALL_OF_THEM if asked.is_calendar else PAGE + 1,
            )
        offices = offices_with(session, Permission.SEE)
    is_cut = not asked.is_calendar and asked.day is None and len(found) > PAGE
    shown = found[:PAGE] if is_cut else found
    return page(
        "workshops/calendar" if asked.is_calendar else "workshops/list",
        asked=asked,
        counts=counts,
        shown=shown,
        on_a_day=ON_A_DAY,
        more=asked.address(tras=_key(shown[-1])) if is_cut else "",
        weeks=_weeks(asked.month, shown) if asked.is_calendar else [],
        offices=offices if len(offices) > 1 else [],
        shows=[each for each in AgendaFilter if counts[each] or each is asked.show],
        total=sum(counts.values()),
        may_edit=has_permission_anywhere(Permission.EDIT),
        has_permission=has_permission,
        is_all_ticked=request.args.get("elegir") == "todos",
        done=_done(request.args.get("hecho", ""), request.args.get("cuantos", "")),
        today=now.date(),
        now=now,
        words=workshop_labels,
    )


def _weeks(
    month: Month, found: Sequence[Workshop]
) -> list[list[tuple[date | None, list[Workshop]]]]:
    """The weeks of a month from Sunday on: each day with its workshops, None outside the month."""
    of_day: dict[date, list[Workshop]] = defaultdict(list)
    for workshop in found:
        of_day[workshop.day].append(workshop)
    weeks = calendar.Calendar(firstweekday=6).monthdatescalendar(month.year, month.month)
    return [
        [(day, of_day[day]) if day.month == month.month else (None, []) for day in week]
        for week in weeks
    ]


def _asked() -> ListParams:
    given = request.args
    day = _day(given.get("dia", ""))
    show = given.get("estado", "")
    return ListParams(
        month=Month.of(day) if day else _month(given.get("mes", "")),
        show=AgendaFilter(show) if show in set(AgendaFilter) else None,
        day=day,
        office=clean(given.get("oficina", "")),
        is_calendar=given.get("vista") == "mes" and day is None,
        after=_read_key(given.get("tras", "")),
    )


def _done(what: str, many: str) -> str:
    """What has just been done to several."""
    said: dict[str, str] = {
        "borradores": _("Guardados como borradores. Nadie los ve todavía."),
        "publicados": _("Publicados. Ya se pueden ver en el sitio y en los calendarios."),
        "serie": _("Cambiamos también las otras fechas."),
    }
    number = int(many) if re.fullmatch("[0-9]{1,3}", many) else 0
    return said.get(what) or bulk_actions.done_words(what, number)


def _month(text: str) -> Month:
    try:
        month = Month.parse(text)
    except ValueError:
        return Month.of(clock.now().date())
    first, last = MONTHS
    return month if first <= month < last else Month.of(clock.now().date())


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    first, last = MONTHS
    return day if first <= Month.of(day) < last else None


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
