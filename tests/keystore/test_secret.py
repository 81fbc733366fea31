"""Processes that start at the same time use the same secret key."""

import subprocess
import sys
from pathlib import Path

from outreach.config import Config

PROCESSES = 8
PROGRAM = """
import sys, time
from pathlib import Path
from outreach.config import Config
keys = Path(sys.argv[1])
config = Config(data=keys, keys=keys, database_url="", keyring_url="")
print("ready", flush=True)
sys.stdin.readline()
print(config.secret())
"""


def test_simultaneous_processes_use_one_secret_key(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    for each in processes:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in processes:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    secrets = {each.communicate()[0].strip() for each in processes}
    config = Config(data=tmp_path, keys=tmp_path, database_url="", keyring_url="")
    assert secrets == {config.secret()}
    assert len(config.secret()) > 40
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob(".new-*"))
