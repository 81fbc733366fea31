"""The second factor: codes of an application and of paper, passkeys; sessions that were ended."""

import sqlalchemy as sa
from alembic import op

revision = "main_accounts"
down_revision = "main_network"


def upgrade() -> None:
    op.create_table('totp',
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('tries_since', sa.DateTime(), nullable=False),
    sa.Column('last_step', sa.Integer(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['organizer.id'], name=op.f('fk_totp_organizer_id_organizer'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('organizer_id', name=op.f('pk_totp'))
    )
    op.create_table('paper_code',
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('mark', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['organizer.id'], name=op.f('fk_paper_code_organizer_id_organizer'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('organizer_id', 'mark', name=op.f('pk_paper_code'))
    )
    op.create_table('passkey',
    sa.Column('id', sa.LargeBinary(length=1023), nullable=False),
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('public_key', sa.LargeBinary(), nullable=False),
    sa.Column('sign_count', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('used_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['organizer_id'], ['organizer.id'], name=op.f('fk_passkey_organizer_id_organizer'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_passkey'))
    )
    op.create_index(op.f('ix_passkey_organizer_id'), 'passkey', ['organizer_id'])
    op.create_table('challenge',
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('purpose', sa.String(length=90), nullable=False),
    sa.Column('ends_at', sa.DateTime(), nullable=False),
    sa.Column('kept', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_challenge'))
    )
    op.create_index(op.f('ix_challenge_ends_at'), 'challenge', ['ends_at'])
    op.add_column('staff_session', sa.Column('rights', sa.String(length=16), nullable=False, server_default=''))
    op.add_column('staff_session', sa.Column('ended_at', sa.DateTime(), nullable=True))
    op.add_column('staff_session', sa.Column('refused_at', sa.DateTime(), nullable=True))
    # Until today the password alone proved a session: whoever is in signs in again, with a code.
    op.execute('DELETE FROM staff_session')
