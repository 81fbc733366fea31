"""Hatch build hook: compiles each messages.po into the messages.mo that gettext reads.

After a sentence changed on a public page, in the checkout (staff pages are in Spanish only):

    pybabel -q extract -F pyproject.toml -k lazy -k N_ --ignore-dirs ".* __* staff" \\
        --sort-by-file --add-location=file --project=outreach -o messages.pot .
    pybabel -q update -i messages.pot -d outreach/translations --no-fuzzy-matching \\
        --ignore-obsolete --ignore-pot-creation-date --no-wrap && rm messages.pot
    python -m outreach.translations.build

Between the last two, fill in what `grep -B2 'msgstr ""$'` shows. tests/core/test_i18n.py says
what is missing. An editable install compiles them too.
"""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileTranslations(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if not Path(self.root, "templates", "base.html").is_file():
            raise FileNotFoundError("templates/ is missing: a wheel without it shows no page")
        compile_all(Path(self.root, "outreach/translations"))


def compile_all(folder: Path) -> None:
    for po in folder.rglob("*.po"):
        new = po.with_suffix(".mo.new")
        with po.open("rb") as source, new.open("wb") as target:
            write_mo(target, read_po(source))
        new.replace(po.with_suffix(".mo"))  # whole at once: a program may be reading the old one


if __name__ == "__main__":
    compile_all(Path(__file__).parent)
