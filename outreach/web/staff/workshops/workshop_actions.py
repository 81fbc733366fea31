"""What staff can do with a workshop: at most three main actions, and a menu with the others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from outreach.domain.checkin import checkin
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.i18n import get_default_language, lazy

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


@dataclass(frozen=True, kw_only=True)
class ActionFacts:
    """What decides whether an action is possible now."""

    may_edit: bool
    may_open_door: bool
    may_register: bool
    may_export: bool
    may_check_in: bool
    has_warnings: bool
    status: WorkshopStatus
    is_reported: bool
    is_in_series: bool
    is_closed_for_danger: bool
    is_open_to_danger: bool
    has_started: bool
    has_ended: bool


@dataclass(frozen=True)
class ActionRule:
    """An action, and when it is possible. The label is a lazy message."""

    key: str
    label: str
    path: str  # after the address of the workshop
    is_possible: Callable[[ActionFacts], bool]
    icon: str = ""
    is_post: bool = False
    is_dangerous: bool = False


_DRAFT: Final = WorkshopStatus.DRAFT
_PUBLISHED: Final = WorkshopStatus.PUBLISHED
_HELD: Final = WorkshopStatus.HELD
_CANCELLED: Final = WorkshopStatus.CANCELLED
PUBLIC_PAGE: Final = "public_page"  # its path is a whole address, of the main language

# Every action, in the order of the menu.
RULES: Final = (
    ActionRule(
        "publish", lazy("Publicar"), "/publicar",
        lambda at: at.may_edit and at.status is _DRAFT and not at.has_warnings, is_post=True,
    ),
    ActionRule(
        "publish", lazy("Publicar de todos modos"), "/publicar",
        lambda at: at.may_edit and at.status is _DRAFT and at.has_warnings, is_post=True,
    ),
    ActionRule("check_in", lazy("Pasar lista"), "/entrada", lambda at: at.may_check_in, "check"),
    ActionRule(
        "report", lazy("Reportar asistencia"), "/asistencia",
        lambda at: at.may_edit and at.has_started
        and (at.status is _PUBLISHED or at.is_reported), "bars",
    ),
    ActionRule("edit", lazy("Editar"), "/editar", lambda at: at.may_edit, "pencil"),
    ActionRule(
        "hold", lazy("Apartar por teléfono"), "/apartar",
        lambda at: at.may_edit and at.may_register, "phone",
    ),
    ActionRule(
        "assisted", lazy("Registro asistido"), "/asistido",
        lambda at: at.may_edit and at.may_register, "people",
    ),
    ActionRule("team", lazy("Equipo"), "/equipo", lambda at: at.may_edit, "people"),
    ActionRule(
        "recordings", lazy("Grabaciones"), "/audio",
        lambda at: at.may_edit and not at.has_ended, "microphone",
    ),
    ActionRule(
        "message", lazy("Enviar mensaje"), "/mensaje",
        lambda at: at.may_edit and at.status in {_PUBLISHED, _CANCELLED} and not at.has_ended,
        "letter",
    ),
    ActionRule(
        "move", lazy("Mover"), "/mover",
        lambda at: at.may_edit and at.status in {_DRAFT, _PUBLISHED} and not at.has_started,
        "calendar",
    ),
    ActionRule("repeat", lazy("Repetir"), "/repetir", lambda at: at.may_edit, "clock"),
    ActionRule("clone", lazy("Clonar"), "/clonar", lambda at: at.may_edit, "copy"),
    ActionRule(
        "series", lazy("Cambiar la serie"), "/serie",
        lambda at: at.may_edit and at.is_in_series, "pencil",
    ),
    ActionRule("flyer", lazy("Volante"), "/volante", lambda _at: True, "download"),
    ActionRule(
        "texts", lazy("Textos en tres idiomas"), "/textos", lambda at: at.may_edit, "speech"
    ),
    ActionRule(
        "sheet", lazy("Lista en Excel"), "/lista.xlsx",
        lambda at: at.may_edit and at.may_export, "download",
    ),
    ActionRule(
        "csv", lazy("Lista en CSV"), "/lista.csv",
        lambda at: at.may_edit and at.may_export, "download",
    ),
    ActionRule(
        "certificates", lazy("Constancias"), "/constancia",
        lambda at: at.may_edit
        and (at.status is _HELD or (at.status is _PUBLISHED and at.has_ended)), "flag",
    ),
    ActionRule(
        PUBLIC_PAGE, lazy("Ver la página pública"), "",
        lambda at: at.status is not _DRAFT, "eye",
    ),
    ActionRule("log", lazy("Bitácora"), "/bitacora", lambda at: at.may_edit, "book"),
    ActionRule(
        "reinstate", lazy("Reactivar el taller"), "/reactivar",
        lambda at: at.may_edit and at.status is _CANCELLED and not at.is_closed_for_danger,
        "undo", is_post=True,
    ),
    ActionRule(
        "danger", lazy("Peligro en la sede"), "/peligro",
        lambda at: at.may_open_door and at.is_open_to_danger, "alert", is_dangerous=True,
    ),
    ActionRule(
        "cancel", lazy("Cancelar el taller…"), "/cancelar",
        lambda at: at.may_edit and at.status is _PUBLISHED and not at.has_ended,
        "cross", is_dangerous=True,
    ),
)  # fmt: skip


def list_actions(workshop: Workshop, context: ActionContext) -> WorkshopActions:
    """The actions that this member of staff can take now, each once."""
    facts = _read_facts(workshop, context)
    possible = {rule.key: _make_action(rule, workshop) for rule in RULES if rule.is_possible(facts)}
    wanted = _MAIN_KEYS[_stage(workshop, context.now)]
    chosen = [key for key in wanted if key in possible][:MAX_MAIN_ACTIONS]
    return WorkshopActions([possible.pop(key) for key in chosen], list(possible.values()))


def _stage(workshop: Workshop, now: datetime) -> str:
    if workshop.status is WorkshopStatus.PUBLISHED:
        return "over" if workshop.has_ended(now) else "ahead"
    if workshop.status in {WorkshopStatus.HELD, WorkshopStatus.NOT_HELD}:
        return "reported"
    return workshop.status.value


def _make_action(rule: ActionRule, workshop: Workshop) -> WorkshopAction:
    path = rule.path
    if rule.key == PUBLIC_PAGE:
        path = f"/{get_default_language()}/t/{workshop.public_id}"
    return WorkshopAction(
        rule.key, str(rule.label), path, rule.icon, rule.is_post, rule.is_dangerous
    )


def _read_facts(workshop: Workshop, context: ActionContext) -> ActionFacts:
    now, status, may = context.now, workshop.status, context.has_permission
    may_open_door = may(Permission.DOOR)
    return ActionFacts(
        may_edit=may(Permission.EDIT),
        may_open_door=may_open_door,
        may_register=context.can_register and may(Permission.CONTACTS),
        may_export=may(Permission.EXPORT) and not workshop.is_discreet and context.has_attendees,
        may_check_in=(
            may_open_door
            and status in {WorkshopStatus.PUBLISHED, WorkshopStatus.HELD}
            and checkin.is_list_open(workshop, now=now)
            and context.sees_names
        ),
        has_warnings=context.has_warnings,
        status=status,
        is_reported=status in {WorkshopStatus.HELD, WorkshopStatus.NOT_HELD},
        is_in_series=workshop.series is not None,
        is_closed_for_danger=workshop.is_closed_for_danger,
        is_open_to_danger=workshop_service.is_open_to_danger(workshop, now=now),
        has_started=workshop.starts_at <= now,
        has_ended=workshop.has_ended(now),
    )
