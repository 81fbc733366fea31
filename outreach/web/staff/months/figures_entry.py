"""The form of the typed figures of a month, which asks to confirm improbable numbers."""

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
from outreach.domain.reporting import figures, months, typing_slips
from outreach.domain.reporting.figures import FigureSeries, MonthlyFigure
from outreach.domain.text import clean
from outreach.errors import Conflict
from outreach.i18n import current, say
from outreach.i18n import gettext as _
from outreach.web.context import store
from outreach.web.presentation.formatting import group_digits
from outreach.web.staff.common import early_access
from outreach.web.staff.common.guards import current_staff, page
from outreach.web.staff.common.kept_forms import restores
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.months import blueprint, month_access, month_labels

MAX_VALUE: Final = 10**15
MAX_SOURCE_LENGTH: Final = 200
# 109657, 109,657 and 109 657, with any space that a spreadsheet writes.
_PLAIN: Final = re.compile(r"[0-9]{1,16}")
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:([,. ’'])[0-9]{3})(?:\1[0-9]{3})*")


@dataclass(kw_only=True)
class FigureEntry:
    """One series on the page, with the stored and the typed figure."""

    series: FigureSeries
    stored: MonthlyFigure | None
    by: str  # e-mail of who typed the stored figure; empty when it came from a file
    typed: str
    source: str
    seen: tuple[int, str] | None
    value: int | None = None
    last: int | None = None  # the figure of the month before
    fault: str = ""
    warnings: list[str] = field(default_factory=list)

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
    _add_warnings(entries, changed, before)
    fingerprint = _fingerprint(changed)
    if any(entry.warnings for entry in entries) and request.form.get("sure") != fingerprint:
        return _page(wanted, entries, revision, 422, fingerprint=fingerprint)
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
                audit_log.record(
                    session,
                    current_staff().organizer_id,
                    "figure.enter",
                    now=now,
                    details={"month": str(wanted), "figure": entry.code, "value": entry.value},
                )
    except Conflict:
        return _conflict_page(wanted)
    return redirect(f"/org/mes/{wanted}/cifras?hecho=guardado", 303)


@restores(update_figures)
def restore(sent: MultiDict[str, str], month: str) -> Response:
    """Shows the form with what was typed before the session ended."""
    wanted = month_access.month_of(month)
    with store().read() as session:
        entries, revision = _entries(session, wanted), _revision(session, wanted)
    for entry in entries:
        _read(entry, sent)
    return _page(wanted, entries, revision)


def read_number(text: str) -> int | None:
    """A whole number with or without thousands separators; None for an empty text. Raises
    ValueError."""
    text = " ".join(clean(text).split())  # spaces of every kind
    if not text:
        return None
    if _GROUPED.fullmatch(text):
        text = re.sub(r"[^0-9]", "", text)
    if not _PLAIN.fullmatch(text) or int(text) > MAX_VALUE:
        raise ValueError(text)
    return int(text)


def _entries(session: Session, month: Month) -> list[FigureEntry]:
    """An entry for each series, with the stored figure."""
    stored = {figure.series: figure for _series, figure in figures.list_figures(session, month)}
    before = {
        figure.series: figure.value
        for _series, figure in figures.list_figures(session, month.plus(-1))
    }
    names = {each.id: each.label for each in staff.list_staff(session)}
    entries = []
    for series in figures.list_series(session):
        figure = stored.get(series.code)
        entries.append(
            FigureEntry(
                series=series,
                stored=figure,
                by=names.get(figure.entered_by_id or 0, "") if figure else "",
                typed=group_digits(figure.value) if figure else "",
                source=figure.source if figure else series.provided_by,
                seen=(figure.value, figure.source) if figure else None,
                value=figure.value if figure else None,
                last=before.get(series.code),
            )
        )
    return entries


def _read(entry: FigureEntry, sent: MultiDict[str, str]) -> None:
    """Reads the typed figure and source, and the stored ones that the form was shown with."""
    entry.typed = clean(sent.get(f"value-{entry.code}", ""))[:40]
    entry.source = clean(sent.get(f"source-{entry.code}", ""))[: MAX_SOURCE_LENGTH + 1]
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
    elif len(entry.source) > MAX_SOURCE_LENGTH:
        entry.fault = _("Es demasiado largo. Escribe menos.")


def _add_warnings(
    entries: Sequence[FigureEntry],
    changed: Sequence[FigureEntry],
    before: Mapping[str, Sequence[int]],
) -> None:
    """Adds warnings to changed figures that are improbable or do not add up."""
    for entry in changed:
        past = before.get(entry.code, ())
        if entry.value is None:
            entry.warnings.append(_("Se quita la cifra de este mes."))
        elif entry.stored and typing_slips.is_slip(entry.value, [entry.stored.value]):
            entry.warnings.append(_range_words(entry.value, [entry.stored.value]))
        elif figures.is_unlikely(entry.value, past):
            entry.warnings.append(_range_words(entry.value, past))
    touched = {entry.series.part_of or entry.code for entry in changed}
    for whole in entries:
        parts = {each.code: each.value for each in entries if each.series.part_of == whole.code}
        if whole.code not in touched or whole.value is None:
            continue
        if figures.is_sum_inconsistent(whole.value, parts):
            together = sum(value or 0 for value in parts.values())
            whole.warnings.append(
                _(
                    "Sus partes suman %(parts)s y el total dice %(whole)s.",
                    parts=group_digits(together),
                    whole=group_digits(whole.value),
                )
            )


def _range_words(value: int, past: Sequence[int]) -> str:
    least, most = group_digits(min(past)), group_digits(max(past))
    if least == most:
        words = _(
            "Antes fue %(before)s, y ahora %(value)s.", before=least, value=group_digits(value)
        )
        return str(words)
    return str(
        _(
            "%(value)s se sale de lo que tuvo en los meses anteriores: de %(least)s a %(most)s.",
            value=group_digits(value),
            least=least,
            most=most,
        )
    )


def _fingerprint(changed: Sequence[FigureEntry]) -> str:
    """A hash of the changed figures: a confirmation is valid for these numbers only."""
    text = "\n".join(f"{entry.code}={entry.value}" for entry in changed)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _conflict_page(month: Month) -> ResponseReturnValue:
    """Shows, after a change by somebody else, the stored figures with what was typed."""
    with store().read() as session:
        entries, revision = _entries(session, month), _revision(session, month)
    return _page(month, [_typed_over(entry) for entry in entries], revision, 409)


def _typed_over(now: FigureEntry) -> FigureEntry:
    """The typed figure of a series against the stored one. A figure that was not changed on the
    page takes the stored value: saving it would undo the other person's change."""
    entry = replace(now)
    _read(entry, request.form)
    if not entry.is_changed:
        return now
    if entry.seen != now.seen:
        entry.fault = (
            _("Otra persona puso %(value)s.", value=group_digits(now.seen[0]))
            if now.seen
            else _("Otra persona quitó esta cifra.")
        )
    entry.seen = now.seen
    return entry


def _revision(session: Session, month: Month) -> int:
    """Returns the number of the latest revision, 0 without one. Figures that are typed now go into
    the next one."""
    latest = months.find_latest_revision(session, month)
    return latest.number if latest else 0


def _page(
    month: Month,
    entries: Sequence[FigureEntry],
    revision: int,
    status: int = 200,
    *,
    fingerprint: str = "",
) -> Response:
    early_access.record([month])
    faults = [
        (f"value-{each.code}", f"{say(each.series.label, current())}: {each.fault}")
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
        doubtful=[
            (say(each.series.label, current()), each.warnings) for each in entries if each.warnings
        ],
        print=fingerprint,
        is_taken=status == 409,
        is_saved=request.args.get("hecho") == "guardado",
        words=month_labels,
    )


def _groups(entries: Sequence[FigureEntry]) -> list[tuple[FigureEntry, list[FigureEntry]]]:
    """The totals, each with its parts."""
    return [
        (whole, [each for each in entries if each.series.part_of == whole.code])
        for whole in entries
        if whole.series.part_of is None
    ]
