"""What each `outreach` command takes from its own process (S34)."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from outreach.config import Config
from outreach.db.store import Store
from tests.support.environment import where

SHOW_LIMITS = """
import sys
from outreach import cli
sys.argv = ["outreach", "--version"]
try:
    cli.run()
finally:
    print(open("/proc/self/limits").read())
"""

SHOW_SHARED = """
import os
from outreach.app import create_forkable_app
app = create_forkable_app()
key_store = app.extensions["outreach_key_store"]
for number in os.listdir("/proc/self/fd"):
    try:
        print(os.readlink(f"/proc/self/fd/{number}"))
    except OSError:  # that of the list itself
        pass
print(len(key_store.envelope._open), "master keys")
"""


@pytest.mark.thorough
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


@pytest.mark.thorough
@pytest.mark.any_database("a connection is closed on either")
def test_forks_share_no_connection_no_lock_and_no_master_key(config: Config, store: Store) -> None:
    """A lock of a file is held by a process and its fork alike; a connection would mix answers."""
    environ = os.environ | where(config)
    environ |= {
        "OUTREACH_PUBLIC_URL": config.public_url,
        "OUTREACH_MAIL_FROM": config.mail_from,
        "OUTREACH_CONTROLLER": config.controller,
    }
    shown = subprocess.run(
        [sys.executable, "-c", SHOW_SHARED], env=environ, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert shown[-1] == "0 master keys"
    ours = (str(config.data), str(config.keys), "socket:")
    assert [each for each in shown if each.startswith(ours)] == []
