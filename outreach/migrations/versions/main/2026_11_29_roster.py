"""The roster: members with hours and absences, their assignments to workshops, and letters."""

import sqlalchemy as sa
from alembic import op

revision = "main_roster"
down_revision = "main_unmet_searches"


def upgrade() -> None:
    op.create_table('roster_member',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('office_id', sa.Integer(), nullable=True),
        sa.Column('role', sa.String(length=20), nullable=False),
        sa.Column('languages', sa.String(length=120), nullable=False),
        sa.Column('is_by_phone', sa.Boolean(), nullable=False),
        sa.Column('lang', sa.String(length=2), nullable=False),
        sa.Column('key_id', sa.LargeBinary(length=16), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=False),
        sa.Column('has_email', sa.Boolean(), nullable=False),
        sa.Column('feed_hash', sa.String(length=64), nullable=True),
        sa.Column('feed_made_at', sa.DateTime(), nullable=True),
        sa.Column('retired_at', sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_roster_member_office_id_office')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_roster_member')),
        sa.UniqueConstraint('key_id', name=op.f('uq_roster_member_key_id')),
        sa.UniqueConstraint('feed_hash', name=op.f('uq_roster_member_feed_hash')),
    )
    op.create_index(op.f('ix_roster_member_office_id'), 'roster_member', ['office_id'])
    op.create_table('roster_hours',
        sa.Column('member_id', sa.Integer(), nullable=False),
        sa.Column('weekday', sa.Integer(), nullable=False),
        sa.Column('starts', sa.Time(), nullable=False),
        sa.Column('ends', sa.Time(), nullable=False),
        sa.ForeignKeyConstraint(['member_id'], ['roster_member.id'], name=op.f('fk_roster_hours_member_id_roster_member'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('member_id', 'weekday', name=op.f('pk_roster_hours')),
    )
    op.create_table('roster_absence',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('member_id', sa.Integer(), nullable=False),
        sa.Column('first_day', sa.Date(), nullable=False),
        sa.Column('last_day', sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(['member_id'], ['roster_member.id'], name=op.f('fk_roster_absence_member_id_roster_member'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_roster_absence')),
    )
    op.create_index(op.f('ix_roster_absence_member_id'), 'roster_absence', ['member_id'])
    op.create_table('roster_assignment',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('workshop_id', sa.Integer(), nullable=False),
        sa.Column('member_id', sa.Integer(), nullable=False),
        sa.Column('role', sa.String(length=20), nullable=False),
        sa.Column('state', sa.String(length=20), nullable=False),
        sa.Column('known_facts', sa.LargeBinary(length=16), nullable=True),
        sa.Column('confirmed_facts', sa.LargeBinary(length=16), nullable=True),
        sa.Column('made_at', sa.DateTime(), nullable=False),
        sa.Column('answered_at', sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(['member_id'], ['roster_member.id'], name=op.f('fk_roster_assignment_member_id_roster_member'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_roster_assignment_workshop_id_workshop'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_roster_assignment')),
        sa.UniqueConstraint('workshop_id', 'member_id', name=op.f('uq_roster_assignment_workshop_id_member_id')),
    )
    op.create_index(op.f('ix_roster_assignment_member_id'), 'roster_assignment', ['member_id'])
    op.create_table('roster_letter',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('assignment_id', sa.Integer(), nullable=False),
        sa.Column('letter_type', sa.String(length=20), nullable=False),
        sa.Column('facts', sa.LargeBinary(length=16), nullable=False),
        sa.Column('made_at', sa.DateTime(), nullable=False),
        sa.Column('due_at', sa.DateTime(), nullable=False),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('leased_until', sa.DateTime(), nullable=True),
        sa.Column('done_at', sa.DateTime(), nullable=True),
        sa.Column('is_dead', sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(['assignment_id'], ['roster_assignment.id'], name=op.f('fk_roster_letter_assignment_id_roster_assignment'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_roster_letter')),
    )
    op.create_index(op.f('ix_roster_letter_assignment_id'), 'roster_letter', ['assignment_id'])
    op.create_index(op.f('ix_roster_letter_done_at_due_at'), 'roster_letter', ['done_at', 'due_at'])
