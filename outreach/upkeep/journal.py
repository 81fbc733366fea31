"""Whether the journal is as it was written, for the doctor."""

from outreach.db.store import Store
from outreach.keyring import Keyring
from outreach.privacy import trail
from outreach.upkeep.findings import Finding


def examine(store: Store, ring: Keyring) -> Finding:
    if wrong := trail.wrong(store, ring):
        return Finding("journal", False, f"{'; '.join(wrong)}. See: outreach guide journal")
    return Finding("journal", True, f"{trail.count(store)} lines, one chain")
