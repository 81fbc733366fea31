"""The registrations of one workshop as a file. A discreet workshop has none, for nobody (S23)."""

from flask import Response
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.domain import registrations
from outreach.domain.audit.audit_log import Details
from outreach.domain.disclosure.who_sees import SeenField
from outreach.domain.network.staff import Permission
from outreach.errors import NotFound
from outreach.reports import attendee_export, spreadsheets
from outreach.web.context import store
from outreach.web.staff.attendees import blueprint
from outreach.web.staff.common import disclosure, workshop_labels
from outreach.web.staff.common.guards import find_workshop, log_workshop_action
from outreach.web.staff.common.permissions import Scope, requires

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@blueprint.get("/talleres/<public_id>/lista.<any(csv,xlsx):ending>")
@requires(Scope.WORKSHOP, Permission.EXPORT, fresh=True)
def export(public_id: str, ending: str) -> ResponseReturnValue:
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        if not disclosure.sees(SeenField.LISTS, workshop):
            raise NotFound("list")
        parties = registrations.list_active(session, workshop)
        needs = {need for party in parties for need in party.needs}
        rows = attendee_export.table(
            parties,
            disclosure.read_people(workshop, parties),
            {need: workshop_labels.need_words(need) for need in needs},
        )
    with store().change() as session:  # before any data is sent
        details: Details = {"file_type": ending, "parties": len(rows) - 1}
        log_workshop_action(session, workshop, "list exported", details)
    body = (
        spreadsheets.as_csv_for_excel(rows)
        if ending == "csv"
        else attendee_export.as_xlsx(rows, str(workshop.day))
    )
    answer = Response(body, content_type=TYPES[ending])
    local_day = clock.now().astimezone(workshop.zone).date()
    name = f"registros-{workshop.day}-al-{local_day}.{ending}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
