"""Closes and reopens a month: shows what the revision changes, and detects concurrent changes."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.clock import Month
from outreach.domain.network import kinds, offices, staff
from outreach.domain.network.staff import Permission
from outreach.domain.reporting import figures, months, releases
from outreach.domain.reporting.months import MonthRevision
from outreach.domain.text import clean
from outreach.errors import Conflict, Refusal
from outreach.i18n import current, say
from outreach.i18n import gettext as _
from outreach.reports import change_causes, coverage, month_report, month_tables, workshop_counts
from outreach.reports.month_report import MAX_REASON_LENGTH, MonthChange, MonthDraft
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.error_messages import PageRefused
from outreach.web.staff.common import early_access, workshop_labels
from outreach.web.staff.common.guards import current_staff, log_office_action, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.months import blueprint, month_access, month_labels

MIN_REASON_LENGTH: Final = 4


@blueprint.get("/mes/<month>/cierre")
@requires(Scope.NETWORK, Permission.NETWORK)
def close_form(month: str) -> ResponseReturnValue:
    return _page(month_access.month_of(month))


@blueprint.post("/mes/<month>/cierre")
@requires(Scope.NETWORK, Permission.NETWORK, fresh=True)
def close(month: str) -> ResponseReturnValue:
    wanted, now = month_access.month_of(month), clock.now()
    try:
        with store().change() as session:
            months.lock(session, wanted)
            seen = _require_unchanged(session, wanted)
            draft = month_report.make_draft(session, wanted, now=now)
            if request.form.get("changes", "") != _fingerprint(draft):
                raise Conflict(f"changes of {wanted}")
            if (draft.changes or not seen) and request.form.get("checked") != "yes":
                raise PageRefused(_("Marca que ya lo revisaste."))
            reason = _reason() if seen else ""
            revision = month_report.close(
                session,
                wanted,
                reason=reason,
                public_cause=_public_cause() if seen else None,
                organizer_id=current_staff().organizer_id,
                seen=seen,
                draft=draft,
                now=now,
            )
            log_office_action(
                session, "", "month.close", {"month": str(wanted), "revision": revision.number}
            )
            number = revision.number
    except Conflict:
        return _page(wanted, 409)
    except Refusal as refusal:
        return _page(wanted, 422, fault=error_messages.say(refusal))
    return redirect(f"/org/mes/{wanted}/cierre?hecho={number}", 303)


@blueprint.post("/mes/<month>/reabrir")
@requires(Scope.NETWORK, Permission.NETWORK, fresh=True)
def reopen(month: str) -> ResponseReturnValue:
    wanted = month_access.month_of(month)
    reason = clean(request.form.get("why", ""))[:MAX_REASON_LENGTH]
    try:
        with store().change() as session:
            months.lock(session, wanted)
            seen = _require_unchanged(session, wanted)
            if len(reason) < MIN_REASON_LENGTH:
                raise PageRefused(_("Escribe por qué se vuelve a abrir."))
            is_open = months.reopen(
                session,
                wanted,
                reason,
                seen=seen,
                organizer_id=current_staff().organizer_id,
                now=clock.now(),
            )
            if not is_open:
                raise Conflict(f"revision {seen} of {wanted}")
            log_office_action(session, "", "month.reopen", {"month": str(wanted), "revision": seen})
    except Conflict:
        return _page(wanted, 409)
    except Refusal as refusal:
        return _page(wanted, 422, fault=error_messages.say(refusal))
    return redirect(f"/org/mes/{wanted}/cierre?hecho=abierto", 303)


def _require_unchanged(session: Session, month: Month) -> int:
    """The number of the latest revision (0 without one). Raises Conflict when the month was closed
    or reopened since the page was shown."""
    latest = months.find_latest_revision(session, month)
    if request.form.get("seen", "") != _status_of(latest):
        raise Conflict(f"status of {month}")
    return latest.number if latest else 0


def _status_of(latest: MonthRevision | None) -> str:
    """Returns the number of the revision, with «a» if the month is open again; «0» without one."""
    if latest is None:
        return "0"
    return f"{latest.number}{'a' if latest.reopened_at else ''}"


def _fingerprint(draft: MonthDraft) -> str:
    """Returns a hash of the changes; before the first revision, a hash of the counts and figures
    that it would freeze."""
    shown: list[Any] = [vars(change) for change in draft.changes]
    if draft.latest is None:
        shown = [draft.report.count.by_office, *(vars(each) for each in draft.report.figures)]
    text = json.dumps(shown, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _reason() -> str:
    chosen = _reasons().get(request.form.get("reason", ""), "")
    detail = clean(request.form.get("detail", ""))
    reason = ": ".join(part for part in (chosen, detail) if part)
    if len(reason) < MIN_REASON_LENGTH:
        raise PageRefused(_("Elige el motivo, o escríbelo."))
    if len(reason) > MAX_REASON_LENGTH:
        raise PageRefused(_("El motivo es demasiado largo. Escribe menos."))
    return reason


def _public_cause() -> str | None:
    """Returns the code of the chosen reason; None where none of the list was chosen."""
    chosen = request.form.get("reason", "")
    return chosen if chosen in month_tables.REVISION_CAUSES else None


def _reasons() -> Mapping[str, str]:
    return {code: _(cause) for code, cause in month_tables.REVISION_CAUSES.items()}


def _page(month: Month, status: int = 200, *, fault: str = "") -> ResponseReturnValue:
    now = clock.now()
    early_access.record([month])
    with store().read() as session:
        draft = month_report.make_draft(session, month, now=now)
        latest, count, changes = draft.latest, draft.report.count, draft.changes
        values: dict[str, Any] = {
            "latest": latest,
            "before": month_report.read_revision(latest).count.total if latest else 0,
            "after": count.total,
            "is_synthetic": count.is_synthetic,
            "changes": _change_lines(session, month, latest, changes),
            "touched": len({each.office for each in changes if each.office}),
            "revisions": [
                _RevisionRow(each) for each in reversed(months.list_revisions(session, month))
            ],
            "names": {each.id: each.label for each in staff.list_staff(session)},
            "found": coverage.matrix(session, month, None, now=now),
            "release": _release_words(session, month, now),
        }
    return page(
        "months/month_closing",
        status,
        month=month,
        is_over=workshop_counts.is_over(month, now),
        seen=_status_of(latest),
        print=_fingerprint(draft),
        reasons=_reasons(),
        typed=request.form,
        fault=fault or (_conflict_message(latest) if status == 409 else ""),
        done_message=_done_message(),
        now=now,
        words=month_labels,
        **values,
    )


def _release_words(session: Session, month: Month, now: datetime) -> str:
    """Returns when the numbers are released; empty where nothing waits for an hour."""
    embargo = releases.load_embargo(session, now)
    if not embargo.hides(month):
        return ""
    at = embargo.get_release_time(month)
    return workshop_labels.headquarters_moment(at) if at > now else ""


class _RevisionRow:
    """A revision in the list of the page."""

    def __init__(self, revision: MonthRevision) -> None:
        self.row = revision
        self.total = month_report.read_revision(revision).count.total
        self.changes = len(revision.changes)
        self.is_sound = month_report.is_sound(revision)


def _change_lines(
    session: Session, month: Month, latest: MonthRevision | None, changes: Sequence[MonthChange]
) -> list[month_labels.MonthChangeLine]:
    if latest is None:
        return []
    return month_labels.lines(
        changes,
        offices={each.slug: each for each in offices.list_offices(session)},
        kinds={each.code: each for each in kinds.list_kinds(session)},
        series={each.code: say(each.label, current()) for each in figures.list_series(session)},
        causes=change_causes.find_causes_since(session, month, latest.cut),
    )


def _conflict_message(latest: MonthRevision | None) -> str:
    """Says that nothing was done, since somebody else changed the month."""
    number = latest.number if latest else 0
    if request.form.get("seen", "").rstrip("a") != str(number):
        return str(
            _(
                "Otra persona publicó la revisión %(number)s mientras mirabas. "
                "No se guardó nada de lo tuyo. Así está ahora.",
                number=number,
            )
        )
    return str(_("Algo cambió mientras mirabas. No se guardó nada. Así está ahora: revísalo."))


def _done_message() -> str:
    done = request.args.get("hecho", "")
    if done == "abierto":
        return str(_("El mes está abierto otra vez. Todo dice «provisional» hasta que lo cierres."))
    if done == "1":
        return str(_("El mes quedó cerrado. Sus números ya no cambian solos."))
    if done.isascii() and done.isdigit() and len(done) < 4:
        return str(_("Se publicó la revisión %(number)s.", number=done))
    return ""
