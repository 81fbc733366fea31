"""Small builders for tests of files and of the commands that read them."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from outreach.cli import main
from outreach.config import Config
from outreach.outbound.guarded_client import FetchRule
from tests.support.environment import where

PLAIN = {
    "id": "w1",
    "office": "chicago",
    "kind": "derechos",
    "title_es": "Conoce tus derechos",
    "title_en": "Know your rights",
    "timezone": "America/Chicago",
    "starts_at": "2027-01-16T18:00",
    "ends_at": "2027-01-16T20:00",
    "venue": "Biblioteca de Pilsen",
    "city": "Chicago",
    "region": "IL",
    "capacity": "20",
    "languages": "es en",
    "childcare": "false",
    "status": "published",
}


def run(
    config: Config, *arguments: str | Path, rule: FetchRule | None = None, typed: str = ""
) -> Result:
    """Runs the `outreach` command with these settings; `rule` says which addresses it may ask, and
    `typed` is its standard input."""
    environ = where(config)
    words = [str(each) for each in arguments]
    return CliRunner(env=environ).invoke(main, words, obj=rule, input=typed)


def done(result: Result) -> Result:
    """The same result, once it is known to have gone well."""
    if result.exit_code != 0:
        pytest.fail(f"{result.stdout}{result.stderr}{result.exception!r}")
    return result


def table(path: Path, *rows: dict[str, str], delimiter: str = ",") -> Path:
    """A file of workshops: each row says only how it differs from a plain one."""
    columns = [*PLAIN, *dict.fromkeys(name for row in rows for name in row if name not in PLAIN)]
    lines = [delimiter.join(columns)]
    for place, row in enumerate(rows, 1):
        cells = PLAIN | {"id": f"w{place}"} | row
        lines.append(delimiter.join(cells.get(name, "") for name in columns))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
