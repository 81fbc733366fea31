"""The month: closed in revisions, offices that say it is complete, who typed a figure."""

import sqlalchemy as sa
from alembic import op

revision = "main_month"
down_revision = "main_calendars"


def upgrade() -> None:
    op.create_table('month_revision',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('cut', sa.DateTime(), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('organizer_id', sa.Integer(), nullable=True),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('frozen', sa.Text(), nullable=False),
    sa.Column('changes', sa.JSON(), nullable=False),
    sa.Column('reopened_at', sa.DateTime(), nullable=True),
    sa.Column('reopened_by_id', sa.Integer(), nullable=True),
    sa.Column('reopen_reason', sa.String(length=300), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['organizer.id'], name=op.f('fk_month_revision_organizer_id_organizer'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['reopened_by_id'], ['organizer.id'], name=op.f('fk_month_revision_reopened_by_id_organizer'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_month_revision')),
    sa.UniqueConstraint('month', 'number', name=op.f('uq_month_revision_month_number'))
    )
    op.create_table('office_month',
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('complete_at', sa.DateTime(), nullable=True),
    sa.Column('organizer_id', sa.Integer(), nullable=True),
    sa.Column('reminded_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_office_month_office_id_office')),
    sa.ForeignKeyConstraint(['organizer_id'], ['organizer.id'], name=op.f('fk_office_month_organizer_id_organizer'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('office_id', 'month', name=op.f('pk_office_month'))
    )
    op.execute('ALTER TABLE figure ADD COLUMN entered_by_id INTEGER CONSTRAINT fk_figure_entered_by_id_organizer REFERENCES organizer (id)')
    op.execute('ALTER TABLE figure_series ADD COLUMN part_of VARCHAR(60) CONSTRAINT fk_figure_series_part_of_figure_series REFERENCES figure_series (code)')
