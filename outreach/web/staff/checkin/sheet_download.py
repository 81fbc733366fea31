"""The check-in sheet on paper, as PDF."""

from flask import Response
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.domain import registrations
from outreach.domain.checkin import checkin
from outreach.domain.disclosure.who_sees import SeenField
from outreach.domain.network.staff import Permission
from outreach.errors import NotFound
from outreach.pdf import checkin_sheet as paper
from outreach.pdf.checkin_sheet import SheetLine
from outreach.web.context import config, store
from outreach.web.staff.checkin import blueprint, checkin_pages
from outreach.web.staff.common import disclosure, workshop_labels
from outreach.web.staff.common.guards import find_workshop, log_workshop_action
from outreach.web.staff.common.permissions import Scope, requires


@blueprint.get("/talleres/<public_id>/lista.pdf")
@requires(Scope.WORKSHOP, Permission.DOOR)
def sheet(public_id: str) -> ResponseReturnValue:
    """Answers with the check-in sheet of who has a seat. Raises NotFound for a discreet workshop,
    whose list is shown only where each look at it is logged (S23)."""
    with store().change() as session:
        workshop = find_workshop(session, public_id)
        if workshop.is_discreet:
            raise NotFound("the door sheet of a discreet workshop")
        checkin.require_checkin_open(workshop)
        if (closed := checkin_pages.find_closed_page(workshop, SeenField.LISTS)) is not None:
            return closed
        parties = [
            each
            for each in registrations.list_active(session, workshop)
            if each.status in registrations.STATUSES_WITH_SEATS
        ]
        log_workshop_action(session, workshop, "door sheet printed", {"parties": len(parties)})
    rows = workshop_labels.rows(workshop, parties, disclosure.read_people(workshop, parties))
    lines = [
        SheetLine(
            name=row.name, code=row.code, people=row.people, hour=row.hour, arrived=row.arrived
        )
        for row in rows
    ]
    body = paper.pdf(workshop, lines, brand=config().brand, made_at=clock.now())
    answer = Response(body, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = 'inline; filename="hoja-de-asistencia.pdf"'
    return answer
