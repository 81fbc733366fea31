"""Texts of an office for its messages: kept and chosen where one writes, and listed."""

from collections.abc import Mapping

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.network import offices
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Permission
from outreach.domain.outbox import message_texts
from outreach.domain.outbox.message_texts import MessageText
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop
from outreach.errors import ErrorCode, NotFound, Refusal
from outreach.web.context import store
from outreach.web.staff.attendees import blueprint
from outreach.web.staff.common.acts import act
from outreach.web.staff.common.form_fields import read_number
from outreach.web.staff.common.guards import (
    log_office_action,
    offices_with,
    page,
    require_permission,
)
from outreach.web.staff.common.permissions import PermissionMissing, Scope, requires


@blueprint.get("/textos")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def list_message_texts() -> ResponseReturnValue:
    return _show_page()


def _show_page(fault: str = "") -> ResponseReturnValue:
    with store().read() as session:
        own = offices_with(session, Permission.EDIT)
        if not own:
            raise PermissionMissing(Permission.EDIT)
        return page(
            "attendees/message_texts",
            422 if fault else 200,
            offices=[(each, message_texts.list_texts(session, each)) for each in own],
            longest_name=message_texts.MAX_NAME,
            fault=fault,
            done=request.args.get("hecho", ""),
        )


@blueprint.post("/textos/cambiar")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
@act(refused=_show_page)
def rename_message_text(session: Session) -> str:
    office, name = _find_office(session), clean(request.form.get("name", ""))
    text = find(session, office, request.form.get("text", ""))
    if text.name != name:
        message_texts.rename(session, office, text.id, name)
        log_office_action(session, office.slug, "message text renamed", {"text": text.id})
    return "/org/textos?hecho=guardado"


@blueprint.post("/textos/borrar")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
@act(refused=_show_page)
def delete_message_text(session: Session) -> str:
    office = _find_office(session)
    text = find(session, office, request.form.get("text", ""))
    log_office_action(session, office.slug, "message text deleted", {"text": text.id})
    session.delete(text)
    return "/org/textos?hecho=borrado"


def keep(session: Session, workshop: Workshop, name: str, paragraph: Mapping[str, str]) -> None:
    """Keeps the text of a message. Raises Refusal as `message_texts.save` does, and for a discreet
    workshop, whose messages have no typed text."""
    if workshop.is_discreet:
        raise Refusal(ErrorCode.MESSAGE_TEXT_NOT_ALLOWED)
    text = message_texts.save(session, workshop.office, name, paragraph, now=clock.now())
    log_office_action(session, workshop.office.slug, "message text saved", {"text": text.id})


def find(session: Session, office: Office, text_id: str) -> MessageText:
    """The text with the id that a page sent. Raises NotFound."""
    number = read_number(text_id)
    if number is None:
        raise NotFound("message text")
    return message_texts.find(session, office, number)


def _find_office(session: Session) -> Office:
    """Returns the office in the form. Raises errors as `require_permission` does."""
    slug = clean(request.form.get("office", ""))
    require_permission(Permission.EDIT, slug)
    return offices.find(session, slug)
