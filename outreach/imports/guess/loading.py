"""Writes the rows that are good: new and changed workshops, in bounded batches.

Each batch is a transaction with the fingerprints of its rows, so that a run that is cut short can
be repeated: what it loaded is then the same. What others have done meanwhile is looked at again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.audit import audit_log
from outreach.domain.locations import venue_matching
from outreach.domain.locations.venue_matching import MatchKind
from outreach.domain.network import offices
from outreach.domain.network.offices import Office
from outreach.domain.registrations.change_notifications import AT_ONCE, NotifyDecision
from outreach.domain.scheduling import import_memory
from outreach.domain.workshops import Workshop
from outreach.errors import Refusal
from outreach.imports.guess.headings import Field
from outreach.imports.guess.proposals import Outcome, RowProposal, list_loadable, place_of
from outreach.imports.guess.remarks import Remark, RemarkCode
from outreach.imports.guess.venue_choice import NewVenue
from outreach.imports.workshops.load import WorkshopLoader
from outreach.imports.workshops.read import WorkshopImportRow

BATCH_SIZE: Final = 500

# Called after each batch with how many rows have been loaded, of how many.
Progress = Callable[[int, int], None]


@dataclass
class LoadedRows:
    """What was loaded. `moved` has the new day of erasure of workshops, by their number: the caller
    moves the keys, as after `workshops.load`."""

    loaded: int = 0
    moved: dict[int, date] = field(default_factory=dict)
    workshop_ids: list[int] = field(default_factory=list)


def load(
    store: Store,
    office_slug: str,
    proposals: Iterable[RowProposal],
    *,
    now: datetime,
    staff_id: int | None = None,
    progress: Progress = lambda _done, _of: None,
) -> LoadedRows:
    """Loads the rows that are new or changed. A row that cannot be loaded any more is refused; one
    that somebody has loaded meanwhile counts as the same."""
    loadable, result = list(list_loadable(proposals)), LoadedRows()
    for start in range(0, len(loadable), BATCH_SIZE):
        batch = loadable[start : start + BATCH_SIZE]
        _load_batch(store, office_slug, batch, result, now=now, staff_id=staff_id)
        progress(min(start + BATCH_SIZE, len(loadable)), len(loadable))
    return result


def _load_batch(
    store: Store,
    office_slug: str,
    batch: Sequence[RowProposal],
    result: LoadedRows,
    *,
    now: datetime,
    staff_id: int | None,
) -> None:
    try:
        with store.change() as session:
            done = write(session, office_slug, batch, now=now, staff_id=staff_id)
    except sa.exc.IntegrityError:
        # Somebody loads the same file at this moment, and was first with one of these rows.
        with store.change() as session:
            done = write(session, office_slug, batch, now=now, staff_id=staff_id)
    for proposal, outcome, error in done.left_out:
        proposal.outcome = outcome
        proposal.remarks.extend([error] if error is not None else [])
    result.loaded += len(done.workshop_ids)
    result.moved |= done.moved
    result.workshop_ids += done.workshop_ids


@dataclass
class WrittenRows:
    """The rows that `write` loaded, and those that it left out, each with the outcome that it has
    instead."""

    workshop_ids: list[int] = field(default_factory=list)
    new: list[Workshop] = field(default_factory=list)
    changed: list[Workshop] = field(default_factory=list)
    moved: dict[int, date] = field(default_factory=dict)
    left_out: list[tuple[RowProposal, Outcome, Remark | None]] = field(default_factory=list)


def write(
    session: Session,
    office_slug: str,
    batch: Sequence[RowProposal],
    *,
    now: datetime,
    staff_id: int | None = None,
    decision: NotifyDecision = AT_ONCE,
    file: str = "",
) -> WrittenRows:
    """Writes rows that are new or changed in this transaction; people registered are notified as
    `decision` says. `file` is the id that the audit log names."""
    office, done = offices.find(session, office_slug), WrittenRows()
    known = import_memory.find_rows(session, office, {each.fingerprint for each in batch})
    loader = WorkshopLoader(session, now, is_synthetic=False, decision=decision)
    loaded = []
    for proposal in _with_venues(session, office, batch, done):
        if proposal.outcome is Outcome.NEW and proposal.fingerprint in known:
            done.left_out.append((proposal, Outcome.SAME, None))
            continue
        written = _write_proposal(session, loader, proposal)
        if isinstance(written, Refusal):
            done.left_out.append((proposal, Outcome.REFUSED, Remark(None, written)))
        else:
            loaded.append((proposal, written))
    loader.add()
    session.flush()
    import_memory.save_rows(
        session,
        office,
        [(each.fingerprint, workshop, each.said) for each, workshop in loaded],
        now=now,
    )
    done.workshop_ids = [workshop.id for _each, workshop in loaded]
    for each, workshop in loaded:
        is_new = each.outcome is Outcome.NEW
        (done.new if is_new else done.changed).append(workshop)
    done.moved = dict(loader.result.moved)
    _record(session, office, [each for each, _workshop in loaded], staff_id, now, file)
    return done


def _write_proposal(
    session: Session, loader: WorkshopLoader, proposal: RowProposal
) -> Workshop | Refusal:
    """Creates or changes the workshop of a row; returns the reason where it cannot be done."""
    assert proposal.row is not None
    workshop = None
    if proposal.outcome is Outcome.CHANGED:
        assert proposal.workshop_id is not None
        workshop = workshops.find_by_id(session, proposal.workshop_id)
        if workshop is None:
            return Refusal(RemarkCode.WORKSHOP_GONE)
    written = _write_row(session, loader, proposal.row, workshop)
    if loader.faults or written is None:
        error = loader.faults[0].error
        loader.faults.clear()
        return error
    return written


def _write_row(
    session: Session,
    loader: WorkshopLoader,
    row: WorkshopImportRow,
    workshop: Workshop | None,
) -> Workshop | None:
    """Creates or changes the workshop of a row; where the row has a fault, nothing is stored."""
    if workshop is None:
        return loader.load_row(row, None)
    with session.begin_nested() as attempt:
        written = loader.load_row(row, workshop)
        if loader.faults:
            attempt.rollback()
    return written


def _with_venues(
    session: Session, office: Office, batch: Sequence[RowProposal], done: WrittenRows
) -> Iterable[RowProposal]:
    """Returns the rows; those with a new venue get the one that an earlier batch or somebody else
    has made meanwhile. A row whose venue is now in doubt is left out."""
    index = venue_matching.load(session, office)
    for proposal in batch:
        venue = proposal.venue
        if isinstance(venue, NewVenue) and proposal.row is not None:
            city = venue.city or office.city
            found = index.match(venue.name, address=venue.address, city=city)
            if found.place is not None:
                proposal.row = replace(proposal.row, place=place_of(found.place, office))
            elif found.kind is MatchKind.NEAR and not venue.is_confirmed:
                names = " / ".join(f"“{each.name}”" for each in found.candidates)
                values = {"value": venue.name, "venues": names}
                error = Remark(Field.VENUE, Refusal(RemarkCode.VENUE_DOUBTFUL, **values))
                done.left_out.append((proposal, Outcome.ASKED, error))
                continue
        yield proposal


def _record(
    session: Session,
    office: Office,
    loaded: Sequence[RowProposal],
    staff_id: int | None,
    now: datetime,
    file: str,
) -> None:
    if not loaded:
        return
    changed = sum(each.outcome is Outcome.CHANGED for each in loaded)
    details: audit_log.Details = {"new": len(loaded) - changed, "changed": changed, "same": 0}
    if file:
        details = {"file": file, **details}
    action = "workshops brought in"
    audit_log.record(session, staff_id, action, now=now, office=office.slug, details=details)
