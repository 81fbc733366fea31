"""The program that compares what two programs answer: what it masks, and that it finds a word."""

import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

import pytest

from tests.tools import world_bytes
from tests.tools.world_bytes import CHECKOUT, FixedRandom, compare, digest, mask, mask_body

pytestmark = pytest.mark.any_database("it has its own")
# A few feeds, the closed month and its bulletin: of the rest only links are read.
FEW: Final = r"^/es/(cal/chicago\.|cifras/2020-01|boletin/2020-01\b)"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("/es/t/k3v8q0z1m5x7c2b4", "/es/t/ID"),
        ("/es/r/AbCdEfGhIjKlMnOpQrSt0_", "/es/r/TOKEN"),
        ("sha256 " + "0a" * 32, "sha256 HEX"),
        ("2020-01-15T10:30:00-06:00, 312 555 0142, chicago", None),
        ("responsabilidades internacionales", None),
    ],
)
def test_what_is_random_is_masked_and_nothing_else(text: str, masked: str | None) -> None:
    assert mask(text) == (masked or text)


def test_archive_becomes_its_parts_and_a_pdf_loses_its_date() -> None:
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("b.xml", "<id>k3v8q0z1m5x7c2b4</id>")
        archive.writestr("a.xml", "<a/>")
    assert mask_body(book.getvalue(), "") == b"== a.xml\n<a/>\n== b.xml\n<id>ID</id>"
    page = b"%PDF-1.7 /CreationDate (D:20270310) /Title (Enero)"
    assert mask_body(page, "application/pdf") == b"%PDF-1.7 /Date /Title (Enero)"


def test_random_numbers_are_the_same_in_each_run() -> None:
    first, second = FixedRandom(), FixedRandom()
    drawn = [first(16), first(16), first(4)]
    assert [second(16), second(4), second(16)] == [drawn[0], drawn[2], drawn[1]]
    assert drawn[0] != drawn[1]


def test_differences_are_named_by_address() -> None:
    before = digest({"public /a": [b"1"], "public /b": [b"1", b"2"], "public /c": [b"1"]})
    now = digest({"public /b": [b"2", b"1"], "public /c": [b"2"], "public /d": [b"1"]})
    assert compare(before, now) == [
        "only before: public /a",
        "differs: public /c",
        "only now: public /d",
    ]
    assert compare(now, now) == []


def run(program: Path, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    module = [sys.executable, "-m", "tests.tools.world_bytes"]
    return subprocess.run(
        [*module, "--program", str(program), "--only", FEW, *map(str, arguments)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
    )


@pytest.mark.long
def test_two_runs_are_equal_and_a_changed_word_is_found(tmp_path: Path) -> None:
    saved, changed = tmp_path / "before.json", tmp_path / "changed"
    assert run(CHECKOUT, "--save", saved).returncode == 0
    addresses = json.loads(saved.read_text())
    for wanted in ("/es/cal/chicago.ics", "/es/cifras/2020-01.xlsx", "/es/boletin/2020-01"):
        assert f"{world_bytes.PUBLIC} {wanted}" in addresses
    again = run(CHECKOUT, "--against", saved)
    assert again.returncode == 0, again.stdout
    assert again.stdout.splitlines()[-1] == "equal"
    for name in ("outreach", "templates"):
        shutil.copytree(CHECKOUT / name, changed / name)
    page = changed / "templates/bulletin/month.html"
    page.write_text(page.read_text().replace("<h1", "<h1 data-changed", 1))
    other = run(changed, "--against", saved)
    assert other.returncode == 1
    assert "differs: public /es/boletin/2020-01" in other.stdout.splitlines()
    assert not [each for each in other.stdout.splitlines() if "/es/cal/" in each]
