"""What a workshop's form draws on: venues that can be retired, partners, speakers; and what was typed
into it and not saved."""

import sqlalchemy as sa
from alembic import op

revision = "main_form"
down_revision = "main_accounts"


def upgrade() -> None:
    op.add_column('venue', sa.Column('access', sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
    op.add_column('venue', sa.Column('retired_at', sa.DateTime(), nullable=True))

    op.create_table('partner',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('kind', sa.String(length=30), nullable=False),
    sa.Column('link', sa.String(length=200), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('is_shown', sa.Boolean(), nullable=False),
    sa.Column('retired_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_partner_office_id_office')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_partner')),
    sa.UniqueConstraint('office_id', 'name', name=op.f('uq_partner_office_id_name'))
    )
    op.create_table('speaker',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('partner_id', sa.Integer(), nullable=True),
    sa.Column('is_shown', sa.Boolean(), nullable=False),
    sa.Column('retired_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_speaker_office_id_office')),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_speaker_partner_id_partner')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_speaker')),
    sa.UniqueConstraint('office_id', 'name', name=op.f('uq_speaker_office_id_name'))
    )
    op.create_index(op.f('ix_speaker_partner_id'), 'speaker', ['partner_id'])
    for noun in ('partner', 'speaker'):
        op.create_table(f'workshop_{noun}',
        sa.Column('workshop_id', sa.Integer(), nullable=False),
        sa.Column(f'{noun}_id', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f(f'fk_workshop_{noun}_workshop_id_workshop'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint([f'{noun}_id'], [f'{noun}.id'], name=op.f(f'fk_workshop_{noun}_{noun}_id_{noun}')),
        sa.PrimaryKeyConstraint('workshop_id', f'{noun}_id', name=op.f(f'pk_workshop_{noun}'))
        )
        op.create_index(op.f(f'ix_workshop_{noun}_{noun}_id'), f'workshop_{noun}', [f'{noun}_id'])

    op.create_table('form_draft',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('form', sa.String(length=60), nullable=False),
    sa.Column('office', sa.String(length=40), nullable=False),
    sa.Column('fields', sa.Text(), nullable=False),
    sa.Column('saved_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['organizer.id'], name=op.f('fk_form_draft_organizer_id_organizer'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_form_draft')),
    sa.UniqueConstraint('organizer_id', 'form', name=op.f('uq_form_draft_organizer_id_form'))
    )
    op.create_index(op.f('ix_form_draft_saved_at'), 'form_draft', ['saved_at'])
