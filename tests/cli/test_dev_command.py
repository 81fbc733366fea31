"""`outreach dev` on a copy of the checkout: a changed file is seen in the next page."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from tests.support.ports import free_port

CHECKOUT: Final = Path(__file__).parents[2]
MAX_SECONDS_TO_START: Final = 120
MAX_SECONDS_TO_RELOAD: Final = 60  # on a machine at rest: under 3, see docs/contributing.md


class DevServer:
    def __init__(self, checkout: Path, url: str, log: Path) -> None:
        self.checkout = checkout
        self.url = url
        self.log = log

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self.url + path) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def settings(self) -> dict[str, str]:
        """Those of another program on the same data."""
        data = self.log.with_name("data")
        return {
            "OUTREACH_DATA": str(data),
            "OUTREACH_KEYS": str(data / "keys"),
            "OUTREACH_MAIL_FOLDER": str(data / "letters"),
            "OUTREACH_MAIL_FROM": "talleres@example.org",
            "PYTHONPATH": str(self.checkout),
        }

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.checkout / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new, 1))

    def write(self, name: str, text: str) -> None:
        """In one step: a file that is seen empty and then whole is two reloads, and the second of
        them ends the test's next request."""
        path = self.checkout / name
        path.with_name(f"{path.name}.new").write_text(text)
        path.with_name(f"{path.name}.new").replace(path)

    def count_reloads(self) -> int:
        return self.log.read_text().count(": reloaded in")

    def seconds_until(self, is_shown: Callable[[], bool], limit: float) -> float:
        began = time.monotonic()
        while time.monotonic() - began < limit:
            try:
                if is_shown():
                    return time.monotonic() - began
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"not shown within {limit} s")


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    folder = tmp_path_factory.mktemp("dev")
    checkout = folder / "checkout"
    for name in ("outreach", "templates"):
        shutil.copytree(
            CHECKOUT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(CHECKOUT / "pyproject.toml", checkout)
    port = free_port()
    command = [sys.executable, "-m", "outreach.cli", "dev", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--data", folder / "data"], cwd=checkout, stdout=log, stderr=log
        )
    server = DevServer(checkout, f"http://localhost:{port}", folder / "log")
    try:
        server.seconds_until(lambda: server.get("/healthz")[0] == 200, MAX_SECONDS_TO_START)
        # The server answers before its line is in the log.
        server.seconds_until(lambda: "\n" in server.log.read_text(), MAX_SECONDS_TO_START)
        assert re.fullmatch(
            rf"http://localhost:{port}/es/ is served .*Ctrl-C\.\n", server.log.read_text()
        )
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.mark.long
@pytest.mark.any_database("it has its own")
def test_changed_template_stylesheet_and_code_are_seen_at_once(dev: DevServer) -> None:
    _, page = dev.get("/es/")
    stylesheet = re.search(r'href="(/static/app\.[^"]+)"', page)
    assert stylesheet
    changes = (
        ("templates/workshops/list.html", "<h1>", "<h1>TEMPLATE ", "/es/", "TEMPLATE "),
        ("outreach/web/middleware/health.py", '"ok\\n"', '"CODE\\n"', "/healthz", "CODE"),
    )
    for name, old, new, path, shown in changes:
        dev.edit(name, old, new)
        seconds = dev.seconds_until(lambda: shown in dev.get(path)[1], MAX_SECONDS_TO_RELOAD)  # noqa: B023 - called in this round only
        print(f"{name}: {seconds:.1f} s")
    dev.edit("outreach/web/styles/tokens.css", "{", "{--changed:1;")
    dev.seconds_until(lambda: stylesheet[1] not in dev.get("/es/")[1], MAX_SECONDS_TO_RELOAD)


@pytest.mark.long
@pytest.mark.any_database("it has its own")
def test_error_is_shown_with_traceback_and_goes_when_mended(dev: DevServer) -> None:
    dev.edit(
        "outreach/web/middleware/health.py", "    return Response(", "    1 / 0; return Response("
    )
    dev.seconds_until(lambda: "ZeroDivisionError" in dev.get("/healthz")[1], MAX_SECONDS_TO_RELOAD)
    dev.edit("outreach/web/middleware/health.py", "1 / 0; return", "this is no Python")
    dev.seconds_until(lambda: "did not start" in dev.log.read_text(), MAX_SECONDS_TO_RELOAD)
    dev.edit("outreach/web/middleware/health.py", "this is no Python", "return")
    dev.seconds_until(lambda: dev.get("/healthz")[0] == 200, MAX_SECONDS_TO_RELOAD)


@pytest.mark.long
@pytest.mark.any_database("it has its own")
def test_failed_step_of_the_worker_is_shown_with_its_traceback_here_only(dev: DevServer) -> None:
    # A step of every worker, so that the other one below runs it too.
    broken = 'def record_worker_seen(*given: object, **named: object) -> None:\n    {}["x1y2"]\n'
    module = "outreach/domain/network/installation_settings.py"
    whole = (dev.checkout / module).read_text()
    dev.write(module, f"{whole}\n\n{broken}")
    dev.seconds_until(lambda: "KeyError: 'x1y2'" in dev.log.read_text(), MAX_SECONDS_TO_RELOAD)
    shown = dev.log.read_text()
    assert "Traceback (most recent call last)" in shown
    assert "installation_settings.py" in shown
    production = subprocess.run(
        [sys.executable, "-m", "outreach.cli", "worker", "--once"],
        cwd=dev.checkout, env=os.environ | dev.settings(), capture_output=True, text=True,
    )  # fmt: skip
    assert production.returncode == 0
    assert "failed: KeyError" in production.stderr
    assert "Traceback" not in production.stderr
    assert "x1y2" not in production.stderr
    reloads = dev.count_reloads()
    dev.write(module, whole)
    # The next test's request would end with the reload.
    dev.seconds_until(lambda: dev.count_reloads() > reloads, MAX_SECONDS_TO_RELOAD)


@pytest.mark.long
@pytest.mark.any_database("it has its own")
def test_what_is_not_translated_is_marked_on_the_page(dev: DevServer) -> None:
    dev.edit("templates/about/accessibility.html", "<h1>", "<h1>{{ _('Palabra nueva') }} ")
    page = "/es/accesibilidad"
    dev.seconds_until(lambda: "Palabra nueva" in dev.get(page)[1], MAX_SECONDS_TO_RELOAD)
    assert "⟦" not in dev.get(page)[1]
    marked = dev.get("/en/accesibilidad")[1]
    assert re.findall("⟦.*?⟧", marked) == ["⟦Palabra nueva⟧"]


MARKS: Final = """
from outreach import i18n
said = lambda: (
    i18n.translate("Sin palabras", "fr"), i18n.translate("Sin palabras", "es"),
    i18n.translator("en").ngettext("Un %(num)s", "Unos %(num)s", 2),
    i18n.translator("en").pgettext("algo", "Sin palabras"), i18n.translate("Español", "en"),
)
print(*said(), sep="|")
i18n.mark_untranslated()
print(*said(), sep="|")
"""


@pytest.mark.any_database("it has none")
def test_marks_are_put_where_a_process_asks_for_them_only() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", MARKS], capture_output=True, text=True, check=True
    ).stdout
    assert shown.splitlines() == [
        "Sin palabras|Sin palabras|Unos 2|Sin palabras|Spanish",
        "⟦Sin palabras⟧|Sin palabras|⟦Unos 2⟧|⟦Sin palabras⟧|Spanish",
    ]


def test_nothing_but_the_development_server_marks_words_or_shows_tracebacks() -> None:
    for name in ("mark_untranslated(", "tracebacks.setLevel"):
        found = [
            str(path.relative_to(CHECKOUT))
            for path in (CHECKOUT / "outreach").rglob("*.py")
            if re.search(rf"(?<!def ){re.escape(name)}", path.read_text())
        ]
        assert found == ["outreach/cli/dev.py"], name


STOPPED_WHILE_A_CHILD_STARTS: Final = """
import os, signal
from contextlib import suppress
from outreach.cli import dev

def stop_parent(sender):
    os.kill(os.getppid(), signal.SIGTERM)
    signal.pause()

signals = dev._StopSignals()
with suppress(dev._Stopped), dev._child(stop_parent) as reports:
    signals.receive(reports)
"""


@pytest.mark.thorough
@pytest.mark.any_database("it has none")
@pytest.mark.real_clock
def test_signal_during_the_start_of_a_child_stops_both() -> None:
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", STOPPED_WHILE_A_CHILD_STARTS], start_new_session=True
        )
        try:
            assert process.wait(timeout=60) == 0
        finally:
            with suppress(ProcessLookupError):  # where both have ended
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
