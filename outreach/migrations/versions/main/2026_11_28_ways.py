"""Open streams, women-only kinds, when a workshop moved; what to bring to a renewal of DACA."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "main_ways"
down_revision = "main_hours"

_NOTHING = "Nada. No necesitas identificación ni papeles."
_FOR_RENEWAL = {
    "es": "Para renovar: tu permiso de trabajo y el aviso de tu solicitud anterior, si los tienes. Para entrar no pedimos identificación.",
    "en": "To renew: your work permit and the notice of your last application, if you have them. No ID is asked for at the door.",
    "fr": "Pour renouveler : votre permis de travail et l’avis de votre demande précédente, si vous les avez. Aucune pièce d’identité n’est demandée à l’entrée.",
}


def upgrade() -> None:
    op.add_column('workshop', sa.Column('live_url', sa.String(length=400), nullable=False, server_default=''))
    op.add_column('workshop', sa.Column('moved_at', sa.DateTime(), nullable=True))
    op.add_column('workshop', sa.Column('previous_day', sa.Date(), nullable=True))
    op.add_column('workshop', sa.Column('previous_starts', sa.Time(), nullable=True))
    op.add_column('kind', sa.Column('is_women_only', sa.Boolean(), nullable=False, server_default=sa.false()))
    kind = sa.table("kind", sa.column("id"), sa.column("code"), sa.column("bring", sa.JSON()),
                    sa.column("is_women_only", sa.Boolean()), sa.column("changed_at", sa.DateTime()))
    workshop = sa.table("workshop", sa.column("id"), sa.column("kind_id"), sa.column("day", sa.Date()),
                        sa.column("bring", sa.JSON()), sa.column("changed_at", sa.DateTime()))
    bind, now = op.get_bind(), datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    op.execute(kind.update().where(kind.c.code == "mujeres").values(is_women_only=True))
    renewal = bind.execute(sa.select(kind.c.id, kind.c.bring).where(kind.c.code == "daca")).first()
    if renewal is None:
        return
    if renewal.bring.get("es") == _NOTHING:
        op.execute(kind.update().where(kind.c.id == renewal.id).values(bring=_FOR_RENEWAL, changed_at=now))
    upcoming = sa.select(workshop.c.id, workshop.c.bring).where(
        workshop.c.kind_id == renewal.id, workshop.c.day >= now.date()
    )
    ids = [row.id for row in bind.execute(upcoming) if row.bring.get("es") == _NOTHING]
    for start in range(0, len(ids), 500):
        some = workshop.c.id.in_(ids[start:start + 500])
        op.execute(workshop.update().where(some).values(bring=_FOR_RENEWAL, changed_at=now))
