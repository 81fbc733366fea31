"""The check behind `/readyz`: whether this process can serve requests."""

from collections.abc import Collection
from typing import Final

import sqlalchemy as sa

from outreach import clock, migrations
from outreach.db.store import Store
from outreach.errors import Misconfigured
from outreach.keystore import KeyStore
from outreach.migrations import Database

# Words that programs which watch an installation read.
_NAMES: Final = {Database.MAIN: "main", Database.KEY_STORE: "ring"}


def find_failures(main: Store, key_store: KeyStore, extensions: Collection[str]) -> list[str]:
    """The names of what fails; they disclose nothing of the installation."""
    failures = []
    for base, store in ((Database.MAIN, main), (Database.KEY_STORE, key_store.store)):
        try:
            if not migrations.is_current(base, store, extensions):
                failures.append(f"{_NAMES[base]} schema")
        except sa.exc.SQLAlchemyError:
            failures.append(_NAMES[base])
    try:
        clock.require_rules()
    except Misconfigured:
        failures.append("zone rules")
    return failures
