"""Starts the `outreach` command as anybody would, and stops it."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

SECONDS_TO_START = 60


@contextmanager
def outreach(
    arguments: Sequence[str], url: str, *, settings: Mapping[str, str], log: Path
) -> Iterator[None]:
    """Runs the command while the block does, from when `url` answers. What it says is in `log`."""
    command: list[str | Path] = [Path(sys.executable).with_name("outreach"), *arguments]
    with log.open("wb") as out:
        server = subprocess.Popen(
            command, env=os.environ | settings, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        _wait(server, url, log)
        yield
    finally:
        server.terminate()
        server.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(server: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(url):
                return
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{url} answers {error.code}:\n{log.read_text()}") from None
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the server did not start:\n{log.read_text()}")
