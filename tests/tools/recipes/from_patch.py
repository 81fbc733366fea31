"""Writes the module of a recipe from a patch, to be read and corrected by a person.

    python -m tests.tools.recipes.from_patch PATCH NAME "A section" GOAL > NAME.py

The patch has to apply to the commit of this checkout, but for its catalogues. Lines that it only
adds are put after as many lines before them as the file has once; lines that it changes are
replaced together with such. What it adds to catalogues becomes a list of translations. Files of
tests are the change's own test.
"""

import io
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Final

from babel.messages.pofile import read_po

from tests.support.translations import forms
from tests.tools.clones import CHECKOUT
from tests.tools.recipes.__main__ import list_touched
from tests.tools.recipes.recipe import (
    CATALOGUE,
    Edit,
    InsertAfter,
    NewFile,
    Recipe,
    Replace,
    Translation,
)

_HEAD: Final = '''"""The recipe «{section}»."""

from typing import Final

from tests.tools.recipes.recipe import {names}

RECIPE: Final = Recipe(
    name={name!r},
    section={section!r},
    max_files={max_files},
    own_tests={own_tests!r},
    edits=(
'''


def read_patch(patch: Path, name: str, section: str, max_files: int) -> Recipe:
    """Applies the patch to a clone and declares what it changes."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "-q", str(CHECKOUT), str(clone)], check=True)
        apply = ["git", "apply", "--whitespace=nowarn", f"--exclude=*{CATALOGUE}"]
        subprocess.run([*apply, str(patch.resolve())], cwd=clone, check=True)
        files = list_touched(clone)
        edits = [edit for file in files for edit in _list_edits(file, clone)]
    own_tests = tuple(each for each in files if Path(each).name.startswith("test_"))
    return Recipe(
        name,
        section,
        max_files,
        tuple(edits),
        own_tests,
        tuple(list_translations(patch.read_text())),
    )


def _list_edits(file: str, clone: Path) -> Iterator[Edit]:
    new = (clone / file).read_text()
    if not (CHECKOUT / file).exists():
        yield NewFile(file, new)
        return
    yield from compare(file, _read_committed(file, clone), new)


def _read_committed(file: str, clone: Path) -> str:
    shown = ["git", "show", f"HEAD:{file}"]
    return subprocess.run(shown, cwd=clone, capture_output=True, text=True, check=True).stdout


def compare(file: str, old: str, new: str) -> Iterator[Edit]:
    """The edits that make the new text of the old one. They go from its end to its beginning, so
    that the lines before each are still those of the commit."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    changes = [
        each for each in SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        if each[0] != "equal"
    ]  # fmt: skip
    text = old
    for kind, start, end, new_start, new_end in reversed(changes):
        added = "".join(after[new_start:new_end])
        first, last = _find_unique(text, before, start - 1 if kind == "insert" else start, end)
        if text.count("".join(before[first:last])) != 1:
            raise SystemExit(f"{file}: no lines around line {start + 1} are found once")
        anchor = "".join(before[first:last])
        if kind == "insert" and start > 0 and last == end:
            yield InsertAfter(file, anchor, added)
            text = text.replace(anchor, anchor + added)
        else:
            changed = "".join([*before[first:start], added, *before[end:last]])
            yield Replace(file, anchor, changed)
            text = text.replace(anchor, changed)


def _find_unique(text: str, lines: Sequence[str], first: int, last: int) -> tuple[int, int]:
    """The range of lines that has these and, with those before or else after, is found once."""
    first = max(0, first)
    while text.count("".join(lines[first:last])) != 1 and first > 0:
        first -= 1
    while text.count("".join(lines[first:last])) != 1 and last < len(lines):
        last += 1
    return first, last


def list_translations(patch: str) -> Iterator[Translation]:
    """The messages that a patch adds to catalogues, from its own lines: the catalogues may have
    changed since."""
    found: dict[tuple[str | None, str], dict[str, tuple[str, ...]]] = {}
    for part in re.split(r"^diff --git ", patch, flags=re.MULTILINE):
        file = re.search(rf"^\+\+\+ b/(\S+{re.escape(CATALOGUE)})$", part, re.MULTILINE)
        if file is None:
            continue
        lang = Path(file[1]).parts[-3]
        added = re.findall(r"^\+(?!\+\+ )(.*)$", part, re.MULTILINE)
        blocks = re.split(r"\n\s*\n", "\n".join(added))
        whole = [each for each in blocks if "msgid " in each and "msgstr" in each]
        for message in read_po(io.BytesIO("\n\n".join(whole).encode())):
            if message.id:
                first = forms(message.id)[0]
                found.setdefault((message.context, first), {})[lang] = forms(message.string)
    for (context, first), by_language in found.items():
        yield Translation(first, by_language, context)


def write_module(recipe: Recipe) -> str:
    """The source of the recipe's module; `ruff format` lays it out."""
    kinds = {type(each).__name__ for each in recipe.edits} | {"Recipe"}
    kinds |= {"Translation"} if recipe.translations else set()
    head = _HEAD.format(
        section=recipe.section,
        names=", ".join(sorted(kinds)),
        name=recipe.name,
        max_files=recipe.max_files,
        own_tests=recipe.own_tests,
    )
    edits = [_write_edit(each) for each in recipe.edits]
    translations = [f"        {each!r},\n" for each in recipe.translations]
    rest = f"    translations=(\n{''.join(translations)}    ),\n" if translations else ""
    return f"{head}{''.join(edits)}    ),\n{rest})\n"


def _write_edit(edit: Edit) -> str:
    texts = [edit.text] if isinstance(edit, NewFile) else [edit.anchor, edit.text]
    quoted = "".join(f"            {_quote(each)},\n" for each in texts)
    return f"        {type(edit).__name__}(\n            {edit.file!r},\n{quoted}        ),\n"


def _quote(text: str) -> str:
    """A literal that is read as it will stand in the file."""
    escaped = text.replace("\\", "\\\\").replace("'''", "\\'\\'\\'")
    if escaped.endswith("'"):
        escaped = f"{escaped[:-1]}\\'"
    return f"'''\\\n{escaped}'''"


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    patch, name, section, max_files = arguments
    print(write_module(read_patch(Path(patch), name, section, int(max_files))), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
