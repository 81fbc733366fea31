"""Prepares what an operator provides: the release, offices and workshops; and what is outside the
machines: mail server and certificate authority."""

import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from aiosmtpd.controller import Controller

from outreach import clock
from tests.guide_runs.hosts import Host
from tests.guide_runs.namespaces import OURS, tell
from tests.guide_runs.people import NAME
from tests.support import tls_certificate

CHECKOUT: Final = Path(__file__).parents[2]
INGREDIENTS: Final = (
    ".ci",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "outreach",
    "templates",
)
DATA: Final = CHECKOUT / "outreach" / "imports" / "data"
MAIL: Final = 2525
THIS: Final = "0.1.0"  # the release that the guide installs
NEXT: Final = "0.1.1"  # and the one it is upgraded to: the same program with another number
COLUMNS: Final = (
    "id,office,kind,title_es,title_en,timezone,starts_at,ends_at,venue,city,region,capacity,"
    "languages,childcare,status"
)


def wheels(home: Path) -> dict[str, Path]:
    """This checkout as a release, and again with the next number. Built from a copy: the build
    compiles translations."""
    found = {}
    for number in (THIS, NEXT):
        copy, out = home / f"source-{number}", home / f"wheel-{number}"
        copy.mkdir()
        for name in INGREDIENTS:
            if (CHECKOUT / name).is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "*.mo")
                shutil.copytree(CHECKOUT / name, copy / name, ignore=ignored)
            else:
                shutil.copy(CHECKOUT / name, copy)
        project = copy / "pyproject.toml"
        words = project.read_text()
        if f'\nversion = "{THIS}"\n' not in words:
            raise RuntimeError(f"the guide installs {THIS}, and this is another version")
        project.write_text(words.replace(f'\nversion = "{THIS}"\n', f'\nversion = "{number}"\n'))
        subprocess.run(
            [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation",
             "--no-index", "--disable-pip-version-check", "-w", str(out), str(copy)],
            check=True,
        )  # fmt: skip
        found[number] = next(out.glob("*.whl"))
    return found


def pack(host: Host, home: Path, releases: dict[str, Path]) -> None:
    """Puts into /srv the files that the guide requires, and workshops to register for."""
    for release in releases.values():
        host.bring(release, f"/srv/{release.name}")
    for name in ("offices.csv", "taxonomy.json"):
        host.bring(DATA / name, f"/srv/{name}")
    path = home / "workshops.csv"
    path.write_text("\n".join([COLUMNS, *_workshops()]) + "\n")
    host.bring(path, "/srv/workshops.csv")


def _workshops() -> Iterator[str]:
    day = clock.now().date() + timedelta(days=20)
    for number in range(3):
        yield (
            f"guide-{number},chicago,derechos,Qué hacer si te detienen,Know your rights,"
            f"America/Chicago,{day + timedelta(days=number)}T10:00,"
            f"{day + timedelta(days=number)}T12:00,Biblioteca pública,Chicago,IL,5000,es,false,"
            "published"
        )


class Certificate:
    """A certificate for the site's name by an authority that only these machines know, instead of
    the one that certbot fetches."""

    def __init__(self, home: Path) -> None:
        self.path = tls_certificate.make(home, NAME)

    def put(self, host: Host) -> str:
        """Installs the certificate; returns the command to run instead of certbot."""
        folder = f"/etc/letsencrypt/live/{NAME}"
        host.ask(f"install -d -m 700 /etc/letsencrypt && install -d {folder}")
        for name in ("fullchain.pem", "privkey.pem"):
            host.bring(self.path, f"{folder}/{name}")
        host.bring(self.path, "/usr/local/share/ca-certificates/site.crt")
        host.ask("update-ca-certificates")
        return "true"

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.path)


class Mailbox:
    """A mail server in the network, which counts letters."""

    def __init__(self) -> None:
        self.to: list[str] = []
        self._came = threading.Condition()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        with self._came:
            self.to += envelope.rcpt_tos
            self._came.notify_all()
        return "250 OK"

    def wait_for(self, address: str) -> None:
        with self._came:
            if not self._came.wait_for(lambda: address in self.to, timeout=60):
                raise RuntimeError(f"no letter to {address} in a minute")


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    server = Controller(box, hostname=OURS, port=MAIL)
    server.start()
    try:
        yield box
    finally:
        server.stop()


__all__ = ["NEXT", "THIS", "Certificate", "Mailbox", "mailbox", "pack", "tell", "wheels"]
