"""The help lines that pages give to people in danger: staff check them every 90 days."""

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock, network_profile
from outreach.domain.network import help_lines
from outreach.domain.network.staff import Permission
from outreach.web.context import store
from outreach.web.presentation import place_words
from outreach.web.staff.common.guards import log_office_action, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.network import blueprint


@blueprint.get("/ajustes/lineas")
@requires(Scope.NETWORK, Permission.NETWORK)
def show_help_lines() -> ResponseReturnValue:
    return _page()


@blueprint.post("/ajustes/lineas")
@requires(Scope.NETWORK, Permission.NETWORK)
def record_help_line() -> ResponseReturnValue:
    """Records whether the number of the line `code` was found to be `right` or `wrong` (field
    `do`). A wrong one is withdrawn."""
    code, is_right = request.form.get("code", ""), request.form.get("do") == "right"
    is_known = is_right or request.form.get("do") == "wrong"
    if not is_known or not help_lines.has_line(code):  # a page of before an upgrade
        return _page(422)
    with store().change() as session:
        help_lines.record_check(session, code, clock.now().date(), is_right=is_right)
        action = "help line checked" if is_right else "help line withdrawn"
        log_office_action(session, "", action, {"text": code})
    return redirect("/org/ajustes/lineas?hecho=1", 303)


def _page(status: int = 200) -> Response:
    with store().read() as session:
        lines = help_lines.list_lines(session)
    return page(
        "network/help_lines",
        status,
        lines=lines,
        today=clock.now().date(),
        region_name=place_words.region_name,
        country_count=len(network_profile.current().countries),
        is_done=request.args.get("hecho") == "1",
    )
