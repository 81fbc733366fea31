"""Follows the guide's page *run*, from a bare Debian to a site, and its sections on operation;
from the page *machine* only the section on Caddy."""

import re
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from tests.guide_runs import hosts, pages, release_files
from tests.guide_runs.hosts import OURS, Failed, Host
from tests.guide_runs.people import NAME, Crowd, Site
from tests.guide_runs.release_files import Certificate, Mailbox

# Values of the operator, replaced here.
SETTINGS: Final = {
    r"^OUTREACH_SMTP_URL=.*$": f"OUTREACH_SMTP_URL=smtp://{OURS}:{release_files.MAIL}",
    r"^OUTREACH_CONTROLLER=.*$": 'OUTREACH_CONTROLLER="Red de prueba"',
}
CADDY: Final = ("email you@example.org", "local_certs")
CADDYS_OWN: Final = "/var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt"


def follow(home: Path, base: Path, *, hold: bool) -> None:
    releases, certificate = release_files.wheels(home), Certificate(home)
    with hosts.machines(home, base, hold=hold) as start, release_files.mailbox() as mail:
        host = start("one", 11)
        release_files.pack(host, home, releases)
        host.ask(f"echo '{host.address} {NAME}' >> /etc/hosts")  # the site's name resolves to it
        _set_up(host, certificate)
        site = Site(host.address, certificate.trust())
        _first_people(host, site, mail)
        _live_with_it(host, site)
        _caddy(host)


def section(
    host: Host, name: str, changes: Mapping[str, str] | None = None, *, page: str = "run"
) -> str:
    return host.type(pages.typed(page, name), changes)


def configure(host: Host, settings: Mapping[str, str]) -> None:
    """Replaces values in the settings file. Raises Failed if a pattern does not occur."""
    path = "/etc/outreach/outreach.env"
    text = host.ask(f"cat {path}")
    for pattern, value in settings.items():
        text, times = re.subn(pattern, value, text, flags=re.MULTILINE)
        if not times:
            raise Failed(f"the guide's settings have no {pattern}")
    host.write(path, text)


def _set_up(host: Host, certificate: Certificate) -> None:
    section(host, "Packages, account and directories")
    section(host, "The program")
    section(host, "Configuration files")
    verified = host.ask(
        "cd /etc/systemd/system && systemd-analyze verify outreach*.service outreach*.timer"
    )
    say("systemd-analyze verify", verified.strip() or "nothing to say")
    configure(host, SETTINGS)
    output = section(host, "Databases, offices, the first account")
    if not re.search(rf"https://{NAME}/\S+", output):
        raise Failed(f"no link for the first account in:\n{output}")
    host.ask("install -m 640 -g outreach /srv/workshops.csv /etc/outreach/")
    host.ask("outreach load workshops /etc/outreach/workshops.csv")
    section(host, "Starting the service")
    section(host, "nginx and HTTPS", {line("certbot "): certificate.put(host)})
    section(host, "The firewall")
    say("doctor", section(host, "Checking the installation"))
    exposure = host.ask("systemd-analyze security --no-pager outreach.service | tail -n 1")
    say("systemd-analyze security", exposure.strip())


def line(start: str) -> str:
    """The command line of the page that begins so. Raises Failed if there is none."""
    for block in pages.blocks("run"):
        for line in block.text.splitlines():
            if block.is_typed and line.startswith(start):
                return line
    raise Failed(f"the page has no line that begins with {start}")


def _first_people(host: Host, site: Site, mail: Mailbox) -> None:
    workshop = site.workshop()
    link = site.save(workshop, "Rosa", 1, "rosa@example.org")
    site.require(link, "Rosa")
    mail.wait_for("rosa@example.org")
    say("https", "a place was saved, and its letter came")
    _require_closed(host)


def _require_closed(host: Host) -> None:
    """Raises Failed if any port but nginx's is reachable from outside."""
    for number in (8000, 25, 111):
        with suppress(OSError):
            socket.create_connection((host.address, number), 2).close()
            raise Failed(f"port {number} is open to everybody")
    say("firewall", "8000 is closed from outside")


def _live_with_it(host: Host, site: Site) -> None:
    workshop = site.workshop()
    before = site.save(workshop, "Antes", 2)
    section(host, "Backups")
    after = site.save(workshop, "Después", 3)
    section(host, "Restoring a backup")
    site.require(before, "Antes")
    if site.insist(after).status != 404:
        raise Failed("after a backup was put back there is somebody who came after it")
    say("restore", "who came before the backup is there, who came after it is not")

    while_busy(site, "stop and start", lambda: host.ask("systemctl restart outreach"))
    while_busy(site, "new version", lambda: section(host, "Upgrading"))
    _require_version(host, release_files.NEXT)
    while_busy(site, "back", lambda: section(host, "Returning to the previous version"))
    _require_version(host, release_files.THIS)
    while_busy(site, "kill -9", lambda: host.ask("systemctl kill --signal=KILL outreach"))
    section(host, "New time zone rules")
    section(host, "Weekly checks")
    host.ask("systemctl start outreach-doctor.service")
    failed = host.ask("systemctl list-units --failed --plain --no-legend 'outreach*'")
    if failed.strip():
        raise Failed(f"failed: {failed}")
    host.kill()
    host.start()
    site.require(before, "Antes")
    say("killed", "the machine comes back by itself, and its places with it")


def while_busy(site: Site, what: str, act: Callable[[], object]) -> None:
    with Crowd(site, site.workshop()) as crowd:
        crowd.saved(6)
        act()
        crowd.saved(6)
    if crowd.wrong:
        raise Failed(f"{what}: {crowd.wrong}")
    crowd.require_all()
    say(
        what, f"{len(crowd.links)} places saved meanwhile, none lost; longest gap {crowd.gap:.1f} s"
    )


def _require_version(host: Host, number: str) -> None:
    output = host.ask("outreach --version")
    if number not in output:
        raise Failed(f"{output.strip()} runs, not {number}")


def _caddy(host: Host) -> None:
    section(
        host,
        "Caddy instead of nginx",
        {
            "caddy validate": f"sed -i 's/{CADDY[0]}/{CADDY[1]}/' /etc/caddy/Caddyfile; "
            "caddy validate"
        },
        page="machine",
    )
    root = host.ask(
        f"for try in $(seq 100); do test -s {CADDYS_OWN} && break; sleep 0.1; done; "
        f"cat {CADDYS_OWN}"
    )
    site = Site(host.address, ssl.create_default_context(cadata=root))
    link = site.save(site.workshop(), "Carmen", 4)
    site.require(link, "Carmen")
    long = site.ask(f"{site.workshop()}/lugar", {"name": "x" * 200_000}, visitor=5)
    if long.status != 413:
        raise Failed(f"a form of 200 kB is answered {long.status}")
    host.ask("systemctl stop outreach")
    away = site.ask(link, visitor=5)
    if away.status != 503 or "El sitio vuelve" not in away.text:
        raise Failed(f"while our server is away Caddy answers {away.status}")
    host.ask("systemctl start outreach")
    site.require(link, "Carmen")
    log = host.ask("journalctl --unit caddy --no-pager; cat /var/log/caddy/* 2>/dev/null || true")
    if link in log or "10.79.8." in log:
        raise Failed("Caddy has written who came")
    say("Caddy", "a place saved; 413 to a long form; 503 with words while away; nobody in its log")


def say(what: str, words: str) -> None:
    print(f"• {what}: {words}", flush=True)
