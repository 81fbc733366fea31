"""Writes the first migration of a database from the models.

Until release 1.0.0 no installation is upgraded: a change of the models rewrites the first migration
in place. Its revision ends in a digest of its tables, so that a database which an older first
migration made has a revision that this program does not know, and is refused.
"""

import hashlib
import re
from pathlib import Path
from typing import Any, Final, Literal

import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext

MARKER: Final = "# `outreach db revision --first` writes what follows from the models.\n"
_HEAD: Final = '''"""The first schema of {name}."""

import sqlalchemy as sa
from alembic import op

revision = "{name}_first_0"
down_revision = None


def upgrade() -> None:
    create_tables()


'''
_REVISION: Final = re.compile(r'^revision = "(\w+_first)_\w+"$', re.MULTILINE)
_BOOLEANS: Final = (sa.sql.elements.False_, sa.sql.elements.True_)


def render(kind: str, item: Any, _autogenerate: object) -> str | Literal[False]:
    """Renders plain SQL types in migrations, instead of the models' types, and the defaults of
    booleans so that both databases read them."""
    if kind == "type" and isinstance(item, sa.TypeDecorator):
        return f"sa.{item.impl!r}"
    if kind == "type" and isinstance(item, sa.Enum):
        return f"sa.String(length={item.length})"
    if kind == "server_default" and isinstance(item.arg, _BOOLEANS):
        return f"sa.{item.arg}()"
    return False


def digest(text: str) -> str:
    """The digest of the tables in the text of a first migration."""
    return hashlib.sha256(text.partition(MARKER)[2].encode()).hexdigest()[:8]


def write(file: Path, tables: sa.MetaData, name: str) -> None:
    """Writes the tables and the revision of this file anew. What it does after it has created the
    tables stays. A file that is not there is made, with revisions that begin with `name`."""
    before = file.read_text(encoding="utf-8") if file.exists() else _HEAD.format(name=name)
    head = before.partition(MARKER)[0]
    text = f"{head}{MARKER}def create_tables() -> None:\n{_render_tables(tables)}"
    text = _REVISION.sub(rf'revision = "\1_{digest(text)}"', text)
    file.write_text(text, encoding="utf-8")


def _render_tables(tables: sa.MetaData) -> str:
    """The statements that create these tables, without Alembic's comments."""
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        operations = produce_migrations(context, tables).upgrade_ops
    engine.dispose()
    assert operations is not None
    code = render_python_code(operations, render_item=render)
    lines = (line for line in code.splitlines() if not line.lstrip().startswith("# ###"))
    return "".join(f"{line}\n" for line in lines)
