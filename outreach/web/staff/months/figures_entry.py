"""The typed figures of a month: asked once more where a number looks like a slip."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from outreach import clock
from outreach.clock import Month
from outreach.domain.audit import audit_log
from outreach.domain.network import staff
from outreach.domain.network.staff import Permission
from outreach.domain.reporting import figures, months
from outreach.domain.reporting.figures import FigureSeries, MonthlyFigure
from outreach.domain.text import clean
from outreach.errors import Taken
from outreach.i18n import gettext as _
from outreach.i18n import say
from outreach.web.context import store
from outreach.web.presentation.formatting import grouped
from outreach.web.staff.common.guards import current_staff, page
from outreach.web.staff.common.kept_forms import restores
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.months import blueprint, month_access, month_labels

MOST: Final = 10**15
LONGEST_SOURCE: Final = 200
# 109657, 109,657 and 109 657; the space may be any that a spreadsheet puts there.
_PLAIN: Final = re.compile(r"[0-9]{1,16}")
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:([,. ’'])[0-9]{3})(?:\1[0-9]{3})*")


@dataclass(kw_only=True)
class FigureEntry:
    """One series on the page: what is stored, and what was typed."""

    series: FigureSeries
    stored: MonthlyFigure | None
    by: str  # who typed what is stored; empty: it came from a file
    typed: str
    source: str
    seen: tuple[int, str] | None
    value: int | None = None
    last: int | None = None  # of the month before
    fault: str = ""
    doubts: list[str] = field(default_factory=list)

    @property
    def code(self) -> str:
        return self.series.code

    @property
    def is_changed(self) -> bool:
        if self.value is None or self.seen is None:
            return (self.value is None) != (self.seen is None)
        return (self.value, self.source) != self.seen


@blueprint.get("/mes/<month>/cifras")
@requires(Scope.NETWORK, Permission.NETWORK)
def edit_figures(month: str) -> ResponseReturnValue:
    wanted = month_access.month_of(month)
    with store().read() as session:
        entries, revision = _entries(session, wanted), _revision(session, wanted)
    return _page(wanted, entries, revision)


@blueprint.post("/mes/<month>/cifras")
@requires(Scope.NETWORK, Permission.NETWORK)
def update_figures(month: str) -> ResponseReturnValue:
    wanted, now = month_access.month_of(month), clock.now()
    with store().read() as session:
        entries, revision = _entries(session, wanted), _revision(session, wanted)
        before = figures.get_history(session, wanted)
    for entry in entries:
        _read(entry, request.form)
    changed = [entry for entry in entries if entry.is_changed]
    if any(entry.fault for entry in entries):
        return _page(wanted, entries, revision, 422)
    _doubt(entries, changed, before)
    print_ = _print_of(changed)
    if any(entry.doubts for entry in entries) and request.form.get("sure") != print_:
        return _page(wanted, entries, revision, 422, print_=print_)
    try:
        with store().change() as session:
            for entry in changed:
                figures.set_figure(
                    session,
                    wanted,
                    entry.code,
                    entry.value,
                    entry.source,
                    seen=entry.seen,
                    organizer_id=current_staff().organizer_id,
                    now=now,
                )
                detail = f"{wanted} {entry.code}: {'-' if entry.value is None else entry.value}"
                audit_log.record(
                    session, current_staff().organizer_id, "figure.enter", now=now, detail=detail
                )
    except Taken:
        return _somebody_else(wanted)
    return redirect(f"/org/mes/{wanted}/cifras?hecho=guardado", 303)


@restores(update_figures)
def restore(sent: MultiDict[str, str], month: str) -> Response:
    """The form with what was typed before the session ended."""
    wanted = month_access.month_of(month)
    with store().read() as session:
        entries, revision = _entries(session, wanted), _revision(session, wanted)
    for entry in entries:
        _read(entry, sent)
    return _page(wanted, entries, revision)


def read_number(text: str) -> int | None:
    """A whole number as people write it, with or without thousands separators. Raises ValueError;
    None for nothing."""
    text = clean(text)
    if not text:
        return None
    if _GROUPED.fullmatch(text):
        text = re.sub(r"[^0-9]", "", text)
    if not _PLAIN.fullmatch(text) or int(text) > MOST:
        raise ValueError(text)
    return int(text)


def _entries(session: Session, month: Month) -> list[FigureEntry]:
    """Every series with what is stored of it, and nothing typed."""
    stored = {figure.series: figure for _series, figure in figures.list_figures(session, month)}
    before = {
        figure.series: figure.value
        for _series, figure in figures.list_figures(session, month.plus(-1))
    }
    emails = {each.id: each.email for each in staff.list_staff(session)}
    found = []
    for series in figures.list_series(session):
        there = stored.get(series.code)
        found.append(
            FigureEntry(
                series=series,
                stored=there,
                by=emails.get(there.entered_by_id or 0, "") if there else "",
                typed=grouped(there.value) if there else "",
                source=there.source if there else series.provided_by,
                seen=(there.value, there.source) if there else None,
                value=there.value if there else None,
                last=before.get(series.code),
            )
        )
    return found


def _read(entry: FigureEntry, sent: MultiDict[str, str]) -> None:
    """Takes in what was typed, and what whoever typed it saw before."""
    entry.typed = clean(sent.get(f"value-{entry.code}", ""))[:40]
    entry.source = clean(sent.get(f"source-{entry.code}", ""))[: LONGEST_SOURCE + 1]
    number, _bar, source = sent.get(f"seen-{entry.code}", "").partition("|")
    entry.seen = (int(number), source) if _PLAIN.fullmatch(number) else None
    try:
        entry.value = read_number(entry.typed)
    except ValueError:
        entry.value = None
        entry.fault = _("Escribe un número entero, como 109657 o 109,657.")
        return
    if entry.value is not None and not entry.source:
        entry.fault = _("Escribe de dónde viene el número.")
    elif len(entry.source) > LONGEST_SOURCE:
        entry.fault = _("Es demasiado largo. Escribe menos.")


def _doubt(
    entries: Sequence[FigureEntry],
    changed: Sequence[FigureEntry],
    before: Mapping[str, Sequence[int]],
) -> None:
    """Notes what looks like a slip among what was changed."""
    for entry in changed:
        past = before.get(entry.code, ())
        if entry.value is None:
            entry.doubts.append(_("Se quita la cifra de este mes."))
        elif figures.is_unlikely(entry.value, past):
            entry.doubts.append(_outside(entry.value, past))
    touched = {entry.series.part_of or entry.code for entry in changed}
    for whole in entries:
        parts = {each.code: each.value for each in entries if each.series.part_of == whole.code}
        if whole.code not in touched or whole.value is None:
            continue
        if figures.is_sum_inconsistent(whole.value, parts):
            together = sum(value or 0 for value in parts.values())
            whole.doubts.append(
                _(
                    "Sus partes suman %(parts)s y el total dice %(whole)s.",
                    parts=grouped(together),
                    whole=grouped(whole.value),
                )
            )


def _outside(value: int, past: Sequence[int]) -> str:
    least, most = grouped(min(past)), grouped(max(past))
    if least == most:
        said = _("Antes fue %(before)s, y ahora %(value)s.", before=least, value=grouped(value))
        return str(said)
    return str(
        _(
            "%(value)s se sale de lo que tuvo en los meses anteriores: de %(least)s a %(most)s.",
            value=grouped(value),
            least=least,
            most=most,
        )
    )


def _print_of(changed: Sequence[FigureEntry]) -> str:
    """What «yes, it is right» is said of: these numbers, and no others."""
    text = "\n".join(f"{entry.code}={entry.value}" for entry in changed)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _somebody_else(month: Month) -> ResponseReturnValue:
    """The page as it is now, with what was typed in it, and what others have typed beside it."""
    with store().read() as session:
        entries, revision = _entries(session, month), _revision(session, month)
    return _page(month, [_typed_over(entry) for entry in entries], revision, 409)


def _typed_over(now: FigureEntry) -> FigureEntry:
    """What was typed of a series, held against what is stored now. What was sent as the page had it
    is as it is now: saved again, it would undo what somebody else has typed."""
    entry = replace(now)
    _read(entry, request.form)
    if not entry.is_changed:
        return now
    if entry.seen != now.seen:
        entry.fault = (
            _("Otra persona puso %(value)s.", value=grouped(now.seen[0]))
            if now.seen
            else _("Otra persona quitó esta cifra.")
        )
    entry.seen = now.seen
    return entry


def _revision(session: Session, month: Month) -> int:
    """The number of the last one; what is typed after it goes into the next."""
    latest = months.find_latest_revision(session, month)
    return latest.number if latest else 0


def _page(
    month: Month,
    entries: Sequence[FigureEntry],
    revision: int,
    status: int = 200,
    *,
    print_: str = "",
) -> Response:
    faults = [
        (f"value-{each.code}", f"{say(each.series.label, 'es')}: {each.fault}")
        for each in entries
        if each.fault
    ]
    return page(
        "months/figures_entry",
        status,
        month=month,
        groups=_groups(entries),
        revision=revision,
        faults=faults,
        doubtful=[(say(each.series.label, "es"), each.doubts) for each in entries if each.doubts],
        print=print_,
        is_taken=status == 409,
        is_saved=request.args.get("hecho") == "guardado",
        words=month_labels,
    )


def _groups(entries: Sequence[FigureEntry]) -> list[tuple[FigureEntry, list[FigureEntry]]]:
    """Each whole with its parts."""
    return [
        (whole, [each for each in entries if each.series.part_of == whole.code])
        for whole in entries
        if whole.series.part_of is None
    ]
