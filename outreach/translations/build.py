"""Hatch build hook: compiles each messages.po into the messages.mo that gettext reads."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileTranslations(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if not Path(self.root, "templates", "base.html").is_file():
            raise FileNotFoundError("templates/ is missing: a wheel without it shows no page")
        for po in Path(self.root, "outreach/translations").rglob("*.po"):
            with po.open("rb") as source, po.with_suffix(".mo").open("wb") as target:
                write_mo(target, read_po(source))
