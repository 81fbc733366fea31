"""Writes in the audit log what the loading of a file changed."""

from datetime import datetime

from sqlalchemy.orm import Session

from outreach.domain.audit import audit_log
from outreach.domain.audit.audit_log import Details
from outreach.imports.import_result import ImportResult, RowOutcome


def record(
    session: Session, what: str, loaded: ImportResult, organizer_id: int | None, *, now: datetime
) -> None:
    """Writes an entry for each office, month or list with a new or changed row. `what` is offices,
    kinds, figures, venues or workshops; `organizer_id` the staff member, None on the command line.
    """
    for about, counts in sorted(loaded.about.items()):
        details: Details = {outcome.value: counts[outcome] for outcome in RowOutcome}
        if set(counts) == {RowOutcome.SAME}:
            continue
        if what == "offices":
            action = "office opened" if counts[RowOutcome.NEW] else "office changed"
            audit_log.record(
                session, organizer_id, action, now=now, office=about, details={"office": about}
            )
        elif what == "kinds":
            audit_log.record(session, organizer_id, "kinds brought in", now=now, details=details)
        elif what == "figures":
            details = {"month": about, **details}
            audit_log.record(session, organizer_id, "figures brought in", now=now, details=details)
        else:
            action = "venues brought in" if what == "venues" else "workshops brought in"
            audit_log.record(session, organizer_id, action, now=now, office=about, details=details)
