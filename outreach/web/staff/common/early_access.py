"""Records who of the staff opens numbers of the network before their release (COUNT14)."""

from collections.abc import Sequence

from outreach import clock
from outreach.clock import Month
from outreach.domain.reporting import releases
from outreach.web.context import store
from outreach.web.staff.common.guards import current_staff


def record(months: Sequence[Month]) -> None:
    """Records the months that are closed and not released. A page that shows numbers of the whole
    network calls it; it writes the first time only, since reading a page writes nothing else."""
    now, organizer_id = clock.now(), current_staff().organizer_id
    with store().read() as session:
        found = releases.find_unrecorded(session, months, organizer_id, now=now)
    if found:
        with store().change() as session:
            releases.record_early_access(session, found, organizer_id, now=now)
