"""Reads settings from environment variables named `OUTREACH_…`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from outreach.errors import Misconfigured

PREFIX: Final = "OUTREACH_"


class Environment:
    """Reads variables, named without the prefix, and collects faults; `finish` raises all at
    once."""

    def __init__(self, environ: Mapping[str, str], prefix: str = PREFIX) -> None:
        self._environ, self._prefix = environ, prefix
        self._faults: list[str] = []

    def text(self, name: str, default: str) -> str:
        return self._environ.get(f"{self._prefix}{name}", "").strip() or default

    def text_or_nothing(self, name: str, default: str) -> str:
        """The default only where the variable is not set: an empty one means nothing."""
        return self._environ.get(f"{self._prefix}{name}", default).strip()

    def list_variables(self) -> dict[str, str]:
        """Returns our variables that are set, by their whole names."""
        ours = (each for each in self._environ.items() if each[0].startswith(self._prefix))
        return {name: text for name, text in ours if text.strip()}

    def path(self, name: str) -> Path | None:
        text = self.text(name, "")
        return Path(text).expanduser() if text else None

    def checked(self, name: str, default: str, is_valid: Callable[[str], bool], fault: str) -> str:
        text = self.text(name, default)
        if text and not is_valid(text):
            self._faults.append(
                f"{self._prefix}{name} {fault}"
            )  # without the value, which may be a secret
        return text

    def number(self, name: str, default: int) -> int:
        text = self.text(name, str(default))
        if not (text.isascii() and text.isdigit()):
            self._faults.append(f"{self._prefix}{name} has to be a whole number, 0 or more")
            return default
        return int(text)

    def seconds(self, name: str, default: int) -> int:
        """Reads seconds from 1 to 60: a longer wait would outlast the lease of a notification."""
        return self.number_between(name, default, 1, 60, " seconds")

    def number_between(
        self, name: str, default: int, minimum: int, maximum: int, unit: str = ""
    ) -> int:
        number = self.number(name, default)
        if not minimum <= number <= maximum:
            self.fault(name, f"has to be from {minimum} to {maximum}{unit}")
        return number

    def file(self, name: str) -> Path | None:
        path = self.path(name)
        if path is not None and not path.is_file():
            self.fault(name, "names no file")
        return path

    def fault(self, name: str, message: str) -> None:
        self._faults.append(f"{self._prefix}{name} {message}")

    def flag(self, name: str) -> bool:
        text = self.text(name, "0").lower()
        if text not in {"0", "1", "no", "yes", "false", "true"}:
            self._faults.append(f"{self._prefix}{name} has to be 1 or 0")
        return text in {"1", "yes", "true"}

    def require(self, name: str, meaning: str) -> None:
        if not self.text(name, ""):
            self._faults.append(f"{self._prefix}{name} is missing: {meaning}")

    def finish(self) -> None:
        """Raises Misconfigured with one line a fault."""
        if self._faults:
            raise Misconfigured("\n".join(self._faults))
