"""Words that come with kinds and with series of figures, for the sentences of bulletins."""

import sqlalchemy as sa
from alembic import op

revision = "main_wordings"
down_revision = "main_release_calendar"


def upgrade() -> None:
    op.add_column('kind', sa.Column('topic', sa.JSON(), server_default='{}', nullable=False))
    op.add_column('figure_series', sa.Column('wording', sa.JSON(none_as_null=True), nullable=True))
