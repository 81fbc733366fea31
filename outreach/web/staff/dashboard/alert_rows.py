"""What the first page says of an alert, and the action it offers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from outreach.domain.dashboard.alerts import Alert
from outreach.domain.dashboard.pending_items import AlertType
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.i18n import end_sentence, lazy, ngettext
from outreach.i18n import gettext as _
from outreach.web.presentation import formatting
from outreach.web.staff.common import workshop_labels
from outreach.whole_lists import make_each


@dataclass(frozen=True, kw_only=True)
class AlertCard:
    """What the first page says of the alerts of a type, and the action that it offers."""

    say_title: Callable[[Alert], str]
    action: str
    """The text of the link."""
    icon: str = "alert"
    is_urgent: bool = False
    is_neutral: bool = False
    """Whether a discreet workshop is not named: the card is read with others looking on."""
    say_detail: Callable[[Alert, datetime], str] = lambda alert, now: ""
    """Returns what else the card says, in whole sentences; may be empty."""
    find_path: Callable[[Workshop], str] = lambda workshop: ""
    """Returns where the action is done, as a path below the address of the workshop."""


@dataclass(frozen=True)
class AlertRow:
    workshop: Workshop
    is_urgent: bool
    icon: str
    title: str
    name: str  # the workshop's; a neutral one where it must not be named
    detail: str  # whole sentences, or empty
    action: str  # the text of the link
    address: str


def build(alerts: Iterable[Alert], *, now: datetime) -> list[AlertRow]:
    """The rows of these alerts, in the same order. Needs the language of a request."""

    def make(each: Alert) -> AlertRow:
        card = CARDS[each.alert_type]
        return AlertRow(
            workshop=each.workshop,
            is_urgent=card.is_urgent,
            icon=card.icon,
            title=card.say_title(each),
            name=_name(each, card),
            detail=card.say_detail(each, now),
            action=str(card.action),
            address=f"/org/talleres/{each.workshop.public_id}{card.find_path(each.workshop)}",
        )

    return make_each(alerts, make, what="the first page")


def doubtful_title(people: int) -> str:
    return ngettext(
        "%(num)d lugar parece de una sola persona o red",
        "%(num)d lugares parecen de una sola persona o red",
        people,
    )


def doubtful_detail(workshop: Workshop, since: datetime, parties: int, people: int) -> str:
    """Returns when the doubtful seats began, and how many they are: «Viernes 27, desde las 2:00 p.
    m.: …»."""
    local = since.astimezone(workshop.zone)
    return _(
        "%(day)s, desde las %(hour)s: %(parties)s, %(people)s.",
        day=formatting.first_capital(formatting.day(local.date())),
        hour=formatting.hour(local.time()),
        parties=ngettext("%(num)d registro", "%(num)d registros", parties),
        people=workshop_labels.people_words(people),
    )


def _name(alert: Alert, card: AlertCard) -> str:
    """Returns the title of the workshop. A neutral card, which is read with others looking on, does
    not name a discreet one."""
    if card.is_neutral and alert.workshop.is_discreet:
        return _("Taller privado")
    return formatting.localize(alert.workshop.title)


def _say_approvals(alert: Alert) -> str:
    return ngettext(
        "%(num)d registro espera la dirección",
        "%(num)d registros esperan la dirección",
        alert.count,
    )


def _say_waiting(alert: Alert) -> str:
    return ngettext(
        "%(num)d persona en lista de espera", "%(num)d personas en lista de espera", alert.count
    )


def _say_letters(alert: Alert) -> str:
    return ngettext("%(num)d correo no llegó", "%(num)d correos no llegaron", alert.count)


def _say_full(alert: Alert) -> str:
    workshop = alert.workshop
    taken = workshop_labels.count_reserved_seats(workshop)
    if taken < workshop.capacity:
        return str(_("Casi lleno"))
    words: str = _("Lleno: %(taken)d de %(capacity)d", taken=taken, capacity=workshop.capacity)
    return words


def _say_calls(alert: Alert) -> str:
    workshop, count = alert.workshop, alert.count
    if workshop.is_discreet:
        return ngettext("%(num)d llamada privada", "%(num)d llamadas privadas", count)
    if workshop.is_cancelled:
        return ngettext(
            "Falta %(num)d llamada por la cancelación",
            "Faltan %(num)d llamadas por la cancelación",
            count,
        )
    return ngettext("Falta %(num)d llamada", "Faltan %(num)d llamadas", count)


def _detail_report(alert: Alert, now: datetime) -> str:
    closes = workshop_labels.closes_words(alert.workshop, now=now)
    return f"{workshop_labels.silence_words()} {closes}"


def _detail_doubtful(alert: Alert, _now: datetime) -> str:
    if alert.since is None:
        return ""
    return doubtful_detail(alert.workshop, alert.since, alert.parties, alert.count)


def _detail_venue(alert: Alert, _now: datetime) -> str:
    is_draft = alert.workshop.status is WorkshopStatus.DRAFT
    return _("No se puede publicar.") if is_draft else ""


def _detail_waiting(alert: Alert, _now: datetime) -> str:
    workshop = alert.workshop
    capacity = _("Hay %(num)d lugares.", num=workshop.capacity)
    if workshop.venue is None or not workshop.venue.capacity:
        return capacity
    room = _("En la sede caben %(num)d.", num=workshop.venue.capacity)
    return f"{capacity} {room}"


def _detail_full(alert: Alert, _now: datetime) -> str:
    return end_sentence(formatting.first_capital(workshop_labels.seats(alert.workshop)))


CARDS: Final[Mapping[AlertType, AlertCard]] = {
    AlertType.MISSING_REPORT: AlertCard(
        is_urgent=True,
        say_title=lambda alert: _("Falta reportar asistencia"),
        say_detail=_detail_report,
        action=lazy("Reportar"),
        find_path=lambda workshop: "/asistencia",
    ),
    AlertType.APPROVAL_OVERDUE: AlertCard(
        icon="lock",
        is_urgent=True,
        is_neutral=True,
        say_title=_say_approvals,
        say_detail=lambda alert, now: workshop_labels.overdue_words(),
        action=lazy("Decidir"),
        find_path=lambda workshop: "#por-aprobar",
    ),
    AlertType.CALLS: AlertCard(
        icon="phone",
        is_urgent=True,
        is_neutral=True,
        say_title=_say_calls,
        action=lazy("Ver lista"),
        find_path=lambda workshop: "?ver=llamadas",
    ),
    AlertType.UNDECIDED: AlertCard(
        icon="letter",
        is_urgent=True,
        is_neutral=True,
        say_title=lambda alert: _("Por avisar: cambió y no lo saben"),
        action=lazy("Decidir"),
    ),
    AlertType.DOUBTFUL: AlertCard(
        icon="people",
        say_title=lambda alert: doubtful_title(alert.count),
        say_detail=_detail_doubtful,
        action=lazy("Revisar"),
        find_path=lambda workshop: "/dudosos",
    ),
    AlertType.APPROVAL: AlertCard(
        icon="lock",
        is_neutral=True,
        say_title=_say_approvals,
        action=lazy("Decidir"),
        find_path=lambda workshop: "#por-aprobar",
    ),
    AlertType.EXPOSED: AlertCard(
        icon="eye",
        is_urgent=True,
        say_title=lambda alert: _("La dirección está a la vista"),
        action=lazy("Ocultar"),
        find_path=lambda workshop: "/editar#visibility",
    ),
    AlertType.NO_VENUE: AlertCard(
        say_title=lambda alert: _("Taller sin sede"),
        say_detail=_detail_venue,
        action=lazy("Agregar sede"),
        find_path=lambda workshop: "/editar#venue",
    ),
    AlertType.WAITING: AlertCard(
        icon="people",
        say_title=_say_waiting,
        say_detail=_detail_waiting,
        action=lazy("Abrir más lugares"),
        find_path=lambda workshop: "/editar#slot_places" if workshop.has_slots else "#lugares",
    ),
    AlertType.UNPUBLISHED: AlertCard(
        icon="calendar",
        say_title=lambda alert: _("Sin publicar"),
        action=lazy("Publicar"),
    ),
    AlertType.LETTERS: AlertCard(
        icon="letter",
        say_title=_say_letters,
        action=lazy("Ver"),
    ),
    AlertType.FULL: AlertCard(
        icon="people",
        say_title=_say_full,
        say_detail=_detail_full,
        action=lazy("Clonar otra fecha"),
        find_path=lambda workshop: "/clonar",
    ),
}
