from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from outreach.db.postgresql import MIGRATION
from outreach.db.store import Store
from outreach.migrations import Database
from outreach.migrations.models import KEY_STORE, MAIN


def render(kind: str, item: Any, _autogenerate: object) -> str | Literal[False]:
    """A new migration names plain SQL types, whatever the models call them."""
    if kind == "type" and isinstance(item, sa.TypeDecorator):
        return f"sa.{item.impl!r}"
    if kind == "type" and isinstance(item, sa.Enum):
        return f"sa.String(length={item.length})"
    return False


attributes = context.config.attributes
store = Store(attributes["url"], waits=MIGRATION)

try:
    # On SQLite nobody may write between what a migration reads and what it writes.
    engine = store.engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
    with engine.connect() as connection:
        context.configure(
            connection,
            target_metadata=MAIN if attributes["base"] is Database.MAIN else KEY_STORE,
            render_as_batch=True,
            render_item=render,
            compare_type=True,
            # One that fails leaves those before it done, and nothing of itself; and no table is
            # locked for longer than one of them takes.
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
finally:
    store.close()
