"""Installs what the tests need: Debian packages, the environment, and packages of npm."""

import ctypes
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tests.runner import Missing, postgresql

ICAL_JS = "ical.js@2.2.1"
NODE_ICAL = "node-ical@0.27.2"
KCALENDARCORE = Path("/usr/include/KF6/KCalendarCore")
SYSTEM = f"{os.defpath}:/usr/sbin"  # nginx is on root's path only


def require(*, all_of_it: bool, is_long: bool = False) -> None:
    """Checks the Debian packages; as root it installs the missing ones.

    Raises Missing with the command to run when it may not, or when that did not help."""
    missing = _missing(all_of_it, is_long)
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {', '.join(missing)} from Debian's packages…", flush=True)
        apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
        quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        for step in (["update"], ["install", "-y", "--no-install-recommends", *missing]):
            done = subprocess.run([*apt, *step], env=quiet, capture_output=True, text=True)
            if done.returncode:
                print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        missing = _missing(all_of_it, is_long)
    if missing:
        raise Missing(
            f"This machine lacks: {', '.join(missing)}.\n"
            f"Run this first:  sudo apt-get install {' '.join(missing)}"
            + ("\nOr, on SQLite and without a browser:  tests/run --quick" if all_of_it else "")
        )


def chromium(*, is_long: bool = False) -> str | None:
    """The path of the browser: Chromium for the long run, otherwise its headless shell, which takes
    a third less processor time."""
    return shutil.which(_browser(is_long))


def _browser(is_long: bool) -> str:
    return "chromium" if is_long else "chromium-headless-shell"


def _missing(all_of_it: bool, is_long: bool) -> list[str]:
    there = {"python3-venv": importlib.util.find_spec("ensurepip") is not None}
    if all_of_it:
        there[_browser(is_long)] = chromium(is_long=is_long) is not None
        there["postgresql"] = postgresql.programs() is not None
        there["npm"] = shutil.which("npm") is not None
        there["nginx"] = shutil.which("nginx", path=SYSTEM) is not None
        there["faketime"] = shutil.which("faketime") is not None
        there["libical3t64"] = _has_library("libical.so.3")
    if is_long:
        there["thunderbird"] = shutil.which("thunderbird") is not None
        there["calcurse"] = shutil.which("calcurse") is not None
        there["libkf6calendarcore-dev"] = KCALENDARCORE.is_dir()
        there["g++"] = shutil.which("g++") is not None
        for package in ("gir1.2-ecal-2.0", "python3-gi"):
            there[package] = has_libecal()
    return [package for package, is_there in there.items() if not is_there]


def has_libecal() -> bool:
    """Whether Debian's Python can call libecal."""
    bindings = Path("/usr/lib/python3/dist-packages/gi").is_dir()
    return bindings and any(Path("/usr/lib").glob("*/girepository-1.0/ECal-2.0.typelib"))


def _has_library(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def environment(checkout: Path, python: str, *, is_long: bool = False) -> Path:
    """The folder of programs of `.venv-tests`, or `.venv-tests-3.13` of an interpreter that is not
    the one of tests/run. It is made again only when the dependencies or the translations, which are
    compiled at installation, have changed.

    `is_long`: with the calendar programs, which only the long tests start."""
    version = _ask(python, "import sys; print(sys.version)")
    is_own = python == sys.executable
    home = checkout / (
        ".venv-tests" if is_own else f".venv-tests-{'.'.join(version.split('.')[:2])}"
    )
    digest_file = home / "made-from"
    extras = "test,clients" if is_long else "test"
    wanted = f"{_digest(checkout, version)} {extras}"
    # An environment with the calendar programs serves the other runs too.
    if digest_file.is_file() and digest_file.read_text().startswith(wanted):
        return home / "bin"
    print(f"Making the tests' environment, {home.name}…", flush=True)
    if not _works(home, version):
        shutil.rmtree(home, ignore_errors=True)
        _run([python, "-m", "venv", str(home)], "The environment could not be made.")
    pip = [str(home / "bin" / "python"), "-m", "pip", "-q", "--disable-pip-version-check"]
    _run(
        [*pip, "install", "-e", f"{checkout}[{extras}]"],
        "The packages could not be installed. Is the network there?",
    )
    digest_file.write_text(wanted)
    return home / "bin"


def ical_js(checkout: Path) -> None:
    """Fetches ical.js, Thunderbird's calendar reader, into `.tests/`, once."""
    there = checkout / ".tests" / ICAL_JS
    if there.is_dir():
        return
    there.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=there.parent) as name:
        folder = Path(name)
        _run(
            ["npm", "pack", "--silent", "--pack-destination", name, ICAL_JS],
            "npm could not fetch ical.js. Is the network there?",
        )
        with tarfile.open(next(folder.glob("*.tgz"))) as archive:
            archive.extractall(folder, filter="data")
        (folder / "package").rename(there)


def node_ical(checkout: Path) -> None:
    """Fetches node-ical and the packages that it needs into `.tests/`, once."""
    there = checkout / ".tests" / NODE_ICAL
    if there.is_dir():
        return
    there.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=there.parent) as name:
        folder = Path(name) / "made"
        _run(
            ["npm", "install", "--silent", "--ignore-scripts", "--prefix", str(folder), NODE_ICAL],
            "npm could not fetch node-ical. Is the network there?",
        )
        folder.rename(there)


def _works(home: Path, version: str) -> bool:
    """Whether the environment is of this Python and at this path: a checkout may have been
    moved."""
    python = home / "bin" / "python"
    if not python.exists():
        return False
    return (
        _ask(str(python), "import sys, pip; print(sys.prefix, sys.version)") == f"{home} {version}"
    )


def _ask(python: str, code: str) -> str:
    """What code says to an interpreter. Raises Missing where there is none."""
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True)
    except OSError as error:
        raise Missing(
            f"There is no Python at {python}. Name one: --python /usr/bin/python3.13"
        ) from error
    return done.stdout.strip()


def _digest(checkout: Path, version: str) -> str:
    made_from = [checkout / "pyproject.toml", *sorted(checkout.glob("outreach/**/*.po"))]
    digest = hashlib.sha256(f"{checkout} {version}".encode())
    for path in made_from:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _run(command: list[str], fault: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Missing(f"{fault}\n{done.stdout}{done.stderr}".rstrip())
