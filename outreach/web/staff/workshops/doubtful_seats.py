"""Doubtful seats of a workshop: kept or released in one act, which can be undone for a while."""

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
from outreach.keystore import bursts
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
    release_at: str  # the hour; empty where nothing is decided


@dataclass(frozen=True, kw_only=True)
class DoubtfulList:
    rows: list[DoubtfulRow]
    registration_ids: frozenset[str]
    by_id: dict[str, DoubtfulSeats]

    @property
    def open(self) -> list[DoubtfulRow]:
        return [row for row in self.rows if not row.release_at]

    @property
    def decided(self) -> list[DoubtfulRow]:
        return [row for row in self.rows if row.release_at]

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
    )


def _row(workshop: Workshop, seats: DoubtfulSeats) -> DoubtfulRow:
    ends = seats.burst.release_at
    return DoubtfulRow(
        id=seats.burst.id.hex(),
        parties=seats.parties,
        people=seats.people,
        seats=seats.seats,
        detail=doubtful_detail(workshop, seats.burst.began_at, seats.parties, seats.people),
        release_at=formatting.hour(ends.astimezone(workshop.zone).time()) if ends else "",
    )


@blueprint.get("/talleres/<public_id>/dudosos")
@requires(Scope.WORKSHOP, Permission.EDIT)
def doubtful_form(public_id: str) -> ResponseReturnValue:
    return _page(public_id)


@blueprint.post("/talleres/<public_id>/dudosos")
@requires(Scope.WORKSHOP, Permission.EDIT)
def decide_doubtful(public_id: str) -> ResponseReturnValue:
    """The field `do` is keep, release or undo; `burst` the chosen ones. `seen-ID` says how many
    parties were shown: more are never kept unseen."""
    what, now = request.form.get("do", ""), clock.now()
    chosen = {clean(each) for each in request.form.getlist("burst")[:MAX_CHOSEN]}
    with store().read() as session:
        listed = load(session, find_workshop(session, public_id), now=now)
    seats = [each for key, each in listed.by_id.items() if key in chosen]
    if what not in {"keep", "release", "undo"} or not seats:
        return _page(public_id, _("Elige cuáles, y qué hacer con ellos."))
    if what == "undo":
        return _undo(public_id, seats, now)
    seats = [each for each in seats if each.burst.release_at is None]
    if what == "keep":
        if any(_has_grown(each) for each in seats):
            return _page(public_id, _("Llegaron más desde que abriste esta página. Mira otra vez."))
        return _keep(public_id, seats, now)
    _log(public_id, "doubtful places released", seats)  # first: nothing is released unlogged
    ids = [each.burst.id for each in seats]
    bursts.schedule_release(key_store().store, ids, release_at=now + doubtful.UNDO_WITHIN)
    return redirect(f"/org/talleres/{public_id}/dudosos", 303)


def _has_grown(seats: DoubtfulSeats) -> bool:
    typed = request.form.get(f"seen-{seats.burst.id.hex()}", "")
    return not (typed.isascii() and typed.isdigit() and seats.parties <= int(typed[:9]))


def _keep(public_id: str, seats: list[DoubtfulSeats], now: datetime) -> ResponseReturnValue:
    """Ends the review of these parties, then their bursts: after a crash in between, staff see
    them again and decide again."""
    ids = [registration_id for each in seats for registration_id in each.registration_ids]
    with store().change() as session:
        workshop = find_workshop(session, public_id)
        review.approve(session, workshop, ids, now=now)
        log_workshop_action(session, workshop, "doubtful places kept", _numbers(seats))
    bursts.end(key_store().store, [each.burst.id for each in seats])
    return redirect(f"/org/talleres/{public_id}?hecho=conservados", 303)


def _undo(public_id: str, seats: list[DoubtfulSeats], now: datetime) -> ResponseReturnValue:
    ids = [each.burst.id for each in seats]
    if not bursts.undo_release(key_store().store, ids, now=now):
        return _page(public_id, _("Ya pasaron los cinco minutos: esos lugares ya se liberaron."))
    _log(public_id, "release undone", seats)
    return redirect(f"/org/talleres/{public_id}/dudosos", 303)


def _log(public_id: str, action: str, seats: list[DoubtfulSeats]) -> None:
    with store().change() as session:
        log_workshop_action(session, find_workshop(session, public_id), action, _numbers(seats))


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
