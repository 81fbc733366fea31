"""The columns of a draft: what each was taken for, and what is asked of all rows at once."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import import_drafts, import_memory
from outreach.domain.text import fold
from outreach.i18n import gettext as _
from outreach.imports.guess import conversation, recurring_events, row_review, stored_source
from outreach.imports.guess.columns import ColumnGuess
from outreach.imports.guess.dates import DayOrder
from outreach.imports.guess.headings import Field
from outreach.imports.guess.hours import Half
from outreach.imports.guess.remarks import Severity
from outreach.imports.import_errors import UnreadableFile
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.error_messages import PageRefused
from outreach.web.staff.common.guards import page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.imports import blueprint, remark_words
from outreach.web.staff.imports.draft_review import DraftReview, lock_draft, open_draft

_ORDERS: Final = {each.name.lower(): each for each in DayOrder}


@dataclass(frozen=True)
class ColumnChoice:
    """A heading, and what it is taken for. A heading that several sheets have is there once."""

    heading: str
    name: str  # what its field in the form is called
    chosen: str  # value of a field, or empty
    examples: tuple[str, ...]
    is_person: bool
    is_stored: bool
    questions: int  # rows in which something of it is asked or wrong


@blueprint.get("/traer/<slug>/<draft_id>/columnas")
@requires(Scope.OFFICE, Permission.EDIT)
def columns_form(slug: str, draft_id: str) -> ResponseReturnValue:
    """Shows what we guessed about each column, with three examples."""
    with store().read() as session:
        return _show(session, open_draft(session, slug, draft_id))


@blueprint.post("/traer/<slug>/<draft_id>/columnas")
@requires(Scope.OFFICE, Permission.EDIT)
def choose_columns(slug: str, draft_id: str) -> ResponseReturnValue:
    """Keeps what staff chose; a column that is not read any more is erased from the draft."""
    try:
        with store().read() as session:
            judged = open_draft(session, slug, draft_id)
            chosen = _read_choices(judged)
            needs_file = _needs_file(judged, chosen)
            _answer(judged, chosen)
            judged.judge(session)
        with store().change() as session:
            opened = lock_draft(session, judged)
            if opened is None:
                raise PageRefused(_say_changed_meanwhile())
            _store(session, opened, chosen, needs_file=needs_file)
    except (PageRefused, UnreadableFile) as refused:
        with store().read() as session:
            opened = open_draft(session, slug, draft_id)
            return _show(session, opened, status=422, fault=error_messages.say(refused))
    if needs_file:
        return redirect(f"/org/traer?oficina={slug}&otra=1", 303)
    return redirect(judged.address, 303)


def _needs_file(opened: DraftReview, chosen: Mapping[str, Field | None]) -> bool:
    """Whether a column was chosen that is not stored."""
    dropped = {fold(each.heading) for table in opened.stored.dropped for each in table}
    wanted = {fold(heading) for heading, field in chosen.items() if field is not None}
    return bool(wanted & dropped)


def _answer(opened: DraftReview, chosen: Mapping[str, Field | None]) -> None:
    """Gives the choices and the answers of the form to a draft. Raises PageRefused."""
    answers, stored = opened.answers, opened.stored
    answers.order = _ORDERS.get(request.form.get("order", ""))
    half = request.form.get("half", "")
    answers.half = Half(half) if half in tuple(Half) else Half.NONE
    if request.form.get("until"):
        answers.until = _read_until(request.form["until"], opened)
    if len(stored.sheets) > 1:
        names = [name for name in stored.sheets if name in request.form.getlist("sheet")]
        answers.sheets = [] if len(names) == len(stored.sheets) else names
    found = conversation.choose_columns(stored.found, chosen)
    kept = stored_source.drop_unread(stored.source, found)
    both = [[*one, *other] for one, other in zip(kept.dropped, stored.dropped, strict=True)]
    opened.stored = replace(kept, dropped=both)


def _store(
    session: Session,
    opened: DraftReview,
    chosen: Mapping[str, Field | None],
    *,
    needs_file: bool,
) -> None:
    """Stores a draft that was judged with its new columns."""
    if request.form.get("remember") or needs_file:
        fields = {heading: field.value if field else "" for heading, field in chosen.items()}
        import_memory.remember(session, opened.office, columns=fields)
    import_drafts.replace_source(opened.draft, stored_source.to_json(opened.stored))
    opened.draft.pending = row_review.count_pending(opened.rows)
    opened.store(session)
    if needs_file and not opened.draft.loads and not opened.answers.mended:
        session.delete(opened.draft)  # the file is read anew


def _say_changed_meanwhile() -> str:
    return _("Otra persona cambió las columnas. Míralas otra vez y elige.")


def _read_until(text: str, opened: DraftReview) -> date:
    """The day to which events are read that repeat without an end. Raises PageRefused."""
    today = opened.now.astimezone(opened.office.zone).date()
    last = today + recurring_events.ASKED_FROM
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not today <= day <= last:
        raise PageRefused(
            _(
                "Escribe hasta qué día repetimos los talleres, entre hoy y el %(day)s.",
                day=remark_words.iso_words(last.isoformat()),
            )
        )
    return day


def _read_choices(opened: DraftReview) -> dict[str, Field | None]:
    """Returns the chosen fields by heading, without columns about persons. Raises PageRefused."""
    if request.form.get("mark", "") != _compute_mark(opened):
        raise PageRefused(_say_changed_meanwhile())
    chosen: dict[str, Field | None] = {}
    for each in _list_columns(opened):
        value = request.form.get(each.name, each.chosen)
        if not each.is_person:
            chosen[each.heading] = Field(value) if value in tuple(Field) else None
    for table in opened.stored.found:
        times = Counter(field for each in table if (field := chosen.get(each.heading)))
        doubled = [field for field, count in times.items() if count > 1]
        if doubled:
            name = remark_words.FIELDS[doubled[0]]
            raise PageRefused(_("Dos columnas dicen «%(name)s». Deja una.", name=name))
    is_of_sheets = len(opened.stored.sheets) > 1
    if is_of_sheets and not set(request.form.getlist("sheet")) & set(opened.stored.sheets):
        raise PageRefused(_("Elige al menos una hoja."))
    return chosen


def _list_columns(opened: DraftReview) -> list[ColumnChoice]:
    """The distinct headings: those that are stored, then the others."""
    questions = _count_questions(opened)
    found: dict[str, ColumnChoice] = {}
    for tables, is_stored in ((opened.stored.found, True), (opened.stored.dropped, False)):
        for each in (column for table in tables for column in table):
            found.setdefault(fold(each.heading), _to_choice(each, questions, is_stored=is_stored))
    return list(found.values())


def _compute_mark(opened: DraftReview) -> str:
    """Returns a hash that changes as soon as the form would show other choices."""
    columns = [(each.name, each.chosen, each.is_stored) for each in _list_columns(opened)]
    answers = opened.answers
    return _digest(f"{columns} {answers.order} {answers.half} {answers.sheets}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _to_choice(
    column: ColumnGuess, questions: Mapping[str, int], *, is_stored: bool
) -> ColumnChoice:
    return ColumnChoice(
        heading=column.heading,
        name=f"column-{_digest(fold(column.heading))}",
        chosen=column.field.value if column.field else "",
        examples=column.examples,
        is_person=column.is_person,
        is_stored=is_stored,
        questions=questions.get(column.field.value, 0) if column.field else 0,
    )


def _count_questions(opened: DraftReview) -> Counter[str]:
    """Counts, by field, the rows in which the field is wrong or has a question."""
    return Counter(
        name
        for row in opened.rows
        if not row.is_left_out
        for name in {
            each.field.value
            for each in row.parsed.remarks
            if each.field is not None and each.severity is not Severity.NOTE
        }
    )


def _has_endless(opened: DraftReview) -> bool:
    calendar = opened.stored.source.calendar
    today = opened.now.astimezone(opened.office.zone).date()
    return calendar is not None and recurring_events.has_endless(calendar.calendar, today)


def _show(session: Session, opened: DraftReview, *, status: int = 200, fault: str = "") -> Response:
    unanswered = replace(opened.answers, order=None, half=Half.NONE, mended={})
    asked = row_review.review(session, opened.office, opened.stored, unanswered, now=opened.now)
    typed = request.form if request.method == "POST" else {}
    tables = opened.stored.source.tables
    return page(
        "imports/draft_columns",
        status,
        opened=opened,
        draft=opened.draft,
        fault=fault,
        typed=typed,
        mark=_compute_mark(opened),
        columns=_list_columns(opened),
        choices=remark_words.field_choices(),
        order_question=row_review.find_order_question(asked),
        half_questions=row_review.list_half_questions(asked),
        order=opened.answers.order.name.lower() if opened.answers.order else "",
        half=opened.answers.half.value,
        until=opened.answers.until if _has_endless(opened) else None,
        sheets=opened.stored.sheets if len(opened.stored.sheets) > 1 else [],
        chosen_sheets=opened.answers.sheets or opened.stored.sheets,
        tables=tables,
        heading_line=tables[0].heading_line if len(tables) == 1 else 0,
        is_calendar=opened.stored.source.calendar is not None,
        words=remark_words,
    )
