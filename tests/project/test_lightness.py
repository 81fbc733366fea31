"""What a server holds in memory in each of its processes, and what `outreach --help` waits for
(decision 0042)."""

import importlib
import subprocess
import sys
from typing import Final

import pytest

from outreach import cli

pytestmark = pytest.mark.any_database("nothing is read from it")

# Libraries of a few pages or commands, which import them where they use them.
OF_FEW: Final = frozenset(
    {
        "alembic",
        "authlib",
        "fido2",
        "holidays",
        "markdown_it",
        "nh3",
        "psycopg",
        "pyrage",
        "python_calamine",
        "requests",
        "rich",
        "typst",
        "urllib3",
        "xlrd",
        "xlsxwriter",
    }
)
SERVER: Final = "import outreach.cli.serve, outreach.app, outreach.cli.worker"
ARENAS: Final = """
import ctypes, threading
from outreach.cli import serve
serve.limit_arenas()
libc = ctypes.CDLL(None)
if not hasattr(libc, "malloc_info"):
    raise SystemExit  # not glibc: its malloc has no arenas, and the limit must do no harm
libc.malloc.restype = libc.fdopen.restype = ctypes.c_void_p
together = threading.Barrier(8)
def allocate():
    together.wait()  # a thread that ends leaves its arena to the next
    libc.malloc(5000)
    together.wait()
threads = [threading.Thread(target=allocate) for _ in range(8)]
for each in threads: each.start()
for each in threads: each.join()
file = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, file)
libc.fflush(file)
"""
LIST: Final = """
from outreach import cli
try:
    cli.main(["--help"])
except SystemExit:
    pass
"""


def loaded_by(program: str) -> frozenset[str]:
    """The modules that a new process has once it has run that."""
    shown = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys\nprint(*sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return frozenset(shown.stdout.split())


@pytest.mark.thorough
def test_server_does_not_load_what_few_pages_use() -> None:
    assert loaded_by(SERVER) & OF_FEW == frozenset()


def test_command_line_loads_no_command_to_list_them() -> None:
    modules = loaded_by(LIST)
    assert "click" in modules
    ours = {each for each in modules if each.startswith("outreach.")}
    # The last is the package of our extensions, in which their commands are looked for.
    assert ours == {
        "outreach.cli", "outreach.errors", "outreach.extension_points", "outreach.extensions",
    }  # fmt: skip
    assert not modules & {"sqlalchemy", "flask", *OF_FEW}


@pytest.mark.parametrize("command", ["counts", "feed"])
def test_command_that_reads_loads_no_web_server(command: str) -> None:
    modules = loaded_by(f"import outreach.cli.{command}")
    assert "sqlalchemy" in modules
    assert not modules & {"flask", "jinja2", "werkzeug", "granian", "phonenumbers"}


def test_counts_load_neither_what_reads_typed_places_nor_progress_bars() -> None:
    assert not loaded_by("import outreach.cli.counts") & {"rapidfuzz", "rich.progress"}


def test_program_looks_for_garbage_seldom_at_its_start_and_not_at_its_end() -> None:
    ended = "print(gc.get_threshold()[0], gc.get_freeze_count() > 0)"
    program = f"import gc, atexit\natexit.register(lambda: {ended})\nfrom outreach import cli\n"
    program += "import sys\nsys.argv = ['outreach', '--help']\ncli.run()"
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert shown.stdout.splitlines()[-1] == f"{cli.START_OBJECTS} True"


@pytest.mark.thorough
def test_threads_of_a_server_share_two_arenas() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", ARENAS], capture_output=True, text=True, check=True
    )
    assert shown.stdout.count("<heap nr=") <= 2


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_list_of_commands_says_what_each_says_of_itself(name: str) -> None:
    command = importlib.import_module(f"outreach.cli.{name}").command
    assert command.get_short_help_str(1000) == cli.COMMANDS[name]
