"""The kinds of workshop: list, new, edit.

A change applies to new workshops only, with one exception: a kind that becomes discreet hides its
workshops at once.
"""

from typing import Any, Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    Field,
    Form,
    SelectField,
    SelectMultipleField,
    ValidationError,
)

from outreach import clock, network_profile
from outreach.db.types import Codes
from outreach.domain.audit.audit_log import Details
from outreach.domain.network import kind_fields, kinds
from outreach.domain.network.kind_fields import KindData
from outreach.domain.network.kinds import CODE, Kind, Visibility, Way
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import network_changes
from outreach.errors import Conflict, Refusal
from outreach.i18n import N_, get_default_language, in_each, lazy, ngettext
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.presentation.icons import ALL_KINDS, PICTOGRAMS
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.declared_forms import add_fields, fill_fields, read_fields
from outreach.web.staff.common.form_fields import Choice, Choices, require_main_text
from outreach.web.staff.common.guards import (
    current_staff,
    log_office_action,
    page,
    require_fresh_factor,
)
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.network import blueprint
from outreach.web.staff.network.form_reading import (
    conflict_message,
    country_choices,
    faults_of,
    seen_version,
    text_values,
)

# The colour of each sign, as the API and feeds give it; pages have it in their style sheet.
COLOURS: Final = {
    "rights": "#1b5ea6",
    "screening": "#1c6446",
    "daca": "#975000",
    "women": "#8a2f66",
    "other": "#555b6e",
}
WAYS: Final = (Way.PLACE, Way.SLOTS, Way.OPEN, Way.PHONE, Way.UNLISTED)
MAX_COUNTRIES: Final = 30  # that are stored with a kind
SENSITIVITIES: Final = ("low", "medium", "high", "very_high")


# What the form does not ask, or holds in another way than it is stored.
_OTHERWISE: Final = frozenset({"code", "countries", "colour", "way", "visibility", "topic"})
_AS_STORED: Final = tuple(name for name in kind_fields.NAMES if name not in _OTHERWISE)


class KindForm(Form):
    """The form of a kind: a field for each of `KindData`, made below, and these."""

    sign: SelectField
    pictogram: SelectField
    sensitivity: SelectField
    countries: SelectMultipleField
    way: SelectField
    visibility: SelectField
    code: Field
    is_discreet: Field
    sure = BooleanField()

    def __init__(
        self, typed: MultiDict[str, str] | None, kind: Kind | None, values: dict[str, Any]
    ) -> None:
        self.kind = kind
        super().__init__(typed, **values)
        require_main_text(self, "name", lazy("Escribe el nombre."))
        require_main_text(self, "short_name", lazy("Escribe el nombre corto."))
        self.sign.choices = [(each, sign_words(each)) for each in COLOURS]
        self.pictogram.choices = [
            (each, pictogram_words(each)) for each in PICTOGRAMS if each != ALL_KINDS
        ]
        self.countries.choices = country_choices()
        self.sensitivity.choices = [(each, sensitivity_words(each)) for each in SENSITIVITIES]
        self.way.choices = [(each.value, workshop_labels.way_words(each)) for each in WAYS]
        self.visibility.choices = [
            (each.value, workshop_labels.visibility_words(each)) for each in Visibility
        ]

    @property
    def becomes_discreet(self) -> bool:
        return bool(self.kind and not self.kind.is_discreet and self.is_discreet.data)

    def validate_code(self, field: Any) -> None:
        if self.kind is None and not CODE.fullmatch(field.data or ""):
            raise ValidationError(
                _("Escribe el código con minúsculas y guion bajo, como plan_familiar.")
            )

    def validate_visibility(self, field: Any) -> None:
        if self.is_discreet.data and field.data == Visibility.PUBLIC:
            raise ValidationError(
                _("Un tipo con discreción no muestra su dirección a todas las personas.")
            )

    def validate_countries(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(_("Elige al menos un país."))
        if len(self._listed_countries()) > MAX_COUNTRIES:
            raise ValidationError(
                _("Elige todos los países, o no más de %(most)d.", most=MAX_COUNTRIES)
            )

    def _listed_countries(self) -> Codes:
        """Returns the chosen countries. If all countries of a large network are chosen it returns
        none, which means every one."""
        chosen = set(self.countries.data or ())
        is_every = len(chosen) > MAX_COUNTRIES and chosen >= set(
            network_profile.current().countries
        )
        return Codes() if is_every else Codes(sorted(chosen, reverse=True))

    def validate(self, extra_validators: Any = None) -> bool:
        is_valid = bool(super().validate(extra_validators))
        for name in ("position", "minutes", "capacity", "party_limit", "retention_days"):
            if self[name].data is None and not self[name].errors:
                self[name].errors = [_("Escribe un número.")]
                is_valid = False
        return self._has_main_texts() and is_valid

    def _has_main_texts(self) -> bool:
        """Whether the texts are there that each kind needs in the network's main language."""
        main = get_default_language()
        neutral, description = self[f"neutral_title_{main}"], self[f"description_{main}"]
        missing = []
        if self.is_discreet.data and not neutral.data:
            words = _("Un tipo con discreción necesita un título neutro: «Taller».")
            missing.append((neutral, words))
        if not description.data:
            missing.append((description, _("Escribe de qué trata, en una línea.")))
        for field, words in missing:
            field.errors = [*field.errors, words]
        return not missing

    def values(self) -> dict[str, Any]:
        """The values for `network_changes.add_kind` and `change_kind`."""
        values = read_fields(self, KindData, _AS_STORED)
        colour = COLOURS[self.sign.data]
        if self.kind is not None and self.kind.sign == self.sign.data:
            colour = self.kind.colour  # a file may have set another one
        return values | {
            "code": self.kind.code if self.kind else self.code.data,
            "countries": self._listed_countries(),
            "colour": colour,
            "way": Way(self.way.data),
            "visibility": Visibility(self.visibility.data),
        }


add_fields(
    KindForm,
    KindData,
    [name for name in kind_fields.NAMES if name not in {"colour", "topic"}],
    {
        **dict.fromkeys(("sign", "pictogram", "sensitivity", "way", "visibility"), Choice),
        "countries": Choices,
    },
)


@blueprint.get("/tipos")
@requires(Scope.NETWORK, Permission.NETWORK)
def list_kinds() -> ResponseReturnValue:
    with store().read() as session:
        all_kinds = kinds.list_kinds(session)
    return page("network/kinds", kinds=all_kinds, words=workshop_labels)


@blueprint.get("/tipos/nuevo")
@requires(Scope.NETWORK, Permission.NETWORK)
def new_kind() -> ResponseReturnValue:
    with store().read() as session:
        values = _new_values(network_changes.get_next_position(session))
        return _form_page(session, KindForm(None, None, values), None)


@blueprint.post("/tipos/nuevo")
@requires(Scope.NETWORK, Permission.NETWORK)
def create_kind() -> ResponseReturnValue:
    form = KindForm(request.form, None, {})
    with store().read() as session:
        if not form.validate():
            return _form_page(session, form, None, 422)
    values = form.values()
    try:
        with store().change() as session:
            network_changes.add_kind(session, values, now=clock.now())
            log_office_action(session, "", "kind added", {"kind": values["code"]})
    except Refusal as refusal:
        with store().read() as session:
            return _form_page(session, form, None, 422, fault=error_messages.say(refusal))
    return redirect(f"/org/tipos/{values['code']}?hecho=nuevo", 303)


@blueprint.get("/tipos/<code>")
@requires(Scope.NETWORK, Permission.NETWORK)
def edit_kind(code: str) -> ResponseReturnValue:
    with store().read() as session:
        kind = kinds.find(session, code)
        return _form_page(session, KindForm(None, kind, _values_of(kind)), kind)


@blueprint.post("/tipos/<code>")
@requires(Scope.NETWORK, Permission.NETWORK)
def update_kind(code: str) -> ResponseReturnValue:
    now = clock.now()
    with store().read() as session:
        kind = kinds.find(session, code)
        form = KindForm(request.form, kind, {})
        is_valid = form.validate()
        ahead = network_changes.count_not_over(session, kind, now=now)
        if is_valid and form.becomes_discreet and ahead and not form.sure.data:
            form.sure.errors = [_("Marca que sí, o quita la discreción.")]
            is_valid = False
        if not is_valid:
            return _form_page(session, form, kind, 422)
        is_looser = network_changes.loosens(kind, form.values())
    if is_looser and not current_staff().is_fresh(now):
        return require_fresh_factor()
    try:
        with store().change() as session:
            kind = kinds.find(session, code)
            network_changes.require_unchanged(session, kind, request.form.get("seen", ""))
            changed = network_changes.change_kind(session, kind, form.values(), now=now)
            if changed:
                details: Details = {"kind": kind.code, "fields": sorted(changed)}
                log_office_action(session, "", "kind changed", details)
    except Conflict:
        with store().read() as session:
            kind = kinds.find(session, code)
            return _form_page(session, form, kind, 409, fault=conflict_message())
    except Refusal as refusal:
        with store().read() as session:
            kind = kinds.find(session, code)
            return _form_page(session, form, kind, 422, fault=error_messages.say(refusal))
    done = "igual" if not changed else "discreto" if form.becomes_discreet else "cambiado"
    return redirect(f"/org/tipos/{kind.code}?hecho={done}", 303)


def sign_words(sign: str) -> str:
    labels = {
        "rights": _("Azul"),
        "screening": _("Verde"),
        "daca": _("Ocre"),
        "women": _("Morado"),
        "other": _("Gris"),
    }
    return labels[sign]


def pictogram_words(pictogram: str) -> str:
    labels = {
        "balance": _("Balanza"),
        "compass": _("Brújula"),
        "card": _("Credencial"),
        "flower": _("Flor"),
        "calendar": _("Calendario"),
        "van": _("Camioneta"),
        "helmet": _("Casco"),
        "clock": _("Reloj"),
        "question": _("Pregunta"),
        "wrench": _("Llave"),
    }
    return labels.get(pictogram, pictogram)


def sensitivity_words(sensitivity: str) -> str:
    labels = {
        "low": _("Baja"),
        "medium": _("Media"),
        "high": _("Alta"),
        "very_high": _("Muy alta"),
    }
    return labels.get(sensitivity, sensitivity)


def _form_page(
    session: Session, form: KindForm, kind: Kind | None, status: int = 200, fault: str = ""
) -> Response:
    ahead = network_changes.count_not_over(session, kind, now=clock.now()) if kind else 0
    return page(
        "network/kind",
        status,
        form=form,
        kind=kind,
        ahead=ahead,
        asks=form.becomes_discreet and ahead,
        seen=seen_version(kind, status),
        faults=[("formulario", fault), *faults_of(form)] if fault else faults_of(form),
        done_message=_done_message(request.args.get("hecho", "")),
        warning=_warning(ahead),
        words=workshop_labels,
    )


def _warning(ahead: int) -> str:
    return ngettext(
        "Hay %(num)d taller de este tipo por venir. Su dirección se esconde de quien no tiene"
        " lugar y su enlace cambia: el que ya se repartió deja de servir.",
        "Hay %(num)d talleres de este tipo por venir. Su dirección se esconde de quien no tiene"
        " lugar y sus enlaces cambian: los que ya se repartieron dejan de servir.",
        ahead,
    )


def _done_message(what: str) -> str:
    messages: dict[str, str] = {
        "nuevo": _("Listo. Ya se puede elegir al hacer un taller."),
        "cambiado": _("Cambios guardados. Los talleres que ya estaban siguen como se hicieron."),
        "discreto": _("Cambios guardados. Los talleres por venir ya están escondidos."),
        "igual": _("No había nada que cambiar."),
    }
    return messages.get(what, "")


def _new_values(position: int) -> dict[str, Any]:
    """The initial values of the form of a new kind."""
    return {
        "position": position,
        "sign": "other",
        "pictogram": "calendar",
        "sensitivity": "medium",
        "countries": list(network_profile.current().countries),
        "minutes": 90,
        "capacity": 40,
        "party_limit": 4,
        "way": Way.PLACE.value,
        "retention_days": 30,
        "visibility": Visibility.PUBLIC.value,
        "has_reminders": True,
    } | text_values({"neutral_title": in_each(N_("Taller"))})


def _values_of(kind: Kind) -> dict[str, Any]:
    return fill_fields(kind, KindData, ("code", *_AS_STORED)) | {
        "countries": list(kind.countries or network_profile.current().countries),
        "way": kind.way.value,
        "visibility": kind.visibility.value,
    }
