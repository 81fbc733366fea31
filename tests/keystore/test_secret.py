"""The key that signs forms is one, however many processes start at once."""

import subprocess
import sys
from pathlib import Path

from outreach.config import Config

PROCESSES = 8
ASK = """
import sys, time
from pathlib import Path
from outreach.config import Config
keys = Path(sys.argv[1])
config = Config(data=keys, keys=keys, database_url="", keyring_url="")
print("ready", flush=True)
sys.stdin.readline()
print(config.secret())
"""


def test_processes_that_start_at_once_sign_with_one_key(tmp_path: Path) -> None:
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", ASK, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    for each in asking:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in asking:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    told = {each.communicate()[0].strip() for each in asking}
    config = Config(data=tmp_path, keys=tmp_path, database_url="", keyring_url="")
    assert told == {config.secret()}
    assert len(config.secret()) > 40
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob(".new-*"))
