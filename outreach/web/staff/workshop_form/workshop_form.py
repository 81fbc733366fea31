"""The form of a workshop: reads text, gives a `WorkshopData`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, Form, SelectField, ValidationError
from wtforms.validators import NumberRange, Optional, StopValidation

from outreach import clock
from outreach.db.base import Amounts, Words
from outreach.db.types import Codes
from outreach.domain.fields import read_declaration
from outreach.domain.locations.venue_fields import VenueData
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import INTERPRETER, AccessNeed
from outreach.domain.scheduling import workshop_data, workshop_templates
from outreach.domain.scheduling.workshop_data import DEFAULT_SLOT_MINUTES
from outreach.domain.text import WEB_LINK
from outreach.domain.workshops import DeliveryMode, fields, time_slots
from outreach.domain.workshops.fields import WorkshopData
from outreach.domain.workshops.partners import Partner, Speaker
from outreach.domain.workshops.series import WorkshopSeries
from outreach.formats import language_name
from outreach.i18n import SPOKEN, current, get_default_language, lazy, list_languages
from outreach.i18n import gettext as _
from outreach.web.staff.common.declared_forms import fill_fields, make_field, read_fields
from outreach.web.staff.common.form_fields import (
    Choice,
    Choices,
    DayField,
    HourField,
    NumberField,
    OptionalChoice,
    find_next_day_question,
    hours_key,
    line,
    number,
    require_next_day_answer,
    required,
)
from outreach.web.staff.workshop_form import form_options
from outreach.web.staff.workshop_form.form_options import FIRST_HOUR, NEW, SECOND_HOUR, words_of

_DECLARED: Final = read_declaration(WorkshopData)
# What the form does not ask, or asks in fields of its own.
_NOT_PLAIN: Final = frozenset({"is_second_hour", "retention_days", "has_reminders", "title"})
# Texts in the main language, in a field `summary_es`; translations have a page of their own.
_TEXTS: Final = tuple(name for name in fields.TEXTS if name not in _NOT_PLAIN)
_PLAIN: Final = tuple(
    name
    for name, each in _DECLARED.items()
    if name not in _NOT_PLAIN and each.kind in {str, bool, int, int | None, Codes}
)

MIN_DAY: Final = date(2015, 1, 1)
MAX_AHEAD: Final = timedelta(days=3 * 366)
BY_VENUE: Final = "by_venue"  # a choice of `visibility`: the venue's default for a discreet kind


def _require_seats(form: Any, field: Field) -> None:
    """Requires a number of seats, except where it follows from the time slots."""
    if form.way.data == Way.SLOTS:
        field.errors = []
        raise StopValidation
    required(lazy("Escribe cuántos lugares hay."))(form, field)


__all__ = ["NEW", "WorkshopForm", "values_of", "words_of"]


def _make(name: str) -> Any:
    return make_field(_DECLARED[name])


def _most(name: str) -> int:
    most = _DECLARED[name].spec.most
    assert most is not None
    return most


class WorkshopForm(Form):
    """The form of a workshop. A field of `WorkshopData` that is not written here gets its form
    field below."""

    kind = Choice()
    filled_by = line(40)  # the kind whose defaults the form holds
    seen = line(16)  # fingerprint of the saved fields when the form was opened
    # `_es` are the fields of the network's main language, whichever it is.
    title_es = line(_most("title"), required(lazy("Escribe el título.")))
    title_en = line(_most("title"))
    title_fr = line(_most("title"))
    summary_es = _make("summary")
    bring_es = _make("bring")
    day = DayField(validators=[required(lazy("Escribe la fecha."))])
    starts = HourField(validators=[required(lazy("Escribe a qué hora empieza."))])
    ends = HourField(validators=[Optional()])
    next_day = line(11)  # the hours of which staff said that they end on the next day
    # Which of the two is meant if clocks show the hour twice; see `is_hour_doubled`.
    which_hour = OptionalChoice(default="")
    mode = Choice()
    venue = Choice()
    venue_name = line(120)
    venue_address = line(200)
    venue_city = line(80)
    venue_region = Choice()
    venue_area = line(120)
    venue_zone = Choice()
    venue_step_free = BooleanField()
    visibility = Choice()
    way = Choice()
    capacity = NumberField(
        validators=[
            _require_seats,
            NumberRange(0, _most("capacity"), lazy(_DECLARED["capacity"].spec.wrong)),
        ]
    )
    party_limit = _make("party_limit")
    has_waiting_list = _make("has_waiting_list")
    languages = Choices()
    interpretation = Choices()
    has_childcare = _make("has_childcare")
    facilitator = _make("facilitator")
    partners = Choices()
    speakers = Choices()
    phone = _make("phone")
    online_url = _make("online_url")
    live_url = _make("live_url")
    slot_minutes = _make("slot_minutes")
    slot_places = _make("slot_places")
    opens_days = _make("opens_days")
    confirm_days = _make("confirm_days")
    frees_silence = _make("frees_silence")
    is_shared = _make("is_shared")
    overbooked = _make("overbooked")
    limit_childcare = number(0, 100_000, lazy("Escribe un número de 0 a 100,000."))
    venue_same = Choice(default="")  # the answer to «¿Es la misma?»; see `ask_same_venue`
    series = Choice(default="")
    series_name = line(120)
    series_joint = BooleanField()
    template_name = line(workshop_templates.MAX_NAME)

    def __init__(
        self,
        typed: MultiDict[str, str] | None,
        *,
        office: Office,
        kinds: Iterable[Kind],
        venues: Iterable[Venue],
        all_series: Iterable[WorkshopSeries],
        partners: Iterable[Partner] = (),
        speakers: Iterable[Speaker] = (),
        is_draft: bool = False,
        is_unpublished: bool = False,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(typed, data=values)
        self.office, self.is_draft, self.is_unpublished = office, is_draft, is_unpublished
        self._kinds, self._venues = list(kinds), list(venues)
        options = form_options.by_field(
            office, self._kinds, self._venues, all_series, partners, speakers
        )
        if self.visibility.data == BY_VENUE or self._has_discreet_kind:
            options["visibility"].insert(0, (BY_VENUE, _("Según la sede (recomendado)")))
        self.venue_same.choices = [
            (each, each) for each in dict.fromkeys(("", self.venue_same.data or ""))
        ]
        self.is_venue_asked = False
        for name, choices in options.items():
            field = self[name]
            assert isinstance(field, SelectField)
            field.choices = choices

    @property
    def faults(self) -> list[tuple[str, str]]:
        """The errors: id of the field on the page, and message."""
        return [(field.name, str(fault)) for field in self for fault in field.errors[:1]]

    @property
    def known_kind(self) -> Kind | None:
        """The chosen kind; None where it is none of those to choose from."""
        return next((each for each in self._kinds if each.code == self.kind.data), None)

    @property
    def _has_discreet_kind(self) -> bool:
        kind = self.known_kind
        return kind is not None and kind.is_discreet

    @property
    def visibility_reason(self) -> str:
        """A sentence that says who may read the address of a discreet workshop by default, and
        why."""
        kind = self.known_kind
        if kind is None or not kind.is_discreet:
            return ""
        venue = self.known_venue
        default = workshop_data.get_default_visibility(kind, venue)
        if default is Visibility.PHONE_ONLY:
            words: str = _("Este tipo de taller pide que la dirección se diga solo por teléfono.")
        elif default is Visibility.REGISTERED:
            words = _(
                "Esta sala es de la oficina: según la sede, la dirección la ve quien aparta lugar, "
                "porque ahí ustedes reciben a quien llega."
            )
        elif venue is not None and venue.is_own_room:
            words = _("Este tipo de taller pide que tú apruebes quién ve la dirección.")
        elif venue is not None or not self.has_venue:
            words = _(
                "Esto no es en una sala de la oficina: según la sede, la dirección o el enlace "
                "solo los ve quien tú apruebes, porque quien hace daño también puede apartar lugar."
            )
        else:
            words = _(
                "Según la sede: en una sala de la oficina la dirección la ve quien aparta lugar, y "
                "en cualquier otra solo quien tú apruebes, porque quien hace daño también puede "
                "apartar lugar."
            )
        return words

    @property
    def venues(self) -> Sequence[Venue]:
        """The venues to choose from."""
        return self._venues

    @property
    def known_venue(self) -> Venue | None:
        """The chosen venue; None where there is none, or it is a new one."""
        return next((each for each in self._venues if str(each.id) == self.venue.data), None)

    @property
    def zones(self) -> list[str]:
        return [value for value, *_rest in self.venue_zone.iter_choices()]

    def validate_day(self, field: Field) -> None:
        if field.data is not None and self.likely_day is None:
            raise ValidationError(_("Revisa el año de la fecha."))

    @property
    def likely_day(self) -> date | None:
        """The typed day, if a workshop may have it: on the way to 2026 browsers send the year 2."""
        day: date | None = self.day.data
        is_likely = day is not None and MIN_DAY <= day <= clock.now().date() + MAX_AHEAD
        return day if is_likely else None

    @property
    def next_day_question(self) -> str:
        return find_next_day_question(self.starts.data, self.ends.data)

    def validate_ends(self, _field: Field) -> None:
        require_next_day_answer(self.next_day_question, self.next_day.data)

    def validate_which_hour(self, field: Field) -> None:
        if self.is_hour_doubled and not field.data and not self.is_draft:
            raise ValidationError(
                _("Ese día el reloj se atrasa y da esa hora dos veces. Elige cuál es.")
            )

    def validate_venue(self, field: Field) -> None:
        if self.has_venue and not field.data and not self.is_draft:
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
        if field.data and not WEB_LINK.fullmatch(field.data):
            raise ValidationError(_("Copia el enlace completo, con https://"))

    def validate_live_url(self, field: Field) -> None:
        self.validate_online_url(field)
        if field.data and self._has_discreet_kind:
            raise ValidationError(_("Un taller con discreción no tiene enlace abierto. Bórralo."))

    def validate_overbooked(self, field: Field) -> None:
        if field.data and self.way.data == Way.SLOTS:
            raise ValidationError(_("En las citas a una hora no se dan lugares de más."))

    def validate_limit_childcare(self, field: Field) -> None:
        if field.data is not None and not self.has_childcare.data:
            raise ValidationError(_("Marca que hay cuidado de niños, o quita el límite."))

    def validate_interpretation(self, field: Field) -> None:
        for lang, limit in self.limits.items():
            if limit.data is not None and lang not in (field.data or ()):
                name = language_name(lang, current())
                raise ValidationError(
                    _("Marca intérprete de %(language)s, o quita su límite.", language=name)
                )

    def validate_series_name(self, field: Field) -> None:
        if self.series.data == NEW and not field.data:
            raise ValidationError(_("Escribe el nombre de la serie."))

    @property
    def limits(self) -> dict[str, Field]:
        """The fields with the limit of each interpreter, by language."""
        return {lang: self[f"limit_{lang}"] for lang in SPOKEN}

    @property
    def is_hour_doubled(self) -> bool:
        """Whether clocks at the venue show the hour of the start or end twice that day."""
        day, starts = self.likely_day, self.starts.data
        if day is None or starts is None:
            return False
        kind = self.known_kind
        ends = self.ends.data or _end_time(day, starts, kind.minutes if kind else 60)
        return clock.has_doubled_hour(day, starts, ends, self._zone)

    @property
    def _zone(self) -> ZoneInfo:
        """The time zone of the new or chosen venue, or else of the office."""
        if self.is_new_venue and clock.is_zone(self.venue_zone.data or ""):
            return _zone_of(self)
        venue = self.known_venue
        return venue.zone if self.has_venue and venue is not None else self.office.zone

    def slot_count(self, kind: Kind) -> int:
        """The number of time slots, as the form stands."""
        every = self.slot_minutes.data or kind.slot_minutes or DEFAULT_SLOT_MINUTES
        starts, ends = self.starts.data, self.ends.data
        length = time_slots.count_minutes(starts, ends) if starts and ends else kind.minutes
        return max(1, length // every)

    def ask_same_venue(self, candidates: Sequence[Venue]) -> None:
        """Has the page ask whether the new venue is one of these."""
        self.is_venue_asked = True
        self.venue_same.choices = form_options.same_venue_options(candidates)

    @property
    def has_venue(self) -> bool:
        return self.mode.data in set(DeliveryMode) and DeliveryMode(self.mode.data).has_venue

    @property
    def is_new_venue(self) -> bool:
        return self.has_venue and self.venue.data == NEW

    def new_venue_data(self) -> VenueData:
        """Returns what was typed about a new venue."""
        return VenueData(
            name=self.venue_name.data or "",
            address=self.venue_address.data or "",
            city=self.venue_city.data or "",
            region=self.venue_region.data,
            zone=_zone_of(self),
            area=self.venue_area.data or "",
            is_step_free=self.venue_step_free.data,
        )

    def data_over(
        self, base: WorkshopData, kind: Kind, venue: Venue | None, series: WorkshopSeries | None
    ) -> WorkshopData:
        """Returns `base` with the fields of the form, which has valid choices. Day and start stay
        as in `base` where they are not typed."""
        day = self.likely_day or base.day
        starts = base.starts if self.starts.data is None else self.starts.data
        from_kind = {"retention_days", "has_reminders"} if kind.id != base.kind.id else set()
        return replace(
            base,
            kind=kind,
            venue=venue,
            zone=venue.zone if venue is not None else self.office.zone,
            day=day,
            starts=starts,
            ends=self.ends.data or _end_time(day, starts, kind.minutes),
            is_second_hour=self.which_hour.data == SECOND_HOUR,
            title=self._titles(base),
            mode=DeliveryMode(self.mode.data),
            way=Way(self.way.data),
            visibility=self._visibility(base, kind, venue),
            series=series,
            support=self._support(),
            **{name: getattr(kind, name) for name in from_kind},
            **self._texts(base, kind),
            **self._plain(base),
        )

    def _visibility(self, base: WorkshopData, kind: Kind, venue: Venue | None) -> Visibility:
        """Returns the chosen visibility. With BY_VENUE it is the default there; a published
        workshop keeps at least what its people were promised (S32)."""
        if self.visibility.data != BY_VENUE:
            return Visibility(self.visibility.data)
        default = workshop_data.get_default_visibility(kind, venue)
        return default if self.is_unpublished else base.visibility.at_least(default)

    @property
    def translated_titles(self) -> list[str]:
        """The languages with a field for the title beside the main one, `title_es`."""
        main, offered = get_default_language(), list_languages()
        return [lang for lang in ("en", "fr") if lang in offered and lang != main]

    def _titles(self, base: WorkshopData) -> Words:
        shown = {get_default_language(): self.title_es.data} | {
            lang: self[f"title_{lang}"].data for lang in self.translated_titles
        }
        # A translation without a field stays, if it is of a language that the network has.
        kept = {lang: text for lang, text in base.title.items() if lang in list_languages()}
        return {lang: text for lang, text in (kept | shown).items() if text}

    def _plain(self, base: WorkshopData) -> dict[str, Any]:
        """Returns the typed values of the fields that are stored as the form has them."""
        values = read_fields(self, WorkshopData, _PLAIN)
        texts = {name: getattr(base, name) for name in _PLAIN if _DECLARED[name].kind is str}
        return values | {name: _typed(self[name], before) for name, before in texts.items()}

    def _texts(self, base: WorkshopData, kind: Kind) -> dict[str, Any]:
        """Returns the texts as typed. After a change of kind, what to bring is the text of the new
        kind unless somebody changed the old one."""
        found = {name: _with_main(getattr(base, name), self[f"{name}_es"]) for name in _TEXTS}
        before = base.bring.get(get_default_language(), "")
        if kind.id != base.kind.id and _typed(self.bring_es, before) == before:
            found["bring"] = kind.bring
        return found

    def _support(self) -> Amounts:
        limits = {f"{INTERPRETER}{lang}": field.data for lang, field in self.limits.items()}
        limits[AccessNeed.CHILDCARE] = self.limit_childcare.data
        return {str(need): limit for need, limit in limits.items() if limit is not None}


for _lang in SPOKEN:  # one field each
    setattr(
        WorkshopForm,
        f"limit_{_lang}",
        number(0, 100_000, lazy("Escribe un número de 0 a 100,000.")),
    )
for _name in (*_PLAIN, *_TEXTS):
    _field = f"{_name}_es" if _name in _TEXTS else _name
    if not hasattr(WorkshopForm, _field):
        setattr(WorkshopForm, _field, _make(_name))


def values_of(data: WorkshopData) -> dict[str, Any]:
    """The values of the form fields for a workshop, or for the defaults of a kind."""
    main = get_default_language()
    default = workshop_data.get_default_visibility(data.kind, data.venue)
    return {
        "kind": data.kind.code,
        "title_es": data.title.get(main, ""),
        "title_en": data.title.get("en", ""),
        "title_fr": data.title.get("fr", ""),
        **{f"{name}_es": getattr(data, name).get(main, "") for name in _TEXTS},
        "day": data.day,
        "starts": data.starts,
        "ends": data.ends,
        "next_day": hours_key(data.starts, data.ends),
        "which_hour": _which_hour(data),
        "mode": data.mode.value,
        "venue": str(data.venue.id) if data.venue is not None else "",
        "venue_city": data.office.city,
        "venue_region": data.office.region,
        "venue_zone": data.office.zone.key,
        "visibility": BY_VENUE
        if data.kind.is_discreet and data.visibility is default
        else data.visibility.value,
        "way": data.way.value,
        **fill_fields(data, WorkshopData, _PLAIN),
        "limit_childcare": data.support.get(AccessNeed.CHILDCARE),
        **{f"limit_{lang}": data.support.get(f"{INTERPRETER}{lang}") for lang in SPOKEN},
        "series": str(data.series.id) if data.series is not None else "",
        "series_joint": data.series is not None and data.series.is_joint,
    }


def _which_hour(data: WorkshopData) -> str:
    if not workshop_data.has_doubled_hour(data):
        return ""
    return SECOND_HOUR if data.is_second_hour else FIRST_HOUR


def _zone_of(form: WorkshopForm) -> ZoneInfo:
    """The time zone of a new venue."""
    return ZoneInfo(form.venue_zone.data)


def _typed(field: Field, before: str) -> str:
    """Returns the text of a field; the previous text where the page did not have the field."""
    return field.data or "" if field.raw_data or field.raw_data is None else before


def _with_main(before: Words, field: Field) -> Words:
    """Returns the texts with the typed one in the main language. The translations stay until
    somebody revises them; without a typed text there are none."""
    main = get_default_language()
    typed = _typed(field, before.get(main, ""))
    if typed == before.get(main, ""):
        return before
    return before | {main: typed} if typed else {}


def _end_time(day: date, starts: time, minutes: int) -> time:
    return (datetime.combine(day, starts) + timedelta(minutes=minutes)).time()
