"""Servers for the bench: ours and the bare one, started the same way, stopped by their own id."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

WORKERS = 2  # and one thread each, as `outreach serve` has on SQLite


@contextmanager
def serving(factory: str, environ: Mapping[str, str], path: str = "/") -> Iterator[str]:
    """Serves a WSGI factory with granian on a free port, and gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [
        str(Path(sys.executable).with_name("granian")),
        "--interface", "wsgi", "--factory", "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(WORKERS), "--blocking-threads", "1", "--backlog", "1024",
        "--no-access-log", "--log-level", "error", factory,
    ]  # fmt: skip
    process = subprocess.Popen(command, env={**os.environ, **environ})
    site = f"http://127.0.0.1:{port}"
    try:
        _wait_for(site + path, process)
        yield site
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError("the server stopped before it answered")
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server does not answer")
