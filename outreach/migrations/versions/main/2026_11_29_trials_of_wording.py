"""Trials of wording: their counts, and which wording a reminder has until it is counted."""

import sqlalchemy as sa
from alembic import op

revision = "main_trials_of_wording"
down_revision = "main_call_hold"


def upgrade() -> None:
    op.create_table('trial',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('wording', sa.String(length=20), nullable=False),
        sa.Column('reminders', sa.Integer(), nullable=False),
        sa.Column('last_day', sa.Date(), nullable=False),
        sa.Column('started_at', sa.DateTime(), nullable=False),
        sa.Column('ended_at', sa.DateTime(), nullable=True),
        sa.Column('end_reason', sa.String(length=20), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_trial'))
    )
    op.create_table('trial_arm',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('trial_id', sa.Integer(), nullable=False),
        sa.Column('is_new', sa.Boolean(), nullable=False),
        sa.Column('assigned', sa.Integer(), nullable=False),
        sa.Column('reminded', sa.Integer(), nullable=False),
        sa.Column('came', sa.Integer(), nullable=False),
        sa.Column('absent', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['trial_id'], ['trial.id'], name=op.f('fk_trial_arm_trial_id_trial'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_trial_arm')),
        sa.UniqueConstraint('trial_id', 'is_new', name=op.f('uq_trial_arm_trial_id_is_new'))
    )
    op.create_table('trial_workshop',
        sa.Column('arm_id', sa.Integer(), nullable=False),
        sa.Column('workshop_id', sa.Integer(), nullable=False),
        sa.Column('reminders', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['arm_id'], ['trial_arm.id'], name=op.f('fk_trial_workshop_arm_id_trial_arm'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_trial_workshop_workshop_id_workshop'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('arm_id', 'workshop_id', name=op.f('pk_trial_workshop'))
    )
    op.create_index(op.f('ix_trial_workshop_workshop_id'), 'trial_workshop', ['workshop_id'])
    op.add_column('notice', sa.Column('trial_arm_id', sa.Integer(), nullable=True))
