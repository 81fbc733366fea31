"""The team of a workshop: who gives it, interprets and helps, and who could.

Who is free at that day and hour is listed first. What speaks against a person is said and decided
by staff; a mobile unit that stands elsewhere is refused. No page of members has attendees.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.network.staff import Permission
from outreach.domain.registrations import accommodations, totals
from outreach.domain.roster import assignments, member_clashes, members
from outreach.domain.roster.models import (
    AssignmentState,
    RosterAssignment,
    RosterMember,
    RosterRole,
)
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound
from outreach.i18n import gettext as _
from outreach.i18n import lazy
from outreach.web.context import key_store, store
from outreach.web.error_messages import PageRefused
from outreach.web.presentation.workshop_cards import CardTag
from outreach.web.staff.common import roster_labels, workshop_labels
from outreach.web.staff.common.acts import act, done_words
from outreach.web.staff.common.form_fields import read_number
from outreach.web.staff.common.guards import find_workshop, log_workshop_action, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.roster import blueprint

# What can be done with the team, and what the page says then.
_DONE: Final = {
    "ask": lazy("Está en el equipo. La carta sale en 5 minutos: hasta entonces puedes quitarla."),
    "again": lazy("Le preguntamos otra vez en 5 minutos."),
    "release": lazy("Ya no está en el equipo. Si ya lo sabía, se lo decimos en 5 minutos."),
    "yes": lazy("Anotado: sí puede."),
    "no": lazy("Anotado: no puede."),
}


@dataclass(frozen=True, kw_only=True, repr=False)
class TeamRow:
    """A member who is assigned to the workshop."""

    id: int  # the assignment's
    name: str
    what: str
    tag: CardTag
    clashes: Sequence[str]
    note: str
    can_be_asked: bool
    answers: Sequence[str]  # that staff can note: `yes`, `no`


@dataclass(frozen=True, kw_only=True, repr=False)
class CandidateRow:
    """A member who could be assigned to the workshop."""

    id: int
    name: str
    what: str
    place: str
    clashes: Sequence[str]
    is_refused: bool  # a mobile unit that stands elsewhere
    has_email: bool


@blueprint.get("/talleres/<public_id>/equipo")
@requires(Scope.WORKSHOP, Permission.EDIT)
def team(public_id: str) -> ResponseReturnValue:
    """Shows the team. `papel` limits the members who could be assigned to those of one role."""
    return _team_page(public_id)


def _team_page(public_id: str, *, fault: str = "") -> ResponseReturnValue:
    asked = request.args.get("papel", "")
    role = RosterRole(asked) if asked in set(RosterRole) else None
    now = clock.now()
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        team_rows = assignments.list_of_workshop(session, workshop)
        taken = {each.member_id for each in team_rows}
        others = [
            each
            for each in members.list_members(session, [workshop.office.id], role=role)
            if each.id not in taken
        ]
        can_assign = not workshop.is_cancelled and now < workshop.starts_at
        rows = _make_team(session, workshop, team_rows, can_assign=can_assign)
        candidates = _make_candidates(session, workshop, others) if can_assign else []
        needs = _count_needs(session, workshop)
    return page(
        "roster/team",
        422 if fault else 200,
        workshop=workshop,
        team=rows,
        free=[each for each in candidates if not each.clashes],
        clashing=[each for each in candidates if each.clashes],
        needs=needs,
        can_assign=can_assign,
        roles=[(each.value, roster_labels.role_words(each)) for each in RosterRole],
        role=role,
        words=workshop_labels,
        done=done_words(_DONE),
        fault=fault,
    )


@blueprint.post("/talleres/<public_id>/equipo")
@requires(Scope.WORKSHOP, Permission.EDIT)
@act(refused=_team_page)
def change_team(session: Session, public_id: str) -> str:
    """Assigns a `member` (`do=ask`), or asks again, notes an answer or releases an `assignment`
    (`again`, `yes`, `no`, `release`)."""
    what, now = request.form.get("do", ""), clock.now()
    if what not in _DONE:
        raise PageRefused(_("Elige qué hacer."))
    workshop = find_workshop(session, public_id)
    assignments.lock(session, workshop)
    if what == "ask":
        member_id, action = _ask(session, workshop), "member asked"
    else:
        assignment = assignments.find_of_workshop(session, workshop, _read_id("assignment"))
        member_id = assignment.member_id
        if what == "again":
            assignments.ask_again(session, assignment, now=now)
            action = "member asked again"
        elif what == "release":
            assignments.release(session, assignment, now=now)
            action = "member released"
        else:
            assignments.answer(session, assignment, can_come=what == "yes", now=now)
            action = "member answer noted"
    log_workshop_action(session, workshop, action, {"member": member_id})
    return f"/org/talleres/{public_id}/equipo?hecho={what}"


def _ask(session: Session, workshop: Workshop) -> int:
    """Assigns the member that the form names and returns their id. Raises NotFound for one of
    another office."""
    member = members.find(session, [workshop.office.id], _read_id("member"))
    assignments.ask(session, workshop, member, now=clock.now())
    return member.id


def _read_id(name: str) -> int:
    """Returns the id in a field of the form. Raises NotFound where it has none."""
    number = read_number(request.form.get(name, ""))
    if number is None:
        raise NotFound(name)
    return number


def _make_team(
    session: Session,
    workshop: Workshop,
    team_rows: Sequence[RosterAssignment],
    *,
    can_assign: bool,
) -> list[TeamRow]:
    ids = [each.id for each in team_rows]
    unsent = assignments.find_unsent(session, ids)
    undelivered = assignments.find_undelivered(session, ids) - unsent
    members_there = [each.member for each in team_rows]
    details = members.open_details(key_store(), members_there)
    overlapping = member_clashes.list_overlapping(
        session, [each.member_id for each in team_rows], workshop
    )
    rows = []
    for each in team_rows:
        clashes = member_clashes.find_clashes(each.member, workshop, overlapping[each.member_id])
        opened = details.get(each.member_id)
        rows.append(
            TeamRow(
                id=each.id,
                name=opened.name if opened else "–",
                what=roster_labels.what_words(each.member),
                tag=roster_labels.state_tag(each),
                clashes=[roster_labels.clash_words(clash) for clash in clashes],
                note=_say_delivery(
                    each, is_unsent=each.id in unsent, is_dead=each.id in undelivered
                ),
                can_be_asked=can_assign
                and each.member.has_email
                and each.id not in unsent
                and each.state is not AssignmentState.CONFIRMED,
                answers=_list_answers(each) if can_assign else (),
            )
        )
    return rows


def _list_answers(assignment: RosterAssignment) -> Sequence[str]:
    """Returns the answers that staff can note: those that differ from the present one."""
    current = {AssignmentState.CONFIRMED: "yes", AssignmentState.DECLINED: "no"}
    return [each for each in ("yes", "no") if each != current.get(assignment.state)]


def _say_delivery(assignment: RosterAssignment, *, is_unsent: bool, is_dead: bool) -> str:
    """Returns what staff have to know about how the member is reached; empty for nothing."""
    if is_unsent:
        return _("La carta sale en unos minutos")
    if is_dead:
        return _("No le llegó la carta: llama y anota su respuesta")
    if not assignment.member.has_email and assignment.is_active:
        return _("Sin correo: pregunta tú y anota su respuesta")
    return ""


def _make_candidates(
    session: Session, workshop: Workshop, others: Sequence[RosterMember]
) -> list[CandidateRow]:
    """Returns the members who could be assigned, sorted by name."""
    details = members.open_details(key_store(), others)
    overlapping = member_clashes.list_overlapping(session, [each.id for each in others], workshop)
    rows = [
        CandidateRow(
            id=each.id,
            name=details[each.id].name,
            what=roster_labels.what_words(each),
            place=roster_labels.place_words(each),
            clashes=[
                roster_labels.clash_words(clash)
                for clash in member_clashes.find_clashes(each, workshop, overlapping[each.id])
            ],
            is_refused=each.is_unit and member_clashes.is_elsewhere(workshop, overlapping[each.id]),
            has_email=each.has_email,
        )
        for each in others
        if each.id in details
    ]
    return sorted(rows, key=lambda row: row.name.casefold())


def _count_needs(session: Session, workshop: Workshop) -> list[tuple[str, int]]:
    """Returns what kinds of interpreter the parties with a seat asked for, and how many did."""
    counted = totals.read(session, workshop.id)
    found = (
        (need, counted[totals.need_name(need)])
        for need in accommodations.list_offered(workshop)
        if accommodations.is_interpretation(need)
    )
    return [(workshop_labels.need_words(need), number) for need, number in found if number]
