"""The processes of `outreach serve`: killed ones are replaced, and a server of which none can start
ends. With real processes."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from outreach.config import Config
from outreach.db.store import Store
from tests.concurrency.test_shutdown import children_of, run_server, wait_until
from tests.support.ports import free_port

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc of Linux"),
    pytest.mark.any_database("the processes do not depend on the database"),
    pytest.mark.real_clock,
]

# Its processes end before they answer anything.
_NONE_STARTS: Final = """
import os, sys
from outreach.cli.serve import _make_server
server = _make_server("127.0.0.1", int(sys.argv[1]), 2)
def start():
    os.write(1, b"started ")
    os._exit(3)
server.serve(target_loader=start, wrap_loader=False)
print("failed" if server.has_failed else "stopped")
"""


@pytest.mark.thorough
def test_killed_processes_are_replaced_however_soon_they_are_killed(
    config: Config, store: Store, tmp_path: Path
) -> None:
    with run_server(config, tmp_path / "log", "--no-mail", "--workers", "2") as server:
        killed: set[int] = set()
        for _ in range(3):
            wait_until(
                lambda: set(children_of(server.process.pid)) - killed, "no process was started"
            )
            for child in set(children_of(server.process.pid)) - killed:
                os.kill(child, signal.SIGKILL)
                killed.add(child)
        wait_until(
            lambda: len(set(children_of(server.process.pid)) - killed) == 2, "one is missing"
        )
        assert server.process.poll() is None
        wait_until(server.is_ready, "it does not answer")
        server.stop()
        assert server.wait() == 0


@pytest.mark.thorough
def test_server_of_which_no_process_can_start_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _NONE_STARTS, str(free_port())],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    *starts, end = done.stdout.split()
    assert end == "failed"
    assert starts.count("started") > 2, "it tries again"
