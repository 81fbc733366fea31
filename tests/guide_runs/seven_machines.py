"""Follows the guide's page *many* on seven machines, and checks that registration goes on while
some of them are killed."""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from tests.guide_runs import hosts, machine, pages, release_files
from tests.guide_runs.hosts import Failed, Host
from tests.guide_runs.machine import say, while_busy
from tests.guide_runs.people import NAME, Site
from tests.guide_runs.release_files import Certificate

NUMBERS: Final = {
    "db1": 21, "db2": 22, "db3": 23, "app1": 31, "app2": 32, "app3": 33, "front": 41,
}  # fmt: skip
NETWORK: Final = {"10.0.0.": "10.79.0."}
CLUSTERS: Final = ("main", "ring")
TO_AGREE: Final = 180.0  # seconds until a cluster has its leader and two standbys


class Network:
    """The seven machines."""

    def __init__(self, start: Callable[[str, int], Host]) -> None:
        with ThreadPoolExecutor(len(NUMBERS)) as pool:
            started = pool.map(lambda name: start(name, NUMBERS[name]), NUMBERS)
            self.hosts = dict(zip(NUMBERS, started, strict=True))

    def meant(self, where: str) -> list[Host]:
        """The machines that a block is for."""
        if where == "every":
            return list(self.hosts.values())
        found = [
            host
            for name, host in self.hosts.items()
            for word in where.split()
            if word == name or (word in {"db", "app"} and name.startswith(word))
        ]
        if not found:
            raise Failed(f"the page types something on {where!r}, which is no machine")
        return found

    def section(self, name: str, changes: Mapping[str, str] | None = None) -> None:
        for block in pages.everywhere("many", name):
            self.type(block, changes)

    def type(self, block: pages.Block, changes: Mapping[str, str] | None = None) -> None:
        def on(host: Host) -> None:
            host.type([block], {**NETWORK, **(changes or {})})

        meant = self.meant(block.name)
        if block.name.endswith(" in turn"):
            for host in meant:
                on(host)
        else:
            at_once(on, meant)

    def members(self, cluster: str) -> list[dict[str, Any]]:
        for name in ("db1", "db2", "db3"):
            try:
                output = self.hosts[name].ask(
                    f"patronictl -c /etc/patroni/{cluster}.yml list -f json 2>/dev/null",
                    seconds=15,
                )
                found: list[dict[str, Any]] = json.loads(output)
                return found
            except (Failed, ValueError, TimeoutError, OSError):
                continue
        raise Failed(f"nobody knows the cluster {cluster}")

    def leader(self, cluster: str = "main") -> str:
        return next(
            (str(each["Member"]) for each in self.members(cluster) if each["Role"] == "Leader"), ""
        )

    def agree(self, standbys: int = 2) -> None:
        """Waits until each cluster has a leader and up-to-date standbys."""
        until = time.monotonic() + TO_AGREE
        for cluster in CLUSTERS:
            while True:
                found = self.members(cluster)
                streaming = [each for each in found if each["State"] == "streaming"]
                quorum = [each for each in streaming if each["Role"] == "Quorum Standby"]
                leads = [each for each in found if each["Role"] == "Leader"]
                if leads and len(quorum) == standbys:
                    break
                if time.monotonic() > until:
                    raise Failed(f"{cluster} does not agree: {found}")
                time.sleep(1)


def at_once(act: Callable[[Host], object], on: Sequence[Host]) -> None:
    with ThreadPoolExecutor(len(on)) as pool:
        for done in [pool.submit(act, host) for host in on]:
            done.result()


def follow(home: Path, base: Path, *, hold: bool) -> None:
    releases, certificate = release_files.wheels(home), Certificate(home)
    with hosts.machines(home, base, hold=hold) as start, release_files.mailbox() as mail:
        network = Network(start)
        _prepare(network, home, releases)
        _set_up(network, certificate)
        site = Site(network.hosts["front"].address, certificate.trust())
        site.require(site.save(site.workshop(), "Rosa", 1, "rosa@example.org"), "Rosa")
        mail.wait_for("rosa@example.org")
        say("https", "a place was saved through front, and its letter came")
        _live_with_it(network, site)


def _prepare(network: Network, home: Path, releases: dict[str, Path]) -> None:
    """Prepares what the page assumes: the files, and ssh from the first machine."""
    at_once(lambda host: release_files.pack(host, home, releases), network.meant("app"))
    first = network.hosts["app1"]
    first.ask("ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id_ed25519")
    first.ask("echo 'StrictHostKeyChecking accept-new' > ~/.ssh/config")
    key = first.ask("cat ~/.ssh/id_ed25519.pub").strip()
    for host in network.meant("app2 app3 front"):
        host.ask(f"install -d -m 700 ~/.ssh && echo '{key}' >> ~/.ssh/authorized_keys")
    network.hosts["front"].ask(f"echo '127.0.0.1 {NAME}' >> /etc/hosts")


def _set_up(network: Network, certificate: Certificate) -> None:
    network.section("Several machines")
    network.section("Firewall on the internal machines")
    network.section("etcd")
    blocks = pages.everywhere("many", "PostgreSQL and Patroni")
    network.type(blocks[0])
    network.agree()
    for block in blocks[1:]:
        network.type(block)
    say("synchronous_standby_names", _standbys(network))

    def as_machine(host: Host) -> None:
        machine.section(host, "Packages, account and directories")
        machine.section(host, "The program")
        machine.section(host, "Configuration files")
        machine.configure(host, machine.SETTINGS)

    at_once(as_machine, network.meant("app"))
    network.section("The application on each app machine")
    first = network.hosts["app1"]
    first.ask("install -m 640 -g outreach /srv/workshops.csv /etc/outreach/")
    first.ask("outreach load workshops /etc/outreach/workshops.csv")
    network.section("nginx", {machine.line("certbot "): certificate.put(network.hosts["front"])})


def _standbys(network: Network) -> str:
    leader = network.hosts[network.leader()]
    return leader.ask(
        "runuser -u postgres -- psql -p 5432 -Atc 'SHOW synchronous_standby_names'"
    ).strip()


def _live_with_it(network: Network, site: Site) -> None:
    before = network.leader()
    while_busy(site, "switchover", lambda: _switch_over(network))
    say("switchover", f"from {before} to {network.leader()}")
    network.agree()

    dying = network.leader()
    while_busy(site, "kill -9 of the primary's machine", lambda: _lose(network, dying))
    network.hosts[dying].start()
    network.agree()
    say("it comes back", f"{dying} streams again; {network.leader()} leads")

    app = network.hosts["app2"]
    while_busy(site, "kill -9 of an app machine", app.kill)
    app.start()
    while_busy(site, "a new version, one after the other",
               lambda: network.section("Rolling upgrade"))  # fmt: skip
    for host in network.meant("app"):
        if release_files.NEXT not in host.ask("outreach --version"):
            raise Failed(f"{host.name} has the version before")
    network.section("Backups")
    network.section("Weekly checks")
    for host in network.meant("app"):
        output = host.ask("outreach keys check && (outreach doctor || true)")
        say(f"doctor on {host.name}", "; ".join(re.findall(r"^to do.*$", output, re.M)) or "well")


def _switch_over(network: Network) -> None:
    before = network.leader()
    network.section("Database failover")
    until = time.monotonic() + TO_AGREE
    while network.leader() in {"", before}:
        if time.monotonic() > until:
            raise Failed("nobody took over")
        time.sleep(0.5)


def _lose(network: Network, dying: str) -> None:
    network.hosts[dying].kill()
    until = time.monotonic() + TO_AGREE
    while network.leader() in {"", dying}:
        if time.monotonic() > until:
            raise Failed("nobody took over")
        time.sleep(0.5)
