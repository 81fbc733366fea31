"""Doubtful seats of a workshop: confirmed or released in one act, which can be undone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.audit.audit_log import Details
from outreach.domain.network.staff import Permission
from outreach.domain.registrations import doubtful, review
from outreach.domain.registrations.doubtful import DoubtfulSeats
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.i18n import gettext as _
from outreach.keystore import BurstDecision, bursts
from outreach.web.context import key_store, store
from outreach.web.presentation import formatting
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.guards import find_workshop, log_workshop_action, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.dashboard.alert_rows import doubtful_detail, doubtful_title
from outreach.web.staff.workshops import blueprint

MAX_CHOSEN: Final = 100  # bursts decided in one act


@dataclass(frozen=True, kw_only=True)
class DoubtfulRow:
    """One burst as staff see it: when and how many, no address and no name."""

    id: str
    parties: int
    people: int
    seats: int
    detail: str
    is_confirmed: bool  # or released, where it is decided
    due_at: str  # the hour at which the decision is carried out; empty where there is none


@dataclass(frozen=True, kw_only=True)
class DoubtfulList:
    rows: list[DoubtfulRow]
    registration_ids: frozenset[str]
    by_id: dict[str, DoubtfulSeats]
    next_review: str  # when some of them get seats if nobody decides; empty where they had theirs

    @property
    def open(self) -> list[DoubtfulRow]:
        return [row for row in self.rows if not row.due_at]

    @property
    def decided(self) -> list[DoubtfulRow]:
        return [row for row in self.rows if row.due_at]

    @property
    def title(self) -> str:
        return doubtful_title(sum(row.people for row in self.open))


def load(session: Session, workshop: Workshop, *, now: datetime) -> DoubtfulList:
    """The doubtful seats of a workshop that has not begun."""
    is_ahead = workshop.status is WorkshopStatus.PUBLISHED and now < workshop.starts_at
    keys = key_store()
    found = (
        bursts.list_bursts(keys.store, keys.today(), workshops=[workshop.id]) if is_ahead else []
    )
    counted = doubtful.count_seats(session, found)
    return DoubtfulList(
        rows=[_row(workshop, each) for each in counted],
        registration_ids=frozenset(
            registration_id for each in counted for registration_id in each.registration_ids
        ),
        by_id={each.burst.id.hex(): each for each in counted},
        next_review=_say_next_review(session, workshop) if counted else "",
    )


def _say_next_review(session: Session, workshop: Workshop) -> str:
    at = review.find_next(session, workshop)
    if at is None:
        return ""
    local = at.astimezone(workshop.zone)
    return f"{formatting.day(local.date())}, {formatting.hour(local.time())}"


def _row(workshop: Workshop, seats: DoubtfulSeats) -> DoubtfulRow:
    due = seats.burst.due_at
    return DoubtfulRow(
        id=seats.burst.id.hex(),
        parties=seats.parties,
        people=seats.people,
        seats=seats.seats,
        detail=doubtful_detail(workshop, seats.burst.began_at, seats.parties, seats.people),
        is_confirmed=seats.burst.decision is BurstDecision.CONFIRM,
        due_at=formatting.hour(due.astimezone(workshop.zone).time()) if due else "",
    )


@blueprint.get("/talleres/<public_id>/dudosos")
@requires(Scope.WORKSHOP, Permission.EDIT)
def doubtful_form(public_id: str) -> ResponseReturnValue:
    return _page(public_id)


@blueprint.post("/talleres/<public_id>/dudosos")
@requires(Scope.WORKSHOP, Permission.EDIT)
def decide_doubtful(public_id: str) -> ResponseReturnValue:
    """Confirms or releases the chosen bursts (field `burst`), or undoes that, as the field `do`
    says. A burst that has more parties than the page showed (`seen-ID`) is shown again, not
    decided."""
    what, now = request.form.get("do", ""), clock.now()
    chosen = {clean(each) for each in request.form.getlist("burst")[:MAX_CHOSEN]}
    with store().read() as session:
        listed = load(session, find_workshop(session, public_id), now=now)
    seats = [each for key, each in listed.by_id.items() if key in chosen]
    if what not in {"undo", *BurstDecision} or not seats:
        return _page(public_id, _("Elige cuáles, y qué hacer con ellos."))
    if what == "undo":
        return _undo(public_id, seats, now)
    seats = [each for each in seats if each.burst.decision is None]
    if any(_has_grown(each) for each in seats):
        return _page(public_id, _("Llegaron más desde que abriste esta página. Mira otra vez."))
    decision = BurstDecision(what)
    _log(public_id, decision, seats)  # first: nothing is carried out unlogged
    due_at = now + doubtful.UNDO_WITHIN
    bursts.decide(key_store().store, [each.burst.id for each in seats], decision, due_at=due_at)
    return redirect(f"/org/talleres/{public_id}/dudosos", 303)


def _has_grown(seats: DoubtfulSeats) -> bool:
    typed = request.form.get(f"seen-{seats.burst.id.hex()}", "")
    return not (typed.isascii() and typed.isdigit() and seats.parties <= int(typed[:9]))


def _undo(public_id: str, seats: list[DoubtfulSeats], now: datetime) -> ResponseReturnValue:
    ids = [each.burst.id for each in seats]
    if not bursts.undo(key_store().store, ids, now=now):
        return _page(public_id, _("Ya pasaron los cinco minutos: ya no se puede deshacer."))
    for decision in BurstDecision:
        undone = [each for each in seats if each.burst.decision is decision]
        if undone:
            _log(public_id, decision, undone, is_undone=True)
    return redirect(f"/org/talleres/{public_id}/dudosos", 303)


def _log(
    public_id: str, decision: BurstDecision, seats: list[DoubtfulSeats], *, is_undone: bool = False
) -> None:
    with store().change() as session:
        workshop, numbers = find_workshop(session, public_id), _numbers(seats)
        match decision, is_undone:
            case BurstDecision.CONFIRM, False:
                log_workshop_action(session, workshop, "doubtful places confirmed", numbers)
            case BurstDecision.CONFIRM, True:
                log_workshop_action(session, workshop, "confirmation undone", numbers)
            case BurstDecision.RELEASE, False:
                log_workshop_action(session, workshop, "doubtful places released", numbers)
            case BurstDecision.RELEASE, True:
                log_workshop_action(session, workshop, "release undone", numbers)


def _numbers(seats: list[DoubtfulSeats]) -> Details:
    return {
        "parties": sum(each.parties for each in seats),
        "people": sum(each.people for each in seats),
    }


def _page(public_id: str, fault: str = "") -> Response:
    now = clock.now()
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        listed = load(session, workshop, now=now)
    return page(
        "workshops/doubtful_seats",
        422 if fault else 200,
        workshop=workshop,
        listed=listed,
        fault=fault,
        words=workshop_labels,
    )
