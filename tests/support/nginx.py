"""Starts nginx with the configuration that the operator's guide prints."""

import getpass
import http.client
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from outreach.cli import guide
from tests.runner.packages import SYSTEM
from tests.support import tls_certificate
from tests.support.ports import free_port

CHAPTER: Final = Path(__file__).parents[2] / "outreach" / "docs" / "proxy.md"
NAME: Final = "talleres.example.org"
# As Debian's own file has it once the guide's line has been through it; the guide's file becomes a
# part of it.
AROUND: Final = """
worker_rlimit_nofile 8192;
user {user};
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/log/start.log;
events {{ worker_connections 4096; }}
http {{
    sendfile on;
    tcp_nopush on;
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log {folder}/log/access.log;
    gzip on;
    client_body_temp_path {folder}/temp/body;
    proxy_temp_path {folder}/temp/proxy;
    fastcgi_temp_path {folder}/temp/fastcgi;
    uwsgi_temp_path {folder}/temp/uwsgi;
    scgi_temp_path {folder}/temp/scgi;
    include {folder}/outreach.conf;
    {more}
}}
"""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass(frozen=True)
class Proxy:
    """A running nginx, its log and its cache."""

    folder: Path
    port: int
    plain_port: int
    context: ssl.SSLContext
    answered: list[str] = field(default_factory=list)

    def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
        visitor: str = "127.0.0.1",
        name: str = NAME,
    ) -> Answer:
        connection = _Connection(self.port, self.context, visitor, name)
        try:
            connection.request(method, path, body, {"Host": name} | dict(headers or {}))
            answer = connection.getresponse()
            self.answered.append(path)
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    @property
    def cache_statuses(self) -> list[str]:
        """The cache status of each request so far: HIT, MISS, …, or - without the cache."""
        # nginx writes the line after it has sent the answer.
        until, lines = time.monotonic() + 5, list[str]()
        while len(lines) < len(self.answered) and time.monotonic() < until:
            lines = (self.folder / "log" / "outreach.log").read_text().splitlines()
        return [line.split()[3] for line in lines]

    def written(self) -> Iterator[tuple[Path, bytes]]:
        for folder in ("cache", "log", "temp"):
            for path in sorted((self.folder / folder).rglob("*")):
                if path.is_file():
                    yield path, path.read_bytes()

    def stored(self) -> list[str]:
        """The cached addresses, each followed by its encoding."""
        kept = [path.read_bytes() for path in (self.folder / "cache").rglob("*") if path.is_file()]
        keys = [re.search(rb"\nKEY: https://([^\n]*)\n", each) for each in kept]
        return sorted(key[1].decode().removeprefix(NAME) for key in keys if key)


@contextmanager
def nginx(
    folder: Path, *upstream: int, keeps: str = "29s", bare: int = 0, more: str = ""
) -> Iterator[Proxy]:
    """Runs nginx during the block, in front of our servers at the ports `upstream`.

    `keeps` is how long a feed is cached, in nginx's notation; `bare` is a port with the same pages
    without TLS; `more` goes into the `http` block."""
    for name in ("log", "temp"):
        (folder / name).mkdir(parents=True)
    certificate = tls_certificate.make(folder, NAME)
    tls, plain = free_port(), free_port()
    also = f"listen 127.0.0.1:{bare};\n    " if bare else ""
    (folder / "outreach.conf").write_text(
        _filled(
            of_the_guide(),
            {
                r"^.*\[::\].*\n": "",  # there may be no IPv6
                r"listen 80\b": f"listen 127.0.0.1:{plain}",
                r"listen 443 ssl;\n    http2": f"{also}listen 443 ssl;\n    http2",
                r"listen 443\b": f"listen 127.0.0.1:{tls}",
                r"^    server 127\.0\.0\.1:8000;": "\n".join(
                    f"    server 127.0.0.1:{port} max_fails=1 fail_timeout=10s;"
                    for port in upstream
                ),
                r"/etc/letsencrypt/live/\S+\.pem": str(certificate),
                r"/var/lib/nginx/outreach": f"{folder}/cache",
                r"/var/log/nginx/": f"{folder}/log/",
                r"proxy_cache_valid 200 29s": f"proxy_cache_valid 200 {keeps}",
            },
        )
    )
    main = folder / "nginx.conf"
    main.write_text(AROUND.format(user=getpass.getuser(), folder=folder, more=more))
    program = shutil.which("nginx", path=SYSTEM)
    assert program, "apt-get install nginx"
    process = subprocess.Popen([program, "-p", folder, "-c", main, "-g", "daemon off;"])
    try:
        _wait_for(tls, process)
        yield Proxy(folder, tls, plain, ssl.create_default_context(cafile=certificate))
    finally:
        process.terminate()
        process.wait(timeout=30)


def of_the_guide() -> str:
    """The configuration as `outreach guide` prints it."""
    return dict(guide.files(CHAPTER.read_text()))["/etc/nginx/conf.d/outreach.conf"]


def _filled(text: str, changes: Mapping[str, str]) -> str:
    for pattern, value in changes.items():
        text, times = re.subn(pattern, value, text, flags=re.MULTILINE)
        assert times, f"the guide's file has no {pattern}"
    return text


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("nginx did not start")


class _Connection(http.client.HTTPSConnection):
    """A connection to this machine under any host name, from a given client address."""

    def __init__(self, port: int, context: ssl.SSLContext, visitor: str, name: str) -> None:
        super().__init__("127.0.0.1", port, timeout=10, context=context)
        self._from, self._named, self._trust = (visitor, 0), name, context

    def connect(self) -> None:
        line = socket.create_connection(("127.0.0.1", self.port), 10, source_address=self._from)
        self.sock = self._trust.wrap_socket(line, server_hostname=self._named)
