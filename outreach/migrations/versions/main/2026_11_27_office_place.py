"""Names of places that offices add; the table of ZIP codes gives way to the packaged gazetteer."""

import sqlalchemy as sa
from alembic import op

revision = "main_office_place"
down_revision = "main_kept_seats"


def upgrade() -> None:
    op.create_table('office_place',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('words', sa.String(length=80), nullable=False),
    sa.Column('meaning', sa.String(length=120), nullable=False),
    sa.Column('parent', sa.String(length=80), nullable=False),
    sa.Column('region', sa.String(length=3), nullable=False),
    sa.Column('latitude', sa.Double(), nullable=False),
    sa.Column('longitude', sa.Double(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_office_place_office_id_office'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_office_place')),
    sa.UniqueConstraint('office_id', 'words', name=op.f('uq_office_place_office_id_words'))
    )
    with op.batch_alter_table('office_place', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_office_place_words'), ['words'], unique=False)
    with op.batch_alter_table('zip_code', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_zip_code_region_city_plain'))
    op.drop_table('zip_code')
