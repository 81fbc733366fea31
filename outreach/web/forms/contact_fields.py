"""Form field and parsers for contact details: e-mail and phone.

Every validation error is a sentence that says what to do.
"""

import re
import unicodedata
from typing import Any, Final

from email_validator import EmailNotValidError, validate_email
from wtforms import StringField, ValidationError
from wtforms.validators import StopValidation

from outreach import formats, phone_numbers
from outreach.domain.text import clean
from outreach.i18n import current
from outreach.i18n import gettext as _
from outreach.web.context import config

MAX_LENGTH: Final = 254  # characters of any field; the longest valid e-mail address (RFC 5321)
_PHONE: Final = re.compile(r"[\d\s+().\-/]+")  # without an extension: a call must reach the person
# Werkzeug percent-encodes bytes that are not UTF-8: «Mar%EDa».
_NOT_UTF8: Final = re.compile(r"%[89A-F][0-9A-F]")
# Common misspellings of mail domains, by the correct domain.
_MISSPELLED_DOMAINS: Final = {
    "gmail.com": "gmai.com gmial.com gmal.com gmil.com gamil.com gmaill.com gnail.com gmail.co "
    "gmail.con gmail.cm gmail.om gmail.comm",
    "hotmail.com": "hotmial.com hotmal.com hotmai.com hotmil.com homail.com hotamil.com "
    "hotmail.co hotmail.con hotmail.cm",
    "yahoo.com": "yaho.com yahooo.com yhaoo.com yahoo.co yahoo.con yahoo.cm",
    "outlook.com": "outlok.com outloo.com outllok.com oulook.com outlook.co outlook.con",
    "icloud.com": "iclod.com icloud.co icloud.con iclould.com",
}
DOMAIN_CORRECTIONS: Final = {
    wrong: right for right, wrongs in _MISSPELLED_DOMAINS.items() for wrong in wrongs.split()
}


class OnceField(StringField):
    """A line of text that is sent once and holds no control or wrongly decoded characters."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        self.is_repeated = len(valuelist) > 1

    def pre_validate(self, form: Any) -> None:
        text = self.data or ""
        if getattr(self, "is_repeated", False):
            raise StopValidation(_("Este dato llegó dos veces. Escríbelo una sola vez."))
        if len(text) > MAX_LENGTH:
            raise StopValidation(_("Es demasiado largo. Escribe menos letras."))
        if _is_unreadable(text):
            raise StopValidation(_("No pudimos leer algunas letras. Escríbelo otra vez."))


def read_email(text: str) -> str:
    """Returns the normalized e-mail address. Raises ValidationError."""
    text = text.strip()
    if not text:
        raise ValidationError(_("Escribe tu correo"))
    if "@" not in text:
        raise ValidationError(_("Revisa tu correo: le falta la @"))
    try:
        parts = validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        raise ValidationError(_("Revisa tu correo. Se escribe como rosa@ejemplo.com")) from None
    return parts.normalized


def suggest_email(email: str) -> str:
    """Returns the address with its domain corrected; empty if the domain is no known
    misspelling."""
    local, _at, domain = email.rpartition("@")
    correction = DOMAIN_CORRECTIONS.get(domain.lower())
    return f"{local}@{correction}" if correction else ""


def read_phone(text: str, country: str) -> str:
    """Returns the number in E.164 format, as +13125550142. Raises ValidationError."""
    number = phone_numbers.normalize(text, country)
    if not number or not _PHONE.fullmatch(text):
        if phone_numbers.has_ten_digits(country):
            raise ValidationError(_("Escribe los 10 números de tu teléfono"))
        raise ValidationError(_("Escribe tu número de teléfono completo"))
    countries = config().texts.countries
    if not phone_numbers.is_reachable(number, countries):
        names = formats.country_names(countries, current())
        raise ValidationError(_("Escribe un teléfono fijo o celular (%(names)s).", names=names))
    return number


def _is_unreadable(text: str) -> bool:
    """Whether the text holds control characters or bytes of another encoding."""
    if any(unicodedata.category(c) == "Cc" for c in text) or _NOT_UTF8.search(text):
        return True
    return clean(text) != " ".join(unicodedata.normalize("NFC", text).split())
