"""The venues of an office: list, new, edit, retire."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, SelectField, ValidationError

from outreach import clock
from outreach.domain.audit.audit_log import Details
from outreach.domain.locations import venue_fields, venue_matching, venues
from outreach.domain.locations.geocoding import distance_in_miles
from outreach.domain.locations.venue_fields import Entrance, VenueData
from outreach.domain.locations.venues import Venue
from outreach.domain.network import offices
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import venue_change, venue_merge
from outreach.domain.workshops import count_at_venues as _counts
from outreach.errors import Conflict, Refusal
from outreach.i18n import gettext as _
from outreach.imports import venues as venue_files
from outreach.imports.venues import MAX_MILES
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.staff.common import notify_sheet, undo_notice
from outreach.web.staff.common.declared_forms import add_fields, fill_fields, read_fields
from outreach.web.staff.common.form_fields import Choice, line
from outreach.web.staff.common.guards import (
    current_staff,
    has_permission,
    log_office_action,
    offices_with,
    page,
    require_fresh_factor,
    require_permission,
)
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.network import blueprint
from outreach.web.staff.network.form_reading import conflict_message
from outreach.web.staff.workshop_form import form_options

# As maps copy it: «geo:41.85,-87.65;u=35» (RFC 5870), «41.8500, -87.6500».
_POINT: Final = re.compile(
    r"(?:geo:)?\s*(-?[0-9]{1,2}(?:\.[0-9]{1,15})?)\s*[,;\s]\s*(-?[0-9]{1,3}(?:\.[0-9]{1,15})?)(?:[;?,].*)?"
)


# Latitude and longitude are one form field, `position`.
_POSITION: Final = ("latitude", "longitude")
_BEFORE_POSITION: Final = venue_fields.NAMES[: venue_fields.NAMES.index(_POSITION[0])]
_AFTER_POSITION: Final = venue_fields.NAMES[len(_BEFORE_POSITION) + len(_POSITION) :]
# The fields whose form field has the value of the venue, or a text of it in each language.
_AS_STORED: Final = tuple(name for name in venue_fields.NAMES if name not in {"zone", *_POSITION})


class VenueForm(Form):
    """The form of a venue: a field for each of `VenueData`, made below, and these."""

    position: Field
    seen = line(16)  # fingerprint of the saved fields when the form was opened

    def __init__(self, typed: MultiDict[str, str] | None, office: Office, **values: Any) -> None:
        super().__init__(typed, data=values)
        self.office = office
        zones = form_options.zones(office)
        if values.get("zone") not in {None, *(zone for zone, _words in zones)}:
            zones.append((values["zone"], values["zone"]))
        for name, choices in (
            ("region", form_options.region_options()),
            ("zone", zones),
            ("entrance", _entrances()),
        ):
            field = self[name]
            assert isinstance(field, SelectField)
            field.choices = choices

    @property
    def faults(self) -> list[tuple[str, str]]:
        return [(field.name, str(fault)) for field in self for fault in field.errors[:1]]

    @property
    def zones(self) -> list[str]:
        field = self["zone"]
        assert isinstance(field, SelectField)
        return [value for value, *_rest in field.iter_choices()]

    def validate_position(self, field: Field) -> None:
        if not field.data:
            return
        point = point_of(field.data)
        if point is None:
            raise ValidationError(_("Escribe latitud y longitud, como 41.8500, -87.6500."))
        away = distance_in_miles((self.office.latitude, self.office.longitude), *point)
        if away is not None and away > MAX_MILES:
            raise ValidationError(
                _("Ese punto está lejos de la oficina. Primero va la latitud y luego la longitud.")
            )

    def venue_data(self) -> VenueData:
        """The data of the form, after `validate()`."""
        point = point_of(self.position.data or "")
        return VenueData(
            zone=ZoneInfo(self["zone"].data),
            latitude=point[0] if point else None,
            longitude=point[1] if point else None,
            **read_fields(self, VenueData, _AS_STORED),
        )


_CHOICES: Final[Mapping[str, Callable[[], Choice]]] = {
    "region": Choice,
    "zone": Choice,
    "entrance": partial(Choice, default=""),
}
add_fields(VenueForm, VenueData, _BEFORE_POSITION, _CHOICES)
VenueForm.position = line(80)
add_fields(VenueForm, VenueData, _AFTER_POSITION, _CHOICES)


def _entrances() -> list[tuple[str, str]]:
    return [
        ("", _("No se sabe")),
        (Entrance.FREE.value, _("No hay guardia")),
        (Entrance.GUARD.value, _("Hay guardia y no pide identificación")),
        (Entrance.IDENTIFICATION.value, _("Piden identificación")),
    ]


def entrance_words(entrance: str) -> str:
    return dict(_entrances())[entrance]


def point_of(typed: str) -> tuple[float, float] | None:
    """Returns latitude and longitude of a typed or copied position; None when it is invalid."""
    # Spaces are collapsed first: on thousands of them the pattern would backtrack.
    match = _POINT.fullmatch(" ".join(typed.split()))
    if match is None:
        return None
    latitude, longitude = float(match[1]), float(match[2])
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180) or latitude == longitude == 0:
        return None
    return latitude, longitude


@blueprint.get("/sedes")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def list_venues() -> ResponseReturnValue:
    now = clock.now()
    with store().read() as session:
        own_offices = offices_with(session, Permission.EDIT)
        rows = [
            (
                office,
                venues.list_venues(session, office),
                _counts(session, office, now=now),
            )
            for office in own_offices
        ]
        undo = undo_notice.find_undoable_batch(session, request.args.get("lote", ""), now=now)
    done = _done_message(request.args.get("hecho", ""))
    return page("network/venues", rows=rows, done=done, undo=undo)


@blueprint.get("/sedes/<slug>/sedes.csv")
@requires(Scope.OFFICE, Permission.EDIT)
def download_venues(slug: str) -> ResponseReturnValue:
    """Answers with all venues of the office, as `outreach load venues` reads them."""
    with store().read() as session:
        body = venue_files.write(venues.list_venues(session, offices.find(session, slug)))
    answer = Response(body, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f"attachment; filename=sedes-{slug}.csv"
    return answer


@blueprint.get("/sedes/<slug>/nueva")
@requires(Scope.OFFICE, Permission.EDIT)
def new_venue(slug: str) -> ResponseReturnValue:
    with store().read() as session:
        office = offices.find(session, slug)
    form = VenueForm(None, office, city=office.city, region=office.region, zone=office.zone.key)
    return _page(form, None)


@blueprint.post("/sedes/<slug>/nueva")
@requires(Scope.OFFICE, Permission.EDIT)
def create_venue(slug: str) -> ResponseReturnValue:
    with store().read() as session:
        office = offices.find(session, slug)
    form = VenueForm(request.form, office)
    if not form.validate():
        return _page(form, None, 422)
    try:
        with store().change() as session:
            office = offices.find(session, slug)
            if like := _unanswered(session, office, form):
                return _page(form, None, 422, like=like)
            venue = venues.add(session, office, form.venue_data(), now=clock.now())
            log_office_action(session, slug, "venue created", {"venue": venue.id})
    except Refusal as refusal:
        return _page(form, None, 422, fault=error_messages.say(refusal))
    return redirect("/org/sedes?hecho=nueva", 303)


def _unanswered(session: Session, office: Office, form: VenueForm) -> tuple[Venue, ...]:
    """Returns the venues that the typed one may be, unless somebody has said that it is none of
    them."""
    data = form.venue_data()
    name = (data.name, data.address, data.city)
    found = venue_matching.match(
        session, office, data.name, address=data.address, city=data.city
    ).candidates
    # Exactly that one is refused by `venues.add`.
    is_known = any((each.name, each.address, each.city) == name for each in found)
    is_answered = request.form.get("other") == form_options.other_venue(found)
    return () if is_known or is_answered else found


@blueprint.get("/sedes/<slug>/<int(max=2147483647):venue>")
@requires(Scope.OFFICE, Permission.EDIT)
def edit_venue(slug: str, venue: int) -> ResponseReturnValue:
    with store().read() as session:
        found = venues.find(session, offices.find(session, slug), venue)
        if found.id != venue:  # it was merged into this one
            return redirect(f"/org/sedes/{slug}/{found.id}", 302)
        coming = _upcoming_count(session, found)
        merges = [
            (each.id, each.merged_before["data"]["name"], each.made_at.astimezone(found.zone))
            for each in venue_merge.find_undoable(session, found, now=clock.now())
        ]
    values = _values(found) | {"seen": _fingerprint(found)}
    done = _done_message(request.args.get("hecho", ""))
    form = VenueForm(None, found.office, **values)
    return _page(form, found, coming=coming, merges=merges, done=done)


@blueprint.post("/sedes/<slug>/<int(max=2147483647):venue>")
@requires(Scope.OFFICE, Permission.EDIT)
def update_venue(slug: str, venue: int) -> ResponseReturnValue:
    """Saves the form of a venue. With the field `do` it retires the venue, offers it again,
    affirms it or marks it as verified instead."""
    what = request.form.get("do", "")
    try:
        if what in {"retire", "offer"}:
            return _retire(slug, venue, is_retired=what == "retire")
        if what == "affirm":
            return _affirm(slug, venue)
        if what == "verify":
            return _verify(slug, venue)
    except Conflict:
        return redirect(f"/org/sedes/{slug}/{venue}", 303)
    with store().read() as session:
        found = venues.find(session, offices.find(session, slug), venue)
        coming = _upcoming_count(session, found)
    form = VenueForm(request.form, found.office, zone=found.zone.key)
    if not form.validate():
        return _page(form, found, 422, coming=coming)
    try:
        with store().change() as session:
            current = venues.find(session, offices.find(session, slug), venue)
            venues.lock(session, current)
            if form.seen.data != _fingerprint(current):
                raise Conflict(f"venue {venue}")
            decision = notify_sheet.read_decision()
            outcome = venue_change.change_venue(
                session, current, form.venue_data(), now=clock.now(), decision=decision
            )
            if outcome.workshops:
                there = venue_change.list_upcoming(session, current, now=clock.now())
                notify_sheet.require_decision(session, there, decision)
            if outcome.new:
                details: Details = {
                    "venue": venue,
                    "fields": sorted(outcome.new),
                    "workshops": outcome.workshops,
                    "notified": outcome.notified,
                }
                log_office_action(session, slug, "venue changed", details)
    except Conflict:
        with store().read() as session:
            found = venues.find(session, offices.find(session, slug), venue)
        form.seen.data = _fingerprint(found)
        return _page(form, found, 409, fault=conflict_message(), coming=coming)
    except Refusal as refusal:
        return _page(form, found, 422, fault=error_messages.say(refusal), coming=coming)
    if not outcome.new:
        return redirect("/org/sedes?hecho=igual", 303)
    return redirect(f"/org/sedes?hecho=cambiada&lote={decision.batch}", 303)


def _retire(slug: str, venue: int, *, is_retired: bool) -> ResponseReturnValue:
    with store().change() as session:
        found = _find_itself(session, slug, venue)
        if (found.retired_at is not None) != is_retired:
            found.retired_at = clock.now() if is_retired else None
            action = "venue retired" if is_retired else "venue offered"
            log_office_action(session, slug, action, {"venue": venue})
    return redirect(f"/org/sedes?hecho={'retirada' if is_retired else 'otra-vez'}", 303)


def _find_itself(session: Session, slug: str, venue_id: int) -> Venue:
    """Returns the venue. Raises Conflict where it was merged: its page asked about the venue
    before."""
    found = venues.find(session, offices.find(session, slug), venue_id)
    if found.id != venue_id:
        raise Conflict("merged venue")
    return found


def _affirm(slug: str, venue: int) -> ResponseReturnValue:
    """The office's lead, or an admin, affirms what pages say of police and migration here, for 90
    days (S38): a promise in the name of the office, so an open session alone does not give it."""
    require_permission(Permission.AFFIRM, slug)
    now = clock.now()
    if not current_staff().is_fresh(now):
        return require_fresh_factor()
    with store().change() as session:
        found = _find_itself(session, slug, venue)
        found.affirmed_on = now.astimezone(found.zone).date()
        found.changed_at = clock.second_after(found.changed_at, now)
        log_office_action(session, slug, "venue affirmed", {"venue": venue})
    return redirect(f"/org/sedes/{slug}/{venue}", 303)


def _verify(slug: str, venue: int) -> ResponseReturnValue:
    """Staff called a number that they found on their own: workshops there may be published."""
    with store().change() as session:
        found = _find_itself(session, slug, venue)
        if request.form.get("called") != "yes":
            values = _values(found) | {"seen": _fingerprint(found)}
            form = VenueForm(None, found.office, **values)
            return _page(
                form, found, 422, fault=_("Marca que llamaste. Si no, no se publica nada ahí.")
            )
        if found.is_unverified:
            found.is_unverified = False
            log_office_action(session, slug, "venue verified", {"venue": venue})
    return redirect(f"/org/sedes/{slug}/{venue}?hecho=verificada", 303)


def _upcoming_count(session: Session, venue: Venue) -> int:
    return _counts(session, venue.office, now=clock.now()).get(venue.id, 0)


def _values(venue: Venue) -> dict[str, Any]:
    has_point = venue.latitude is not None and venue.longitude is not None
    return fill_fields(venue, VenueData, _AS_STORED) | {
        "zone": venue.zone.key,
        "position": f"{venue.latitude!r}, {venue.longitude!r}" if has_point else "",
    }


def _fingerprint(venue: Venue) -> str:
    """A hash of the form fields of the saved venue, which detects a change by somebody else."""
    return sha256(repr(_values(venue)).encode()).hexdigest()[:16]


def _page(
    form: VenueForm,
    venue: Venue | None,
    status: int = 200,
    *,
    fault: str = "",
    coming: int = 0,
    like: Sequence[Venue] = (),
    merges: Sequence[tuple[int, str, datetime]] = (),
    done: str = "",
) -> ResponseReturnValue:
    faults = [*([("formulario", fault)] if fault else []), *form.faults]
    return page(
        "network/venue",
        status,
        form=form,
        venue=venue,
        office=form.office,
        faults=faults,
        coming=coming,
        like=like,
        answer=form_options.other_venue(like),
        merges=merges,
        done=done,
        may_affirm=venue is not None and has_permission(Permission.AFFIRM, form.office.slug),
        today=clock.now().date(),
    )


def _done_message(what: str) -> str:
    messages: dict[str, str] = {
        "nueva": _("Sede guardada. Ya la puedes elegir en un taller."),
        "cambiada": _("Cambios guardados. Las páginas y los calendarios ya lo dicen."),
        "igual": _("No había nada que cambiar."),
        "retirada": _("Retirada. Ya no sale al hacer un taller; lo pasado se queda."),
        "unida": _("Unidas. Los talleres, las direcciones y los calendarios ya son de esta sede."),
        "separada": _("Otra vez son dos sedes, cada una como estaba."),
        "verificada": _("Verificada. Ya se pueden publicar talleres aquí."),
        "otra-vez": _("Otra vez se puede elegir."),
    }
    return messages.get(what, "")
