"""Labels of workshops and registrations on the staff pages: status, place, visibility, rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from outreach import clock, formats
from outreach.clock import Month
from outreach.domain.checkin.no_show_rate import MIN_WORKSHOPS, AttendanceRate
from outreach.domain.dashboard.agenda import AgendaFilter as Shown
from outreach.domain.disclosure.who_sees import SeenField
from outreach.domain.network.kinds import Visibility, Way
from outreach.domain.registrations import (
    INTERPRETER,
    AccessNeed,
    ContactMethod,
    PersonalData,
    Registration,
)
from outreach.domain.registrations import RegistrationStatus as Place
from outreach.domain.registrations.staff_messages import MessageTemplate
from outreach.domain.reporting import months
from outreach.domain.scheduling.workshop_data import WorkshopData
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus, time_slots
from outreach.formats import language_name
from outreach.i18n import current, ngettext
from outreach.i18n import gettext as _
from outreach.web.presentation import workshop_cards
from outreach.web.presentation.formatting import city_region
from outreach.web.presentation.formatting import day as day_words
from outreach.web.presentation.formatting import hour as hour_words
from outreach.web.presentation.formatting import short_day as long_short_day
from outreach.web.presentation.workshop_cards import CardTag
from outreach.web.staff.common import disclosure


def status_tag(workshop: Workshop, *, now: datetime) -> CardTag:
    if workshop.status is WorkshopStatus.PUBLISHED and workshop.has_ended(now):
        return CardTag(_("Por reportar"), "tag-warn")
    tags = {
        WorkshopStatus.DRAFT: CardTag(_("Borrador"), "tag-line"),
        WorkshopStatus.PUBLISHED: CardTag(_("Publicado"), "tag-good"),
        WorkshopStatus.CANCELLED: CardTag(_("Cancelado"), "tag-bad"),
        WorkshopStatus.HELD: CardTag(_("Hecho")),
        WorkshopStatus.NOT_HELD: CardTag(_("No se hizo")),
    }
    return tags[workshop.status]


def show_words(show: Shown | None) -> str:
    words: dict[Shown | None, str] = {
        None: _("Todos"),
        Shown.DRAFT: _("Borrador"),
        Shown.AHEAD: _("Publicado"),
        Shown.MISSING_REPORT: _("Por reportar"),
        Shown.HELD: _("Hecho"),
        Shown.NOT_HELD: _("No se hizo"),
        Shown.CANCELLED: _("Cancelado"),
    }
    return words[show]


def short_weekday(number: int) -> str:
    """Returns a weekday as «lun» for 0, as `date.weekday` counts."""
    monday = date(2026, 1, 5)
    return formats.date_name(monday + timedelta(days=number), "EEE", current())


def short_day(day: date) -> str:
    """Returns a day as «sáb 28 nov»."""
    return formats.dated(day, formats.SHORT_WEEKDAY_AND_DAY, current())


def day_of_week(day: date) -> str:
    """Returns a day as «Sáb 28»."""
    return formats.dated(day, formats.SHORT_WEEKDAY_AND_NUMBER, current()).capitalize()


def span(first: date, last: date) -> str:
    """Returns some days as «7 de diciembre», «7 al 12 de diciembre», «30 de noviembre al 2 de
    diciembre»."""
    end = formats.dated(last, formats.DAY, current())
    if first == last:
        return end
    is_one_month = (first.year, first.month) == (last.year, last.month)
    start = formats.dated(first, formats.NUMBER if is_one_month else formats.DAY, current())
    text: str = _("%(first)s al %(last)s", first=start, last=end)
    return text


def brief_day(day: date) -> str:
    """Returns a day as «28 nov»."""
    return formats.dated(day, formats.SHORT_DAY, current())


def moment(at: datetime) -> str:
    """Returns a local moment as «28 nov, 5:20 p. m.»."""
    return f"{brief_day(at.date())}, {hour_words(at.time())}"


def place(workshop: Workshop | WorkshopData) -> str:
    """Returns the venue's name, or as much as the public reads where the staff member does not see
    the address. Whoever has the data of a form may edit it, so these are shown whole."""
    venue = workshop.venue
    if venue is not None and isinstance(workshop, Workshop) and not sees_address(workshop):
        return ", ".join(part for part in (venue.area, city_region(venue)) if part)
    if venue is not None:
        return venue.name
    if workshop.mode is DeliveryMode.IN_PERSON:
        return str(_("Sin sede todavía"))
    by_phone: bool = workshop.mode is DeliveryMode.PHONE_BANK
    return str(_("Por teléfono") if by_phone else _("En línea"))


def sees_address(workshop: Workshop) -> bool:
    """Whether the staff member may read name and street of its venue now."""
    return disclosure.sees(SeenField.ADDRESS, workshop)


def count_reserved_seats(workshop: Workshop) -> int:
    """The number of reserved seats, offered ones included."""
    return workshop.taken_seats


def share(workshop: Workshop) -> float:
    """The reserved seats in percent of the capacity, at most 100."""
    return (
        min(100.0, 100 * count_reserved_seats(workshop) / workshop.capacity)
        if workshop.capacity
        else 0.0
    )


def seats(workshop: Workshop) -> str:
    """Returns «32 de 40 lugares», or how people get in when seats are not reserved."""
    if workshop.takes_places:
        words: str = _(
            "%(taken)d de %(capacity)d lugares",
            taken=count_reserved_seats(workshop),
            capacity=workshop.capacity,
        )
        return words
    if workshop.way is not Way.OPEN:
        return str(_("Por teléfono"))
    return workshop_cards.open_words(workshop.mode)


def visibility_words(visibility: Visibility) -> str:
    words: dict[Visibility, str] = {
        Visibility.PUBLIC: _("Todas las personas"),
        Visibility.REGISTERED: _("Solo quien apartó lugar"),
        Visibility.APPROVED: _("Solo quien tú apruebes por teléfono"),
        Visibility.PHONE_ONLY: _("Nadie en el sitio: se dice por teléfono"),
    }
    return words[visibility]


def way_words(way: Way) -> str:
    words: dict[Way, str] = {
        Way.PLACE: _("Se aparta lugar en el sitio"),
        Way.OPEN: _("Se llega sin cita"),
        Way.PHONE: _("Se aparta por teléfono"),
        Way.UNLISTED: _("Solo con el enlace: no sale en la lista"),
        Way.SLOTS: _("Con hora propia"),
    }
    return words[way]


def pushed_words() -> tuple[str, str]:
    """Returns what staff read about a workshop that was pushed to other sites, in short and in full
    (S39)."""
    return _("No se puede borrar de otros sitios"), _(
        "Este taller ya se publicó en otros sitios, como Mobilizon y Mastodon. Si lo cancelas o lo"
        " ocultas, les avisamos, pero alguno puede seguir mostrándolo."
    )


def template_words(template: MessageTemplate) -> str:
    words: dict[MessageTemplate, str] = {
        MessageTemplate.REMINDER: _("Recordatorio"),
        MessageTemplate.PLACE: _("Cambió el lugar"),
        MessageTemplate.HOUR: _("Cambió la hora"),
        MessageTemplate.BRING: _("Qué traer"),
        MessageTemplate.CANCELLED: _("Se canceló"),
    }
    return words[template]


def need_words(need: str) -> str:
    words: dict[str, str] = {
        AccessNeed.STEP_FREE: _("Entrada sin escalones"),
        AccessNeed.CHILDCARE: _("Cuidado de niños"),
        AccessNeed.REMOTE_INTERPRETER: _("Intérprete por teléfono, de otra región"),
        AccessNeed.SIGN_LANGUAGE: _("Lengua de señas"),
    }
    if need.startswith(INTERPRETER):
        return _(
            "Intérprete: %(language)s",
            language=language_name(need.removeprefix(INTERPRETER), current()),
        )
    return words.get(need, need)


def closes_words(workshop: Workshop, *, now: datetime) -> str:
    """The time left to report a workshop: «El mes cierra en 6 días.»"""
    closes = months.get_closing_time(Month.from_number(workshop.month))
    here = closes.astimezone(workshop.office.zone)
    days = (here.date() - now.astimezone(workshop.office.zone).date()).days
    if now >= closes:
        return str(_("Su mes ya debía estar completo."))
    if days == 0:
        words: str = _("El mes cierra hoy, a las %(hour)s", hour=hour_words(here.time()))
        if here.utcoffset() != clock.at_headquarters(closes).utcoffset():
            words = _("%(closes)s, %(zone)s", closes=words, zone=city_time(workshop.office.zone))
        return words
    return ngettext("El mes cierra en %(num)d día.", "El mes cierra en %(num)d días.", days)


def city_time(zone: ZoneInfo) -> str:
    """Names a clock by the city of its zone: «hora de Chicago»."""
    return formats.zone_time(zone.key, current())


def start_hour(workshop: Workshop, zone: ZoneInfo | None) -> str:
    """Returns the start on the clock of the workshop, as «6:00 p. m.»; as «6:00 p. m., hora de
    Calgary» for a reader whose clock shows another hour then (`zone`; None where it is not one)."""
    hour = hour_words(workshop.starts)
    return f"{hour}, {city_time(workshop.zone)}" if is_elsewhere(workshop, zone) else hour


def start_words(workshop: Workshop, now: datetime) -> str:
    """Returns when a workshop starts, started or ended, from now: «Empieza hoy a las 6:00 p. m., en
    17 h 40 min.»

    It is for the door, where after midnight «hoy» alone does not tell one workshop from another.
    """
    starts, ends = (
        moment.astimezone(workshop.zone) for moment in (workshop.starts_at, workshop.ends_at)
    )
    today = now.astimezone(workshop.zone).date()
    if now < workshop.starts_at:
        words: str = _(
            "Empieza %(when)s, en %(left)s",
            when=_near_moment(starts, today),
            left=_duration(workshop.starts_at - now),
        )
    elif now < workshop.ends_at:
        words = _(
            "Empezó %(when)s y termina a las %(hour)s",
            when=_near_moment(starts, today),
            hour=hour_words(ends.time()),
        )
    else:
        words = _("Terminó %(when)s", when=_near_moment(ends, today))
    return words.rstrip(".") + "."  # «p. m.» has the full stop already


def _near_moment(local: datetime, today: date) -> str:
    """Returns a moment as «hoy a las 6:00 p. m.» or «el sáb 28 a las 6:00 p. m.»."""
    names = {0: _("hoy"), 1: _("mañana"), -1: _("ayer")}
    day = names.get((local.date() - today).days) or _("el %(day)s", day=short_day(local.date()))
    return _("%(day)s a las %(hour)s", day=day, hour=hour_words(local.time()))


def _duration(left: timedelta) -> str:
    """Returns a length as «3 días», «17 h 40 min» or «25 min»."""
    if left >= timedelta(days=2):
        return ngettext("%(num)d día", "%(num)d días", left.days)
    minutes = max(1, -(-int(left.total_seconds()) // 60))
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("%(minutes)d min", minutes=rest)
    return _("%(hours)d h %(minutes)d min", hours=hours, minutes=rest)


def is_elsewhere(workshop: Workshop, zone: ZoneInfo | None) -> bool:
    """Whether the clock of the reader shows another hour than the workshop's when it starts."""
    at = workshop.starts_at
    return zone is None or at.astimezone(zone).utcoffset() != (
        at.astimezone(workshop.zone).utcoffset()
    )


def headquarters_moment(moment: datetime) -> str:
    """Returns a moment as «5 de diciembre, 6:00 p. m., hora de Ciudad de México»."""
    there = clock.at_headquarters(moment)
    return _(
        "%(day)s, %(hour)s, %(zone)s",
        day=long_short_day(there.date()),
        hour=hour_words(there.time()),
        zone=city_time(clock.headquarters_zone()),
    )


def people_words(people: int) -> str:
    return ngettext("%(num)d persona", "%(num)d personas", people)


def parties_words(parties: int) -> str:
    return ngettext("%(num)d registro", "%(num)d registros", parties)


def silence_words() -> str:
    """Returns what happens to a workshop that nobody reports (COUNT07)."""
    return str(_("Si nadie dice cómo salió, cuenta como hecho y sin personas."))


def overdue_words() -> str:
    """Returns the warning at a workshop that starts soon while somebody awaits approval."""
    return str(_("Empieza en menos de 48 horas: decide ya, o llama."))


def masked(contact: ContactMethod, address: str) -> str:
    """The contact with most of it hidden: «r•••@ejemplo.com», «•••• 0142»."""
    if contact is ContactMethod.EMAIL:
        name, _at, host = address.partition("@")
        return f"{name[:1]}•••@{host}"
    return f"•••• {address[-4:]}"


@dataclass(frozen=True, kw_only=True)
class RowSeat:
    """How a registration stands: its seat, the decision on its address, what it answered."""

    is_waiting: bool
    is_for_review: bool
    is_released: bool  # their seat was released as doubtful
    appears_confirmed: bool  # their own page shows a seat
    is_lapsed: bool
    is_approved: bool
    awaits_approval: bool
    is_declined: bool  # the address is said by phone only
    says: str  # their answer to the reconfirmation, in words; may be empty
    is_sure: bool  # they confirmed that they come


@dataclass(frozen=True, kw_only=True, repr=False)
class WorkshopListRow:
    """One registration in a list, as the staff member may see it."""

    id: str
    name: str
    code: str
    people: int
    arrived: int
    seat: RowSeat
    offered_until: str  # sáb 28 nov, 6:00 p. m.; empty unless a place is offered
    hour: str  # when their time slot begins; empty without slots
    contact: ContactMethod
    may_leave_message: bool
    address: str  # whole where it was asked for, masked where they are called; else empty
    is_whole: bool
    needs: list[str]


def rows(
    workshop: Workshop,
    registrations: Iterable[Registration],
    people: dict[str, PersonalData],
    *,
    shown: str = "",
    is_acting: bool = False,
) -> list[WorkshopListRow]:
    """The parties of a list; `shown` is the one whose contact was asked for, `is_acting` says that
    the list is of people to be called."""
    return [
        _row(
            workshop,
            each,
            people.get(each.id),
            is_whole=each.id == shown,
            is_acting=is_acting or each.id == shown,
        )
        for each in registrations
    ]


def _row(
    workshop: Workshop,
    registration: Registration,
    person: PersonalData | None,
    *,
    is_whole: bool,
    is_acting: bool,
) -> WorkshopListRow:
    sees_contact = disclosure.sees(SeenField.CONTACTS, workshop, is_acting=is_acting)
    address = person.address if person and sees_contact else ""
    code, slot = registration.door_code, registration.slot
    return WorkshopListRow(
        id=registration.id,
        name=person.name if person else _("Sin nombre: ya se borró"),
        code=f"{code[:3]} {code[3:]}",
        people=registration.people,
        arrived=registration.arrived_count,
        seat=_read_seat(workshop, registration),
        offered_until=_until(workshop, registration.offered_until),
        hour=hour_words(time_slots.get_start(workshop, slot.minute)) if slot else "",
        contact=registration.contact if person else ContactMethod.NONE,
        may_leave_message=registration.may_leave_message,
        address=address if is_whole or not address else masked(registration.contact, address),
        is_whole=is_whole and bool(address),
        needs=list_needs(workshop, registration),
    )


def _read_seat(workshop: Workshop, registration: Registration) -> RowSeat:
    is_waiting = registration.status is Place.WAITLISTED
    is_beyond = registration.is_beyond_share and not registration.is_released
    is_by_approval = workshop.visibility is Visibility.APPROVED
    return RowSeat(
        is_waiting=is_waiting,
        is_for_review=is_waiting and is_beyond,
        is_released=registration.is_released,
        appears_confirmed=registration.appears_confirmed,
        is_lapsed=registration.status is Place.EXPIRED,
        is_approved=registration.approved_at is not None,
        awaits_approval=is_by_approval and registration.is_undecided,
        is_declined=registration.is_declined and registration.approved_at is None,
        says=_says(registration),
        is_sure=registration.confirmed_at is not None,
    )


def list_needs(workshop: Workshop, registration: Registration) -> list[str]:
    """Returns what a party needs, in words; nothing if the staff member does not see it now."""
    if not disclosure.sees(SeenField.NEEDS, workshop):
        return []
    return [need_words(need) for need in registration.needs]


def _until(workshop: Workshop, moment: datetime | None) -> str:
    if moment is None:
        return ""
    there = moment.astimezone(workshop.zone)
    return f"{short_day(there.date())}, {hour_words(there.time())}"


def _says(registration: Registration) -> str:
    if registration.status is not Place.CONFIRMED:
        return ""
    if registration.confirmed_at is not None:
        return str(_("Dijo que sí viene"))
    return str(_("No ha contestado")) if registration.asked_at is not None else ""


@dataclass(frozen=True)
class Suggestion:
    """Advised overbooking: seats beyond the chairs, and the attendance it rests on (None with too
    few workshops)."""

    show: AttendanceRate | None
    extra: int


def suggestion_words(found: Suggestion) -> str:
    """Returns the advice: «En tus últimos 8 talleres de este tipo vino 6 de cada 10. Puedes dar 9
    lugares de más.»"""
    show = found.show
    if show is None:
        too_little: str = _(
            "Todavía no sabemos cuántas personas faltan. Hacen falta %(num)d talleres con lista en"
            " la entrada.",
            num=MIN_WORKSHOPS,
        )
        return too_little
    if show.is_of_network:
        came = _(
            "En los últimos %(num)d talleres de este tipo en la red vino %(ten)d de cada 10.",
            num=show.workshops,
            ten=show.in_ten,
        )
    else:
        came = _(
            "En tus últimos %(num)d talleres de este tipo vino %(ten)d de cada 10.",
            num=show.workshops,
            ten=show.in_ten,
        )
    if not found.extra:
        advice = _("No conviene dar lugares de más.")
        return f"{came} {advice}"
    advice = ngettext(
        "Puedes dar %(num)d lugar de más.", "Puedes dar %(num)d lugares de más.", found.extra
    )
    return f"{came} {advice}"


def when(workshop: Workshop) -> str:
    """Returns day and hour as «sábado 28 de noviembre, 10:00 a. m.»"""
    return f"{day_words(workshop.day)}, {hour_words(workshop.starts)}"
