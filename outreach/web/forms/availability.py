"""Current choices of a registration form: free slots, support left, other dates of the series."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from itertools import groupby

from sqlalchemy.orm import Session

from outreach import formats, i18n
from outreach.domain import workshops
from outreach.domain.registrations import INTERPRETER, AccessNeed, Registration, accommodations
from outreach.domain.registrations.models import STATUSES_WITH_SEATS
from outreach.domain.workshops import Workshop, time_slots
from outreach.i18n import gettext as _
from outreach.web.presentation import formatting, reader_hours


@dataclass(frozen=True)
class AvailableSlot:
    """A time slot of a day of consultations, as the form shows it."""

    day: date
    starts: time
    own: time  # on the reader's clock, where that is known
    has_room: bool

    @property
    def value(self) -> str:
        return f"{self.starts:%H:%M}"

    @property
    def words(self) -> str:
        """The hour without a. m. or p. m.: 10:20. The heading of the group says which."""
        return formats.split_hour(self.starts, i18n.current())[0]

    @property
    def half(self) -> str:
        """The half of the day: a. m. or p. m.; empty in languages with a 24-hour clock."""
        return formats.split_hour(self.starts, i18n.current())[1]


@dataclass(frozen=True)
class Availability:
    """The choices that a form offers at one moment."""

    hours: Sequence[AvailableSlot] = ()
    used_up: Collection[str] = ()  # needs with no support left
    dates: Sequence[Workshop] = ()  # other dates of the series that are open for registration

    @property
    def free(self) -> int:
        return sum(hour.has_room for hour in self.hours)

    @property
    def halves(self) -> list[tuple[str, list[AvailableSlot]]]:
        """The hours grouped by half of the day, each group with its heading."""

        def half(hour: AvailableSlot) -> tuple[date, bool]:
            return hour.day, hour.own.hour >= 12

        groups = []
        for (day, is_late), hours_of_half in groupby(self.hours, key=half):
            name = _("Tarde") if is_late else _("Mañana")
            is_next = day != self.hours[0].day
            groups.append(
                (
                    formatting.first_capital(formatting.day(day)) if is_next else name,
                    list(hours_of_half),
                )
            )
        return groups


def of_workshop(
    session: Session, workshop: Workshop, *, now: datetime, is_staff: bool = False
) -> Availability:
    """Returns the choices for a new registration. Where a workshop hides its seats the public sees
    them late, staff as they are (S28)."""
    as_shown = workshop.hides_seats and not is_staff
    return Availability(
        hours=_hours(session, workshop, as_shown=as_shown),
        used_up=accommodations.list_used_up(session, workshop, as_shown=as_shown),
        dates=workshops.list_group_dates(session, workshop, now=now),
    )


def of_registration(session: Session, registration: Registration) -> Availability:
    """Returns the choices for changing a registration; its own slot and support count as free."""
    workshop = registration.workshop
    shows_seat = registration.apparent_status in STATUSES_WITH_SEATS
    own_slot_id = registration.slot_id if shows_seat else None
    own_needs = registration.needs if shows_seat else ()
    return Availability(
        hours=(
            _hours(session, workshop, own_slot_id, as_shown=workshop.hides_seats)
            if own_slot_id is not None
            else ()
        ),
        used_up=accommodations.list_used_up(session, workshop, as_shown=workshop.hides_seats)
        - set(own_needs),
    )


def remove_choice(choices: Availability, *, hour: str = "", need: str = "") -> Availability:
    """Returns the choices without an hour or a need that a post has just found used up."""
    hours = [each for each in choices.hours if each.value != hour]
    return replace(choices, hours=hours, used_up={*choices.used_up, *([need] if need else ())})


def _hours(
    session: Session, workshop: Workshop, own_slot_id: int | None = None, *, as_shown: bool
) -> list[AvailableSlot]:
    """Returns the slots of a workshop, none where it has no slots. A workshop that hides its seats
    gives only the free ones: those that the public sees as free if `as_shown`, else those that are.
    The slot `own_slot_id` always counts as free."""
    if not workshop.has_slots:
        return []
    slots = [
        (slot, (slot.appears_free if as_shown else slot.seats_left > 0) or slot.id == own_slot_id)
        for slot in time_slots.list_slots(session, workshop)
    ]
    starts = {slot.id: time_slots.get_start(workshop, slot.minute) for slot, _is_free in slots}
    return [
        AvailableSlot(
            time_slots.get_day(workshop, slot.minute),
            starts[slot.id],
            reader_hours.own_start(starts[slot.id], workshop),
            is_free,
        )
        for slot, is_free in slots
        if is_free or not workshop.hides_seats
    ]


def need_words(need: str) -> str:
    """Returns the label of a need, as a checkbox shows it."""
    if need.startswith(INTERPRETER):
        name = _language(need)
        return _("Intérprete de %(language)s", language=name)
    words: dict[str, str] = {
        AccessNeed.STEP_FREE: _("Entrada para silla de ruedas"),
        AccessNeed.CHILDCARE: _("Cuidado de niños"),
        AccessNeed.REMOTE_INTERPRETER: _("Intérprete por teléfono, de otra región"),
        AccessNeed.SIGN_LANGUAGE: _("Intérprete de señas"),
    }
    return words.get(need, need)


def support_words(needs: Iterable[str]) -> str:
    """Returns what support there is, in short: Rampa, cuidado de niños, intérprete."""
    words: dict[str, str] = {
        AccessNeed.STEP_FREE: _("rampa"),
        AccessNeed.CHILDCARE: _("cuidado de niños"),
    }
    found = dict.fromkeys(words.get(need) or _("intérprete") for need in needs)
    return formatting.first_capital(", ".join(found))


def used_up_words(need: str) -> str:
    """Returns the message that no support is left for a need."""
    if need.startswith(INTERPRETER):
        return _("Ya no queda intérprete de %(language)s", language=_language(need))
    words: dict[str, str] = {
        AccessNeed.STEP_FREE: _("Ya no queda lugar para silla de ruedas"),
        AccessNeed.CHILDCARE: _("Ya no queda cuidado de niños"),
        AccessNeed.SIGN_LANGUAGE: _("Ya no queda intérprete de señas"),
    }
    return words.get(need, need)


def _language(need: str) -> str:
    lang = i18n.current()
    name = formats.language_name(need.removeprefix(INTERPRETER), lang)
    return formats.within_sentence(name, lang)
