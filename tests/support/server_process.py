"""Starts the `outreach` command as a process of its own, waits until it answers, and stops it."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

SECONDS_TO_START = 60.0
SECONDS_TO_STOP = 70.0  # longer than the server gives its own processes


@contextmanager
def running(
    arguments: Sequence[str],
    url: str,
    *,
    settings: Mapping[str, str],
    log: Path,
    max_files: int | None = None,
) -> Iterator[None]:
    """Runs `outreach ARGUMENTS` during the block, which begins once `url` answers.

    `log` receives both outputs of the process, which may open `max_files` at a time. Raises
    AssertionError with them when the server does not start, or answers with an error."""
    command: list[str | Path] = [Path(sys.executable).with_name("outreach"), *arguments]
    if max_files is not None:
        command = ["prlimit", f"--nofile={max_files}:{max_files}", *command]
    with log.open("wb") as out:
        server = subprocess.Popen(
            command, env=os.environ | settings, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        try:
            wait_until_ready(url, server)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{log.read_text()}") from None
        yield
    finally:
        server.terminate()
        server.wait(timeout=SECONDS_TO_STOP)


def wait_until_ready(
    url: str,
    process: "subprocess.Popen[bytes] | None" = None,
    *,
    timeout_seconds: float = SECONDS_TO_START,
) -> None:
    """Returns once `url` answers with a success.

    Raises AssertionError after the time, or when `process` ended before."""
    deadline, reason = time.monotonic() + timeout_seconds, "does not answer"
    while time.monotonic() < deadline and (process is None or process.poll() is None):
        try:
            with urllib.request.urlopen(url, timeout=timeout_seconds):
                return
        except urllib.error.HTTPError as error:
            reason = f"answers {error.code}"
        except OSError:
            reason = "does not answer"
        time.sleep(0.05)
    raise AssertionError(f"{url} {reason}")
