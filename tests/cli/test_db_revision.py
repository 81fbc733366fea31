"""`outreach db revision` on a copy of the checkout whose models have changed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

CHECKOUT: Final = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", "static")
    shutil.copytree(CHECKOUT / "outreach", tmp_path / "outreach", ignore=ignored)
    return tmp_path


def outreach(checkout: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "outreach.cli", "db", *arguments],
        cwd=checkout,
        env=os.environ
        | {"OUTREACH_DATA": str(checkout / "data"), "OUTREACH_KEYS": str(checkout / "keys")},
        capture_output=True,
        text=True,
    )


@pytest.mark.long
@pytest.mark.any_database("it has its own")
@pytest.mark.parametrize(
    ("options", "base", "models", "table"),
    [
        ((), "main", "domain/network/kinds.py", "kind"),
        (("--key-store",), "key_store", "keystore/models.py", "key"),
    ],
)
def test_revision_has_the_new_column_and_upgrades_to_the_models(
    checkout: Path, options: tuple[str, ...], base: str, models: str, table: str
) -> None:
    path = checkout / "outreach" / models
    declared = f'    __tablename__ = "{table}"\n'
    column = (
        "    remark: Mapped[str | None] = mapped_column(sa.String(40), default=None, init=False)\n"
    )
    assert declared in path.read_text()
    path.write_text(path.read_text().replace(declared, declared + column))

    done = outreach(checkout, "revision", "Keep a remark", *options)

    assert (done.returncode, done.stderr) == (0, "")
    written = Path(done.stdout.strip())
    assert written.parent == checkout / "outreach/migrations/versions" / base
    assert re.fullmatch(r"\d{4}_\d\d_\d\d_keep_a_remark\.py", written.name)
    text = written.read_text()
    assert text.startswith('"""Keep a remark."""\n')
    assert f'\nrevision = "{base}_keep_a_remark"\n' in text
    assert "sa.Column('remark', sa.String(length=40), nullable=True)" in text
    called = re.findall(r"\b(?:batch_)?op\.\w+", text)
    assert called == ["op.batch_alter_table", "batch_op.add_column"]
    assert outreach(checkout, "upgrade").returncode == 0
    assert outreach(checkout, "check").returncode == 0
    second = outreach(checkout, "revision", "Keep a second remark", *options)
    assert (second.returncode, second.stderr.partition(";")[0]) == (
        1,
        "outreach: The migrations match the models",
    )


@pytest.mark.long
@pytest.mark.any_database("it has its own")
def test_first_migration_is_rewritten_and_an_older_database_refused(checkout: Path) -> None:
    first = checkout / "outreach/migrations/versions/main/first.py"
    before = first.read_text()
    assert outreach(checkout, "upgrade").returncode == 0
    path = checkout / "outreach/domain/network/kinds.py"
    declared = '    __tablename__ = "kind"\n'
    column = (
        "    remark: Mapped[str | None] = mapped_column(sa.String(40), default=None, init=False)\n"
    )
    path.write_text(path.read_text().replace(declared, declared + column))

    done = outreach(checkout, "revision", "--first")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == str(first)
    new, old = first.read_text().splitlines(), before.splitlines()
    assert [line for line in new if line not in old] == [
        next(line for line in new if line.startswith("revision = ")),
        "    sa.Column('remark', sa.String(length=40), nullable=True),",
    ]
    refused = outreach(checkout, "upgrade")
    assert refused.returncode == 1
    assert "one from before release 1.0.0 cannot be upgraded" in refused.stderr
    shutil.rmtree(checkout / "data")
    shutil.rmtree(checkout / "keys")
    assert outreach(checkout, "upgrade").returncode == 0
    assert outreach(checkout, "check").returncode == 0
    second = outreach(checkout, "revision", "--first", "Words")
    assert second.returncode == 2


LATER: Final = """
import sqlalchemy as sa
from alembic import op

revision = "later"
down_revision = "{head}"


def upgrade() -> None:
    op.execute("CREATE TABLE of_later (id INTEGER PRIMARY KEY)")
"""


@pytest.mark.thorough
@pytest.mark.any_database("it has its own")
def test_key_store_behind_the_main_database_is_refused(checkout: Path) -> None:
    """It was put back from a copy made before the upgrade."""
    assert outreach(checkout, "upgrade").returncode == 0
    key_store = checkout / "keys/keyring.db"
    shutil.copyfile(key_store, checkout / "older.db")
    folder = checkout / "outreach/migrations/versions/key_store"
    [head] = re.findall(r'^revision = "(.*)"$', (folder / "first.py").read_text(), re.MULTILINE)
    (folder / "later.py").write_text(LATER.format(head=head))
    assert outreach(checkout, "upgrade").returncode == 0
    shutil.copyfile(checkout / "older.db", key_store)
    for command in ("upgrade", "check"):
        refused = outreach(checkout, command)
        assert refused.returncode == 1
        assert "key_store: it is behind what it was before" in refused.stderr
        assert "--new-ring" in refused.stderr
    assert outreach(checkout, "upgrade", "--new-ring").returncode == 0


@pytest.mark.long
@pytest.mark.any_database("it has its own")
def test_empty_revision_is_written_on_request_and_its_name_is_unique(checkout: Path) -> None:
    done = outreach(checkout, "revision", "--empty", "Move the words of kinds to their own table")
    text = Path(done.stdout.strip()).read_text()
    assert text.endswith("def upgrade() -> None:\n    pass\n")
    [revision] = re.findall(r'^revision = "(.*)"$', text, re.MULTILINE)
    assert len(revision) <= 32  # PostgreSQL refuses a longer one
    taken = outreach(checkout, "revision", "--empty", "Move the words of kinds to their own table")
    assert taken.returncode == 1
    assert "Use other words" in taken.stderr
