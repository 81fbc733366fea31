"""Three servers behind the guide's nginx: all serve identical feeds, and a registration succeeds
when one of them is killed."""

import http.client
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.browser.conftest import opening
from tests.conftest import make_workshop
from tests.faults.site import OUTREACH, Program, environ_of, leash
from tests.support import nginx
from tests.support.ports import free_port
from tests.support.server_process import wait_until_ready

pytestmark = pytest.mark.parametrize("config", ["postgresql"], indirect=True)
HOST_COUNT: Final = 3
TIMEOUT_SECONDS: Final = 60
ESTABLISHED: Final = "01"
FEEDS: Final = [
    f"/{lang}/cal/{name}.{form}{query}"
    for name in ("red", "chicago")
    for lang in ("es", "en", "fr")
    for form in ("ics", "atom", "json", "jcal", "jscal")
    for query in ("", "?tipo=derechos&idioma=es")
]


@dataclass(frozen=True)
class Host:
    server: Program
    port: int

    @property
    def has_unread(self) -> bool:
        """Whether a connection has bytes that the server has not read."""
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, local, _, state, queues, *_ = line.split()
            local_port, unread_bytes = (int(each.partition(":")[2], 16) for each in (local, queues))
            if local_port == self.port and state == ESTABLISHED and unread_bytes:
                return True
        return False

    def get(self, path: str, encoding: str = "identity") -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("GET", path, headers={"Accept-Encoding": encoding})
            answer = connection.getresponse()
            return answer.status, dict(answer.headers), answer.read()
        finally:
            connection.close()

    def signal(self, number: signal.Signals) -> None:
        for pid in self.server.pids:
            os.kill(pid, number)


@dataclass(frozen=True)
class Hosts:
    url: str
    every: tuple[Host, ...]


@pytest.fixture
def hosts(config: Config, store: Store, key_store: KeyStore, tmp_path: Path) -> Iterator[Hosts]:
    # Create the first master key and copy it to each host, as the guide says.
    key_store.envelope.newest()
    nginx_port, ports = free_port(), [free_port() for _ in range(HOST_COUNT)]
    shared = replace(
        config, public_url=f"http://127.0.0.1:{nginx_port}", secret_key="", trusted_proxies=1
    )
    with ExitStack() as stack:
        started = []
        for port in ports:
            host_folder = tmp_path / f"host-{port}"
            shutil.copytree(config.keys, host_folder / "keys")
            host_config = replace(shared, data=host_folder / "data", keys=host_folder / "keys")
            server = Program(f"server at {port}", partial(_start_server, host_config, port))
            server.start()
            stack.callback(server.kill)
            started.append(Host(server, port))
        for each in started:
            wait_until_ready(f"http://127.0.0.1:{each.port}/healthz", each.server.process)
        stack.enter_context(nginx.nginx(tmp_path / "nginx", *ports, bare=nginx_port))
        yield Hosts(shared.public_url, tuple(started))


def _start_server(config: Config, port: int) -> "subprocess.Popen[bytes]":
    with (config.keys.parent / "log").open("ab") as log:
        return subprocess.Popen(
            [*leash(), *OUTREACH, "serve", "--port", str(port), "--workers", "1", "--no-mail"],
            env=os.environ | environ_of(config),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


@pytest.mark.long
def test_hosts_serve_identical_feeds(hosts: Hosts, store: Store, workshop: Workshop) -> None:
    def fetch_feeds() -> dict[str, bytes]:
        found = {}
        for path in FEEDS:
            for encoding in ("identity", "gzip"):
                answers = [host.get(path, encoding) for host in hosts.every]
                statuses, headers, bodies = zip(*answers, strict=True)
                assert set(statuses) == {200}, path
                assert len(set(bodies)) == 1, (path, encoding)
                for name in ("ETag", "Last-Modified", "Content-Length"):
                    assert len({each.get(name) for each in headers}) == 1, (path, name)
                found[f"{path} {encoding}"] = bodies[0]
        return found

    before = fetch_feeds()
    with store.change() as session:
        changed = session.get_one(Workshop, workshop.id)
        changed.title = {"es": "Otro título"}
        changed.changed_at, changed.sequence = clock.now(), changed.sequence + 1
    after = fetch_feeds()
    assert [path for path in before if before[path] == after[path]] == []


@pytest.mark.long
@pytest.mark.parametrize(
    "has_script",
    [pytest.param(True, marks=pytest.mark.long), False],
    ids=["with JavaScript", "without"],
)
def test_registration_succeeds_when_a_host_is_killed(
    browser: Browser, hosts: Hosts, workshop: Workshop, has_script: bool
) -> None:
    answers: list[Response] = []
    with opening(browser, hosts.url) as opened:
        page = opened(java_script_enabled=has_script)
        page.on("response", lambda answer: answers.append(answer))
        page.goto("/es/")
        page.locator(f"a[href*='/t/{workshop.public_id}']").first.click()
        page.get_by_role("link", name="Apartar mi lugar").locator("visible=true").click()
        page.locator("#name").fill("Rosa")
        page.get_by_text("No me avisen").click()
        killed = _kill_receiver_of_form(page, hosts)
        expect(page.locator("h1")).to_have_text("Listo, Rosa", timeout=TIMEOUT_SECONDS * 1000)
        link = page.url
        # The remaining hosts answer all further requests.
        page.get_by_role("link", name="Cambiar mi lugar").click()
        page.get_by_text("3", exact=True).click()
        page.get_by_role("button", name="Guardar cambios").click()
        expect(page.locator("main")).to_contain_text("3 personas")
        for _ in range(HOST_COUNT + 1):
            page.goto(link)
            expect(page.locator("h1")).to_have_text("Listo, Rosa")
        assert killed.server.pids == []
    assert [answer.status for answer in answers if answer.status >= 400] == []


def _kill_receiver_of_form(page: Page, hosts: Hosts) -> Host:
    """Sends the form and kills the host that received it, before it reads it. Returns that host."""
    # The server refuses a form that was open for less than two seconds.
    while page.evaluate("performance.now()") < 2_100:
        page.wait_for_timeout(50)
    for host in hosts.every:
        host.signal(signal.SIGSTOP)
    page.get_by_role("button", name="Apartar mi lugar").click(no_wait_after=True)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    receiver = None
    while receiver is None:
        assert time.monotonic() < deadline, "no host received the form"
        page.wait_for_timeout(20)
        receiver = next((host for host in hosts.every if host.has_unread), None)
    for host in hosts.every:
        if host is not receiver:
            host.signal(signal.SIGCONT)
    receiver.server.kill()
    return receiver
