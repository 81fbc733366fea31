"""Shared parts of the network forms: texts by language, degrees, conflict detection."""

from collections.abc import Mapping
from typing import Any

from flask import request
from wtforms import DecimalField, Form
from wtforms.validators import InputRequired, NumberRange

from outreach import formats, network_profile
from outreach.db.base import Words
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import network_changes
from outreach.i18n import current, lazy, list_languages
from outreach.i18n import gettext as _


class DegreesField(DecimalField):
    """Decimal degrees, as 41.8781."""

    def __init__(self, most: int, **given: Any) -> None:
        super().__init__(
            places=None,
            validators=[
                InputRequired(lazy("Escribe la posición en grados, como 41.8781.")),
                NumberRange(-most, most, lazy("Esos grados no existen. Revisa el número.")),
            ],
            **given,
        )

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Escribe la posición en grados, como 41.8781.")) from None


def read_texts(form: Form, name: str) -> Words:
    """The filled texts of the fields `name_es`, `name_en`, … by language."""
    texts = {
        lang: form[f"{name}_{lang}"].data for lang in list_languages() if f"{name}_{lang}" in form
    }
    return {lang: text for lang, text in texts.items() if text}


def text_values(values: Mapping[str, Words]) -> dict[str, str]:
    """Returns the initial values of the fields that `read_texts` reads, by field name."""
    return {
        f"{name}_{lang}": words.get(lang, "")
        for name, words in values.items()
        for lang in list_languages()
    }


def seen_version(subject: Office | Kind | None, status: int) -> str:
    """Returns the version that the form was opened on. A form that is shown again for an error
    keeps the version that it was sent with."""
    if status == 422:
        return request.form.get("seen", "")
    return network_changes.get_version(subject) if subject else ""


def conflict_message() -> str:
    return _(
        "Alguien más lo cambió mientras escribías. Revisa: si guardas otra vez, queda lo que está"
        " aquí."
    )


def country_choices() -> list[tuple[str, str]]:
    own = network_profile.current().countries
    return [(code, formats.country_name(code, current())) for code in own]


def faults_of(form: Form) -> list[tuple[str, str]]:
    """The fields with errors in the order of the form, each with its first message."""
    return [(field.name, str(field.errors[0])) for field in form if field.errors]
