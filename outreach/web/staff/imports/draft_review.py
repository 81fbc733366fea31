"""A draft that is open: its rows as they are judged now, and where its pages are.

Judging thousands of rows takes seconds, so it never happens in a transaction that changes: a draft
is judged in one that reads, and locked if it is still the same (`lock_draft`).
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import import_drafts
from outreach.domain.scheduling.import_drafts import ImportDraft
from outreach.errors import NotFound
from outreach.imports.guess import conversation, recurring_events, row_review, stored_source
from outreach.imports.guess.conversation import ImportSource
from outreach.imports.guess.row_review import MAX_DRAFT_ROWS, ReviewAnswers, ReviewedRow
from outreach.imports.guess.stored_source import StoredSource
from outreach.imports.import_errors import ImportErrorCode, UnreadableFile
from outreach.web.context import store


@dataclass
class DraftReview:
    """A draft with its rows."""

    draft: ImportDraft
    office: Office
    stored: StoredSource
    answers: ReviewAnswers
    rows: list[ReviewedRow]
    kinds: dict[str, Kind]
    now: datetime

    @property
    def address(self) -> str:
        """The address of its rows, with which the addresses of its other pages begin."""
        return address_of(self.draft)

    @property
    def by_key(self) -> dict[str, ReviewedRow]:
        return {row.key: row for row in self.rows}

    @property
    def loadable(self) -> list[ReviewedRow]:
        return [row for row in self.rows if row.is_loadable]

    @property
    def open_rows(self) -> list[ReviewedRow]:
        return [row for row in self.rows if row.is_open]

    @property
    def seal(self) -> str:
        return row_review.compute_seal(self.draft.version, self.rows)

    def judge(self, session: Session) -> None:
        """Judges the rows again, after an answer."""
        self.rows = row_review.review(session, self.office, self.stored, self.answers, now=self.now)

    def store(self, session: Session) -> None:
        """Stores the answers."""
        import_drafts.change(session, self.draft, answers=self.answers.to_json(), now=self.now)


def open_draft(session: Session, slug: str, draft_id: str) -> DraftReview:
    """The draft of that office with its rows. Raises NotFound."""
    now = clock.now()
    draft = import_drafts.find(session, slug, draft_id, now=now)
    opened = DraftReview(
        draft=draft,
        office=draft.office,
        stored=stored_source.read_json(import_drafts.read_source(draft)),
        answers=ReviewAnswers.read(draft.answers),
        rows=[],
        kinds={kind.code: kind for kind in kinds.list_kinds(session)},
        now=now,
    )
    opened.judge(session)
    return opened


def lock_draft(session: Session, judged: DraftReview) -> DraftReview | None:
    """A draft that was judged before this transaction, locked; None where somebody has changed it
    meanwhile. Raises NotFound."""
    slug, draft_id = judged.office.slug, judged.draft.public_id
    draft = import_drafts.find(session, slug, draft_id, now=judged.now, is_locked=True)
    if draft.version != judged.draft.version:
        return None
    return replace(judged, draft=draft, office=draft.office)


def count_left(slug: str, draft_id: str) -> None:
    """Judges a draft that has changed, and stores how many of its rows are left, unless somebody
    has changed or deleted it again."""
    with suppress(NotFound):
        with store().read() as session:
            judged = open_draft(session, slug, draft_id)
        with store().change() as session:
            current = lock_draft(session, judged)
            if current is not None:
                current.draft.pending = row_review.count_pending(judged.rows)


def address_of(draft: ImportDraft) -> str:
    return f"/org/traer/{draft.office.slug}/{draft.public_id}"


def require_few_rows(source: ImportSource) -> None:
    """Raises UnreadableFile for a file that is too long for a page."""
    events = source.calendar.calendar.events if source.calendar is not None else ()
    rows = sum(len(table.rows) for table in source.tables) + len(events)
    if rows > MAX_DRAFT_ROWS:
        raise UnreadableFile(
            ImportErrorCode.TOO_MANY_LINES, name=source.name, most=f"{MAX_DRAFT_ROWS:,}"
        )


def keep_draft(
    slug: str,
    name: str,
    source: ImportSource,
    *,
    store_beside: Callable[[Session], None] = lambda _session: None,
) -> str:
    """Guesses and judges without a lock, and stores the draft; returns the address of its rows.
    `store_beside` is called in the transaction that stores it."""
    now, answers = clock.now(), ReviewAnswers()
    with store().read() as session:
        office = offices.find(session, slug)
        today = now.astimezone(office.zone).date()
        answers.until = recurring_events.compute_default_until(today)
        found = conversation.guess_columns(session, office, source)
        stored = stored_source.drop_unread(source, found)
        rows = row_review.review(session, office, stored, answers, now=now)
    packed = stored_source.to_json(stored)
    with store().change() as session:
        office = offices.find(session, slug)
        draft = import_drafts.save(session, office, name, packed, answers.to_json(), now=now)
        draft.pending = row_review.count_pending(rows)
        store_beside(session)
        return address_of(draft)
