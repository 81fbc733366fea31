"""Totals of needs, languages and arrivals, whose details are encrypted with the person's key.

`outreach db upgrade` counts them afterwards and encrypts the details (`registrations/totals.py`,
`registrations/plain_values.py`): a migration has no key store. Limits of accommodations are those
of the workshop.
"""

import sqlalchemy as sa
from alembic import op

revision = "main_people_totals"
down_revision = "main_sealed_details"


def upgrade() -> None:
    op.create_table('people_total',
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('numbers', sa.JSON(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_people_total_workshop_id_workshop'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('workshop_id', name=op.f('pk_people_total'))
    )
    op.add_column('workshop', sa.Column('shown_used_up', sa.String(length=120), nullable=False, server_default=''))
    used_up = 'SELECT DISTINCT workshop_id, need FROM support_left WHERE NOT appears_free ORDER BY need'
    by_workshop: dict[int, list[str]] = {}
    for workshop_id, need in op.get_bind().execute(sa.text(used_up)):
        by_workshop.setdefault(workshop_id, []).append(need)
    for workshop_id, needs in by_workshop.items():
        show = sa.text('UPDATE workshop SET shown_used_up = :needs WHERE id = :id')
        op.get_bind().execute(show, {'needs': f" {' '.join(needs)} ", 'id': workshop_id})
    op.drop_table('support_left')
    op.add_column('door_event', sa.Column('party', sa.LargeBinary(length=32), nullable=True))
    op.create_index(op.f('ix_door_event_party'), 'door_event', ['party'])
