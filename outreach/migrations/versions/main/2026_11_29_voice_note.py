"""Voice notes: recordings of a kind, a workshop or a prompt of the phone line."""

import sqlalchemy as sa
from alembic import op

revision = "main_voice_note"
down_revision = "main_message_text"


def upgrade() -> None:
    op.create_table('voice_note',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=20), nullable=False),
        sa.Column('kind_id', sa.Integer(), nullable=True),
        sa.Column('workshop_id', sa.Integer(), nullable=True),
        sa.Column('prompt', sa.Enum('welcome', 'zip_code', 'no_key', 'saved', name='lineprompt', native_enum=False, length=20), nullable=True),
        sa.Column('lang', sa.String(length=3), nullable=False),
        sa.Column('spoken_text', sa.Text(), nullable=False),
        sa.Column('seconds', sa.Integer(), nullable=False),
        sa.Column('body', sa.LargeBinary(), nullable=False),
        sa.Column('made_at', sa.DateTime(), nullable=False),
        sa.Column('facts', sa.LargeBinary(length=16), nullable=True),
        sa.ForeignKeyConstraint(['kind_id'], ['kind.id'], name=op.f('fk_voice_note_kind_id_kind'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_voice_note_workshop_id_workshop'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_voice_note')),
        sa.UniqueConstraint('kind_id', 'lang', name=op.f('uq_voice_note_kind_id_lang')),
        sa.UniqueConstraint('name', name=op.f('uq_voice_note_name')),
        sa.UniqueConstraint('prompt', 'lang', name=op.f('uq_voice_note_prompt_lang')),
        sa.UniqueConstraint('workshop_id', 'lang', name=op.f('uq_voice_note_workshop_id_lang')),
    )
