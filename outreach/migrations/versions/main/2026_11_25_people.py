"""Messages of the staff to the people of a workshop."""

import sqlalchemy as sa
from alembic import op

revision = "main_people"
down_revision = "main_form"


def upgrade() -> None:
    op.create_table('message',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('template', sa.String(length=20), nullable=False),
    sa.Column('audience', sa.String(length=20), nullable=False),
    sa.Column('paragraph', sa.JSON(), nullable=False),
    sa.Column('nonce', sa.LargeBinary(length=32), nullable=False),
    sa.Column('organizer_id', sa.Integer(), nullable=True),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['organizer.id'], name=op.f('fk_message_organizer_id_organizer'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_message_workshop_id_workshop')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message')),
    sa.UniqueConstraint('nonce', name=op.f('uq_message_nonce'))
    )
    op.create_index(op.f('ix_message_workshop_id'), 'message', ['workshop_id'])
    op.execute('ALTER TABLE notice ADD COLUMN message_id INTEGER CONSTRAINT fk_notice_message_id_message REFERENCES message (id)')
    op.create_index(op.f('ix_notice_message_id'), 'notice', ['message_id'])
