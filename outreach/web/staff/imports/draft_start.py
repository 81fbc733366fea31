"""Reads a file or pasted rows, and keeps them as a draft of the office; nothing is loaded yet."""

from typing import Final

from flask import redirect, request
from flask.typing import ResponseReturnValue

from outreach.domain.network.staff import Permission
from outreach.domain.text import clean
from outreach.errors import Refusal
from outreach.i18n import gettext as _
from outreach.imports.calendar_links import addresses as calendar_addresses
from outreach.imports.guess import conversation
from outreach.imports.import_errors import UnreadableFile
from outreach.imports.sheets import file_types
from outreach.web import error_messages
from outreach.web.staff.common.guards import require_permission
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.imports import blueprint, calendar_link_pages, import_pages
from outreach.web.staff.imports.draft_review import keep_draft, require_few_rows
from outreach.web.staff.imports.import_pages import MAX_UPLOAD_BYTES

PASTED_NAME: Final = "lo que pegaste"


@blueprint.post("/traer/hoja")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT, max_body_bytes=MAX_UPLOAD_BYTES)
def read_sheet() -> ResponseReturnValue:
    """Reads any sheet, guesses its columns, and keeps those that are read."""
    slug = clean(request.form.get("office", ""))
    require_permission(Permission.EDIT, slug)
    name, data = _read_sent()
    typed = _find_address() if name == PASTED_NAME else ""
    if typed:
        return calendar_link_pages.add_link(slug, typed)
    if not data:
        fault = _("Elige un archivo, pega tus renglones o la dirección de un calendario.")
        return import_pages.ask(422, sheet_fault=fault)
    try:
        source = conversation.read(name, data)
        require_few_rows(source)
        address = keep_draft(slug, name, source)
    except (UnreadableFile, Refusal) as unfit:
        return import_pages.ask(422, name=name, sheet_fault=error_messages.say(unfit))
    return redirect(f"{address}/columnas", 303)


def _read_sent() -> tuple[str, bytes]:
    """The name and the content of the file, or of what was pasted; empty without any."""
    sent = request.files.get("sheet")
    name = clean(sent.filename or "") if sent is not None else ""
    if sent is not None and name:
        return name, sent.stream.read(file_types.MAX_BYTES + 1)
    return PASTED_NAME, request.form.get("rows", "").strip().encode()


def _find_address() -> str:
    """The address of a calendar that was typed in place of a file, or pasted as the only row: such
    a row must not become a draft, since the address is a secret."""
    rows = request.form.get("rows", "").strip()
    return rows if calendar_addresses.is_address(rows) else request.form.get("address", "").strip()
