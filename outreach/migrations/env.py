"""Runs migrations, for Alembic."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from outreach.db.postgresql import MIGRATION
from outreach.db.store import Store
from outreach.migrations import Database
from outreach.migrations.models import KEY_STORE, MAIN


def render(kind: str, item: Any, _autogenerate: object) -> str | Literal[False]:
    """Renders plain SQL types in new migrations, instead of the models' types."""
    if kind == "type" and isinstance(item, sa.TypeDecorator):
        return f"sa.{item.impl!r}"
    if kind == "type" and isinstance(item, sa.Enum):
        return f"sa.String(length={item.length})"
    return False


attributes = context.config.attributes
store = Store(attributes["url"], timeouts=MIGRATION)

try:
    # SQLite: no write by others between a migration's reads and its writes.
    engine = store.engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
    with engine.connect() as connection:
        context.configure(
            connection,
            target_metadata=MAIN if attributes["base"] is Database.MAIN else KEY_STORE,
            render_as_batch=True,
            render_item=render,
            compare_type=True,
            # A failing migration does not undo those before it, and locks end with each.
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
finally:
    store.close()
