"""Moments of people are hours, and a counter keeps the order of a workshop's registrations."""

import sqlalchemy as sa
from alembic import op

revision = "main_hours"
down_revision = "main_people_totals"


def upgrade() -> None:
    op.add_column('registration', sa.Column('queue_number', sa.Integer(), nullable=False, server_default='0'))
    # Erased rows that the purge has cleared stay without a number.
    op.execute(
        "UPDATE registration SET queue_number = (SELECT count(*) FROM registration AS other "
        "WHERE other.workshop_id = registration.workshop_id AND (other.queued_at < registration.queued_at "
        "OR (other.queued_at = registration.queued_at AND other.id <= registration.id))) "
        "WHERE key_id IS NOT NULL OR language <> ''"
    )
    op.drop_index('ix_registration_workshop_id_standing_queued_at_id', 'registration')
    op.drop_column('registration', 'queued_at')
    op.create_index(op.f('ix_registration_workshop_id_standing_queue_number_id'), 'registration', ['workshop_id', 'standing', 'queue_number', 'id'])
    for table, names in (
        ("registration", ("registered_at", "approved_at", "asked_at", "confirmed_at")),
        ("notice", ("made_at", "done_at")),
        ("subscriber", ("asked_at", "confirmed_at")),
    ):
        for name in names:
            op.execute(f"UPDATE {table} SET {name} = {_hour(name)} WHERE {name} IS NOT NULL")
    op.execute(f"UPDATE registration SET offered_until = {_next_hour('offered_until')} WHERE offered_until IS NOT NULL")
    op.execute("UPDATE notice SET due_at = made_at WHERE done_at IS NOT NULL")
    op.execute(f"UPDATE notice SET due_at = {_hour('due_at')} WHERE done_at IS NULL AND cause <> 'reminder'")


def _hour(name: str) -> str:
    if op.get_bind().dialect.name == "sqlite":
        return f"strftime('%Y-%m-%d %H:00:00.000000', {name})"
    return f"date_trunc('hour', {name})"


def _next_hour(name: str) -> str:
    if op.get_bind().dialect.name == "sqlite":
        return f"strftime('%Y-%m-%d %H:00:00.000000', {name}, '+3599 seconds')"
    return f"date_trunc('hour', {name} + interval '3599 seconds')"
