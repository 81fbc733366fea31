"""The changes of a workshop since its people and its team were last told of one."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.registrations import Registration
from outreach.domain.registrations.change_notifications import IS_UNINFORMED
from outreach.domain.roster import assignments
from outreach.domain.scheduling import workshop_changes, workshop_service
from outreach.domain.scheduling.workshop_changes import CHOSEN, STATUS, WorkshopChange
from outreach.domain.scheduling.workshop_data import WorkshopData
from outreach.domain.workshops import Workshop, WorkshopStatus, facts


def decode_values(session: Session, data: WorkshopData, values: Mapping[str, Any]) -> WorkshopData:
    """Returns the data with the values of a `WorkshopChange`, except those that are no field of
    it.
    """
    given = {
        name: workshop_changes.decode(session, name, value, getattr(data, name))
        for name, value in values.items()
        if name not in CHOSEN and name != STATUS
    }
    return replace(data, **given)


def list_untold(session: Session, workshop: Workshop, *, now: datetime) -> list[WorkshopChange]:
    """Returns the kept changes since the last state that people know, the oldest first.

    Where they know none of the states (a venue changed too, or it was long ago), returns all
    of them.
    """
    known = set(
        session.scalars(
            sa.select(Registration.known_facts)
            .join(Workshop, Workshop.id == Registration.workshop_id)
            .where(Workshop.id == workshop.id, IS_UNINFORMED)
        )
    ) | assignments.list_outdated_facts(session, workshop)
    data, is_cancelled = workshop_service.get_data(workshop), workshop.is_cancelled
    found: list[WorkshopChange] = []
    for change in reversed(workshop_changes.list_kept(session, workshop, now=now)):
        found.insert(0, change)
        data = decode_values(session, data, change.before)
        status = change.before.get(STATUS)
        is_cancelled = is_cancelled if status is None else status == WorkshopStatus.CANCELLED
        state = facts.CANCELLED if is_cancelled else facts.compute_facts_of_data(data)
        if state in known:
            break
    return found
