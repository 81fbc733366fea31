"""What the first page says of an alert, and the action it offers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from outreach.domain.dashboard.alerts import Alert, AlertType
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.i18n import end_sentence, ngettext
from outreach.i18n import gettext as _
from outreach.web.presentation import formatting
from outreach.web.staff.common import workshop_labels
from outreach.whole_lists import make_each

URGENT: Final = frozenset(
    {
        AlertType.MISSING_REPORT,
        AlertType.APPROVAL_OVERDUE,
        AlertType.CALLS,
        AlertType.UNDECIDED,
        AlertType.EXPOSED,
    }
)
# Of these, a discreet workshop is not named: the card is read with others looking on.
NEUTRAL: Final = frozenset(
    {
        AlertType.APPROVAL,
        AlertType.APPROVAL_OVERDUE,
        AlertType.CALLS,
        AlertType.UNDECIDED,
    }
)
ICONS: Final = {
    AlertType.APPROVAL_OVERDUE: "lock",
    AlertType.APPROVAL: "lock",
    AlertType.CALLS: "phone",
    AlertType.UNDECIDED: "letter",
    AlertType.DOUBTFUL: "people",
    AlertType.EXPOSED: "eye",
    AlertType.WAITING: "people",
    AlertType.UNPUBLISHED: "calendar",
    AlertType.LETTERS: "letter",
    AlertType.FULL: "people",
}
# Below the address of the workshop: the place where the action is done.
_PATHS: Final = {
    AlertType.MISSING_REPORT: "/asistencia",
    AlertType.APPROVAL_OVERDUE: "#por-aprobar",
    AlertType.APPROVAL: "#por-aprobar",
    AlertType.CALLS: "?ver=llamadas",
    AlertType.UNDECIDED: "",
    AlertType.DOUBTFUL: "/dudosos",
    AlertType.EXPOSED: "/editar#visibility",
    AlertType.NO_VENUE: "/editar#venue",
    AlertType.UNPUBLISHED: "",
    AlertType.LETTERS: "",
    AlertType.FULL: "/clonar",
}


@dataclass(frozen=True)
class AlertRow:
    workshop: Workshop
    is_urgent: bool
    icon: str
    title: str
    name: str  # of the workshop; a neutral one where it must not be named
    detail: str  # whole sentences, or empty
    action: str  # the text of the link
    address: str


def build(alerts: Iterable[Alert], *, now: datetime) -> list[AlertRow]:
    """The rows of these alerts, in the same order. Needs the language of a request."""

    def make(each: Alert) -> AlertRow:
        return AlertRow(
            workshop=each.workshop,
            is_urgent=each.alert_type in URGENT,
            icon=ICONS.get(each.alert_type, "alert"),
            title=_title(each),
            name=_name(each),
            detail=_detail(each, now),
            action=_action(each.alert_type),
            address=f"/org/talleres/{each.workshop.public_id}{_path(each)}",
        )

    return make_each(alerts, make, what="the first page")


def doubtful_title(people: int) -> str:
    return ngettext(
        "%(num)d lugar parece de una sola persona o red",
        "%(num)d lugares parecen de una sola persona o red",
        people,
    )


def doubtful_detail(workshop: Workshop, since: datetime, parties: int, people: int) -> str:
    """When they began, and how many they are: «Viernes 27, desde las 2:00 p. m.: …»."""
    local = since.astimezone(workshop.zone)
    return _(
        "%(day)s, desde las %(hour)s: %(parties)s, %(people)s.",
        day=formatting.first_capital(formatting.day(local.date())),
        hour=formatting.hour(local.time()),
        parties=ngettext("%(num)d registro", "%(num)d registros", parties),
        people=workshop_labels.people_words(people),
    )


def _name(alert: Alert) -> str:
    """The card is read with others looking on: a discreet workshop is not named."""
    if alert.alert_type in NEUTRAL and alert.workshop.is_discreet:
        return _("Taller privado")
    return formatting.localize(alert.workshop.title)


def _title(alert: Alert) -> str:
    count = alert.count
    match alert.alert_type:
        case AlertType.CALLS:
            return _calls_title(alert.workshop, count)
        case AlertType.DOUBTFUL:
            return doubtful_title(count)
        case AlertType.APPROVAL | AlertType.APPROVAL_OVERDUE:
            return ngettext(
                "%(num)d registro espera la dirección",
                "%(num)d registros esperan la dirección",
                count,
            )
        case AlertType.WAITING:
            return ngettext(
                "%(num)d persona en lista de espera", "%(num)d personas en lista de espera", count
            )
        case AlertType.LETTERS:
            return ngettext("%(num)d correo no llegó", "%(num)d correos no llegaron", count)
        case AlertType.FULL:
            return _full_title(alert.workshop)
        case _:
            return _uncounted_title(alert.alert_type)


def _uncounted_title(alert_type: AlertType) -> str:
    titles = {
        AlertType.MISSING_REPORT: _("Falta reportar asistencia"),
        AlertType.UNDECIDED: _("Por avisar: cambió y no lo saben"),
        AlertType.EXPOSED: _("La dirección está a la vista"),
        AlertType.NO_VENUE: _("Taller sin sede"),
        AlertType.UNPUBLISHED: _("Sin publicar"),
    }
    return titles[alert_type]


def _full_title(workshop: Workshop) -> str:
    taken = workshop_labels.count_reserved_seats(workshop)
    if taken < workshop.capacity:
        return str(_("Casi lleno"))
    words: str = _("Lleno: %(taken)d de %(capacity)d", taken=taken, capacity=workshop.capacity)
    return words


def _calls_title(workshop: Workshop, count: int) -> str:
    if workshop.is_discreet:
        return ngettext("%(num)d llamada privada", "%(num)d llamadas privadas", count)
    if workshop.is_cancelled:
        return ngettext(
            "Falta %(num)d llamada por la cancelación",
            "Faltan %(num)d llamadas por la cancelación",
            count,
        )
    return ngettext("Falta %(num)d llamada", "Faltan %(num)d llamadas", count)


def _detail(alert: Alert, now: datetime) -> str:
    workshop = alert.workshop
    match alert.alert_type:
        case AlertType.MISSING_REPORT:
            closes = workshop_labels.closes_words(workshop, now=now)
            return f"{workshop_labels.silence_words()} {closes}"
        case AlertType.DOUBTFUL if alert.since is not None:
            return doubtful_detail(workshop, alert.since, alert.parties, alert.count)
        case AlertType.APPROVAL_OVERDUE:
            return workshop_labels.overdue_words()
        case AlertType.NO_VENUE if workshop.status is WorkshopStatus.DRAFT:
            return _("No se puede publicar.")
        case AlertType.WAITING:
            capacity = _("Hay %(num)d lugares.", num=workshop.capacity)
            if workshop.venue is None or not workshop.venue.capacity:
                return capacity
            room = _("En la sede caben %(num)d.", num=workshop.venue.capacity)
            return f"{capacity} {room}"
        case AlertType.FULL:
            return end_sentence(formatting.first_capital(workshop_labels.seats(workshop)))
        case _:
            return ""


def _action(alert_type: AlertType) -> str:
    actions = {
        AlertType.MISSING_REPORT: _("Reportar"),
        AlertType.APPROVAL_OVERDUE: _("Decidir"),
        AlertType.APPROVAL: _("Decidir"),
        AlertType.CALLS: _("Ver lista"),
        AlertType.UNDECIDED: _("Decidir"),
        AlertType.DOUBTFUL: _("Revisar"),
        AlertType.EXPOSED: _("Ocultar"),
        AlertType.NO_VENUE: _("Agregar sede"),
        AlertType.WAITING: _("Abrir más lugares"),
        AlertType.UNPUBLISHED: _("Publicar"),
        AlertType.LETTERS: _("Ver"),
        AlertType.FULL: _("Clonar otra fecha"),
    }
    return actions[alert_type]


def _path(alert: Alert) -> str:
    if alert.alert_type is AlertType.WAITING:
        return "/editar#slot_places" if alert.workshop.has_slots else "#lugares"
    return _PATHS[alert.alert_type]
