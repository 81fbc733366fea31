"""The retention report: how much personal data is still stored, in numbers only."""

from flask.typing import ResponseReturnValue

from outreach.domain.network.staff import Permission
from outreach.privacy import retention_report
from outreach.web.context import key_store, store
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.guards import page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.dashboard import blueprint


@blueprint.get("/datos")
@requires(Scope.NETWORK, Permission.NETWORK)
def data_held() -> ResponseReturnValue:
    with store().read() as session:
        report = retention_report.count_held(session, key_store())
    return page("dashboard/data_held", held=report, words=workshop_labels)
