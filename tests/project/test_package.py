"""The wheel in a clean environment: it is complete and works from any folder."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.support import server_process
from tests.support.ports import free_port

CHECKOUT = Path(__file__).parents[2]
INGREDIENTS = (
    ".ci",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "outreach",
    "templates",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Built from a copy, since the build compiles catalogues that other tests read.
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in INGREDIENTS:
        if (CHECKOUT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.mo")
            shutil.copytree(CHECKOUT / name, copy / name, ignore=ignored)
        else:
            shutil.copy(CHECKOUT / name, copy)
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    _run(sys.executable, "-m", "pip", "wheel", "-q", *offline, "-w", out, copy)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a clean environment: the wheel is in it, and of ours only what
    the wheel depends on."""
    home = tmp_path_factory.mktemp("clean")
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    offline = ["--no-deps", "--no-index", "--disable-pip-version-check"]
    _run(sys.executable, "-m", "pip", "-q", "--python", python, "install", *offline, wheel)
    # A .pth file within this folder is not read, so our editable install stays out.
    packages = next(home.glob("lib/python*/site-packages"))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin"


@pytest.fixture(scope="module")
def made(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with new databases."""
    folder = tmp_path_factory.mktemp("made")
    assert "up to date" in _run(installed / "outreach", "db", "upgrade", cwd=folder)
    return folder


@pytest.mark.long
def test_installed_help(installed: Path, tmp_path: Path) -> None:
    output = _run(installed / "outreach", "--help", cwd=tmp_path)
    assert "outreach demo" in output
    assert _python(installed, tmp_path, "import outreach; print(outreach.__file__)").startswith(
        str(installed.parent)
    )


def test_installed_command_creates_databases(installed: Path, made: Path) -> None:
    assert "matches the program" in _run(installed / "outreach", "db", "check", cwd=made)


@pytest.mark.thorough
def test_installed_pages_have_styles_and_translations(installed: Path, made: Path) -> None:
    output = _python(
        installed,
        made,
        """
import re
from outreach.app import create_app

client = create_app().test_client()
pages = {lang: client.get(f"/{lang}/") for lang in ("es", "en", "fr")}
print("pages", *(page.status_code for page in pages.values()))
styles = re.findall(r'/static/[^"]+', pages["es"].text)
print("static", len(styles) > 0, {client.get(style).status_code for style in styles})
print("words", len({page.text.partition("<main")[2] for page in pages.values()}))
""",
    )
    assert output.splitlines() == ["pages 200 200 200", "static True {200}", "words 3"]


@pytest.mark.thorough
def test_readme_runs_as_typed_on_a_fresh_machine(installed: Path, tmp_path: Path) -> None:
    """«Run it», with the wheel instead of its first line, and another port."""
    block = (CHECKOUT / "README.md").read_text().partition("## Run it")[2].partition("\n## ")[0]
    commands = block.partition("\n    ")[2].partition("\n\n")[0]
    lines = [line.strip() for line in commands.splitlines()]
    assert "pip install" in lines[0]
    assert lines[-1] == "outreach serve"
    port = free_port()
    script = "\n".join([*lines[1:-1], f"exec outreach serve --port {port}"])
    environ = {"PATH": f"{installed}:/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    log = tmp_path / "log"
    with log.open("wb") as out:
        shell = subprocess.Popen(
            ["/bin/sh", "-e", "-c", script], cwd=tmp_path, env=environ, stdout=out, stderr=out
        )
    try:
        address = f"http://127.0.0.1:{port}/es/"
        try:
            server_process.wait_until_ready(address, shell, timeout_seconds=300)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{log.read_text()}") from None
    finally:
        shell.terminate()
        shell.wait(timeout=server_process.SECONDS_TO_STOP)
    said = log.read_text()
    assert "offices: 59 new" in said
    assert "http://localhost:8000/org/invitacion/" in said
    # Once, though several processes serve.
    assert said.count(f"listens on http://127.0.0.1:{port}") == 1
    assert said.count("to do: public address: not https") == 1
    settings = [line for line in lines if line.startswith("export ")]
    doctor = subprocess.run(
        ["/bin/sh", "-c", "\n".join([*settings, "outreach doctor"])],
        cwd=tmp_path, env=environ, capture_output=True, text=True,
    ).stdout  # fmt: skip
    # 59 offices, the kinds and an account: each entry was linked by the process that wrote it.
    assert re.search(r"^well +journal: 61 lines, one chain$", doctor, re.MULTILINE), doctor


def test_wheel_has_every_file(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        re.sub(r"^templates/", "outreach/templates/", str(path.relative_to(CHECKOUT)))
        for folder in ("outreach", "templates")
        for path in (CHECKOUT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    # Compiled catalogues are in a checkout only after an install.
    compiled = {f"outreach/translations/{lang}/LC_MESSAGES/messages.mo" for lang in ("en", "fr")}
    assert (wanted | compiled) - inside == set()


def test_wheel_has_the_lock_file(wheel: Path) -> None:
    """The guide installs from it."""
    inside = zipfile.ZipFile(wheel).read("outreach/requirements.lock")
    assert inside == (CHECKOUT / ".ci" / "requirements.lock").read_bytes()


def _python(installed: Path, folder: Path, program: str) -> str:
    return _run(installed / "python", "-c", program, cwd=folder)


def _run(*command: str | Path, cwd: Path = CHECKOUT) -> str:
    """The output of a program; fails if its exit status is not 0."""
    plain = {name: value for name, value in os.environ.items() if "PYTHON" not in name}
    settings = {"OUTREACH_DATA": str(cwd / "data"), "OUTREACH_KEYS": str(cwd / "keys")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=plain | settings,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
