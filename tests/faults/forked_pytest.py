"""Runs pytest in forks of one process, which has imported the libraries beforehand.

A fork has nothing of `outreach` or `tests` imported, so it runs the files as they are then; the
libraries, which do not change, are half of the time of a short run.
"""

import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Final, NoReturn

OURS: Final = ("outreach", "tests")
# What the tests import; they import the product.
IMPORTED: Final = ("pytest", "outreach.app", "tests.conftest", "outreach.cli")
READY: Final = "ready\n"


class ForkedPytest:
    """A process in `folder`; each run is a fork of it. Close it after the last run."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.forked_pytest"],
            cwd=folder,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        # Whoever changes the files may do so only once the server has read them.
        assert self._answers.readline() == READY, "the files cannot be imported"

    def run(
        self, arguments: Sequence[str], changes: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        """The result of pytest with these arguments and changes of the environment. Its `stdout`
        holds both outputs."""
        assert self._server.stdin is not None
        print(json.dumps([list(arguments), dict(changes)]), file=self._server.stdin, flush=True)
        status, output = json.loads(self._answers.readline())
        return subprocess.CompletedProcess(list(arguments), status, output)

    @property
    def _answers(self) -> IO[str]:
        assert self._server.stdout is not None
        return self._server.stdout

    def close(self) -> None:
        self._server.communicate()


def _serve() -> None:
    # Children of a test may keep the outputs of its process; the answers have a file of their own.
    answers = os.fdopen(os.dup(1), "w")
    for name in _libraries():
        with suppress(Exception):  # one that refuses is imported by the tests themselves
            import_module(name)
    print(READY, end="", file=answers, flush=True)
    for line in sys.stdin:
        arguments, changes = json.loads(line)
        print(json.dumps(_forked(arguments, changes)), file=answers, flush=True)


def _libraries() -> list[str]:
    """The modules that the tests have imported, without ours."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, {', '.join(IMPORTED)}; print(*sys.modules)",
        ],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [each for each in done.stdout.split() if each.partition(".")[0] not in OURS]


def _forked(arguments: list[str], changes: dict[str, str]) -> tuple[int, str]:
    """The exit status and the output of pytest in a fork."""
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if not child:
            _be_pytest(arguments, changes, output.fileno())
        _, status = os.waitpid(child, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read().decode(errors="replace")


def _be_pytest(arguments: list[str], changes: dict[str, str], output: int) -> NoReturn:
    status: Any = 70
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number in (1, 2):
            os.dup2(output, number)
        os.environ.update(changes)
        status = import_module("pytest").main(arguments)
    except BaseException:  # none may leave the fork, which would go on as the server
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(status))


if __name__ == "__main__":
    _serve()
