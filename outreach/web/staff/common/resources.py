"""The pages of one record of an office: its form, saving it, retiring it and offering it again.

A resource is a declaration (`OfficeResource`); its views, with their permissions, are in the module
that declares it and call `show_form` and `save_form`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any, Generic, Protocol, TypeVar

from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import Form

from outreach import clock
from outreach.domain.network import offices
from outreach.domain.network.offices import Office
from outreach.web.context import store
from outreach.web.staff.common import acts
from outreach.web.staff.common.guards import page


class RecordAct(Enum):
    """What was done with a record, for its entry in the audit log."""

    CREATED = auto()
    CHANGED = auto()
    RETIRED = auto()
    OFFERED = auto()


class RetirableRecord(Protocol):
    """A row of an office that can be retired."""

    id: Any  # an int; a mapped attribute is one of another type to mypy
    retired_at: Any  # datetime | None


Record = TypeVar("Record", bound=RetirableRecord)
RecordForm = TypeVar("RecordForm", bound=Form)


@dataclass(frozen=True, kw_only=True)
class OfficeResource(Generic[Record, RecordForm]):
    """Records of an office that its staff add, change, retire and offer again."""

    log: Callable[[Session, str, RecordAct, int], None]  # with the slug and the id of the record
    template: str  # renders its form; it is called with `office`, `form`, `record` and `faults`
    list_address: str
    find: Callable[[Session, Office, int], Record]  # raises NotFound
    # The values of the form of a stored record, or of a new one.
    read_values: Callable[[Record | None], Mapping[str, Any]]
    # The form of a record with what was typed, or with its values.
    make_form: Callable[
        [Session, Office, Record | None, MultiDict[str, str] | None, Mapping[str, Any]], RecordForm
    ]
    # Changes the record after the valid form, or makes it. Raises Refusal.
    write: Callable[[Session, Office, RecordForm, Record | None], Record]


def show_form(
    resource: OfficeResource[Any, Any], slug: str, record_id: int | None = None
) -> ResponseReturnValue:
    """Shows the form of a record; without an id, the form of a new one. Raises NotFound."""
    with store().read() as session:
        office, record = _find(session, resource, slug, record_id)
        values = resource.read_values(record)
        form = resource.make_form(session, office, record, None, values)
    return _page(resource, office, form, record)


def save_form(
    resource: OfficeResource[Any, Any], slug: str, record_id: int | None = None
) -> ResponseReturnValue:
    """Saves the form of a record. If the record exists, the field `do` can retire it or offer it
    again instead. Raises NotFound."""
    what = request.form.get("do", "")
    if record_id is not None and what in {"retire", "offer"}:
        return _set_retired(resource, slug, record_id, clock.now() if what == "retire" else None)
    with store().read() as session:
        office, current = _find(session, resource, slug, record_id)
        form = resource.make_form(session, office, current, request.form, {})
    if not form.validate():
        return _page(resource, office, form, current, 422)

    def save(session: Session) -> str:
        own_office, stored = _find(session, resource, slug, record_id)
        record = resource.write(session, own_office, form, stored)
        what = RecordAct.CREATED if record_id is None else RecordAct.CHANGED
        resource.log(session, slug, what, record.id)
        return f"{resource.list_address}?hecho=guardado"

    return acts.carry_out(
        save, lambda fault: _page(resource, office, form, current, 422, fault=fault)
    )


def _set_retired(
    resource: OfficeResource[Any, Any], slug: str, record_id: int, retired_at: datetime | None
) -> ResponseReturnValue:
    """Retires a record at that instant, or offers it again (None)."""
    with store().change() as session:
        _office, record = _find(session, resource, slug, record_id)
        record.retired_at = retired_at
        what = RecordAct.OFFERED if retired_at is None else RecordAct.RETIRED
        resource.log(session, slug, what, record.id)
    done = "otra-vez" if retired_at is None else "retirado"
    return redirect(f"{resource.list_address}?hecho={done}", 303)


def _find(
    session: Session, resource: OfficeResource[Any, Any], slug: str, record_id: int | None
) -> tuple[Office, Any]:
    """The office and its record, None for a new one. Raises NotFound."""
    office = offices.find(session, slug)
    return office, None if record_id is None else resource.find(session, office, record_id)


def _page(
    resource: OfficeResource[Any, Any],
    office: Office,
    form: Form,
    record: Any,
    status: int = 200,
    *,
    fault: str = "",
) -> ResponseReturnValue:
    return page(
        resource.template,
        status,
        office=office,
        form=form,
        record=record,
        faults=acts.list_faults(form, fault),
    )
