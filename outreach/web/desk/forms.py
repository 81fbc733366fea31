"""The form of a workshop: text on the way in, a `Plan` on the way out."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
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
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from outreach import clock
from outreach.db.base import Words
from outreach.db.types import Codes
from outreach.domain import regions
from outreach.domain.kinds import Kind, Visibility, Way
from outreach.domain.offices import Office
from outreach.domain.planning import Plan
from outreach.domain.text import clean, clean_lines
from outreach.domain.venues import Venue
from outreach.domain.workshops import Mode
from outreach.languages import SPOKEN, lazy, name_of
from outreach.languages import gettext as _
from outreach.web import cards
from outreach.web.desk import words

NEW: Final = "nueva"
WAYS: Final = (Way.PLACE, Way.OPEN, Way.PHONE, Way.UNLISTED)
EARLIEST: Final = date(2015, 1, 1)
AHEAD: Final = timedelta(days=3 * 366)
_LINK: Final = re.compile(r"https?://[^\s/]+(/\S*)?")


def _cleaned(text: str | None) -> str:
    return clean(text or "")


def _cleaned_lines(text: str | None) -> str:
    return clean_lines(text or "")


def _line(most: int, *validators: Any) -> StringField:
    too_long = Length(max=most, message=lazy("Es demasiado largo. Escribe menos."))
    return StringField(filters=[_cleaned], validators=[*validators, too_long])


def _required(message: str) -> InputRequired:
    return InputRequired(lazy(message))


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


class Choice(SelectField):
    def pre_validate(self, form: Any) -> None:
        if self.data not in {value for value, _label, *_rest in self.iter_choices()}:
            raise ValidationError(_("Elige una opción de la lista."))


class Choices(SelectMultipleField):
    def pre_validate(self, form: Any) -> None:
        offered = {value for value, _label, *_rest in self.iter_choices()}
        if not set(self.data or ()) <= offered:
            raise ValidationError(_("Elige solo opciones de la lista."))


class WorkshopForm(Form):
    kind = Choice()
    title_es = _line(120, _required("Escribe el título."))
    title_en = _line(120)
    title_fr = _line(120)
    summary_es = TextAreaField(
        filters=[_cleaned_lines],
        validators=[Length(max=1000, message=lazy("Es demasiado largo. Escribe menos."))],
    )
    day = DayField(validators=[_required("Escribe la fecha.")])
    starts = HourField(validators=[_required("Escribe a qué hora empieza.")])
    ends = HourField(validators=[Optional()])
    mode = Choice()
    venue = Choice()
    venue_name = _line(120)
    venue_address = _line(200)
    venue_city = _line(80)
    venue_region = Choice()
    venue_area = _line(120)
    venue_zone = Choice()
    venue_step_free = BooleanField()
    visibility = Choice()
    way = Choice()
    capacity = NumberField(
        validators=[
            _required("Escribe cuántos lugares hay."),
            NumberRange(0, 100_000, lazy("Escribe un número de 0 a 100,000.")),
        ]
    )
    party_limit = NumberField(
        validators=[
            _required("Escribe cuántas personas puede traer cada quien."),
            NumberRange(1, 20, lazy("Escribe un número de 1 a 20.")),
        ]
    )
    has_waiting_list = BooleanField()
    languages = Choices()
    interpretation = Choices()
    has_childcare = BooleanField()
    phone = _line(40)
    online_url = _line(400)

    def __init__(
        self,
        typed: MultiDict[str, str] | None,
        *,
        office: Office,
        kinds: Iterable[Kind],
        venues: Iterable[Venue],
        **values: Any,
    ) -> None:
        super().__init__(typed, data=values)
        self.office = office
        zones = [office.zone.key, *(zone for zone in office.extra_zones if zone != office.zone.key)]
        spoken = [(code, name_of(code, "es")) for code in SPOKEN]
        choices: dict[str, list[tuple[str, str]]] = {
            "kind": [(kind.code, words_of(kind)) for kind in kinds],
            "mode": [(mode.value, cards.mode_words(mode)) for mode in Mode],
            "venue": [
                ("", _("Sin sede: en línea o por teléfono")),
                *((str(venue.id), _venue_words(venue, office)) for venue in venues),
                (NEW, _("Otra sede, nueva")),
            ],
            "venue_region": [(code, name["es"]) for code, name in regions.NAMES.items()],
            "venue_zone": [(zone, zone) for zone in zones],
            "visibility": [(each.value, words.visibility_words(each)) for each in Visibility],
            "way": [(way.value, words.way_words(way)) for way in WAYS],
            "languages": spoken,
            "interpretation": spoken,
        }
        for name, offered in choices.items():
            field = self[name]
            assert isinstance(field, SelectField)
            field.choices = offered

    @property
    def faults(self) -> list[tuple[str, str]]:
        """What has to be mended: the id of the field on the page, and the sentence."""
        return [(field.name, str(fault)) for field in self for fault in field.errors[:1]]

    @property
    def zones(self) -> list[str]:
        return [value for value, *_rest in self.venue_zone.iter_choices()]

    def validate_day(self, field: Field) -> None:
        if field.data is None:
            return
        if not EARLIEST <= field.data <= clock.now().date() + AHEAD:
            raise ValidationError(_("Revisa el año de la fecha."))

    def validate_venue(self, field: Field) -> None:
        if not self.has_venue:
            return
        if not field.data:
            raise ValidationError(_("Falta la sede. Elige una o di que es en línea."))

    def validate_venue_name(self, field: Field) -> None:
        if self.is_new_venue and not field.data:
            raise ValidationError(_("Escribe el nombre de la sede."))

    def validate_venue_city(self, field: Field) -> None:
        if self.is_new_venue and not field.data:
            raise ValidationError(_("Escribe la ciudad de la sede."))

    def validate_languages(self, field: Field) -> None:
        if not field.data:
            raise ValidationError(_("Elige al menos un idioma."))

    def validate_online_url(self, field: Field) -> None:
        if field.data and not _LINK.fullmatch(field.data):
            raise ValidationError(_("Copia el enlace completo, con https://"))

    @property
    def has_venue(self) -> bool:
        return self.mode.data in set(Mode) and Mode(self.mode.data).has_venue

    @property
    def is_new_venue(self) -> bool:
        return self.has_venue and self.venue.data == NEW

    def plan(self, base: Plan, kind: Kind, venue: Venue | None) -> Plan:
        """What the form says, over `base`. Only after `validate()`."""
        day, starts = self.day.data, self.starts.data
        assert day is not None
        assert starts is not None
        of_kind = {"retention_days", "has_reminders", "bring"} if kind is not base.kind else set()
        return replace(
            base,
            kind=kind,
            venue=venue,
            zone=venue.zone if venue is not None else self.office.zone,
            day=day,
            starts=starts,
            ends=self.ends.data or _later(day, starts, kind.minutes),
            title=_words(es=self.title_es.data, en=self.title_en.data, fr=self.title_fr.data),
            summary=_retold(base.summary, self.summary_es.data or ""),
            mode=Mode(self.mode.data),
            way=Way(self.way.data),
            visibility=Visibility(self.visibility.data),
            capacity=self.capacity.data or 0,
            party_limit=self.party_limit.data or 1,
            has_waiting_list=self.has_waiting_list.data,
            languages=Codes(self.languages.data or ()),
            interpretation=Codes(self.interpretation.data or ()),
            has_childcare=self.has_childcare.data,
            phone=self.phone.data or "",
            online_url=self.online_url.data or "",
            **{name: getattr(kind, name) for name in of_kind},
        )


def values_of(plan: Plan) -> dict[str, Any]:
    """A plan as the form shows it: a workshop to edit, or what its kind starts it with."""
    return {
        "kind": plan.kind.code,
        "title_es": plan.title.get("es", ""),
        "title_en": plan.title.get("en", ""),
        "title_fr": plan.title.get("fr", ""),
        "summary_es": plan.summary.get("es", ""),
        "day": plan.day,
        "starts": plan.starts,
        "ends": plan.ends,
        "mode": plan.mode.value,
        "venue": str(plan.venue.id) if plan.venue is not None else "",
        "venue_city": plan.office.city,
        "venue_region": plan.office.region,
        "venue_zone": plan.office.zone.key,
        "visibility": plan.visibility.value,
        "way": plan.way.value,
        "capacity": plan.capacity,
        "party_limit": plan.party_limit,
        "has_waiting_list": plan.has_waiting_list,
        "languages": list(plan.languages),
        "interpretation": list(plan.interpretation),
        "has_childcare": plan.has_childcare,
        "phone": plan.phone,
        "online_url": plan.online_url,
    }


def zone_of(form: WorkshopForm) -> ZoneInfo:
    """Of a new venue."""
    return ZoneInfo(form.venue_zone.data)


def words_of(kind: Kind) -> str:
    return kind.name.get("es", kind.code)


def _venue_words(venue: Venue, office: Office) -> str:
    return venue.name if venue.city == office.city else f"{venue.name}, {venue.city}"


def _words(**told: str | None) -> Words:
    return {lang: text for lang, text in told.items() if text}


def _retold(before: Words, spanish: str) -> Words:
    """A text told anew in Spanish is not what its translations say any more."""
    if spanish == before.get("es", ""):
        return before
    return {"es": spanish} if spanish else {}


def _later(day: date, starts: time, minutes: int) -> time:
    return (datetime.combine(day, starts) + timedelta(minutes=minutes)).time()
