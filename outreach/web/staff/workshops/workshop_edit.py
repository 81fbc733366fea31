"""The form of a new workshop, and of an existing one."""

import secrets
from collections.abc import Sequence, Set
from datetime import date, time
from typing import Final

import sqlalchemy as sa
from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from outreach import clock
from outreach.domain import workshops
from outreach.domain.checkin import no_show_rate
from outreach.domain.locations import venue_matching, venues
from outreach.domain.locations.venue_matching import MatchKind
from outreach.domain.locations.venues import Venue
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Way
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import (
    workshop_changes,
    workshop_data,
    workshop_service,
    workshop_templates,
)
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop, WorkshopStatus, partners, series
from outreach.domain.workshops.partners import ChosenPartners
from outreach.domain.workshops.series import WorkshopSeries
from outreach.errors import Refusal
from outreach.formats import language_name
from outreach.i18n import get_default_language
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import key_store, store
from outreach.web.error_messages import PageRefused
from outreach.web.middleware import request_retry
from outreach.web.staff.common import notify_sheet, publish_warnings, workshop_labels
from outreach.web.staff.common.guards import (
    find_workshop,
    log_workshop_action,
    offices_with,
    page,
    require_permission,
)
from outreach.web.staff.common.kept_forms import restores
from outreach.web.staff.common.permissions import PermissionMissing, Scope, requires
from outreach.web.staff.common.publish_warnings import CheckedWorkshop, NeedsConfirmation
from outreach.web.staff.workshop_form import (
    autosave,
    form_factory,
    form_options,
    form_preview,
    form_remarks,
    template_pages,
)
from outreach.web.staff.workshop_form.autosave import DraftOffer
from outreach.web.staff.workshop_form.form_factory import GivenPlace, form_of, kinds_of
from outreach.web.staff.workshop_form.workshop_form import NEW, WorkshopForm, words_of
from outreach.web.staff.workshops import blueprint, series_edit

_KEY_DAY_FIELDS: Final = frozenset({"day", "retention_days"})
_GIVEN: Final = ("dia", "hora", "sede")  # by the calendar: where and when the new one is
_GIVEN_FIELDS: Final = dict(zip(_GIVEN, ("day", "starts", "venue"), strict=True))
_OVERBOOK, _CHANGE_KIND, _PREVIEW, _TEMPLATE = "overbook", "kind", "preview", "template"


class _EditConflict(PageRefused):
    """The workshop was changed by somebody else since the form was opened."""


@blueprint.get("/talleres/nuevo")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def new() -> ResponseReturnValue:
    """Asks for the kind, and the office if there are several; then shows the form with the defaults
    of the kind."""
    code, slug = clean(request.args.get("tipo", "")), clean(request.args.get("oficina", ""))
    with store().read() as session:
        own_offices = offices_with(session, Permission.EDIT)
        if not own_offices:
            raise PermissionMissing(Permission.EDIT)
        if left := request.args.get("borrador"):
            office, nonce, typed = autosave.recover_new(session, left)
            form = form_of(session, office, typed)
            return _form_page(session, form, workshop=None, nonce=nonce)
        office = _chosen_office(session, slug) if slug else own_offices[0]
        if template := request.args.get("plantilla"):
            given = {_GIVEN_FIELDS[n]: request.args[n] for n in _GIVEN if n in request.args}
            typed = template_pages.fields_of(session, office, template, given)
            form = form_of(session, office, typed)
            return _form_page(session, form, workshop=None, nonce=secrets.token_urlsafe(16))
        if not code or (not slug and len(own_offices) > 1):
            return page(
                "workshops/choose_type",
                offices=own_offices if len(own_offices) > 1 else [],
                office=office,
                kinds=kinds_of(office),
                words_of=words_of,
                offers=autosave.offers_of_new(session),
                templates=[
                    (each, workshop_templates.list_templates(session, each)) for each in own_offices
                ],
                given={each: request.args[each] for each in _GIVEN if each in request.args},
            )
        form = form_factory.of_kind(session, office, kinds.find(session, code), _read_given())
        nonce, offers = secrets.token_urlsafe(16), autosave.offers_of_new(session)
        return _form_page(session, form, workshop=None, nonce=nonce, offers=offers)


def _read_given() -> GivenPlace:
    """The day, hour and venue that the calendar names; what cannot be read is left out."""
    day, hour, venue = (request.args.get(each, "") for each in _GIVEN)
    try:
        return GivenPlace(
            day=date.fromisoformat(day) if day else None,
            starts=time.fromisoformat(hour).replace(tzinfo=None) if hour else None,
            venue=venue,
        )
    except ValueError:
        return GivenPlace()


@blueprint.post("/talleres/nuevo")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
@request_retry.repeatable
def create() -> ResponseReturnValue:
    return _create(request.form)


@blueprint.get("/talleres/<public_id>/editar")
@requires(Scope.WORKSHOP, Permission.EDIT)
def edit(public_id: str) -> ResponseReturnValue:
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        if "borrador" in request.args:
            typed = autosave.recover(session, workshop)
            form = form_of(session, workshop.office, typed, workshop=workshop)
            if typed is not None:
                return _form_page(session, form, workshop=workshop)
        form = form_factory.of_workshop(session, workshop)
        offers = autosave.offers_of(session, workshop)
        return _form_page(session, form, workshop=workshop, offers=offers)


@blueprint.post("/talleres/<public_id>/editar")
@requires(Scope.WORKSHOP, Permission.EDIT)
def update(public_id: str) -> ResponseReturnValue:
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        filled = _filled_form(session, workshop.office, request.form, workshop)
        if filled is not None:
            return _form_page(session, filled, workshop=workshop)
        form = form_of(session, workshop.office, request.form, workshop=workshop)
        is_template = request.form.get("action") == _TEMPLATE
        is_valid = is_template or form.validate()
    if is_template:
        return _save_template(form, public_id=public_id)
    if not is_valid:
        return _refused_form(form, public_id=public_id)
    try:
        new_id, moved, what = _save_changes(public_id, form)
    except _EditConflict as why:
        with store().read() as session:
            workshop = find_workshop(session, public_id)
            chosen = partners.get_chosen(session, workshop)
            form.seen.data = form_factory.fingerprint(workshop, chosen)
            return _form_page(session, form, workshop=workshop, status=409, why=why)
    except (Refusal, NeedsConfirmation) as why:
        return _refused_form(form, public_id=public_id, why=why)
    if moved is not None:
        # The key of each registration is destroyed as many days after the new day.
        key_store().move(moved.id, moved.forget_on)
    return redirect(f"/org/talleres/{new_id}?hecho={what}", 303)


@restores(create)
def restore_new(typed: MultiDict[str, str]) -> Response:
    """Shows the form of a new workshop with what was typed before the session ended."""
    with store().read() as session:
        office = _chosen_office(session, clean(typed.get("office", "")))
        form = form_of(session, office, typed)
        return _form_page(session, form, workshop=None, nonce=_nonce(typed))


@restores(update)
def restore(typed: MultiDict[str, str], public_id: str) -> Response:
    """Shows the form of a workshop with what was typed before the session ended."""
    with store().read() as session:
        workshop = find_workshop(session, public_id, Permission.EDIT)
        form = form_of(session, workshop.office, typed, workshop=workshop)
        return _form_page(session, form, workshop=workshop)


def _create(typed: MultiDict[str, str]) -> ResponseReturnValue:
    slug, nonce = clean(typed.get("office", "")), _nonce(typed)
    with store().read() as session:
        office = _chosen_office(session, slug)
        filled = _filled_form(session, office, typed)
        if filled is not None:
            return _form_page(session, filled, workshop=None, nonce=nonce)
        form = form_of(session, office, typed)
        is_template = typed.get("action") == _TEMPLATE
        is_valid = is_template or form.validate()
    if is_template:
        return _save_template(form, nonce=nonce)
    if not is_valid:
        return _refused_form(form, nonce=nonce)
    try:
        public_id, what = _save_new(form, nonce)
    except (Refusal, NeedsConfirmation) as why:
        return _refused_form(form, nonce=nonce, why=why)
    except sa.exc.IntegrityError as error:  # the same form, sent twice at the same moment
        with store().read() as session:
            public_id, what = _created_before(session, nonce, error), ""
    return redirect(f"/org/talleres/{public_id}?hecho={what}", 303)


def _filled_form(
    session: Session,
    office: Office,
    typed: MultiDict[str, str],
    workshop: Workshop | None = None,
) -> WorkshopForm | None:
    """The form after a press of a button that fills or shows it, without saving; None for other
    buttons."""
    action = typed.get("action", "")
    if action == _OVERBOOK:
        return _overbooked(session, office, typed, workshop)
    if action == _CHANGE_KIND and workshop is None:
        return form_factory.change_kind(session, office, typed)
    if action == _PREVIEW or action.startswith(form_remarks.FILL_PREFIX):
        return form_of(session, office, form_remarks.fill(typed), workshop=workshop)
    return None


def _save_template(form: WorkshopForm, *, public_id: str = "", nonce: str = "") -> Response:
    """Shows the form again, after its fields were kept as a template of the office; the workshop is
    not saved."""
    why, kept = None, ""
    try:
        kept = template_pages.save(form, request.form)
    except Refusal as refusal:
        why = refusal
    with store().read() as session:
        workshop = find_workshop(session, public_id) if public_id else None
        return _form_page(
            session,
            form,
            workshop=workshop,
            nonce=nonce,
            status=422 if why else 200,
            why=why,
            kept_template=kept,
        )


def _refused_form(
    form: WorkshopForm,
    *,
    public_id: str = "",
    nonce: str = "",
    why: Refusal | NeedsConfirmation | None = None,
) -> Response:
    """Shows the form again, with its faults. «Guardar borrador» keeps it with them: it is offered
    on the first page until it is finished."""
    status, kept_at = 422, ""
    with store().read() as session:
        workshop = find_workshop(session, public_id) if public_id else None
    is_draft = workshop is None or workshop.status is WorkshopStatus.DRAFT
    if is_draft and request.form.get("action") == "draft":
        sent = MultiDict(request.form)
        sent["nonce"], sent["workshop"] = nonce, public_id
        try:
            at, is_kept = autosave.keep(sent)
            status, kept_at = (200, at) if is_kept else (422, "")
        except Refusal as too_long:
            status, why = 422, too_long
    with store().read() as session:
        workshop = find_workshop(session, public_id) if public_id else None
        return _form_page(
            session, form, workshop=workshop, nonce=nonce, status=status, why=why, kept_at=kept_at
        )


def _nonce(typed: MultiDict[str, str]) -> str:
    given = typed.get("nonce", "")
    return given if autosave.NONCE.fullmatch(given) else secrets.token_urlsafe(16)


def _save_new(form: WorkshopForm, nonce: str) -> tuple[str, str]:
    """Creates the workshop. Returns its public id and the code of the message to show."""
    now = clock.now()
    with store().change() as session:
        made = workshops.find_by_external_id(session, f"desk {nonce}")
        if made is not None:  # the same form sent again
            require_permission(Permission.EDIT, made.office.slug)
            return made.public_id, ""
        office = offices.find(session, form.office.slug)
        kind = kinds.find(session, form.kind.data)
        assert form.day.data is not None
        assert form.starts.data is not None
        base = workshop_data.from_kind(kind, office, form.day.data, form.starts.data)
        own, _is_new_choice = _series(session, form, office, None)
        data = form.data_over(base, kind, _venue(session, form, office), own)
        workshop = workshop_service.create(session, data, now=now, external_id=f"desk {nonce}")
        log_workshop_action(session, workshop, "workshop created")
        _choose_partners(session, form, workshop, ChosenPartners())
        what = _publish_if_asked(session, workshop) or "borrador"
        autosave.discard(session, nonce=nonce)
        return workshop.public_id, what


def _save_changes(public_id: str, form: WorkshopForm) -> tuple[str, Workshop | None, str]:
    """Changes the workshop. Returns its public id, which may be new, the workshop if the day of its
    erasure changed, and the code of the message to show."""
    with store().change() as session:
        workshop = find_workshop(session, public_id)
        # If two people save at once, the second one sees what the first one saved.
        workshop_service.lock(session, workshop)
        chosen = partners.get_chosen(session, workshop)
        if form.seen.data and form.seen.data != form_factory.fingerprint(workshop, chosen):
            raise _EditConflict(
                _(
                    "Alguien más cambió este taller desde que abriste esta página. No guardamos "
                    "nada: mira abajo qué cambió, y guarda otra vez si lo que vale es lo tuyo."
                )
            )
        kind = kinds.find(session, form.kind.data)
        venue = _venue(session, form, workshop.office)
        own, is_new_choice = _series(session, form, workshop.office, workshop.series)
        data = form.data_over(workshop_service.get_data(workshop), kind, venue, own)
        before = series_edit.when(workshop)
        decision = notify_sheet.read_decision()
        changed = workshop_service.change(
            session, workshop, data, now=clock.now(), decision=decision
        )
        if changed & workshop_service.NOTIFYING_FIELDS:
            notify_sheet.require_decision(session, [workshop], decision)
        changed |= {"series"} if is_new_choice else set()
        changed |= _choose_partners(session, form, workshop, chosen, decision.batch)
        if changed:
            log_workshop_action(session, workshop, "workshop changed", {"fields": sorted(changed)})
        what = _publish_if_asked(session, workshop) or _message_code(workshop, changed)
        autosave.discard(session, workshop=workshop)
        what += series_edit.changes_query(session, workshop, before, changed) if changed else ""
        return workshop.public_id, workshop if changed & _KEY_DAY_FIELDS else None, what


def _message_code(workshop: Workshop, changed: Set[str]) -> str:
    """The code of the message to show; its own one when translations may be outdated."""
    if any(
        set(getattr(workshop, each)) > {get_default_language()}
        for each in changed & {"summary", "bring"}
    ):
        return "traducir"
    return "cambiado" if changed else "igual"


def _publish_if_asked(session: Session, workshop: Workshop) -> str:
    if request.form.get("action") != "publish" or workshop.status is not WorkshopStatus.DRAFT:
        return ""
    publish_warnings.publish(session, workshop)
    return "publicado"


def _choose_partners(
    session: Session,
    form: WorkshopForm,
    workshop: Workshop,
    former: ChosenPartners,
    batch: str = "",
) -> frozenset[str]:
    """Stores the chosen partners and speakers in place of the former ones, if the form has these
    fields; with a batch, so that it can be undone."""
    if "allies" not in request.form:
        return frozenset()
    chosen = ChosenPartners(
        partners.parse_ids(form.partners.data or ()), partners.parse_ids(form.speakers.data or ())
    )
    return workshop_changes.set_chosen(
        session, workshop, chosen, former=former, batch=batch, now=clock.now()
    )


def _created_before(session: Session, nonce: str, error: sa.exc.IntegrityError) -> str:
    """Returns the public id of the workshop that the same form created meanwhile. Raises `error`
    where there is none."""
    made = workshops.find_by_external_id(session, f"desk {nonce}")
    if made is None:
        raise error
    require_permission(Permission.EDIT, made.office.slug)
    return made.public_id


def _venue(session: Session, form: WorkshopForm, office: Office) -> Venue | None:
    if not form.has_venue or not form.venue.data:
        return None
    if form.venue.data != NEW:
        return venues.find(session, office, int(form.venue.data))
    now, data = clock.now(), form.new_venue_data()
    venue = _known_venue(session, form, office) or venues.find_or_create(
        session,
        office,
        data.name,
        address=data.address,
        city=data.city,
        region=data.region,
        area=data.area,
        zone=data.zone,
        now=now,
    )
    venues.complete(venue, data, now=now)
    venue.retired_at = None  # it is in use again
    return venue


def _known_venue(session: Session, form: WorkshopForm, office: Office) -> Venue | None:
    """Returns the venue that the typed one is already, by its name or by the answer to «¿Es la
    misma?». Raises PageRefused where that has to be asked."""
    name, city = form.venue_name.data or "", form.venue_city.data or ""
    found = venue_matching.match(
        session, office, name, address=form.venue_address.data or "", city=city
    )
    answer = form.venue_same.data
    if found.kind is not MatchKind.NEAR or answer == form_options.other_venue(found.candidates):
        return found.place
    same = next((each for each in found.candidates if str(each.id) == answer), None)
    if same is None:
        form.ask_same_venue(found.candidates)
        raise PageRefused(
            _("Ya tienes una sede parecida. Di abajo si es la misma: así no queda dos veces.")
        )
    return same


def _series(
    session: Session, form: WorkshopForm, office: Office, current: WorkshopSeries | None
) -> tuple[WorkshopSeries | None, bool]:
    """The series of the form, and whether its group registration was switched on or off.

    That can change only for a series that the form has shown: the current one, or a new one."""
    if not form.series.data:
        return None, False
    is_joint = bool(form.series_joint.data)
    if form.series.data == NEW:
        name = form.series_name.data or ""
        return series.find_or_create(session, office, name, is_joint=is_joint), False
    chosen = series.find(session, office, int(form.series.data))
    if chosen is not current or chosen.is_joint == is_joint:
        return chosen, False
    chosen.is_joint = is_joint
    return chosen, True


def _chosen_office(session: Session, slug: str) -> Office:
    require_permission(Permission.EDIT, slug)
    return offices.find(session, slug)


def _overbooked(
    session: Session,
    office: Office,
    typed: MultiDict[str, str],
    workshop: Workshop | None = None,
) -> WorkshopForm:
    """The form as typed, with the advised overbooking filled in. Nothing is saved."""
    form = form_of(session, office, typed, workshop=workshop)
    suggestion = _suggestion(session, form)
    if suggestion is None or not suggestion.extra:
        return form
    filled = MultiDict(typed)
    filled["overbooked"] = str(suggestion.extra)
    return form_of(session, office, filled, workshop=workshop)


def _suggestion(session: Session, form: WorkshopForm) -> workshop_labels.Suggestion | None:
    """The advised overbooking for the workshop of the form; None where seats are not reserved."""
    if form.way.data not in {Way.PLACE, Way.UNLISTED}:
        return None
    kind = form.known_kind
    if kind is None:
        return None
    show = no_show_rate.estimate_attendance_rate(session, form.office, kind)
    chairs = form.capacity.data or 0
    return workshop_labels.Suggestion(
        show, no_show_rate.overbooking_allowance(show, chairs) if show else 0
    )


def _form_page(
    session: Session,
    form: WorkshopForm,
    *,
    workshop: Workshop | None,
    nonce: str = "",
    status: int = 200,
    why: Refusal | NeedsConfirmation | None = None,
    offers: Sequence[DraftOffer] = (),
    kept_at: str = "",
    kept_template: str = "",
) -> Response:
    faults = form.faults
    if isinstance(why, Refusal):
        faults = [("formulario", error_messages.say(why)), *faults]
    return page(
        "workshops/form",
        status,
        form=form,
        workshop=workshop,
        kind=form.known_kind,
        office=form.office,
        nonce=nonce,
        faults=[] if kept_at else faults,
        kept_at=kept_at,
        kept_template=kept_template,
        preview=form_preview.preview(session, form, workshop),
        is_previewed=request.form.get("action") == _PREVIEW,
        gaps=faults,
        is_overtaken=isinstance(why, _EditConflict),
        is_draft=workshop is None or workshop.status is WorkshopStatus.DRAFT,
        suggestion=_suggestion(session, form),
        is_overbooking=request.form.get("action") == _OVERBOOK,
        checked=publish_warnings.in_words(why.warnings)
        if isinstance(why, NeedsConfirmation)
        else CheckedWorkshop(),
        offers=offers,
        language_name=language_name,
        words=workshop_labels,
        NEW=NEW,
    )
