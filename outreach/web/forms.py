"""The form that saves a place: what may be answered, and what each answer means.

A field reads text; `applicant()` turns all of them into one value, and nothing further has seen a
form. Every fault is a sentence that says what to do.
"""

import re
import unicodedata
from typing import Any, Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectMultipleField, StringField, ValidationError
from wtforms.validators import StopValidation

from outreach.db.types import Codes
from outreach.domain.registrations import INTERPRETER, Applicant, Contact, Need
from outreach.domain.text import clean, looks_like_an_id
from outreach.domain.workshops import Workshop
from outreach.languages import LANGUAGES, current
from outreach.languages import gettext as _
from outreach.web import stamp

LONGEST_NAME: Final = 60
LONGEST: Final = 254  # of anything else; the longest e-mail address there is
TRAP: Final = "website"  # people do not see it; programs fill it
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{22,64}")
_PHONE: Final = re.compile(r"[\d\s+().\-/]+")  # no extension: a call has to reach the person
# What werkzeug makes of bytes that are not UTF-8: «Mar%EDa».
_NO_UTF8: Final = re.compile(r"%[89A-F][0-9A-F]")
# How people mistype where their mail is; the right names are the ones they meant.
_MISTYPED: Final = {
    "gmail.com": "gmai.com gmial.com gmal.com gmil.com gamil.com gmaill.com gnail.com gmail.co "
    "gmail.con gmail.cm gmail.om gmail.comm",
    "hotmail.com": "hotmial.com hotmal.com hotmai.com hotmil.com homail.com hotamil.com "
    "hotmail.co hotmail.con hotmail.cm",
    "yahoo.com": "yaho.com yahooo.com yhaoo.com yahoo.co yahoo.con yahoo.cm",
    "outlook.com": "outlok.com outloo.com outllok.com oulook.com outlook.co outlook.con",
    "icloud.com": "iclod.com icloud.co icloud.con iclould.com",
}
MEANT: Final = {wrong: right for right, wrongs in _MISTYPED.items() for wrong in wrongs.split()}


class OnceField(StringField):
    """One line of text, sent once, that can be read: no control characters, no broken letters."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        self.is_repeated = len(valuelist) > 1

    def pre_validate(self, form: Any) -> None:
        typed = self.data or ""
        if getattr(self, "is_repeated", False):
            raise StopValidation(_("Este dato llegó dos veces. Escríbelo una sola vez."))
        if len(typed) > LONGEST:
            raise StopValidation(_("Es demasiado largo. Escribe menos letras."))
        if _is_broken(typed):
            raise StopValidation(_("No pudimos leer algunas letras. Escríbelo otra vez."))


class RegistrationForm(Form):
    name = OnceField()
    contact = OnceField()
    email = OnceField()
    phone = OnceField()
    message_ok = OnceField(default="no")
    remind = OnceField()
    people = OnceField(default="1")
    needs = SelectMultipleField(validate_choice=False)
    consent = OnceField()
    language = OnceField()
    slot = OnceField()
    nonce = OnceField()
    stamp = OnceField()
    email_asked = OnceField()  # the address we asked about, so as to ask only once
    website = OnceField()

    def __init__(self, workshop: Workshop, typed: MultiDict[str, str] | None = None) -> None:
        super().__init__(typed)
        self.workshop = workshop
        self._address = ""
        if typed is None:
            self.nonce.data, self.stamp.data = stamp.nonce(), stamp.make(workshop.public_id)
            self.language.data = current()
            if workshop.is_discreet:
                self.contact.data = Contact.NONE.value
        elif not self.is_sent("people"):
            self.people.data = ""

    def is_sent(self, name: str) -> bool:
        """Whether the post held this field at all."""
        return bool(self[name].raw_data)

    @property
    def needs_offered(self) -> list[str]:
        workshop = self.workshop
        offered = {
            Need.STEP_FREE.value: workshop.mode.has_venue,
            Need.CHILDCARE.value: workshop.has_childcare,
            **{f"{INTERPRETER}{lang}": True for lang in workshop.interpretation},
            Need.SIGN_LANGUAGE.value: True,
        }
        return [need for need, is_offered in offered.items() if is_offered]

    @property
    def faults(self) -> list[tuple[str, str]]:
        """What has to be mended: the id of the field on the page, and the sentence."""
        first = {
            "contact": "contact-none" if self.workshop.is_discreet else "contact-email",
            "people": "people-1",
            "needs": f"need-{self.needs_offered[0]}",
            "message_ok": "message-no",
        }
        unseen = {"language", "slot", "nonce", "stamp", "email_asked", TRAP}
        return [
            (first.get(field.name, "enviar" if field.name in unseen else field.name), str(fault))
            for field in self
            for fault in field.errors[:1]
        ]

    @property
    def has_nonce(self) -> bool:
        return bool(_NONCE.fullmatch(self.nonce.data or ""))

    @property
    def is_trapped(self) -> bool:
        return bool(self[TRAP].data)

    def stamp_again(self) -> None:
        """A new stamp for the same post; a nonce only if there was none to keep."""
        self.stamp.data = stamp.make(self.workshop.public_id)
        if not self.has_nonce:
            self.nonce.data = stamp.nonce()

    def validate_name(self, field: StringField) -> None:
        name = clean(field.data or "")
        if not any(unicodedata.category(c)[0] in "LNPS" for c in name):
            raise ValidationError(_("Escribe tu nombre o apodo"))
        if len(name) > LONGEST_NAME:
            raise ValidationError(_("Escribe un nombre más corto, de 60 letras o menos."))
        if looks_like_an_id(unicodedata.normalize("NFKC", name)):
            raise ValidationError(_("Escribe solo tu nombre. No pongas números de documentos."))

    def validate_contact(self, field: StringField) -> None:
        if field.data not in set(Contact):
            raise ValidationError(_("Elige cómo te avisamos"))

    def validate_email(self, field: StringField) -> None:
        if self.contact.data != Contact.EMAIL:
            return
        typed = (field.data or "").strip()
        if not typed:
            raise ValidationError(_("Escribe tu correo"))
        if "@" not in typed:
            raise ValidationError(_("Revisa tu correo: le falta la @"))
        try:
            parts = validate_email(
                typed, check_deliverability=False, allow_smtputf8=False, strict=True
            )
        except EmailNotValidError:
            raise ValidationError(_("Revisa tu correo. Se escribe como rosa@ejemplo.com")) from None
        meant = MEANT.get(parts.domain.lower())
        if meant and typed != (self.email_asked.data or ""):
            self.email_asked.data = typed
            suggestion = f"{parts.local_part}@{meant}"
            raise ValidationError(_("¿Quisiste decir %(suggestion)s?", suggestion=suggestion))
        self._address = parts.normalized

    def validate_phone(self, field: StringField) -> None:
        if self.contact.data != Contact.PHONE:
            return
        try:
            number = phonenumbers.parse(field.data or "", self.workshop.office.country)
        except phonenumbers.NumberParseException:
            number = None
        if not _PHONE.fullmatch(field.data or ""):
            number = None
        if number is None or not phonenumbers.is_valid_number(number):
            raise ValidationError(_("Escribe los 10 números de tu teléfono"))
        self._address = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    def validate_people(self, field: StringField) -> None:
        most = self.workshop.party_limit
        if field.data not in {str(number) for number in range(1, most + 1)}:
            raise ValidationError(_("Elige cuántas personas vienen, de 1 a %(most)d.", most=most))

    def validate_needs(self, field: SelectMultipleField) -> None:
        chosen = field.data or []
        if len(chosen) != len(set(chosen)) or not set(chosen) <= set(self.needs_offered):
            raise ValidationError(_("Elige solo de lo que hay en este taller."))

    def validate_message_ok(self, field: StringField) -> None:
        if field.data not in {"no", "yes"}:
            raise ValidationError(_("Elige si podemos dejar mensaje."))

    def validate_remind(self, field: StringField) -> None:
        if field.data not in {None, "", "yes"}:
            raise ValidationError(_("Marca o deja sin marcar el recordatorio."))

    def validate_consent(self, field: StringField) -> None:
        if field.data != "yes" and (self.workshop.is_discreet or field.data):
            raise ValidationError(
                _("Marca que aceptas que guardemos tu lugar. Sin eso no podemos apartarlo.")
            )

    def validate_language(self, field: StringField) -> None:
        if field.data and field.data not in LANGUAGES:
            raise ValidationError(_("Elige español, inglés o francés arriba de la página."))

    def validate_slot(self, field: StringField) -> None:
        if field.data:
            raise ValidationError(_("Este taller no tiene horas para elegir. Vuelve a enviar."))

    def applicant(self) -> Applicant:
        """What the person told us. Only after `validate()`."""
        contact = Contact(self.contact.data or "none")
        return Applicant(
            name=clean(self.name.data or ""),
            people=int(self.people.data or 1),
            contact=contact,
            address=self._address,
            may_leave_message=contact is Contact.PHONE and self.message_ok.data == "yes",
            wants_reminder=contact is not Contact.NONE and self.remind.data == "yes",
            language=self.language.data or current(),
            needs=Codes(self.needs.data or []),
        )


def _is_broken(typed: str) -> bool:
    """Whether letters in it are no letters: control characters, or bytes of another encoding."""
    if any(unicodedata.category(c) == "Cc" for c in typed) or _NO_UTF8.search(typed):
        return True
    return clean(typed) != " ".join(unicodedata.normalize("NFC", typed).split())
