"""The form of a roster member."""

from collections.abc import Iterable, Sequence
from datetime import date, time
from typing import Any, Final

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, Form, SelectField, SelectMultipleField, ValidationError
from wtforms.validators import Optional

from outreach import i18n
from outreach.db.types import Codes
from outreach.domain.network.offices import Office
from outreach.domain.roster.members import MAX_NAME, MemberData, MemberDetails
from outreach.domain.roster.models import RosterMember, RosterRole
from outreach.domain.text import looks_like_an_id
from outreach.formats import language_name
from outreach.i18n import gettext as _
from outreach.i18n import lazy
from outreach.web.forms.contact_fields import read_email
from outreach.web.staff.common import roster_labels
from outreach.web.staff.common.form_fields import (
    Choice,
    Choices,
    DayField,
    HourField,
    OptionalChoice,
    line,
    required,
)

WEEKDAYS: Final = range(7)
MAX_ABSENCES: Final = 8
NETWORK: Final = "red"  # in place of the slug of an office


class MemberForm(Form):
    name = line(MAX_NAME, required(lazy("Escribe el nombre.")))
    email = line(254)
    role = Choice()
    office = OptionalChoice()  # only in the form of a new member: it stays
    languages = Choices()
    is_by_phone = BooleanField()
    lang = Choice()

    def __init__(
        self,
        typed: MultiDict[str, str] | None,
        offices: Iterable[Office],
        *,
        is_new: bool = True,
        has_network: bool = False,
        **values: Any,
    ) -> None:
        super().__init__(typed, data=values)
        self.is_new = is_new
        self.address = ""  # normalized e-mail; set by `validate`
        roles = [(each.value, roster_labels.role_words(each)) for each in RosterRole]
        _set_choices(self.role, roles)
        whole = [(NETWORK, _("Toda la red"))] if has_network else []
        _set_choices(self.office, [*((each.slug, each.city) for each in offices), *whole])
        spoken = [(code, language_name(code, i18n.current())) for code in i18n.SPOKEN]
        _set_choices(self.languages, spoken)
        _set_choices(self.lang, list(i18n.NAMES.items()))

    def validate_name(self, field: Field) -> None:
        if looks_like_an_id(field.data or ""):
            raise ValidationError(_("Escribe solo el nombre, sin números de documentos."))

    def validate_email(self, field: Field) -> None:
        self.address = read_email(field.data) if field.data else ""

    def validate_office(self, field: Field) -> None:
        if self.is_new and not field.data:
            raise ValidationError(_("Elige una oficina."))

    def validate_languages(self, field: Field) -> None:
        if self.role.data == RosterRole.INTERPRETER and not field.data:
            raise ValidationError(_("Elige qué lenguas interpreta."))

    @property
    def hours(self) -> list[tuple[int, str, Field, Field]]:
        """The number, the name and the two fields of each weekday."""
        return [
            (each, roster_labels.weekday_name(each), self[f"from_{each}"], self[f"to_{each}"])
            for each in WEEKDAYS
        ]

    @property
    def absences(self) -> list[tuple[Field, Field]]:
        """The fields of the days away: those that are filled, and one more."""
        pairs = [(self[f"away_{each}"], self[f"back_{each}"]) for each in range(MAX_ABSENCES)]
        filled = [each for each, (first, _last) in enumerate(pairs) if first.data or first.errors]
        return pairs[: max(filled, default=-1) + 2]

    def validate(self, extra_validators: Any = None) -> bool:
        is_valid = super().validate(extra_validators)
        for _number, _name, starts, ends in self.hours:
            if bool(starts.data) != bool(ends.data):
                _add_error(ends, _("Escribe las dos horas, o ninguna."))
            elif starts.data and starts.data >= ends.data:
                _add_error(ends, _("La segunda hora va después de la primera."))
        for each in range(MAX_ABSENCES):
            first, last = self[f"away_{each}"], self[f"back_{each}"]
            if last.data and (not first.data or last.data < first.data):
                _add_error(last, _("El último día no va antes del primero."))
        return is_valid and not self.errors

    def member_data(self, office_id: int | None) -> MemberData:
        """Returns what was typed, without name and e-mail. Call it only after `validate()`."""
        role = RosterRole(self.role.data)
        is_interpreter = role is RosterRole.INTERPRETER
        return MemberData(
            office_id=office_id,
            role=role,
            languages=Codes(self.languages.data or ()) if is_interpreter else Codes(),
            is_by_phone=is_interpreter and bool(self.is_by_phone.data),
            lang=self.lang.data,
            hours=[
                (number, starts.data, ends.data)
                for number, _name, starts, ends in self.hours
                if starts.data
            ],
            absences=self._read_absences(),
        )

    def _read_absences(self) -> Sequence[tuple[date, date]]:
        pairs = [
            (self[f"away_{each}"].data, self[f"back_{each}"].data) for each in range(MAX_ABSENCES)
        ]
        return [(first, last or first) for first, last in pairs if first]

    @property
    def details(self) -> MemberDetails:
        """The name and the e-mail that were typed. To be read only after `validate()`."""
        return MemberDetails(name=self.name.data or "", email=self.address)


for _day in WEEKDAYS:
    setattr(MemberForm, f"from_{_day}", HourField(validators=[Optional()]))
    setattr(MemberForm, f"to_{_day}", HourField(validators=[Optional()]))
for _row in range(MAX_ABSENCES):
    setattr(MemberForm, f"away_{_row}", DayField(validators=[Optional()]))
    setattr(MemberForm, f"back_{_row}", DayField(validators=[Optional()]))


def read_values(member: RosterMember, details: MemberDetails) -> dict[str, Any]:
    """The values of the form of a stored member."""
    values: dict[str, Any] = {
        "name": details.name,
        "email": details.email,
        "role": member.role.value,
        "languages": list(member.languages),
        "is_by_phone": member.is_by_phone,
        "lang": member.lang,
    }
    hours: dict[str, time] = {}
    for each in member.hours:
        hours |= {f"from_{each.weekday}": each.starts, f"to_{each.weekday}": each.ends}
    days: dict[str, date] = {}
    for row, absence in enumerate(member.absences[:MAX_ABSENCES]):
        days |= {f"away_{row}": absence.first_day, f"back_{row}": absence.last_day}
    return values | hours | days


def _set_choices(field: Field, choices: Sequence[tuple[str, str]]) -> None:
    assert isinstance(field, SelectField | SelectMultipleField)
    field.choices = list(choices)


def _add_error(field: Field, message: str) -> None:
    field.errors = [*field.errors, message]
