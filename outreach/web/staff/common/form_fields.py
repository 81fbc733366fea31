"""Form fields of the staff pages, whose error messages are whole sentences."""

from datetime import time
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import (
    DateField,
    Field,
    Form,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
    ValidationError,
)
from wtforms.form import BaseForm
from wtforms.validators import InputRequired, Length, NumberRange, Optional, StopValidation

from outreach.domain.locations import venues
from outreach.domain.scheduling import workshop_data
from outreach.domain.text import clean, clean_lines
from outreach.i18n import get_default_language, lazy
from outreach.i18n import gettext as _


def _cleaned(text: str | None) -> str:
    return clean(text or "")


def _cleaned_lines(text: str | None) -> str:
    return clean_lines(text or "")


def line(most: int, *validators: Any) -> StringField:
    """Returns a field of one line of text, at most `most` characters, without surplus spaces."""
    too_long = Length(max=most, message=lazy("Es demasiado largo. Escribe menos."))
    return StringField(filters=[_cleaned], validators=[*validators, too_long])


class _Filled(InputRequired):
    """A field that must be filled. Zero fills it, and spaces alone do not."""

    def __call__(self, form: BaseForm, field: Field) -> None:
        super().__call__(form, field)
        if field.data == "":
            raise StopValidation(self.message or "")


def required(message: str) -> InputRequired:
    """Returns a validator for a field that must be filled. `message` is a lazy message."""
    return _Filled(message)


def require_main_text(form: Form, name: str, message: str) -> None:
    """Requires the field of a text in the network's main language, `name_es` or another."""
    field = form[f"{name}_{get_default_language()}"]
    field.validators = [required(message), *field.validators]
    field.flags.required = True


class DayField(DateField):
    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Escribe la fecha como 2026-12-05.")) from None


class HourField(TimeField):
    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Escribe la hora como 18:30.")) from None


class NumberField(IntegerField):
    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Escribe un número entero.")) from None


def find_next_day_question(starts: time | None, ends: time | None) -> str:
    """The value of the checkbox «Sí, termina el día siguiente», where these hours are likely a
    slip: it names them, so that others are asked anew. Empty where nothing is asked."""
    if starts is None or ends is None or not workshop_data.is_unlikely_night(starts, ends):
        return ""
    return hours_key(starts, ends)


def require_next_day_answer(question: str, answer: str | None) -> None:
    """Raises ValidationError where the question has not been answered."""
    if question and answer != question:
        raise ValidationError(_("¿Termina el día siguiente? Márcalo abajo, o corrige la hora."))


def hours_key(starts: time, ends: time) -> str:
    return f"{starts:%H:%M}-{ends:%H:%M}"


class Choice(SelectField):
    def pre_validate(self, form: Any) -> None:
        if self.data not in {value for value, _label, *_rest in self.iter_choices()}:
            raise ValidationError(_("Elige una opción de la lista."))


class OptionalChoice(Choice):
    """A choice that may be left out."""

    def pre_validate(self, form: Any) -> None:
        if self.data:
            super().pre_validate(form)


class Choices(SelectMultipleField):
    def pre_validate(self, form: Any) -> None:
        offered = {value for value, _label, *_rest in self.iter_choices()}
        if not set(self.data or ()) <= offered:
            raise ValidationError(_("Elige solo opciones de la lista."))


def text(most: int, *filters: Any) -> TextAreaField:
    """Returns a field of several lines of text, at most `most` characters."""
    too_long = Length(max=most, message=lazy("Es demasiado largo. Escribe menos."))
    return TextAreaField(filters=[*filters, _cleaned_lines], validators=[too_long])


def number(least: int, most: int, message: str) -> NumberField:
    """Returns a field of an optional whole number."""
    return NumberField(validators=[Optional(), NumberRange(least, most, message)])


def read_number(text: str, *, max_digits: int = 9) -> int | None:
    """The whole number that a form or an address has, as an id; None for anything else."""
    is_number = text.isascii() and text.isdigit() and len(text) <= max_digits
    return int(text) if is_number else None


def with_merged_venue(
    session: Session, typed: MultiDict[str, str] | None, name: str
) -> MultiDict[str, str] | None:
    """The fields of a form, in which a venue that was merged while the form was open is the one
    that it became."""
    if typed is None or name not in typed:
        return typed
    current = MultiDict(typed)
    current[name] = venues.follow_id(session, typed[name])
    return current
