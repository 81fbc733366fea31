"""An installation on seven isolated hosts: three with PostgreSQL, three with a server and a worker,
and nginx in front. Runs under tests/faults/namespaces.py."""

import subprocess
from contextlib import suppress
from pathlib import Path
from shutil import copytree
from typing import Final

from outreach.cli.db import bring_up_to_date
from tests.faults.databases import Databases
from tests.faults.namespaces import Lan
from tests.faults.site import OUTREACH, Program, Site, environ_of, settings

APPS: Final = ("a1", "a2", "a3")
FRONT: Final = "front"
PORT: Final = 8000

# The parts of the guide's page *proxy* that concern several servers.
NGINX: Final = """
worker_rlimit_nofile 8192;
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream outreach {{
        {servers}
    }}
    server {{
        listen 80;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_connect_timeout 5s;
        location / {{ proxy_pass http://outreach; }}
        location ~ ^/(es|en|fr)/t/[^/]+/lugar$ {{
            proxy_pass http://outreach;
            proxy_read_timeout 15s;
            proxy_next_upstream error timeout non_idempotent;
        }}
    }}
}}
"""


class Hosts(Site):
    """The whole installation. `more` is appended to the database URLs, which name three hosts."""

    def __init__(self, folder: Path, mail_port: int, *, more: str = "") -> None:
        lan = self.lan = Lan()
        self.databases = Databases(self.lan, folder)
        front = self.lan.add(FRONT, 30)
        config = settings(
            folder,
            public_url=f"http://{front}",
            database_url=self.databases.url("outreach", more),
            keyring_url=self.databases.url("ring", more),
            smtp_url=f"smtp://{Lan.OURS}:{mail_port}",
            trusted_proxies=1,
        )
        bring_up_to_date(config)
        super().__init__(config.public_url, config, people="10.78")
        self.folder, self.apps = folder, APPS
        self.addresses = [lan.add(name, 21 + number) for number, name in enumerate(APPS)]
        self.programs = [*map(self._server, APPS, self.addresses), self._front()]
        self.workers = [self._worker(name) for name in APPS]

    def start(self) -> None:
        # Every host has a copy of the master keys before any of them starts.
        self.key_store.index("nobody@example.org")
        for name in APPS:
            copytree(self.config.keys, self.folder / name / "keys")
        super().start()

    def environ(self, name: str) -> dict[str, str]:
        home = self.folder / name
        own = {"OUTREACH_DATA": str(home / "data"), "OUTREACH_KEYS": str(home / "keys")}
        return environ_of(self.config) | own

    def _server(self, name: str, address: str) -> Program:
        serve = ("serve", "--host", address, "--port", str(PORT), "--workers", "2", "--no-mail")
        return Program(f"server on {name}", lambda: self._begin(name, *serve))

    def _worker(self, name: str) -> Program:
        return Program(f"worker on {name}", lambda: self._begin(name, "worker"))

    def _begin(self, name: str, *arguments: str) -> "subprocess.Popen[bytes]":
        log = self.folder / f"{name}.log"
        return self.lan.start(name, [*OUTREACH, *arguments], log, environ=self.environ(name))

    def _front(self) -> Program:
        folder = self.folder / FRONT
        folder.mkdir()
        servers = "\n        ".join(
            f"server {each}:{PORT} max_fails=2 fail_timeout=2s;" for each in self.addresses
        )
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, servers=servers))
        command: list[str | Path] = ["nginx", "-c", folder / "nginx.conf", "-p", folder]
        return Program("nginx", lambda: self.lan.start(FRONT, command, folder / "start.log"))

    def close(self) -> None:
        super().close()
        for each in self.databases.servers.values():
            with suppress(RuntimeError, OSError):
                each.kill()
