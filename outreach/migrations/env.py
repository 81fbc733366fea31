"""Runs migrations, for Alembic."""

from alembic import context

from outreach.db.postgresql import MIGRATION
from outreach.db.store import Store
from outreach.migrations import Database
from outreach.migrations.first_migration import render
from outreach.migrations.models import KEY_STORE, MAIN
from outreach.migrations.schema_state import name_version_table

attributes = context.config.attributes
store = Store(attributes["url"], timeouts=MIGRATION)

try:
    # SQLite: no write by others between a migration's reads and its writes.
    engine = store.engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
    with engine.connect() as connection:
        context.configure(
            connection,
            # Only a new revision asks for the models; that of an extension is written anew.
            target_metadata=MAIN if attributes["base"] is Database.MAIN else KEY_STORE,
            version_table=name_version_table(attributes["extension"]),
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
