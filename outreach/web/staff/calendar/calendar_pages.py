"""«Talleres»: the workshops of the staff's offices as a calendar or as a list."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.dashboard import agenda, clashes, saved_views
from outreach.domain.dashboard.agenda import MAX_WORKSHOPS, AgendaFilter, AgendaQuery, Offices
from outreach.domain.locations import venues
from outreach.domain.locations.venues import Venue
from outreach.domain.network import kinds
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Permission, get_office_slugs
from outreach.domain.roster import member_clashes
from outreach.domain.workshops import Workshop
from outreach.i18n import gettext as _
from outreach.web.context import store
from outreach.web.staff.calendar import blueprint, calendar_grid, clash_rows, workshop_list
from outreach.web.staff.calendar.calendar_grid import MAX_IN_CELL, CalendarEntry
from outreach.web.staff.calendar.calendar_params import CalendarParams, CalendarView, read_params
from outreach.web.staff.calendar.clash_rows import ClashRow
from outreach.web.staff.common import disclosure, undo_notice, workshop_labels
from outreach.web.staff.common.guards import (
    current_staff,
    has_permission,
    offices_with,
    page,
    reader_zone,
    require_permission,
)
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.workshops import bulk_actions

MAX_VENUES: Final = 60  # lanes of venues that have no workshop in the week


@dataclass(frozen=True)
class CalendarScope:
    """Whose workshops the page shows, and what its filters offer."""

    own: Offices
    offices: Sequence[Office]
    kinds: Sequence[Kind]
    venues: dict[Venue, str]  # with the names that tell them apart; only if one office is shown
    kind: str  # the code of the chosen kind

    @property
    def office(self) -> Office | None:
        """The only office, whose holidays and venues are shown."""
        return self.offices[0] if len(self.offices) == 1 else None


@blueprint.get("/talleres")
@requires(Scope.SIGNED_IN)
def list_workshops() -> ResponseReturnValue:
    now = clock.now()
    with store().read() as session:
        seen = offices_with(session, Permission.SEE)
        zones = (office.zone for office in seen)
        zone = reader_zone(current_staff().grants, zones) or clock.headquarters_zone()
        today = now.astimezone(zone).date()
        params = read_params(request.args, today=today)
        if params.office:
            require_permission(Permission.SEE, params.office)
        scope = _read_scope(session, params, seen)
        params = replace(params, country=scope.office.country if scope.office else "")
        first, last = params.span
        query = AgendaQuery(
            scope.own,
            first,
            last,
            params.show,
            scope.kind,
            params.venue,
            params.text,
            addresses=disclosure.list_offices_with_addresses(),
        )
        counts = agenda.count_by_status(session, query, now=now)
        shown = _show_list if params.view is CalendarView.LIST else _show_calendar
        values = shown(session, params, scope, query)
        undo = undo_notice.find_undoable_batch(session, request.args.get("lote", ""), now=now)
    return page(
        f"calendar/{_TEMPLATES[params.view]}",
        asked=params,
        views=_view_names(),
        counts=counts,
        total=sum(counts.values()),
        scope=scope,
        offices=seen if len(seen) > 1 else [],
        flyer_office=params.office or (seen[0].slug if len(seen) == 1 else ""),
        shows=[each for each in AgendaFilter if counts[each] or each is params.show],
        may_edit=any(has_permission(Permission.EDIT, each.slug) for each in seen),
        may=has_permission,
        undo=undo,
        done=_done_message(request.args.get("hecho", ""), request.args.get("cuantos", "")),
        today=today,
        now=now,
        words=workshop_labels,
        **values,
    )


_TEMPLATES: Final = {
    CalendarView.MONTH: "month",
    CalendarView.WEEK: "week",
    CalendarView.DAY: "week",
    CalendarView.VENUES: "venues",
    CalendarView.LIST: "list",
}


def _view_names() -> dict[CalendarView, str]:
    return {
        CalendarView.MONTH: _("Mes"),
        CalendarView.WEEK: _("Semana"),
        CalendarView.DAY: _("Día"),
        CalendarView.VENUES: _("Sedes"),
        CalendarView.LIST: _("Lista"),
    }


def _read_scope(session: Session, params: CalendarParams, seen: Sequence[Office]) -> CalendarScope:
    own: Offices = get_office_slugs(current_staff().grants)
    chosen = [each for each in seen if each.slug == params.office] if params.office else seen
    if params.office:
        own = frozenset([params.office])
    offered = kinds.list_kinds(session)
    kind = next((each.code for each in offered if each.public_code == params.kind), "")
    names: dict[Venue, str] = {}
    known = disclosure.list_offices_with_addresses()
    if len(chosen) == 1 and (known is None or chosen[0].slug in known):
        selectable = venues.list_selectable(session, chosen[0])
        distinct = venues.get_distinct_names(selectable)
        names = {each: distinct[each.id] for each in selectable}
    return CalendarScope(own, chosen, offered, names, kind)


def _show_list(
    session: Session, params: CalendarParams, _scope: CalendarScope, query: AgendaQuery
) -> dict[str, Any]:
    listed = workshop_list.read(session, params, query, now=clock.now())
    return {
        "listed": listed,
        "is_cut": listed.total == MAX_WORKSHOPS,
        "saved_views": saved_views.list_views(session, current_staff().organizer_id),
        "query": params.address(pagina="").partition("?")[2],
    }


def _show_calendar(
    session: Session, params: CalendarParams, scope: CalendarScope, query: AgendaQuery
) -> dict[str, Any]:
    """Returns the entries of the days that are shown. Clashes are looked for among all workshops of
    these days, also those that a filter hides; clashes of teams are looked for among workshops that
    are not shown too."""
    now = clock.now()
    everything = agenda.list_workshops(
        session, scope.own, query.since, query.until, limit=MAX_WORKSHOPS
    )
    # That two are in one place tells a hidden address by one that is public.
    seen = [each for each in everything if workshop_labels.sees_address(each)]
    found = clashes.find_clashes(session, seen)
    in_teams = member_clashes.find_in_teams(session, everything, now=now)
    rows = clash_rows.make_rows(found, in_teams, {each.id for each in everything})
    chosen: Sequence[Workshop] = everything
    if params.has_filters:
        ids = {key.id for key in agenda.list_keys(session, query, now=now)}
        chosen = [each for each in everything if each.id in ids]
    clashing = {each.id for row in rows for each in row.workshops}
    movable = {each.slug for each in scope.offices if has_permission(Permission.EDIT, each.slug)}
    entries = calendar_grid.make_entries(chosen, clashing=clashing, movable=movable, now=now)
    return {
        "entries": entries,
        "clashes": rows,
        "seats": sum(each.taken_seats for each in chosen if each.takes_places),
        "is_cut": len(everything) == MAX_WORKSHOPS,
        **_shape(params, scope, entries, rows),
    }


def _shape(
    params: CalendarParams,
    scope: CalendarScope,
    entries: Sequence[CalendarEntry],
    clash_list: Sequence[ClashRow],
) -> dict[str, Any]:
    """The entries in the shape of the view."""
    if params.view is CalendarView.VENUES:
        lanes = calendar_grid.venue_lanes(
            params.week, entries, scope.venues if len(scope.venues) <= MAX_VENUES else {}
        )
        return {"lanes": lanes, "days": params.week}
    if params.view is not CalendarView.MONTH:
        days = [params.day] if params.view is CalendarView.DAY else params.week
        local_now = clock.now().astimezone(scope.office.zone) if scope.office else None
        grid = calendar_grid.week_grid(days, entries, scope.office)
        return {"grid": grid, "local_now": local_now}
    chosen = params.chosen or params.day
    return {
        "weeks": calendar_grid.month_weeks(params.month, entries, scope.office),
        "on_a_day": MAX_IN_CELL,
        "chosen": chosen,
        "of_the_day": [each for each in entries if each.workshop.day == chosen],
        "day_clashes": [each for each in clash_list if each.day == chosen],
        "holiday": calendar_grid.get_holiday(chosen, scope.office),
    }


def _done_message(what: str, count: str) -> str:
    """Returns the message about what was just done, to one workshop or to several."""
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
