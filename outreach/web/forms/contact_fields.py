"""Fields of the public forms, and what is read out of one: an e-mail, a phone. Every fault is a
sentence that says what to do."""

import re
import unicodedata
from typing import Any, Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from wtforms import StringField, ValidationError
from wtforms.validators import StopValidation

from outreach.domain.text import clean
from outreach.i18n import gettext as _

LONGEST: Final = 254  # of anything; the longest e-mail address there is
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


def read_email(typed: str) -> str:
    """The address as it is kept. Raises ValidationError."""
    typed = typed.strip()
    if not typed:
        raise ValidationError(_("Escribe tu correo"))
    if "@" not in typed:
        raise ValidationError(_("Revisa tu correo: le falta la @"))
    try:
        parts = validate_email(typed, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        raise ValidationError(_("Revisa tu correo. Se escribe como rosa@ejemplo.com")) from None
    return parts.normalized


def meant_by(email: str) -> str:
    """What they most likely meant, where the domain is one that people mistype; else nothing."""
    local, _at, domain = email.rpartition("@")
    meant = MEANT.get(domain.lower())
    return f"{local}@{meant}" if meant else ""


def read_phone(typed: str, country: str) -> str:
    """The number with its country, as +13125550142. Raises ValidationError."""
    try:
        number = phonenumbers.parse(typed, country)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not _PHONE.fullmatch(typed) or not phonenumbers.is_valid_number(number):
        raise ValidationError(_("Escribe los 10 números de tu teléfono"))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _is_broken(typed: str) -> bool:
    """Whether letters in it are no letters: control characters, or bytes of another encoding."""
    if any(unicodedata.category(c) == "Cc" for c in typed) or _NO_UTF8.search(typed):
        return True
    return clean(typed) != " ".join(unicodedata.normalize("NFC", typed).split())
