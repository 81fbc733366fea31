"""What each `outreach` command takes from its own process (S34)."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SHOW_LIMITS = """
import sys
from outreach import cli
sys.argv = ["outreach", "--version"]
try:
    cli.run()
finally:
    print(open("/proc/self/limits").read())
"""


@pytest.mark.any_database("it has its own")
def test_command_keeps_its_files_and_its_memory_to_itself(tmp_path: Path) -> None:
    environ = os.environ | {
        "OUTREACH_DATA": str(tmp_path / "data"),
        "OUTREACH_KEYS": str(tmp_path / "keys"),
    }
    subprocess.run(
        [sys.executable, "-m", "outreach.cli", "db", "upgrade"],
        env=environ, umask=0o022, check=True, capture_output=True,
    )  # fmt: skip
    found = {path: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    assert len(found) > 4
    assert [path.name for path, mode in found.items() if mode & 0o077] == []
    shown = subprocess.run(
        [sys.executable, "-c", SHOW_LIMITS], capture_output=True, text=True, check=True
    ).stdout
    assert re.search(r"^Max core file size +0 +0 ", shown, re.MULTILINE)
