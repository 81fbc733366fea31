"""Duplicates a workshop on another day."""

from dataclasses import replace
from datetime import date, time
from typing import Any, Final

import sqlalchemy as sa
from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, ValidationError

from outreach import clock
from outreach.domain import workshops
from outreach.domain.audit.audit_log import Details
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import bulk, recurrence, workshop_data, workshop_service
from outreach.domain.scheduling.workshop_data import WorkshopData
from outreach.domain.workshops import Workshop
from outreach.domain.workshops.publish_checks import PublishWarning
from outreach.errors import NotFound, Refusal
from outreach.i18n import gettext as _
from outreach.i18n import lazy
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.middleware import request_retry
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.form_fields import DayField, HourField, required
from outreach.web.staff.common.guards import find_workshop, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.common.publish_warnings import NOTHING_ASKED, NeedsConfirmations
from outreach.web.staff.scheduling import blueprint, date_proposal

# What the page has asked about already when it showed the warnings of the date.
_OF_DATES: Final = frozenset({PublishWarning.TAKEN, PublishWarning.HOLIDAY, PublishWarning.DOUBLED})


class DuplicateForm(Form):
    day = DayField(validators=[required(lazy("Escribe la fecha."))])
    starts = HourField(validators=[required(lazy("Escribe a qué hora empieza."))])

    def __init__(
        self, typed: MultiDict[str, str] | None, workshop: Workshop, **values: object
    ) -> None:
        super().__init__(typed, data=values)
        self._today = clock.now().astimezone(workshop.zone).date()

    def validate_day(self, field: Field) -> None:
        today = self._today
        if field.data is not None and not (
            today - recurrence.MAX_AHEAD <= field.data <= today + recurrence.MAX_AHEAD
        ):
            raise ValidationError(_("Revisa el año de la fecha."))

    @property
    def faults(self) -> list[tuple[str, str]]:
        return [(field.name, str(fault)) for field in self for fault in field.errors[:1]]

    @property
    def day_and_start(self) -> tuple[date, time]:
        """The day and the start that were typed. To be read only after `validate()`."""
        day, starts = self.day.data, self.starts.data
        assert day is not None
        assert starts is not None
        return day, starts


@blueprint.get("/talleres/<public_id>/clonar")
@requires(Scope.WORKSHOP, Permission.EDIT)
def duplicate_form(public_id: str) -> ResponseReturnValue:
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        return _page(workshop, DuplicateForm(None, workshop, starts=workshop.starts))


@blueprint.post("/talleres/<public_id>/clonar")
@requires(Scope.WORKSHOP, Permission.EDIT)
@request_retry.repeatable
def duplicate(public_id: str) -> ResponseReturnValue:
    nonce = date_proposal.typed_nonce()
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        form = DuplicateForm(request.form, workshop)
        if recurrence.has_created(session, nonce):  # the same form sent again
            return redirect(f"/org/talleres/{_created_before(session, nonce)}", 303)
        if not form.validate():
            return _page(workshop, form, nonce=nonce, status=422, faults=form.faults)
        try:
            data = _data_on_new_day(workshop, form)
            proposal = recurrence.propose(session, [data])[0]
            workshop_data.check(data, is_draft=request.form.get("action") != "publish")
        except Refusal as refusal:
            fault = [("day", error_messages.say(refusal))]
            return _page(workshop, form, nonce=nonce, status=422, faults=fault)
        if proposal.needs_attention and request.form.get("known") != _known(form):
            # Shown once: sending the same date again confirms it.
            warnings, known = date_proposal.warnings(proposal), _known(form)
            return _page(workshop, form, nonce=nonce, status=409, there=warnings, known=known)
    try:
        with store().change() as session:
            created = _create(session, public_id, form, nonce)
    except Refusal as refusal:
        with store().read() as session:
            workshop = find_workshop(session, public_id)
            fault = [("day", error_messages.say(refusal))]
            return _page(workshop, form, nonce=nonce, status=422, faults=fault)
    except NeedsConfirmations as why:
        with store().read() as session:
            workshop, known = find_workshop(session, public_id), request.form.get("known", "")
            return _page(workshop, form, nonce=nonce, status=422, asked=why.asked, known=known)
    except sa.exc.IntegrityError as error:
        date_proposal.require_same_form(nonce, error)
        with store().read() as session:
            created = _created_before(session, nonce)
    what = "publicado" if request.form.get("action") == "publish" else "borrador"
    return redirect(f"/org/talleres/{created}?hecho={what}", 303)


def _create(session: Session, public_id: str, form: DuplicateForm, nonce: str) -> str:
    workshop = find_workshop(session, public_id)
    if recurrence.has_created(session, nonce):
        return _created_before(session, nonce)
    data = _data_on_new_day(workshop, form)
    details: Details = {"clone_of": workshop.public_id}
    is_known = request.form.get("known") == _known(form)
    created = date_proposal.create(
        [data],
        session,
        nonce=nonce,
        details=details,
        source=workshop,
        known=_OF_DATES if is_known else frozenset(),
    )
    return created[0].public_id


def _created_before(session: Session, nonce: str) -> str:
    made = workshops.find_by_external_id(session, f"desk {nonce} 1")
    if made is None:
        raise NotFound("workshop")
    return find_workshop(session, made.public_id).public_id


def _data_on_new_day(workshop: Workshop, form: DuplicateForm) -> WorkshopData:
    """Returns the data of the duplicate: as long as the original, and in no series."""
    day, starts = form.day_and_start
    data = workshop_service.get_data(workshop)
    later, _longer = bulk.compute_shift(
        (data.day, data.starts, data.ends), (day, starts, data.ends)
    )
    return replace(bulk.shift(data, later), series=None)


def _known(form: DuplicateForm) -> str:
    day, starts = form.day_and_start
    return f"{day} {starts:%H:%M}"


def _page(
    workshop: Workshop,
    form: DuplicateForm,
    *,
    nonce: str = "",
    status: int = 200,
    faults: list[tuple[str, str]] | None = None,
    **values: Any,
) -> Response:
    return page(
        "scheduling/duplicate",
        status,
        workshop=workshop,
        form=form,
        nonce=nonce or date_proposal.new_nonce(),
        faults=faults or [],
        words=workshop_labels,
        **({"there": [], "known": "", "asked": NOTHING_ASKED} | values),
    )
