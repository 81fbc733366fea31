"""The sheet before a change that people are told of: who, how, in which words, and whether.

A view makes the change in its transaction with `read_decision()`, then calls `require_decision`.
Where people have to be told and the form does not say what staff decided, that raises
`NeedsDecision`: the transaction is rolled back, and the sheet is shown with the fields of the form,
which it sends again with the decision. So what the sheet says is what the change would do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from flask import current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock, i18n
from outreach.domain.audit.audit_log import Details
from outreach.domain.registrations import ContactMethod, change_notifications, waitlist
from outreach.domain.registrations.change_notifications import (
    URGENT_BEFORE,
    NotifyDecision,
    NotifyMode,
    Reach,
)
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.registrations.undo_window import NO_UNDO_BEFORE, UNDO_WINDOW
from outreach.domain.roster import assignments
from outreach.domain.roster.assignments import NO_ROSTER_REACH, RosterReach
from outreach.domain.roster.models import RosterRole
from outreach.domain.scheduling import untold_changes, workshop_changes
from outreach.domain.scheduling.workshop_changes import WorkshopChange
from outreach.domain.scheduling.workshop_service import NOTIFIED_CHANGES
from outreach.domain.text import code
from outreach.domain.workshops import Workshop
from outreach.i18n import gettext as _
from outreach.i18n import lazy, ngettext
from outreach.mail import preview
from outreach.mail.preview import MessagePreview
from outreach.web.context import config
from outreach.web.error_messages import PageRefused
from outreach.web.staff.common import changed_values
from outreach.web.staff.common.changed_values import ChangedThing
from outreach.web.staff.common.guards import (
    current_staff,
    log_workshop_action,
    page,
    require_fresh_factor,
    staff_pages,
)

MODE_FIELD, REASON_FIELD = "aviso", "aviso_motivo"
# Why nobody is told, by the code that is logged. A free text could name a person.
SILENCE_REASONS: Final = {
    "same place": lazy("Es el mismo lugar, escrito de otro modo"),
    "few minutes": lazy("Cambian pocos minutos"),
    "informed": lazy("Ya se les dijo de otro modo"),
    "other": lazy("Otra razón"),
}
_OWN_FIELDS: Final = frozenset({MODE_FIELD, REASON_FIELD, "token"})


@dataclass(frozen=True)
class NotifySheet:
    """What the sheet shows of a change that has just been made."""

    reach: Reach
    people: int  # how many are told; somebody with places on several dates counts once
    things: Sequence[ChangedThing]  # a venue that changed, and the workshops
    letters: Sequence[tuple[str, str, MessagePreview]]  # code and name of the language
    is_cancellation: bool  # what the form does; else people are told of an earlier one
    waiting: int  # parties of the waitlist that are offered a place
    can_tell_nobody: bool
    can_be_urgent: bool
    is_held: bool  # nothing is sent in the next minutes
    roster: RosterReach = NO_ROSTER_REACH  # members of the team who are written to
    is_discreet: bool = False  # one of the workshops is: nobody is called instead of a text
    needs_door: bool = False  # somebody has to stand at the old door

    @property
    def reasons(self) -> Mapping[str, str]:
        return SILENCE_REASONS

    @property
    def tells_somebody(self) -> bool:
        """Whether attendees or members of the team are written to or called."""
        return bool(self.reach.total or self.roster.total)

    @property
    def roster_words(self) -> list[str]:
        """Returns a line for each role: «1 ponente: se le pregunta otra vez»."""
        again = [_ask_words(role, each) for role, each in self.roster.asked_again.items()]
        return again + [
            ngettext(
                "%(num)d del equipo: se le dice que se canceló",
                "%(num)d del equipo: se les dice que se canceló",
                each,
            )
            for each in ([sum(self.roster.cancelled.values())] if self.roster.cancelled else [])
        ]

    @property
    def act(self) -> str:
        """The words of the main button where nobody is told."""
        if not self.is_cancellation:
            return str(_("Guardar"))
        return ngettext("Cancelar el taller", "Cancelar los talleres", len(self.things))

    @property
    def telling(self) -> str:
        """The words of the main button where people are told; empty where nobody is."""
        if not self.people:
            return ""
        if self.is_cancellation:
            return ngettext(
                "Cancelar y avisar a %(num)d persona",
                "Cancelar y avisar a %(num)d personas",
                self.people,
            )
        return ngettext(
            "Guardar y avisar a %(num)d persona",
            "Guardar y avisar a %(num)d personas",
            self.people,
        )


def _ask_words(role: RosterRole, number: int) -> str:
    match role:
        case RosterRole.SPEAKER:
            return ngettext(
                "%(num)d ponente: se le pregunta otra vez",
                "%(num)d ponentes: se les pregunta otra vez",
                number,
            )
        case RosterRole.INTERPRETER:
            return ngettext(
                "%(num)d intérprete: se le pregunta otra vez",
                "%(num)d intérpretes: se les pregunta otra vez",
                number,
            )
        case RosterRole.VOLUNTEER:
            return ngettext(
                "%(num)d persona de apoyo: se le pregunta otra vez",
                "%(num)d personas de apoyo: se les pregunta otra vez",
                number,
            )
        case RosterRole.MOBILE_UNIT:
            return ngettext(
                "%(num)d unidad móvil: se le pregunta otra vez",
                "%(num)d unidades móviles: se les pregunta otra vez",
                number,
            )


class NeedsDecision(Exception):
    """People have to be told of a change, and staff have not decided. Roll the transaction back."""

    def __init__(self, sheet: NotifySheet) -> None:
        super().__init__()
        self.sheet = sheet


class NeedsFactor(Exception):
    """The decision needs a second factor shown in the last minutes."""


def read_decision() -> NotifyDecision:
    """Returns the decision in the form of this request; without one, the decision is to decide
    later. Raises PageRefused where the reason is missing, and NeedsFactor."""
    given = request.form.get(MODE_FIELD, "")
    if given not in tuple(NotifyMode):
        return NotifyDecision(NotifyMode.LATER, batch=code(20))
    mode, reason = NotifyMode(given), request.form.get(REASON_FIELD, "")
    if mode is NotifyMode.NOBODY and reason not in SILENCE_REASONS:
        raise PageRefused(_("Elige por qué no se avisa."))
    if mode is NotifyMode.URGENT and not current_staff().is_fresh(clock.now()):
        raise NeedsFactor
    return NotifyDecision(mode, UNDO_WINDOW, batch=code(20))


def is_decided() -> bool:
    """Whether the form of this request says what staff decided."""
    return request.form.get(MODE_FIELD, "") in tuple(NotifyMode)


def require_decision(
    session: Session, workshops: Sequence[Workshop], decision: NotifyDecision
) -> None:
    """Raises NeedsDecision where people have to be told of changes of these workshops, which were
    made in this transaction with this decision, and the form has none. Logs one that is not the
    usual."""
    if is_decided():
        _log_unusual(session, workshops, NotifyMode(request.form[MODE_FIELD]))
        return
    sheet = describe(session, workshops, decision.batch)
    if sheet.tells_somebody or sheet.waiting:
        raise NeedsDecision(sheet)


def describe(session: Session, workshops: Sequence[Workshop], batch: str = "") -> NotifySheet:
    """Returns the sheet of changes that were made in this transaction with the decision LATER.
    `batch` names the changes whose values the sheet shows."""
    now = clock.now()
    has_texts = bool(config().texts.url)
    reach = change_notifications.count_uninformed(session, workshops, has_texts=has_texts)
    near = min((each.starts_at - now for each in workshops), default=timedelta(0))
    far = max((each.starts_at - now for each in workshops), default=timedelta(0))
    held = [each for each in workshops if each.held_seats]
    is_cancellation = any(each.is_cancelled for each in workshops)
    fitting = {
        each.id: waitlist.list_fitting(session, each, each.seats_left + each.held_seats)
        for each in held
    }
    waiting = sum(map(len, fitting.values()))
    changes = workshop_changes.list_batch(session, batch) if batch else []
    letters = _write_letters(workshops[0]) if reach.total else []
    roster = assignments.count_uninformed(session, workshops)
    return NotifySheet(
        reach=reach,
        people=_count_people(session, workshops, fitting, has_texts=has_texts),
        things=_list_things(session, workshops, batch, changes),
        letters=letters
        + (_write_offers(held[0]) if waiting else [])
        + (_write_to_roster(workshops[0], roster) if roster.total else []),
        is_cancellation=is_cancellation and (not batch or bool(changes)),
        waiting=waiting,
        can_tell_nobody=not is_cancellation and near >= NOTIFIED_CHANGES and not held,
        can_be_urgent=far <= URGENT_BEFORE,
        is_held=near > NO_UNDO_BEFORE,
        roster=roster,
        is_discreet=any(each.is_discreet for each in workshops),
        needs_door=any(needs_door(each, reach, now=now) for each in workshops),
    )


def count_untold(session: Session, workshop: Workshop, *, now: datetime) -> Reach:
    """Counts the people who were to be told and have not been: nothing was handed over to a server
    or a gateway, and no call was made."""
    if workshop.has_ended(now) or workshop.withheld_facts == workshop.facts:
        return change_notifications.NO_REACH
    has_texts = bool(config().texts.url)
    return change_notifications.count_uninformed(session, [workshop], has_texts=has_texts)


def needs_door(workshop: Workshop, reach: Reach, *, now: datetime) -> bool:
    """Whether somebody has to stand at the door where a workshop was to be, since people who cannot
    be told may come there. Days before, they may still read it on their page."""
    is_near = workshop.starts_at - now <= URGENT_BEFORE
    may_come = reach.only_on_page or (workshop.is_discreet and reach.texts)
    return bool(may_come) and workshop.mode.has_venue and (is_near or workshop.is_discreet)


def _count_people(
    session: Session,
    workshops: Sequence[Workshop],
    fitting: Mapping[int, Sequence[ContactMethod]],
    *,
    has_texts: bool,
) -> int:
    """Counts the people who are told of the change or are offered a place; who gets both at once
    counts once. `fitting` has, by id of workshop, how those who are offered a place are reached."""
    count_reached = partial(change_notifications.count_people, has_texts=has_texts)
    offered = sum(
        sum(contact is not ContactMethod.NONE for contact in contacts)
        for workshop_id, contacts in fitting.items()
        if not count_reached(session, [workshop_id])
    )
    return count_reached(session, [each.id for each in workshops]) + offered


def _list_things(
    session: Session, workshops: Sequence[Workshop], batch: str, changes: Sequence[WorkshopChange]
) -> Sequence[ChangedThing]:
    """Returns what was changed by this form, or since people were last told."""
    if batch and not changes:
        now = clock.now()
        untold = [untold_changes.list_untold(session, each, now=now) for each in workshops]
        changes = [change for of_workshop in untold for change in of_workshop]
    return changed_values.list_things(session, workshops, batch, changes)


def _write_letters(workshop: Workshop) -> list[tuple[str, str, MessagePreview]]:
    if workshop.is_cancelled:
        cause = NotificationType.CANCELLED
    else:
        was_cancelled = request.path.endswith(("/reactivar", "/peligro"))
        cause = NotificationType.REINSTATED if was_cancelled else NotificationType.CHANGED
    return [
        (
            lang,
            name,
            preview.of_change(
                workshop, cause, lang, config(), now=clock.now(), link=_("(su enlace)")
            ),
        )
        for lang, name in i18n.NAMES.items()
    ]


def _write_offers(workshop: Workshop) -> list[tuple[str, str, MessagePreview]]:
    """Returns the letter that offers a place to whoever is on the waitlist, in each language: code,
    heading and letter. The time to answer begins when the undo window is over."""
    now = clock.now()
    until = waitlist.compute_offer_end(workshop, now + UNDO_WINDOW)
    return [
        (
            lang,
            _("%(language)s: a quien espera", language=name),
            preview.of_offer(workshop, lang, config(), now=now, until=until, link=_("(su enlace)")),
        )
        for lang, name in i18n.NAMES.items()
    ]


def _write_to_roster(
    workshop: Workshop, roster: RosterReach
) -> list[tuple[str, str, MessagePreview]]:
    """Returns the letter to members of the team, in each language, as `_write_offers` does."""
    role = next(iter([*roster.asked_again, *roster.cancelled]))
    return [
        (
            lang,
            _("%(language)s: al equipo", language=name),
            preview.of_roster_change(workshop, role, lang, config(), link=_("(su enlace)")),
        )
        for lang, name in i18n.NAMES.items()
    ]


def _log_unusual(session: Session, workshops: Sequence[Workshop], mode: NotifyMode) -> None:
    """Writes in the audit log that nobody is told, and why, or that people are told at once."""
    if mode not in {NotifyMode.NOBODY, NotifyMode.URGENT}:
        return
    details: Details = {"decision": mode.value}
    if mode is NotifyMode.NOBODY:
        details = {**details, "reason": request.form[REASON_FIELD]}
    for workshop in workshops:
        log_workshop_action(session, workshop, "notification decided", details)


@staff_pages.errorhandler(NeedsDecision)
def _ask(need: NeedsDecision) -> ResponseReturnValue:
    fields = [
        (name, value)
        for name, values in request.form.lists()
        if name not in _OWN_FIELDS
        for value in values
    ]
    return page(
        "notify_sheet", sheet=need.sheet, fields=fields, action=request.path, back=_find_page()
    )


def _find_page() -> str:
    """The address of the page from which this form was sent: its own, or the one above it."""
    routes, path = current_app.create_url_adapter(request), request.path
    assert routes is not None
    while path.count("/") > 1 and not routes.test(path, "GET"):
        path = path.rpartition("/")[0]
    return path


@staff_pages.errorhandler(NeedsFactor)
def _ask_for_factor(_need: NeedsFactor) -> ResponseReturnValue:
    return require_fresh_factor(back=_find_page())
