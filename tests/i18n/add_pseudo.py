"""A pytest plugin that adds the pseudo-language to the site before its languages are imported.

    python -m pytest -p tests.i18n.add_pseudo tests/i18n/pseudo_walk.py

It adds one line to the list of languages and one catalogue, which is what any new language takes,
and makes it the language of the staff too. Its dates are in Greek, so that a name of a day that is
written out in Spanish is found as well.
"""

import sys
import tempfile
from pathlib import Path
from types import ModuleType

import outreach
from outreach.translations import catalogues

CODE = "qps"
_LINE = f'    Language("{CODE}", "Ṕšèùďö", locale="el_GR", html_lang="{CODE}"),\n'


def add_language(folder: Path) -> None:
    """Replaces `outreach.languages` by a copy with the language and a catalogue in `folder`."""
    for name in ("en", "fr", "vocabularies"):
        (folder / name).symlink_to(catalogues.FOLDER / name)
    catalogues.write_pseudo(folder, CODE)
    path = Path(outreach.__file__).with_name("languages.py")
    source = path.read_text()
    last = source.index(")\nSTAFF_LANGUAGE")
    source = source[:last] + _LINE + source[last:]
    source = source.replace('STAFF_LANGUAGE = "es"', f'STAFF_LANGUAGE = "{CODE}"')
    source = source.replace('Path(__file__).parent / "translations"', f"Path({str(folder)!r})")
    module = ModuleType("outreach.languages")
    module.__file__ = str(path)
    sys.modules["outreach.languages"] = module
    outreach.languages = module  # type: ignore[attr-defined]  # as an import would
    exec(compile(source, path, "exec"), vars(module))


assert "outreach.languages" not in sys.modules, "this plugin comes first: -p tests.i18n.add_pseudo"
_folder = tempfile.TemporaryDirectory(prefix="pseudo-")  # deleted when the process ends
add_language(Path(_folder.name))
