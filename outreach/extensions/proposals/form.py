"""Reads the form with which somebody proposes a workshop: fixed fields, no link, no free text."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, SelectField, StringField, ValidationError
from wtforms.validators import NumberRange, Optional

from outreach import network_profile
from outreach.domain.locations import regions
from outreach.domain.network.kinds import HIGH_SENSITIVITIES, Kind
from outreach.domain.network.offices import Office
from outreach.extensions.proposals.proposals import PartOfDay, ProposalDetails, ProposedDay
from outreach.i18n import N_, current, lazy, say
from outreach.i18n import gettext as _
from outreach.web.forms.contact_fields import read_email, read_phone
from outreach.web.middleware.reference_cache import reference
from outreach.web.staff.common.form_fields import Choice, DayField, NumberField, line, required

MAX_DAYS: Final = 3
MAX_PEOPLE: Final = 1000
SOONEST: Final = timedelta(days=3)
LATEST: Final = timedelta(days=180)
PART_WORDS: Final = {
    PartOfDay.MORNING: N_("por la mañana"),
    PartOfDay.AFTERNOON: N_("por la tarde"),
    PartOfDay.EVENING: N_("por la noche"),
}
_LINK: Final = re.compile(r"https?:|www\.|://|@", re.IGNORECASE)


def _refuse_links(_form: Form, field: Field) -> None:
    if _LINK.search(field.data or ""):
        raise ValidationError(_("Escríbelo sin enlaces ni correos."))


def _line(most: int, missing: str) -> StringField:
    return line(most, required(missing), _refuse_links)


class ProposalForm(Form):
    """The form as it was opened or posted. After `validate`, `details` is what to store."""

    office = Choice(validators=[required(lazy("Elige la oficina más cercana."))])
    kind = Choice(validators=[required(lazy("Elige de qué sería el taller."))])
    organization = _line(120, lazy("Escribe quién lo propone: tu parroquia, escuela o grupo."))
    place = _line(120, lazy("Escribe cómo se llama el lugar."))
    address = _line(200, lazy("Escribe la calle y el número."))
    city = _line(80, lazy("Escribe la ciudad."))
    region = Choice(validators=[required(lazy("Elige el estado o la provincia."))])
    people = NumberField(
        validators=[
            required(lazy("Escribe más o menos cuántas personas irían.")),
            NumberRange(1, MAX_PEOPLE, lazy("Escribe un número de 1 a 1000.")),
        ]
    )
    name = _line(80, lazy("Escribe el nombre de quien contesta."))
    phone = line(40, required(lazy("Escribe el teléfono de quien contesta.")))
    email = line(254)

    def __init__(self, typed: MultiDict[str, str] | None, today: date, **values: Any) -> None:
        super().__init__(typed, data=values)
        self.today = today
        lang = current()
        self._offer("office", [(each.slug, each.city) for each in list_offices(today)])
        self._offer("kind", [(each.code, say(each.short_name, lang)) for each in list_kinds()])
        names = regions.load_names().items()
        self._offer("region", [(code, say(name, lang)) for code, name in names])
        for _day, part in self.days:
            assert isinstance(part, SelectField)
            part.choices = [(each.value, _(words)) for each, words in PART_WORDS.items()]

    def _offer(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        field = self[name]
        assert isinstance(field, SelectField)
        field.choices = [("", _("Elige")), *choices]

    @property
    def days(self) -> list[tuple[Field, Field]]:
        """The fields of the days that suit, each with its part of the day."""
        return [(self[f"day{number}"], self[f"part{number}"]) for number in range(1, MAX_DAYS + 1)]

    @property
    def faults(self) -> list[tuple[str, str]]:
        """The first fault of each field, in the order of the page."""
        days = [field for pair in self.days for field in pair]
        first, rest = [self["office"], self["kind"]], [self[name] for name in _AFTER_DAYS]
        found = (*first, *days, *rest)
        return [(field.name, str(field.errors[0])) for field in found if field.errors]

    def validate_phone(self, field: Field) -> None:
        field.data = read_phone(field.data, network_profile.country_of(self.region.data or ""))

    def validate_email(self, field: Field) -> None:
        if field.data:
            field.data = read_email(field.data)

    def details(self) -> ProposalDetails:
        """The data of the form, after `validate()`."""
        return ProposalDetails(
            lang=current(),
            days=tuple(
                ProposedDay(day.data, PartOfDay(part.data)) for day, part in self.days if day.data
            ),
            **{name: self[name].data for name in ("kind", *_AFTER_DAYS)},
        )


_AFTER_DAYS: Final = (
    "place", "address", "city", "region", "people", "organization", "name", "phone", "email",
)  # fmt: skip


def _check_day(form: ProposalForm, field: Field) -> None:
    if field.data and not form.today + SOONEST <= field.data <= form.today + LATEST:
        raise ValidationError(_("Elige un día de aquí a seis meses, y no antes de tres días."))


for _number in range(1, MAX_DAYS + 1):
    _is_needed = required(lazy("Elige un día que les convenga.")) if _number == 1 else Optional()
    setattr(ProposalForm, f"day{_number}", DayField(validators=[_is_needed, _check_day]))
    setattr(ProposalForm, f"part{_number}", Choice(default=PartOfDay.EVENING.value))


def list_offices(today: date) -> Sequence[Office]:
    """Returns the offices that are open, by the name of their city."""
    return sorted(
        (each for each in reference().offices if each.is_open(today)), key=lambda each: each.city
    )


def list_kinds() -> Sequence[Kind]:
    """Returns the kinds that somebody from outside may propose."""
    return [each for each in reference().kinds if may_be_proposed(each)]


def may_be_proposed(kind: Kind) -> bool:
    """Whether it is neither discreet nor of high sensitivity."""
    return not kind.is_discreet and kind.sensitivity not in HIGH_SENSITIVITIES
