"""Verifies the audit log for `outreach doctor`."""

from outreach.db.store import Store
from outreach.keystore import KeyStore
from outreach.maintenance.check_result import CheckResult
from outreach.privacy import audit_verification


def examine(store: Store, key_store: KeyStore) -> CheckResult:
    if errors := audit_verification.find_errors(store, key_store):
        return CheckResult("journal", False, f"{'; '.join(errors)}. See: outreach guide journal")
    return CheckResult("journal", True, f"{audit_verification.count(store)} lines, one chain")
