"""The form of a tour stop: reads text, gives a `TourStopData`."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, ValidationError
from wtforms.validators import NumberRange, Optional

from outreach import clock
from outreach.db.types import Codes
from outreach.domain.locations import regions, venues
from outreach.domain.locations.venues import Venue
from outreach.domain.network import kinds
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling.tours import Tour, TourStopData
from outreach.domain.workshops.tour_stops import TourStop
from outreach.i18n import current, lazy, say
from outreach.i18n import gettext as _
from outreach.web.staff.common.form_fields import (
    Choice,
    Choices,
    DayField,
    HourField,
    NumberField,
    find_next_day_question,
    hours_key,
    line,
    require_next_day_answer,
    required,
    with_merged_venue,
)
from outreach.web.staff.workshop_form.workshop_form import MAX_AHEAD, MIN_DAY, words_of


class StopForm(Form):
    day = DayField(validators=[required(lazy("Escribe la fecha."))])
    starts = HourField(validators=[required(lazy("Escribe a qué hora empieza."))])
    ends = HourField(validators=[required(lazy("Escribe a qué hora termina."))])
    next_day = line(11)  # the hours of which staff said that they end on the next day
    venue = Choice(default="")
    city = line(80)
    region = Choice()
    kinds = Choices()
    capacity = NumberField(
        validators=[
            Optional(),
            NumberRange(1, 100_000, lazy("Escribe un número de 1 a 100,000, o déjalo vacío.")),
        ]
    )
    seen = line(16)  # fingerprint of the saved fields when the form was opened

    def __init__(
        self,
        typed: MultiDict[str, str] | None,
        offered_kinds: Iterable[Kind],
        offered_venues: Iterable[Venue],
        **values: Any,
    ) -> None:
        super().__init__(typed, data=values)
        self.kinds.choices = [(kind.code, words_of(kind)) for kind in offered_kinds]
        self.region.choices = [
            (code, say(name, current())) for code, name in regions.load_names().items()
        ]
        self.venue.choices = [
            ("", _("Todavía sin sede")),
            *(
                (str(number), name)
                for number, name in venues.get_distinct_names(offered_venues, home="").items()
            ),
        ]

    def validate_day(self, field: Field) -> None:
        if field.data is not None and not MIN_DAY <= field.data <= clock.now().date() + MAX_AHEAD:
            raise ValidationError(_("Revisa el año de la fecha."))

    @property
    def next_day_question(self) -> str:
        return find_next_day_question(self.starts.data, self.ends.data)

    def validate_ends(self, _field: Field) -> None:
        require_next_day_answer(self.next_day_question, self.next_day.data)

    def validate_city(self, field: Field) -> None:
        if not self.venue.data and not field.data:
            raise ValidationError(_("Escribe la ciudad, o elige la sede."))

    def validate_kinds(self, field: Field) -> None:
        if not field.data:
            raise ValidationError(_("Elige al menos un tipo de taller."))

    def stop_data(self, session: Session, office: Office) -> TourStopData:
        """The data of the form, after `validate()`."""
        venue = venues.find(session, office, int(self.venue.data)) if self.venue.data else None
        assert self.day.data is not None
        assert self.starts.data is not None
        assert self.ends.data is not None
        return TourStopData(
            day=self.day.data,
            starts=self.starts.data,
            ends=self.ends.data,
            city=venue.city if venue else self.city.data or "",
            region=venue.region if venue else self.region.data,
            venue=venue,
            kinds=Codes(self.kinds.data or ()),
            capacity=self.capacity.data,
        )


def of_new(session: Session, tour: Tour, last: TourStop | None) -> StopForm:
    """The form of a new stop, with the values of the last one except day, hours and place."""
    values: dict[str, Any] = {"region": tour.office.region}
    if last is not None:
        values = _values(last) | {"day": None, "venue": "", "city": ""}
    return form_of(session, tour.office, None, **values)


def of_stop(session: Session, tour: Tour, stop: TourStop) -> StopForm:
    return form_of(session, tour.office, None, stop, **_values(stop) | {"seen": fingerprint(stop)})


def form_of(
    session: Session,
    office: Office,
    typed: MultiDict[str, str] | None,
    current: TourStop | None = None,
    **values: Any,
) -> StopForm:
    """The form with typed fields or initial values; its lists keep the venue of `current`."""
    offered = [kind for kind in kinds.list_kinds(session) if kind.is_given_in(office.country)]
    typed = with_merged_venue(session, typed, "venue")
    venue_id = current.venue_id if current is not None else None
    selectable = venues.list_selectable(session, office, keep=venue_id)
    return StopForm(typed, offered, selectable, **values)


def _values(stop: TourStop) -> dict[str, Any]:
    return {
        "day": stop.day,
        "starts": stop.starts,
        "ends": stop.ends,
        "next_day": hours_key(stop.starts, stop.ends),
        "city": stop.city,
        "region": stop.region,
        "venue": str(stop.venue.id) if stop.venue else "",
        "kinds": list(stop.kinds),
        "capacity": stop.capacity,
    }


def fingerprint(stop: TourStop) -> str:
    """A hash of the form fields of the saved stop, which detects a change by somebody else."""
    return sha256(repr(_values(stop)).encode()).hexdigest()[:16]
