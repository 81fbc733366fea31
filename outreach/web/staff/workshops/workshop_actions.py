"""What staff can do with a workshop: at most three main actions, and a menu with the others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from outreach.domain.checkin import checkin
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.i18n import get_default_language
from outreach.i18n import gettext as _

MAX_MAIN_ACTIONS: Final = 3
# The keys of the main actions by what comes next for the workshop, the first one being primary.
_MAIN_KEYS: Final[Mapping[str, Sequence[str]]] = {
    "draft": ("publish", "edit", "repeat"),
    "ahead": ("check_in", "edit", "flyer", "message"),
    "over": ("report", "check_in", "edit"),
    "reported": ("certificates", "report", "edit"),
    "cancelled": ("reinstate", "edit", "public_page"),
}


@dataclass(frozen=True)
class WorkshopAction:
    """A link, or with `is_post` a form of one button."""

    key: str
    label: str
    path: str  # after the address of the workshop; a full one begins with the main language, «/es/»
    icon: str = ""
    is_post: bool = False
    is_dangerous: bool = False


@dataclass(frozen=True)
class WorkshopActions:
    main: Sequence[WorkshopAction]
    menu: Sequence[WorkshopAction]


@dataclass(frozen=True)
class ActionContext:
    """What the actions of a page depend on beside the workshop."""

    now: datetime
    has_permission: Callable[[Permission], bool]
    sees_names: bool  # now
    can_register: bool  # a place is free, or a waitlist is open
    has_attendees: bool
    has_warnings: bool  # publishing has to be confirmed


def list_actions(workshop: Workshop, context: ActionContext) -> WorkshopActions:
    """The actions that this member of staff can take now, each once."""
    possible = {
        action.key: action for action, is_possible in _candidates(workshop, context) if is_possible
    }
    wanted = _MAIN_KEYS[_stage(workshop, context.now)]
    chosen = [key for key in wanted if key in possible][:MAX_MAIN_ACTIONS]
    return WorkshopActions([possible.pop(key) for key in chosen], list(possible.values()))


def _stage(workshop: Workshop, now: datetime) -> str:
    if workshop.status is WorkshopStatus.PUBLISHED:
        return "over" if workshop.has_ended(now) else "ahead"
    if workshop.status in {WorkshopStatus.HELD, WorkshopStatus.NOT_HELD}:
        return "reported"
    return workshop.status.value


def _candidates(
    workshop: Workshop, context: ActionContext
) -> Sequence[tuple[WorkshopAction, bool]]:
    """Every action, in the order of the menu, with whether it is possible now."""
    now, status = context.now, workshop.status
    may_edit = context.has_permission(Permission.EDIT)
    may_open_door = context.has_permission(Permission.DOOR)
    is_published = status is WorkshopStatus.PUBLISHED
    is_draft = status is WorkshopStatus.DRAFT
    is_cancelled = status is WorkshopStatus.CANCELLED
    has_ended, has_started = workshop.has_ended(now), workshop.starts_at <= now
    is_reported = status in {WorkshopStatus.HELD, WorkshopStatus.NOT_HELD}
    may_register = context.can_register and context.has_permission(Permission.CONTACTS)
    may_export = (
        context.has_permission(Permission.EXPORT)
        and not workshop.is_discreet
        and context.has_attendees
    )
    publish = _("Publicar de todos modos") if context.has_warnings else _("Publicar")
    action = WorkshopAction
    return [
        (action("publish", publish, "/publicar", is_post=True), may_edit and is_draft),
        (
            action("check_in", _("Pasar lista"), "/entrada", "check"),
            may_open_door
            and status in {WorkshopStatus.PUBLISHED, WorkshopStatus.HELD}
            and checkin.is_list_open(workshop, now=now)
            and context.sees_names,
        ),
        (
            action("report", _("Reportar asistencia"), "/asistencia", "bars"),
            may_edit and has_started and (is_published or is_reported),
        ),
        (action("edit", _("Editar"), "/editar", "pencil"), may_edit),
        (
            action("hold", _("Apartar por teléfono"), "/apartar", "phone"),
            may_edit and may_register,
        ),
        (
            action("assisted", _("Registro asistido"), "/asistido", "people"),
            may_edit and may_register,
        ),
        (action("team", _("Equipo"), "/equipo", "people"), may_edit),
        (
            action("recordings", _("Grabaciones"), "/audio", "microphone"),
            may_edit and not has_ended,
        ),
        (
            action("message", _("Enviar mensaje"), "/mensaje", "letter"),
            may_edit and (is_published or is_cancelled) and not has_ended,
        ),
        (
            action("move", _("Mover"), "/mover", "calendar"),
            may_edit and (is_draft or is_published) and not has_started,
        ),
        (action("repeat", _("Repetir"), "/repetir", "clock"), may_edit),
        (action("clone", _("Clonar"), "/clonar", "copy"), may_edit),
        (
            action("series", _("Cambiar la serie"), "/serie", "pencil"),
            may_edit and workshop.series is not None,
        ),
        (action("flyer", _("Volante"), "/volante", "download"), True),
        (action("texts", _("Textos en tres idiomas"), "/textos", "speech"), may_edit),
        (action("sheet", _("Lista en Excel"), "/lista.xlsx", "download"), may_edit and may_export),
        (action("csv", _("Lista en CSV"), "/lista.csv", "download"), may_edit and may_export),
        (
            action("certificates", _("Constancias"), "/constancia", "flag"),
            may_edit and (status is WorkshopStatus.HELD or (is_published and has_ended)),
        ),
        (
            action(
                "public_page",
                _("Ver la página pública"),
                f"/{get_default_language()}/t/{workshop.public_id}",
                "eye",
            ),
            not is_draft,
        ),
        (action("log", _("Bitácora"), "/bitacora", "book"), may_edit),
        (
            action("reinstate", _("Reactivar el taller"), "/reactivar", "undo", is_post=True),
            may_edit and is_cancelled and not workshop.is_closed_for_danger,
        ),
        (
            action("danger", _("Peligro en la sede"), "/peligro", "alert", is_dangerous=True),
            may_open_door and workshop_service.is_open_to_danger(workshop, now=now),
        ),
        (
            action("cancel", _("Cancelar el taller…"), "/cancelar", "cross", is_dangerous=True),
            may_edit and is_published and not has_ended,
        ),
    ]
