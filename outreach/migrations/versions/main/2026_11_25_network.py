"""The lines of the journal become a chain; when somebody of the staff last signed in."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "main_network"
down_revision = "main_tour"

JOURNAL = sa.table('journal',
    sa.column('id', sa.Integer()),
    sa.column('at', sa.DateTime()),
    sa.column('action', sa.String()),
    sa.column('office', sa.String()),
    sa.column('detail', sa.String()),
    sa.column('who', sa.Integer()),
    sa.column('what', sa.Integer()),
    sa.column('number', sa.Integer()),
    sa.column('previous', sa.String()),
    sa.column('hash', sa.String()),
)
AT_ONCE = 1000


def upgrade() -> None:
    op.add_column('organizer', sa.Column('signed_in_at', sa.DateTime(), nullable=True))
    op.create_table('journal_chain',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('gone', sa.Integer(), nullable=False),
    sa.Column('gone_hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_journal_chain'))
    )
    op.add_column('journal', sa.Column('who', sa.Integer(), nullable=True))
    op.add_column('journal', sa.Column('what', sa.Integer(), nullable=True))
    op.add_column('journal', sa.Column('number', sa.Integer(), nullable=True))
    op.add_column('journal', sa.Column('previous', sa.String(length=64), nullable=False, server_default=''))
    op.add_column('journal', sa.Column('hash', sa.String(length=64), nullable=False, server_default=''))
    op.create_index(op.f('ix_journal_number'), 'journal', ['number'], unique=True)
    op.create_index(op.f('ix_journal_workshop_id'), 'journal', ['workshop_id'])
    op.execute('UPDATE journal SET who = organizer_id, what = workshop_id')
    _link(op.get_bind())


def _link(connection: sa.Connection) -> None:
    """The lines there are, in the order they were written."""
    number, previous, last_id = 0, '', 0
    while True:
        rows = connection.execute(
            sa.select(JOURNAL).where(JOURNAL.c.id > last_id).order_by(JOURNAL.c.id).limit(AT_ONCE)
        ).all()
        if not rows:
            break
        changes = []
        for row in rows:
            number += 1
            at = row.at.isoformat(timespec='microseconds') + '+00:00'
            said = [number, previous, at, row.who, row.action, row.what, row.office, row.detail]
            found = hashlib.sha256(json.dumps(said, separators=(',', ':')).encode()).hexdigest()
            changes.append({'key': row.id, 'number': number, 'previous': previous, 'hash': found})
            previous = found
        connection.execute(
            sa.update(JOURNAL)
            .where(JOURNAL.c.id == sa.bindparam('key'))
            .values(number=sa.bindparam('number'), previous=sa.bindparam('previous'), hash=sa.bindparam('hash')),
            changes,
        )
        last_id = rows[-1].id
    connection.execute(
        sa.text("INSERT INTO journal_chain (id, number, hash, gone, gone_hash) VALUES (1, :number, :hash, 0, '')"),
        {'number': number, 'hash': previous},
    )
