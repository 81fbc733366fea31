"""The rows of a draft: mended in place and judged again; nothing that was typed is lost.

The page is one form, and each of its buttons sends all rows: what was typed in any of them is kept
before the button is obeyed. A row carries a mark of what its form showed. Where a colleague has
changed the same row meanwhile, both are shown and nothing is stored for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from outreach.domain.locations import venues
from outreach.domain.network.kinds import Kind
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import import_memory
from outreach.domain.text import clean, fold
from outreach.i18n import current, say
from outreach.imports.guess import mending, questions, row_review, shared_answers
from outreach.imports.guess.headings import Field
from outreach.imports.guess.proposals import Outcome
from outreach.imports.guess.remarks import RemarkCode, Severity
from outreach.imports.guess.row_review import ReviewedRow
from outreach.web.context import store
from outreach.web.staff.common.guards import page
from outreach.web.staff.common.kept_forms import restores
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.imports import blueprint, remark_words
from outreach.web.staff.imports.draft_review import (
    DraftReview,
    count_left,
    lock_draft,
    open_draft,
)

PAGE_SIZE: Final = 50
MAX_FORM_BYTES: Final = 512 * 1024  # enough for 50 rows with all their fields
MAX_QUESTIONS: Final = 30  # about venues, shown at once
MAX_ATTEMPTS: Final = 3  # to store a form, while colleagues store theirs
NEW_VENUE: Final = "new"
OTHER_VENUE: Final = "other"
_CLASHES: Final = (RemarkCode.OVERLAPS_LINE, RemarkCode.OVERLAPS_WORKSHOP, RemarkCode.HOLIDAY)
# The field of the form in which a remark about another one is answered.
_ANSWERED_IN: Final[Mapping[Field, Field]] = {
    Field.WEEKDAY: Field.DAY,
    Field.MINUTES: Field.ENDS,
    Field.ADDRESS: Field.VENUE,
    Field.CITY: Field.VENUE,
    Field.MODE: Field.VENUE,
}
Typed = Mapping[Field, str]


@dataclass
class SentForm:
    """The answers in a form. `mended` has what was typed in its rows, by their keys, and
    `conflicts` what was typed in rows that a colleague has changed meanwhile; `kinds` and `venues`
    say what names in the sheet mean, for this and later sheets; `has_answered` is whether a button
    has changed anything."""

    mended: dict[str, Typed] = field(default_factory=dict)
    conflicts: dict[str, Typed] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    venues: dict[str, int | None] = field(default_factory=dict)
    has_answered: bool = False

    @property
    def has_changed(self) -> bool:
        return bool(self.mended) or self.has_answered


@dataclass(frozen=True)
class RowView:
    """A row as the page shows it."""

    row: ReviewedRow
    kind: Kind | None
    day: str  # in words
    values: Typed
    fields: Sequence[Field]  # that can be typed in; all, where the row was opened
    mark: str  # a fingerprint of what the fields show
    defaults: Typed  # what the kind gives where the row says nothing
    remarks: Sequence[tuple[str, bool]]  # sentences, and whether they keep the row from loading
    is_answered_above: bool  # what it is asked is asked once for several rows
    fixes: Sequence[tuple[str, str]]  # names and words
    leaves_out: bool  # whether one of the fixes does
    twin: str  # public id of a workshop that it is like
    is_conflict: bool


@blueprint.get("/traer/<slug>/<draft_id>")
@requires(Scope.OFFICE, Permission.EDIT)
def rows_page(slug: str, draft_id: str) -> ResponseReturnValue:
    """Shows the rows, first those that somebody has to look at."""
    with store().read() as session:
        return show(session, open_draft(session, slug, draft_id))


@blueprint.post("/traer/<slug>/<draft_id>")
@requires(Scope.OFFICE, Permission.EDIT, max_body_bytes=MAX_FORM_BYTES)
def save_rows(slug: str, draft_id: str) -> ResponseReturnValue:
    """Keeps what was typed, then does what the button says."""
    order = request.form.get("do", "")
    opened, sent = keep_form(slug, draft_id, order=order)
    if sent.conflicts:
        return show_conflicts(slug, draft_id, sent)
    if order == "later":
        return redirect("/org/traer", 303)
    query = f"ver={_filter_of(request.form)}&pag={_page_of(request.form)}"
    query += "&hecho=si" if sent.has_changed else ""
    verb, _colon, key = order.partition(":")
    if verb == "open" and key in opened.by_key:
        query += f"&abre={key}#r-{key}"
    return redirect(f"{opened.address}?{query}", 303)


def keep_form(
    slug: str, draft_id: str, *, order: str | None = None
) -> tuple[DraftReview, SentForm]:
    """Stores what the form of this request says, and with `order` also what its questions and that
    button do. Rows that a colleague has changed meanwhile are conflicts, and not stored. The draft
    is judged as it was before kinds and venues were remembered."""
    for _attempt in range(MAX_ATTEMPTS):
        with store().read() as session:
            opened = open_draft(session, slug, draft_id)
            sent = _read_form(session, opened, order)
        if not sent.has_changed:
            return opened, sent
        with store().change() as session:
            current = lock_draft(session, opened)
            if current is not None:
                import_memory.remember(
                    session, current.office, kinds=sent.kinds, venues=sent.venues
                )
                current.store(session)
        if current is not None:
            count_left(slug, draft_id)
            return opened, sent
    return opened, SentForm(conflicts={**sent.mended, **sent.conflicts})


def show_conflicts(slug: str, draft_id: str, sent: SentForm) -> Response:
    with store().read() as session:
        opened = open_draft(session, slug, draft_id)
        return show(session, opened, status=409, typed=sent.conflicts, is_conflict=True)


@restores(save_rows)
def show_again(fields: MultiDict[str, str], slug: str, draft_id: str) -> Response:
    """Shows the rows with what was typed before the session ended."""
    with store().read() as session:
        opened = open_draft(session, slug, draft_id)
        by_key = opened.by_key
        typed = {
            key: {**by_key[key].values, **values}
            for key, values, mark in _list_sent(fields)
            if key in by_key and row_review.mark_values(values) != mark
        }
        return show(session, opened, typed=typed)


def _read_form(session: Session, opened: DraftReview, order: str | None) -> SentForm:
    """Gives the answers of the form of this request to a draft, and judges it anew."""
    sent = SentForm()
    _mend_typed(opened, sent)
    if sent.mended:
        opened.judge(session)
    if order is not None:
        has_answered = _answer_venues(session, opened, sent) | _answer_shared(opened, sent)
        sent.has_answered = has_answered | _obey(opened, order)
    return sent


def _mend_typed(opened: DraftReview, sent: SentForm) -> None:
    """Mends the rows in which somebody typed something."""
    by_key = opened.by_key
    for key, typed, mark_before in _list_sent(request.form):
        row = by_key.get(key)
        if row is None:
            continue
        current = {each: row.values[each] for each in typed}
        mark, current_mark = row_review.mark_values(typed), row_review.mark_values(current)
        if mark in {mark_before, current_mark}:
            continue
        values = {**row.values, **typed}
        if current_mark != mark_before or row.is_left_out:
            sent.conflicts[key] = values
            continue
        opened.answers.mend(key, values)
        sent.kinds |= row_review.list_kind_answers(row, typed)
        sent.mended[key] = values


def _list_sent(form: MultiDict[str, str]) -> list[tuple[str, dict[Field, str], str]]:
    """The key of each row of a form, the values of the fields that it had, and their mark."""
    found = []
    for key in form.getlist("row"):
        names = {each: f"{each.value}-{key}" for each in mending.MENDABLE}
        typed = {each: form[name] for each, name in names.items() if name in form}
        found.append((key, typed, form.get(f"mark-{key}", "")))
    return found


def _obey(opened: DraftReview, order: str) -> bool:
    """Does what a button of the form says. Returns whether that changed an answer."""
    verb, _colon, rest = order.partition(":")
    key, _colon, name = rest.partition(":")
    row = opened.by_key.get(key)
    if verb == "all":
        shared = (each for each in shared_answers.list_shared(opened.rows) if each.id == key)
        question = next(shared, None)
        number = int(name) if name.isascii() and name.isdigit() and len(name) < 3 else -1
        return question is not None and shared_answers.take(opened.answers, question, number)
    if verb == "out-past":
        past = [each for each in opened.rows if each.is_open and each.has(RemarkCode.DAY_PAST)]
        for each in past:
            opened.answers.leave_out(each.key)
        return bool(past)
    if row is None:
        return False
    if verb == "out":
        opened.answers.leave_out(key)
    elif verb == "in":
        opened.answers.take_in(key)
    elif verb == "open":  # the page shows all its fields
        return False
    elif verb == "fix":
        fix = next((each for each in row_review.list_fixes(row) if each.name == name), None)
        if fix is None:  # a colleague has mended the row meanwhile
            return False
        row_review.apply_fix(opened.answers, row, fix)
    else:
        return False
    return True


def _answer_shared(opened: DraftReview, sent: SentForm) -> bool:
    """Fills in what was typed once for several rows. Returns whether anything was."""
    has_answered = False
    for each in shared_answers.list_shared(opened.rows):
        text = clean(request.form.get(f"shared-{each.id}", ""))[: mending.MAX_TYPED_LENGTH]
        if not text or each.typed is None:
            continue
        shared_answers.type_in(opened.answers, each, text)
        sent.kinds |= row_review.list_kind_answers(each.rows[0], {each.typed: text})
        has_answered = True
    return has_answered


def _answer_venues(session: Session, opened: DraftReview, sent: SentForm) -> bool:
    """Reads which venue each name of the sheet means. Returns whether anything was answered."""
    own = {str(each.id): each for each in venues.list_venues(session, opened.office)}
    asked = {fold(each.parsed.venue) for each in opened.rows if each.is_open}
    renamed: dict[str, str] = {}
    for number in range(MAX_QUESTIONS):
        name = clean(request.form.get(f"venue-name-{number}", ""))
        answer = request.form.get(f"venue-{number}", "")
        if answer == OTHER_VENUE:
            answer = request.form.get(f"venue-other-{number}", "")
        if fold(name) not in asked or not answer:
            continue
        if answer == NEW_VENUE:
            sent.venues[name] = None
        elif answer in own:
            sent.venues[name] = own[answer].id
        elif answer.startswith("line:"):
            renamed[fold(name)] = clean(answer.removeprefix("line:"))[:120]
    opened.answers.venue_names |= renamed
    return bool(sent.venues or renamed)


# The page


def show(
    session: Session,
    opened: DraftReview,
    *,
    status: int = 200,
    typed: Mapping[str, Typed] | None = None,
    is_conflict: bool = False,
    is_outdated: bool = False,
    saved: bool = False,
) -> Response:
    """Shows a page of the rows that a filter has. `typed` has values that are not stored, by key:
    those rows come first. `is_outdated` says that nothing was loaded, since something has changed
    meanwhile."""
    opened_key = request.args.get("abre", "")
    typed, given = typed or {}, request.form if request.method == "POST" else request.args
    filters = _count_filters(opened)
    chosen = _filter_of(given)
    if chosen not in filters:
        chosen = "open" if filters["open"] or not filters["ready"] else "ready"
    chosen_rows = [each for each in opened.rows if _is_in(each, chosen)]
    last = max(0, (len(chosen_rows) - 1) // PAGE_SIZE)
    number = min(_page_of(given), last)
    shown = [row for row in opened.rows if row.key in typed]
    part = chosen_rows[number * PAGE_SIZE : (number + 1) * PAGE_SIZE]
    shown += [row for row in part if row.key not in typed]
    venue_questions = row_review.list_venue_questions(session, opened.office, opened.rows)
    shared = shared_answers.list_shared(opened.rows)
    shared_ids = frozenset(each.id for each in shared)
    own = venues.list_venues(session, opened.office)
    names = venues.get_distinct_names(own)
    return page(
        "imports/draft_rows",
        status,
        opened=opened,
        draft=opened.draft,
        rows=[
            _to_view(
                opened,
                row,
                typed.get(row.key),
                is_opened=row.key == opened_key,
                is_conflict=is_conflict,
                asked_above=shared_ids,
            )
            for row in shown
        ],
        filters=filters,
        chosen=chosen,
        number=number,
        pages=last + 1,
        questions=venue_questions[:MAX_QUESTIONS],
        shared=shared[:MAX_QUESTIONS],
        own_venues=[(each.id, names[each.id]) for each in own if each.retired_at is None],
        venue_names=names,
        is_conflict=is_conflict,
        is_outdated=is_outdated,
        is_saved=saved or bool(request.args.get("hecho")),
        all_kinds=sorted(opened.kinds.values(), key=lambda each: say(each.short_name, current())),
        count_changed=sum(each.proposal.outcome is Outcome.CHANGED for each in opened.loadable),
        count_past=sum(row.is_open and row.has(RemarkCode.DAY_PAST) for row in opened.rows),
        has_sheets=len({row.parsed.sheet for row in opened.rows}) > 1,
        labels=remark_words.LABELS,
        words=remark_words,
        new_venue=NEW_VENUE,
        other_venue=OTHER_VENUE,
    )


def _to_view(
    opened: DraftReview,
    row: ReviewedRow,
    typed: Typed | None,
    *,
    is_opened: bool,
    is_conflict: bool,
    asked_above: frozenset[str],
) -> RowView:
    parsed, proposal = row.parsed, row.proposal
    is_whole = is_opened or typed is not None
    asked = set(mending.MENDABLE) if is_whole else _list_asked(row)
    fields = [each for each in mending.MENDABLE if each in asked and not row.is_left_out]
    is_answered_above = not is_whole and row.is_open and _is_asked_above(row, asked_above)
    if is_answered_above:
        fields = []
    fixes = [] if row.is_left_out else row_review.list_fixes(row)
    twin = next((e for e in parsed.remarks if e.error.code is RemarkCode.TWIN_OF_WORKSHOP), None)
    return RowView(
        row=row,
        kind=opened.kinds.get(parsed.kind or ""),
        day=remark_words.day_words(parsed.day),
        values=typed or row.values,
        fields=fields,
        mark=row_review.mark_values({each: row.values[each] for each in fields}),
        defaults={
            Field.ENDS: f"{proposal.ends:%H:%M}" if proposal.ends else "",
            Field.CAPACITY: "" if proposal.capacity is None else str(proposal.capacity),
            Field.TITLE: proposal.title,
        },
        remarks=[
            (remark_words.remark_words(each), each.severity is not Severity.NOTE)
            for each in sorted(parsed.remarks, key=lambda each: -each.severity)
        ],
        is_answered_above=is_answered_above,
        fixes=[(fix.name, remark_words.fix_words(fix)) for fix in fixes],
        leaves_out=any(fix.is_leaving_out for fix in fixes),
        twin=str(twin.error.values["workshop"]) if twin is not None else "",
        is_conflict=is_conflict and typed is not None,
    )


def _is_asked_above(row: ReviewedRow, asked: frozenset[str]) -> bool:
    """Whether each question that keeps a row from loading is asked once, above the rows."""
    serious = [each for each in row.parsed.remarks if each.severity is not Severity.NOTE]
    return all(
        each.error.code in row_review.VENUE_QUESTIONS
        or (each.severity is Severity.QUESTION and questions.compute_id(row.parsed, each) in asked)
        for each in serious
    )


def _list_asked(row: ReviewedRow) -> set[Field]:
    """Returns the fields in which one can answer what is asked of a row."""
    about = {
        each.field
        for each in row.parsed.remarks
        if each.field is not None and each.severity is not Severity.NOTE
    }
    return {_ANSWERED_IN.get(each, each) for each in about}


def _count_filters(opened: DraftReview) -> dict[str, int]:
    """Returns how many rows each filter has, in the order of the page."""
    return {
        name: sum(_is_in(row, name) for row in opened.rows)
        for name in ("open", "ready", "clash", "same", "out", "all")
    }


def _is_in(row: ReviewedRow, name: str) -> bool:
    match name:
        case "open":
            return row.is_open
        case "ready":
            return row.is_loadable
        case "clash":
            return not row.is_left_out and row.has(*_CLASHES)
        case "same":
            return not row.is_left_out and row.proposal.outcome is Outcome.SAME
        case "out":
            return row.is_left_out
        case _:
            return True


def _filter_of(given: Mapping[str, Any]) -> str:
    name = str(given.get("ver", ""))
    return name if name.isascii() and name.isalpha() and len(name) < 9 else ""


def _page_of(given: Mapping[str, Any]) -> int:
    """The number of the page, from 0."""
    text = str(given.get("pag", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
