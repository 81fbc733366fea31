"""The settings as the environment has them, `OUTREACH_` before each name."""

from collections.abc import Callable, Mapping
from pathlib import Path

from outreach.errors import Misconfigured


class Environment:
    """Reads variables and collects what is wrong with them, to be told all at once."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._faults: list[str] = []

    def text(self, name: str, default: str) -> str:
        return self._environ.get(f"OUTREACH_{name}", "").strip() or default

    def path(self, name: str) -> Path | None:
        text = self.text(name, "")
        return Path(text).expanduser() if text else None

    def checked(self, name: str, default: str, good: Callable[[str], bool], fault: str) -> str:
        text = self.text(name, default)
        if text and not good(text):
            self._faults.append(f"OUTREACH_{name} {fault}")  # never its value: it may be a secret
        return text

    def number(self, name: str, default: int) -> int:
        text = self.text(name, str(default))
        if not (text.isascii() and text.isdigit()):
            self._faults.append(f"OUTREACH_{name} has to be a whole number, 0 or more")
            return default
        return int(text)

    def seconds(self, name: str, default: int) -> int:
        """At most a minute: a letter that waits longer would outlast its lease."""
        return self.among(name, default, 1, 60, " seconds")

    def among(self, name: str, default: int, least: int, most: int, what: str = "") -> int:
        found = self.number(name, default)
        if not least <= found <= most:
            self.fault(name, f"has to be from {least} to {most}{what}")
        return found

    def file(self, name: str) -> Path | None:
        path = self.path(name)
        if path is not None and not path.is_file():
            self.fault(name, "names no file")
        return path

    def fault(self, name: str, words: str) -> None:
        self._faults.append(f"OUTREACH_{name} {words}")

    def flag(self, name: str) -> bool:
        text = self.text(name, "0").lower()
        if text not in {"0", "1", "no", "yes", "false", "true"}:
            self._faults.append(f"OUTREACH_{name} has to be 1 or 0")
        return text in {"1", "yes", "true"}

    def require(self, name: str, what: str) -> None:
        if not self.text(name, ""):
            self._faults.append(f"OUTREACH_{name} is missing: {what}")

    def finish(self) -> None:
        if self._faults:
            raise Misconfigured("\n".join(self._faults))
