"""The pages and the files of the lists for staff, which are declared in `declared_lists`."""

import io
from typing import Any, Final

from flask import Response, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.errors import NotFound
from outreach.reports import spreadsheets
from outreach.web.context import store
from outreach.web.staff.common.guards import has_permission_anywhere, offices_with, page
from outreach.web.staff.common.permissions import PermissionMissing, Scope, requires
from outreach.web.staff.lists import blueprint, staff_list
from outreach.web.staff.lists.declared_lists import LISTS
from outreach.web.staff.lists.staff_list import ListTable, StaffList

MAX_ROWS: Final = 400  # on a page; the file has all
_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@blueprint.get("/listas")
@requires(Scope.SIGNED_IN)
def list_lists() -> ResponseReturnValue:
    return page("lists/lists", lists=list_permitted())


@blueprint.get("/listas/<list_name>")
@requires(Scope.SIGNED_IN)
def show_list(list_name: str) -> ResponseReturnValue:
    """Shows a list. The words in `q` and the parameters of the columns filter it."""
    listed = _find(list_name)
    table = _read(listed)
    query = request.query_string.decode("ascii", "ignore")
    return page(
        "lists/list",
        listed=listed,
        table=table,
        rows=table.rows[:MAX_ROWS],
        hidden_rows=len(table.rows) - MAX_ROWS,
        count=staff_list.count_words(len(table.rows), table.total),
        words=request.args.get(staff_list.SEARCH_PARAMETER, ""),
        query=f"?{query}" if query else "",
    )


@blueprint.get("/listas/<list_name>.<any(csv,xlsx):ending>")
@requires(Scope.SIGNED_IN)
def download_list(list_name: str, ending: str) -> ResponseReturnValue:
    """Answers with all rows that the page with this query string has."""
    listed = _find(list_name)
    rows = _read(listed).file_rows
    if ending == "csv":
        body = spreadsheets.as_csv(rows).encode("utf-8-sig")
    else:
        out = io.BytesIO()
        with spreadsheets.open_spreadsheet(out, title=str(listed.title)) as book:
            book.add(listed.name, rows)
        body = out.getvalue()
    answer = Response(body, content_type=_TYPES[ending])
    name = f"{listed.name}-{clock.network_day(clock.now())}.{ending}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def list_permitted() -> list[StaffList[Any]]:
    """The lists that the staff member may open."""
    return [each for each in LISTS if has_permission_anywhere(each.permission)]


def _find(name: str) -> StaffList[Any]:
    """The list of that name. Raises NotFound, and PermissionMissing for one that the staff member
    may not open."""
    found = next((each for each in LISTS if each.name == name), None)
    if found is None:
        raise NotFound("list")
    if not has_permission_anywhere(found.permission):
        raise PermissionMissing(found.permission)
    return found


def _read(listed: StaffList[Any]) -> ListTable:
    with store().read() as session:
        offices = offices_with(session, listed.permission)
        return staff_list.read_table(session, listed, offices, request.args, now=clock.now())
