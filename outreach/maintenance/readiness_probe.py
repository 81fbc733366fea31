"""Whether this process could answer people now: for a probe that asks every few seconds."""

import sqlalchemy as sa

from outreach import clock, migrations
from outreach.db.store import Store
from outreach.errors import Misconfigured
from outreach.keystore import KeyStore
from outreach.migrations import Database


def failed(main: Store, key_store: KeyStore) -> list[str]:
    """What does not hold, each in a word or two that names nothing of the installation."""
    wrong = []
    for base, store in ((Database.MAIN, main), (Database.KEY_STORE, key_store.store)):
        try:
            if not migrations.is_current(base, store):
                wrong.append(f"{base} schema")
        except sa.exc.SQLAlchemyError:
            wrong.append(str(base))
    try:
        clock.require_rules()
    except Misconfigured:
        wrong.append("zone rules")
    return wrong
