"""What there is to choose from when a place is saved or changed, at this moment: the hours that are
free, the support that is left, the other dates of the series."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby

from sqlalchemy.orm import Session

from outreach import formats, i18n
from outreach.domain import workshops
from outreach.domain.registrations import INTERPRETER, AccessNeed, Registration
from outreach.domain.registrations.models import STATUSES_WITH_SEATS
from outreach.domain.workshops import Workshop, accommodations, time_slots
from outreach.i18n import gettext as _
from outreach.web.presentation import formatting


@dataclass(frozen=True)
class AvailableSlot:
    """One hour of a day of consultations, as the form shows it."""

    day: date
    starts: time
    has_room: bool

    @property
    def value(self) -> str:
        return f"{self.starts:%H:%M}"

    @property
    def words(self) -> str:
        """What is seen: 10:20. Of which half of the day is said above, and read aloud with it."""
        return formats.split_hour(self.starts, i18n.current())[0]

    @property
    def half(self) -> str:
        """a. m., where hours are said by halves of the day."""
        return formats.split_hour(self.starts, i18n.current())[1]


@dataclass(frozen=True)
class Availability:
    hours: Sequence[AvailableSlot] = ()
    used_up: Collection[str] = ()  # needs that nobody more can have met
    dates: Sequence[Workshop] = ()  # others of the series, in which a place can be saved too

    @property
    def free(self) -> int:
        return sum(hour.has_room for hour in self.hours)

    @property
    def halves(self) -> list[tuple[str, list[AvailableSlot]]]:
        """The hours by half of the day, each under its name."""

        def half(hour: AvailableSlot) -> tuple[date, bool]:
            return hour.day, hour.starts.hour >= 12

        named = []
        for (day, is_late), those in groupby(self.hours, key=half):
            name = _("Tarde") if is_late else _("Mañana")
            is_next = day != self.hours[0].day
            named.append(
                (formatting.first_capital(formatting.day(day)) if is_next else name, list(those))
            )
        return named


def of_workshop(session: Session, workshop: Workshop, *, now: datetime) -> Availability:
    """For somebody who has no place yet."""
    return Availability(
        hours=_hours(session, workshop),
        used_up=_used_up(session, workshop),
        dates=workshops.list_group_dates(session, workshop, now=now),
    )


def of_registration(session: Session, registration: Registration) -> Availability:
    """For who has a place and may keep what they have: their hour, their support."""
    workshop = registration.workshop
    own_slot_id = registration.slot_id if registration.status in STATUSES_WITH_SEATS else None
    kept = registration.needs if registration.status in STATUSES_WITH_SEATS else ()
    return Availability(
        hours=_hours(session, workshop, own_slot_id) if own_slot_id is not None else (),
        used_up=_used_up(session, workshop) - set(kept),
    )


def _hours(
    session: Session, workshop: Workshop, own_slot_id: int | None = None
) -> list[AvailableSlot]:
    if not workshop.has_slots:
        return []
    # Of a discreet kind an hour that is taken is not even shown: nobody is to watch one go.
    return [
        AvailableSlot(
            time_slots.get_day(workshop, slot.minute),
            time_slots.get_start(workshop, slot.minute),
            slot.seats_left > 0 or slot.id == own_slot_id,
        )
        for slot in time_slots.list_slots(session, workshop)
        if slot.seats_left > 0 or slot.id == own_slot_id or not workshop.is_discreet
    ]


def _used_up(session: Session, workshop: Workshop) -> set[str]:
    if not workshop.support:
        return set()
    return {
        need for need, left in accommodations.get_left(session, workshop.id).items() if left == 0
    }


# Needs, in words


def need_words(need: str) -> str:
    """What somebody ticks."""
    if need.startswith(INTERPRETER):
        name = _language(need)
        return _("Intérprete de %(language)s", language=name)
    words: dict[str, str] = {
        AccessNeed.STEP_FREE: _("Entrada para silla de ruedas"),
        AccessNeed.CHILDCARE: _("Cuidado de niños"),
        AccessNeed.SIGN_LANGUAGE: _("Intérprete de señas"),
    }
    return words.get(need, need)


def used_up_words(need: str) -> str:
    """That there is none of it any more."""
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
