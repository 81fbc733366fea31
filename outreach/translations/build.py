"""Hatch build hook: compiles the catalogues, so that the wheel has what gettext reads."""

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileTranslations(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if not Path(self.root, "templates", "base.html").is_file():
            raise FileNotFoundError("templates/ is missing: a wheel without it shows no page")
        folder = Path(self.root, "outreach/translations")
        # The package cannot be imported yet: what it needs is not installed.
        runpy.run_path(str(folder / "catalogues.py"))["compile_all"](folder.parent)
