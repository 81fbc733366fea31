"""What the forms of the network have in common: texts by language, degrees, many zones."""

from collections.abc import Mapping
from typing import Any

from flask import request
from wtforms import DecimalField, Form
from wtforms.validators import InputRequired, NumberRange

from outreach.db.base import Words
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import network_changes
from outreach.i18n import LANGUAGES, lazy
from outreach.i18n import gettext as _


class DegreesField(DecimalField):
    """Degrees of the map, as 41.8781."""

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


def words_in(form: Form, name: str) -> Words:
    """The texts of `name_es` and its kin, those that were written."""
    told = {lang: form[f"{name}_{lang}"].data for lang in LANGUAGES if f"{name}_{lang}" in form}
    return {lang: text for lang, text in told.items() if text}


def words_out(values: Mapping[str, Words]) -> dict[str, str]:
    """The same the other way: what each field of the form starts with."""
    return {
        f"{name}_{lang}": words.get(lang, "")
        for name, words in values.items()
        for lang in LANGUAGES
    }


def seen_of(thing: Office | Kind | None, status: int) -> str:
    """The mark of what a form was opened on. One that is shown again for a mistake is no younger
    for it."""
    if status == 422:
        return request.form.get("seen", "")
    return network_changes.get_version(thing) if thing else ""


def somebody_else() -> str:
    return _(
        "Alguien más lo cambió mientras escribías. Revisa: si guardas otra vez, queda lo que está"
        " aquí."
    )


def country_choices() -> list[tuple[str, str]]:
    return [("US", _("Estados Unidos")), ("CA", _("Canadá"))]


def faults_of(form: Form) -> list[tuple[str, str]]:
    """The fields to be mended, in the order of the form, each with what to do."""
    return [(field.name, str(field.errors[0])) for field in form if field.errors]
