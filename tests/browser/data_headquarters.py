"""Test data for headquarters: accounts in every state, and two days of the audit log."""

from datetime import datetime, timedelta

from outreach.accounts import administration
from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.audit import audit_log
from outreach.domain.network import staff
from outreach.domain.network.staff import ALL_OFFICES, Role


def make(store: Store, plain: str, ana: str, *, now: datetime) -> dict[str, str]:
    """Returns ids of accounts by name, and the token of an invitation. `plain` is the public id of
    a workshop, `ana` an e-mail address."""
    with store.change() as session:
        ana_id = staff.get_by_email(session, ana).id
        elena_id = staff.get_by_email(session, "elena@example.org").id
        workshop = workshops.find(session, plain)
        for hours, action, details in (
            (30, "workshop created", {}),
            (29, "workshop published", {}),
            (28, "workshop changed", {"fields": ["capacity", "day", "venue"]}),
            (3, "contact seen", {}),
            (2, "list seen", {}),
        ):
            audit_log.record(
                session,
                ana_id,
                action,
                now=now - timedelta(hours=hours),
                workshop_id=workshop.id,
                office="chicago",
                details=details,
            )
        audit_log.record(
            session,
            elena_id,
            "month.close",
            now=now - timedelta(hours=1),
            details={"month": "2020-01", "revision": 1},
        )
        invitation = administration.invite(
            session, "tomas@example.org", Role.DOOR, ["chicago"], by=elena_id, now=now
        )
        administration.invite(
            session, "noe@example.org", Role.READER, [ALL_OFFICES], by=elena_id, now=now
        )
        administration.invite(
            session,
            "marta@example.org",
            Role.ORGANIZER,
            ["dallas", "houston"],
            by=elena_id,
            now=now,
        )
        julio = staff.add(session, "julio@example.org", Role.ORGANIZER, ["fresno"])
        administration.disable(session, julio, by=elena_id, now=now)
    return {"ana": str(ana_id), "invitation": invitation}
