"""Whether the journal is as it was written, for the doctor."""

from outreach.db.store import Store
from outreach.keystore import Keyring
from outreach.maintenance.check_result import Finding
from outreach.privacy import audit_verification


def examine(store: Store, ring: Keyring) -> Finding:
    if wrong := audit_verification.wrong(store, ring):
        return Finding("journal", False, f"{'; '.join(wrong)}. See: outreach guide journal")
    return Finding("journal", True, f"{audit_verification.count(store)} lines, one chain")
