"""The sections of the page of one workshop, each a data class with a template of its own.

The registrations are `attendee_list.AttendeeTab`, and the dates of a series `series_dates`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from flask import request
from sqlalchemy.orm import Session

from outreach.domain.checkin import checkin
from outreach.domain.disclosure.who_sees import SeenField
from outreach.domain.network.kinds import Visibility, Way
from outreach.domain.network.staff import Permission
from outreach.domain.registrations import STATUSES_WITH_SEATS, AccessNeed, Registration
from outreach.domain.registrations import RegistrationStatus as Place
from outreach.domain.registrations.change_notifications import NO_REACH, Reach
from outreach.domain.roster import assignments, undecided_changes
from outreach.domain.workshops import Workshop, WorkshopStatus, partners
from outreach.i18n import gettext as _
from outreach.i18n import lazy
from outreach.web.staff.audit import audit_rows
from outreach.web.staff.audit.audit_rows import AuditRow
from outreach.web.staff.common import (
    disclosure,
    notify_sheet,
    publish_warnings,
    team_names,
    undo_notice,
    workshop_labels,
)
from outreach.web.staff.common.acts import done_words
from outreach.web.staff.common.guards import has_permission
from outreach.web.staff.common.publish_warnings import CheckedWorkshop
from outreach.web.staff.common.undo_notice import Undoable
from outreach.web.staff.workshops import series_edit
from outreach.web.staff.workshops.attendee_list import AttendeeList
from outreach.web.staff.workshops.doubtful_seats import DoubtfulList

# What was done is the change that can be undone: one notice says both.
_UNDOABLE: Final = frozenset(
    {"cambiado", "traducir", "serie", "cancelado", "reactivado", "mas-lugares"}
)
_DONE: Final = {
    "borrador": lazy("Guardado como borrador. Nadie lo ve todavía."),
    "textos": lazy("Textos guardados."),
    "cambiado": lazy("Cambios guardados."),
    "traducir": lazy(
        "Cambios guardados. El inglés y el francés siguen como estaban: "
        "revísalos en «Textos en tres idiomas»."
    ),
    "serie": lazy("Cambiamos también las otras fechas de la serie."),
    "igual": lazy("No había nada que cambiar."),
    "cancelado": lazy("Cancelado. Sigue a la vista, marcado como cancelado."),
    "reactivado": lazy("Reactivado. Todas las personas conservan su lugar."),
    "reabierto": lazy("La entrada está abierta otra vez. Todas las personas conservan su lugar."),
    "reportado": lazy("Asistencia guardada."),
    "con-lugar": lazy("Listo: ya tiene lugar."),
    "aprobada": lazy("Aprobado. Ve la dirección en 5 minutos; hasta ahí puedes deshacerlo."),
    "aprobadas": lazy("Aprobado. Ven la dirección en 5 minutos; hasta ahí puedes deshacerlo."),
    "aprobada-ya": lazy("Aprobado: ya puede ver la dirección."),
    "aprobadas-ya": lazy("Aprobado: ya pueden ver la dirección."),
    "por-aprobar": lazy("Deshecho: espera tu decisión, y nadie recibe aviso."),
    "no-aprobadas": lazy("Anotado: no ven la dirección. Su página dirá que se da por teléfono."),
    "sin-aprobar": lazy("Deshecho: ya no ve la dirección."),
    "correos": lazy("Los correos van a salir otra vez."),
    "si": lazy("Anotado: dijo que sí."),
    "no": lazy("Anotado: ya no viene. Borramos sus datos."),
    "apartado": lazy("Apartado. Dile su código: está en la lista, junto a su nombre."),
    "en-espera": lazy("Está en la lista de espera. Dile que le avisamos si hay lugar."),
    "mas-lugares": lazy("Listo: hay más lugares."),
    "deshecho": lazy("Deshecho. El taller quedó como estaba, y nadie recibe aviso."),
    "decidido": lazy("Anotado."),
    "pendiente": lazy("Deshecho: sigue por llamar."),
}


@dataclass(frozen=True, kw_only=True)
class DetailNotices:
    """What the page says first: what was done, and what has to be known."""

    done: str
    is_change_done: bool  # and `undo` is about that change
    undo: Undoable | None
    held: Sequence[str]  # ids of registrations: a decision on their address can be undone
    held_minutes: int
    cancellation: AuditRow | None
    was_pushed: bool
    is_undecided: bool  # nobody has decided whether people are told of the last change
    untold: Reach
    needs_door: bool
    offer: str  # the address of the page that changes the later dates too; empty without any
    checked: CheckedWorkshop
    is_hour_doubled: bool


@dataclass(frozen=True, kw_only=True)
class DetailTasks:
    """What waits for staff at the workshop."""

    is_report_due: bool
    doubtful_seats: DoubtfulList | None  # None for who does not edit
    unsent: int  # letters


@dataclass(frozen=True, kw_only=True)
class DetailNumbers:
    """How many registrations and people there are, in each status."""

    came: int
    parties: int  # with a seat
    offered: int
    offered_people: int
    in_line: int  # on the waitlist, those with an offer too
    for_review: int
    for_approval: int
    waiting: int
    waiting_people: int
    asked: int  # whether they still come
    sure: int
    # Label, number of registrations and the limit, -1 without one; none where they are not seen.
    needs: Sequence[tuple[str, int, int]]


@dataclass(frozen=True, kw_only=True)
class DetailFacts:
    """What the page tells of the workshop that other rows hold: who gives it, and its history."""

    giving: Sequence[str]  # names
    history: Sequence[AuditRow]


def load_notices(
    session: Session, workshop: Workshop, attendees: AttendeeList, *, now: datetime
) -> DetailNotices:
    undo = undo_notice.find_undoable_batch(session, request.args.get("lote", ""), now=now)
    undo = undo or undo_notice.find_undoable(session, workshop, now=now)
    is_undecided = undecided_changes.is_undecided(session, workshop, now=now)
    is_waiting = is_undecided or (undo is not None and undo.is_telling)
    untold = NO_REACH if is_waiting else notify_sheet.count_untold(session, workshop, now=now)
    held, done = attendees.held, request.args.get("hecho", "")
    return DetailNotices(
        done=_published_words(workshop) if done == "publicado" else done_words(_DONE),
        is_change_done=done in _UNDOABLE,
        undo=undo,
        held=[each.id for each in held],
        held_minutes=_count_minutes(held[0].approval_undo_until, now) if held else 0,
        cancellation=(
            audit_rows.find_cancellation(session, workshop) if workshop.is_cancelled else None
        ),
        was_pushed=workshop.was_pushed,
        is_undecided=is_undecided,
        untold=untold,
        needs_door=notify_sheet.needs_door(workshop, untold, now=now),
        offer=series_edit.offered_address(workshop.public_id) if workshop.series else "",
        checked=publish_warnings.check(session, workshop),
        is_hour_doubled=workshop.is_hour_doubled,
    )


def make_tasks(
    workshop: Workshop, attendees: AttendeeList, doubtful: DoubtfulList, *, now: datetime
) -> DetailTasks:
    may_edit = _may_edit(workshop)
    is_published = workshop.status is WorkshopStatus.PUBLISHED
    return DetailTasks(
        is_report_due=may_edit and is_published and workshop.has_ended(now),
        doubtful_seats=doubtful if may_edit else None,
        unsent=len(attendees.unsent),
    )


def count(session: Session, workshop: Workshop, attendees: AttendeeList) -> DetailNumbers:
    everyone = attendees.everyone
    seated = [each for each in everyone if each.status is Place.CONFIRMED]
    offered = [each for each in everyone if each.status is Place.OFFERED]
    waiting = [each for each in everyone if each.status is Place.WAITLISTED]
    asked = [each for each in seated if each.asked_at is not None]
    is_by_approval = workshop.visibility is Visibility.APPROVED
    sees_needs = disclosure.sees(SeenField.NEEDS, workshop)
    return DetailNumbers(
        came=checkin.count_heads(session, workshop),
        parties=len(seated),
        offered=len(offered),
        offered_people=sum(each.people for each in offered),
        in_line=len(offered) + len(waiting),
        for_review=sum(1 for each in waiting if each.is_beyond_share and not each.is_released),
        for_approval=sum(1 for each in seated if each.is_undecided) if is_by_approval else 0,
        waiting=len(waiting),
        waiting_people=sum(each.people for each in waiting),
        asked=len(asked),
        sure=sum(1 for each in asked if each.confirmed_at is not None),
        needs=_needs(workshop, everyone) if sees_needs else [],
    )


def load_facts(session: Session, workshop: Workshop) -> DetailFacts:
    giving = partners.list_names(session, workshop)
    if not _may_edit(workshop):
        return DetailFacts(giving=giving, history=())
    team = team_names.name_speakers(assignments.list_active(session, workshop))
    history = audit_rows.list_history(session, workshop)
    return DetailFacts(giving=[*giving, *team], history=history)


def _may_edit(workshop: Workshop) -> bool:
    return has_permission(Permission.EDIT, workshop.office.slug)


def _count_minutes(until: datetime | None, now: datetime) -> int:
    """Returns the whole minutes until an instant, at least one."""
    return 1 if until is None else max(1, ceil((until - now) / timedelta(minutes=1)))


def _needs(workshop: Workshop, everyone: Sequence[Registration]) -> list[tuple[str, int, int]]:
    """The access needs of the confirmed registrations: label, number of registrations, and the
    limit (-1 without one)."""
    counts = Counter(
        need for each in everyone if each.status in STATUSES_WITH_SEATS for need in each.needs
    )
    known = [*AccessNeed, *sorted(counts.keys() | workshop.support.keys())]
    return [
        (workshop_labels.need_words(need), counts[need], workshop.support.get(need, -1))
        for need in dict.fromkeys(map(str, known))
        if counts[need] or need in workshop.support
    ]


def _published_words(workshop: Workshop) -> str:
    """Returns where the workshop is seen. Calendars have neither discreet workshops nor those with
    a link only."""
    if workshop.way is Way.UNLISTED:
        words: str = _("Publicado. Lo ve quien tiene el enlace; no sale en los calendarios.")
    elif workshop.is_discreet:
        words = _("Publicado. Ya se puede ver en el sitio; no sale en los calendarios.")
    else:
        words = _("Publicado. Ya se puede ver en el sitio y en los calendarios.")
    return words
