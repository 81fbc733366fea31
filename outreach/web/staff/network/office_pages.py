"""The offices of the network: list, new, edit, close.

The slug of an office never changes: the addresses of its page and feed contain it.
"""

from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, SelectField, ValidationError
from wtforms.validators import Optional

from outreach import clock, formats, network_profile
from outreach.accounts import administration
from outreach.db.types import Codes
from outreach.domain.audit.audit_log import Details
from outreach.domain.locations import regions
from outreach.domain.network import office_fields, offices
from outreach.domain.network.office_fields import OfficeData
from outreach.domain.network.offices import RESERVED_SLUGS, SLUG_PATTERN, Office
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import network_changes
from outreach.errors import Conflict, Refusal
from outreach.i18n import current, get_default_language, lazy, list_languages, say
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.presentation.workshop_cards import CardTag
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.declared_forms import add_fields, fill_fields, read_fields
from outreach.web.staff.common.form_fields import (
    Choice,
    DayField,
    line,
    require_main_text,
    required,
)
from outreach.web.staff.common.guards import log_office_action, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.network import blueprint
from outreach.web.staff.network.form_reading import (
    DegreesField,
    conflict_message,
    country_choices,
    faults_of,
    seen_version,
)

MAX_ZONES_LENGTH: Final = 118  # characters that fit in the column


# What the form holds in another way than it is stored.
_OTHERWISE: Final = frozenset({"slug", "zone", "extra_zones", "latitude", "longitude"})
_AS_STORED: Final = tuple(name for name in office_fields.NAMES if name not in _OTHERWISE)


class OfficeForm(Form):
    """The form of an office: a field for each of `OfficeData`, made below."""

    slug: Field
    rank: SelectField
    region: SelectField
    country: SelectField
    zone: Field
    extra_zones: Field
    latitude: Field
    longitude: Field
    opened_on: Field

    def __init__(self, typed: MultiDict[str, str] | None, office: Office | None) -> None:
        self.office = office
        usual = {"country": network_profile.current().main_country}
        super().__init__(typed, **(_values_of(office) if office else usual))
        require_main_text(self, "name", lazy("Escribe el nombre."))
        self.main_language = get_default_language()
        self.other_languages = [
            lang
            for lang in list_languages()
            if lang != self.main_language and f"name_{lang}" in self
        ]
        self.rank.choices = _rank_choices(office.rank if office else "")
        self.country.choices = country_choices()
        self.region.choices = [
            (code, say(names, current()))
            for code, names in sorted(
                regions.load_names().items(), key=lambda item: say(item[1], current())
            )
        ]

    def validate_slug(self, field: Any) -> None:
        if self.office is not None:
            return  # it cannot be changed
        if not SLUG_PATTERN.fullmatch(field.data or ""):
            raise ValidationError(
                _("Escribe el nombre corto con minúsculas y guiones, como nueva-york.")
            )
        if field.data in RESERVED_SLUGS:
            raise ValidationError(_("Ese nombre corto ya tiene otro uso. Elige otro."))

    def validate_zone(self, field: Any) -> None:
        if not clock.is_zone(field.data):
            raise ValidationError(_("No conocemos esa hora local. Escríbela como America/Chicago."))

    def validate_extra_zones(self, field: Any) -> None:
        zones = (field.data or "").split()
        for each in zones:
            if len(each) > 40 or not clock.is_zone(each):
                raise ValidationError(_("No conocemos esta hora local: %(zone)s", zone=each[:40]))
        if len(" ".join(zones)) > MAX_ZONES_LENGTH:
            raise ValidationError(_("Son demasiadas horas locales. Deja las que más se usan."))

    def validate_email(self, field: Any) -> None:
        if field.data and not administration.is_address(field.data):
            raise ValidationError(_("Revisa el correo. Se escribe como chicago@ejemplo.org"))

    def validate_website(self, field: Any) -> None:
        if field.data and not field.data.startswith(("https://", "http://")):
            raise ValidationError(_("La página empieza con https://"))

    def validate_closed_on(self, field: Any) -> None:
        if field.data and self.opened_on.data and field.data <= self.opened_on.data:
            raise ValidationError(_("El día en que cierra va después del día en que abre."))

    def values(self) -> dict[str, Any]:
        """The values for `network_changes.add_office` and `change_office`."""
        return read_fields(self, OfficeData, _AS_STORED) | {
            "slug": self.office.slug if self.office else self.slug.data,
            "zone": ZoneInfo(self.zone.data or ""),
            "extra_zones": Codes((self.extra_zones.data or "").split()),
            "latitude": float(self.latitude.data or 0),
            "longitude": float(self.longitude.data or 0),
        }


def _make_day() -> DayField:
    return DayField(validators=[Optional()])


add_fields(
    OfficeForm,
    OfficeData,
    office_fields.NAMES,
    {
        "rank": Choice,
        "region": Choice,
        "country": Choice,
        "zone": lambda: line(40, required(lazy("Escribe la hora local, como America/Chicago."))),
        "extra_zones": lambda: line(200),
        "latitude": lambda: DegreesField(90),
        "longitude": lambda: DegreesField(180),
        "opened_on": _make_day,
        "closed_on": _make_day,
    },
)


@blueprint.get("/red")
@requires(Scope.NETWORK, Permission.NETWORK)
def list_offices() -> ResponseReturnValue:
    today = clock.now().date()
    with store().read() as session:
        all_offices = sorted(offices.list_offices(session), key=lambda office: office.city)
    is_closed = request.args.get("ver") == "cerradas"
    closed = [
        each for each in all_offices if each.closed_on is not None and each.closed_on <= today
    ]
    open_ = [each for each in all_offices if each not in closed]
    return page(
        "network/offices",
        offices=closed if is_closed else open_,
        is_closed=is_closed,
        counts=(len(open_), len(closed)),
        tag=lambda office: status_tag(office, today),
        words=workshop_labels,
    )


@blueprint.get("/red/nueva")
@requires(Scope.NETWORK, Permission.NETWORK)
def new_office() -> ResponseReturnValue:
    with store().read() as session:
        return _form_page(session, OfficeForm(None, None), None)


@blueprint.post("/red/nueva")
@requires(Scope.NETWORK, Permission.NETWORK)
def create_office() -> ResponseReturnValue:
    form = OfficeForm(request.form, None)
    with store().read() as session:
        if not form.validate():
            return _form_page(session, form, None, 422)
    values = form.values()
    try:
        with store().change() as session:
            network_changes.add_office(session, values, now=clock.now())
            log_office_action(session, values["slug"], "office opened", {"office": values["slug"]})
    except Refusal as refusal:
        with store().read() as session:
            return _form_page(session, form, None, 422, fault=error_messages.say(refusal))
    return redirect(f"/org/red/{values['slug']}?hecho=nueva", 303)


@blueprint.get("/red/<slug>")
@requires(Scope.NETWORK, Permission.NETWORK)
def edit_office(slug: str) -> ResponseReturnValue:
    with store().read() as session:
        office = offices.find(session, slug)
        return _form_page(session, OfficeForm(None, office), office)


@blueprint.post("/red/<slug>")
@requires(Scope.NETWORK, Permission.NETWORK)
def update_office(slug: str) -> ResponseReturnValue:
    with store().read() as session:
        office = offices.find(session, slug)
        form = OfficeForm(request.form, office)
        if not form.validate():
            return _form_page(session, form, office, 422)
    try:
        with store().change() as session:
            office = offices.find(session, slug)
            network_changes.require_unchanged(session, office, request.form.get("seen", ""))
            was_closed_on = office.closed_on
            changed = network_changes.change_office(session, office, form.values(), now=clock.now())
            if changed:
                is_closing = office.closed_on is not None and office.closed_on != was_closed_on
                action = "office closed" if is_closing else "office changed"
                details: Details = (
                    {"closed_on": str(office.closed_on)}
                    if is_closing
                    else {"fields": sorted(changed)}
                )
                log_office_action(session, slug, action, {"office": slug, **details})
    except Conflict:
        with store().read() as session:
            office = offices.find(session, slug)
            return _form_page(session, form, office, 409, fault=conflict_message())
    done = "igual" if not changed else "hora" if "zone" in changed else "cambiada"
    return redirect(f"/org/red/{slug}?hecho={done}", 303)


def status_tag(office: Office, today: date) -> CardTag:
    if office.closed_on is not None and office.closed_on <= today:
        return CardTag(_("Cerrada el %(day)s", day=_short_date(office.closed_on)), "tag-line")
    if office.opened_on is not None and office.opened_on > today:
        return CardTag(_("Abre el %(day)s", day=_short_date(office.opened_on)), "tag-warn")
    if office.closed_on is not None:
        return CardTag(_("Cierra el %(day)s", day=_short_date(office.closed_on)), "tag-warn")
    return CardTag(_("Abierta"), "tag-good")


def _rank_choices(stored: str) -> list[tuple[str, str]]:
    """Returns the network's ranks in their order. A rank that the network no longer has stays for
    the office that has it."""
    own = {each.code: say(each.names, current()) for each in network_profile.current().ranks}
    return list((own if not stored or stored in own else own | {stored: stored}).items())


def _short_date(day: date) -> str:
    return formats.dated(day, formats.SHORT_DAY_WITH_YEAR, current())


def _form_page(
    session: Session, form: OfficeForm, office: Office | None, status: int = 200, fault: str = ""
) -> Response:
    now = clock.now()
    closes = office.closed_on if office else None
    after = network_changes.count_from_day(session, office, closes) if office and closes else 0
    return page(
        "network/office",
        status,
        form=form,
        office=office,
        seen=seen_version(office, status),
        faults=[("formulario", fault), *faults_of(form)] if fault else faults_of(form),
        zones=sorted({each.zone.key for each in offices.list_offices(session)}),
        ahead=network_changes.count_from_day(session, office, now.date()) if office else 0,
        after=after,
        done_message=_done_message(request.args.get("hecho", "")),
        tag=status_tag(office, now.date()) if office else None,
        words=workshop_labels,
    )


def _done_message(what: str) -> str:
    messages: dict[str, str] = {
        "nueva": _("Listo. La oficina ya tiene su página y su calendario."),
        "cambiada": _("Cambios guardados. Salen en el sitio y en los calendarios."),
        "hora": _(
            "Cambios guardados. La hora local nueva es la de los talleres que se hagan desde ahora;"
            " los que ya estaban siguen con la suya."
        ),
        "igual": _("No había nada que cambiar."),
    }
    return messages.get(what, "")


def _values_of(office: Office) -> dict[str, Any]:
    plain = ("slug", "latitude", "longitude", *_AS_STORED)
    return fill_fields(office, OfficeData, plain) | {
        "zone": office.zone.key,
        "extra_zones": " ".join(office.extra_zones),
    }
