"""The optional part of a call: a nickname, a phone and what the person needs."""

import unicodedata
from collections.abc import Sequence
from typing import Final

from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectMultipleField, StringField, ValidationError

from outreach.db.types import Codes
from outreach.domain.registrations import ContactMethod, Registration, accommodations
from outreach.domain.text import clean, looks_like_an_address, looks_like_an_id
from outreach.i18n import gettext as _
from outreach.web.context import config
from outreach.web.forms.contact_fields import OnceField, read_phone

MAX_NAME_LENGTH: Final = 60
BY_TEXT: Final = "text"


class CallContactForm(Form):
    """One form for all places of a call. Every field may stay empty."""

    name = OnceField()
    phone = OnceField()
    by = OnceField()
    needs = SelectMultipleField(validate_choice=False)

    def __init__(
        self, parties: Sequence[Registration], typed: MultiDict[str, str] | None = None
    ) -> None:
        super().__init__(typed)
        self.parties = parties
        self.address = ""  # in E.164 format; set by `validate()`
        if typed is None:
            self.by.data = self.default_by

    @property
    def can_text(self) -> bool:
        return bool(config().texts.url)

    @property
    def default_by(self) -> str:
        """How the form proposes to use the phone: for a text only where no place of the call is
        discreet (S18)."""
        is_quiet = any(each.workshop.is_discreet for each in self.parties)
        return BY_TEXT if self.can_text and not is_quiet else "call"

    @property
    def needs_offered(self) -> list[str]:
        """What every workshop of the call offers."""
        offered = [accommodations.list_offered(each.workshop) for each in self.parties]
        return [need for need in offered[0] if all(need in each for each in offered)]

    @property
    def chosen_needs(self) -> Codes:
        return Codes(self.needs.data or [])

    @property
    def clean_name(self) -> str:
        return clean(self.name.data or "")

    @property
    def contact(self) -> ContactMethod:
        return ContactMethod.PHONE if self.address else ContactMethod.NONE

    @property
    def may_text(self) -> bool:
        return bool(self.address) and self.can_text and self.by.data == BY_TEXT

    @property
    def faults(self) -> list[tuple[str, str]]:
        return [(field.name, str(fault)) for field in self for fault in field.errors[:1]]

    def validate_name(self, field: StringField) -> None:
        name = self.clean_name
        if len(name) > MAX_NAME_LENGTH:
            raise ValidationError(_("Escribe un nombre más corto, de 60 letras o menos."))
        if name and not any(unicodedata.category(each)[0] in "LNS" for each in name):
            raise ValidationError(_("Escribe su nombre o apodo."))
        if looks_like_an_id(unicodedata.normalize("NFKC", name)):
            raise ValidationError(_("Escribe solo su nombre. No pongas números de documentos."))
        if looks_like_an_address(name):
            raise ValidationError(_("Escribe solo su nombre o apodo, sin páginas ni correos."))

    def validate_phone(self, field: StringField) -> None:
        if not (field.data or "").strip():
            return
        country = self.parties[0].workshop.office.country
        try:
            self.address = read_phone(field.data or "", country)
        except ValidationError as fault:
            of_caller = {
                _("Escribe los 10 números de tu teléfono"): _(
                    "Escribe los 10 números de su teléfono."
                ),
                _("Escribe tu número de teléfono completo"): _(
                    "Escribe su número de teléfono completo."
                ),
            }
            raise ValidationError(of_caller.get(str(fault), str(fault))) from None

    def validate_needs(self, field: SelectMultipleField) -> None:
        if not set(field.data or ()) <= set(self.needs_offered):
            raise ValidationError(_("Elige solo de lo que hay en este taller."))
