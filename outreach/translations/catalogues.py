"""Extracts, updates and compiles the message catalogues with Babel; makes a pseudo-language.

The core has a folder of catalogues, and each extension that comes with the program one of its own,
with the messages that the core does not say. The program looks for a message in the core's first.

It imports nothing of `outreach`: the build of the wheel runs it before the package is installed.
"""

import copy
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

FOLDER: Final = Path(__file__).parent
PACKAGE: Final = FOLDER.parent
ROOT: Final = PACKAGE.parent
EXTENSIONS: Final = PACKAGE / "extensions"
PO: Final = Path("LC_MESSAGES/messages.po")
KEYWORDS: Final[dict[str, Any]] = {
    **DEFAULT_KEYWORDS,
    "lazy": None,
    "N_": None,
    "NN_": (1, 2),
    "NP_": ((1, "c"), 2),
}
PATTERN_CONTEXTS: Final = ("date pattern",)  # the translations of these are patterns of CLDR

# A letter of the pseudo-language for each. The vowels are in the alphabet of text messages
# (GSM 03.38), where other letters lose their accents; no letter is used in Spanish.
_PLAIN: Final = "aeiouáéíóúüAEIOUÁÉÍÓÚ" + "cdghjklnñrstwyzCDGHJKLNÑRSTWYZ"
_ACCENTED: Final = "äèìöùäèìöùùÄÈÌÖÙÄÈÌÖÙ" + "čďĝĥĵķľńńřšťŵŷžČĎĜĤĴĶĽŃŃŘŠŤŴŶŽ"
ACCENTS: Final = str.maketrans(_PLAIN, _ACCENTED)
MARKS: Final = frozenset(_ACCENTED)
_KEPT: Final = re.compile(r"%\(\w+\)[a-z]|%[sd%]|</?[a-z][^<>]*>|&#?\w+;|\{\w*\}|https?://\S*")


def list_folders() -> tuple[Path, ...]:
    """Returns the folders of catalogues: that of the core, then those of the extensions."""
    extensions = sorted(each.parent for each in EXTENSIONS.glob("*/__init__.py"))
    return FOLDER, *(each / FOLDER.name for each in extensions)


def extract(folder: Path = FOLDER) -> Catalog:
    """Returns the messages that belong in the catalogues of a folder, as a template of them."""
    if folder == FOLDER:
        return _extract((PACKAGE, "**.py", "python"), (ROOT / "templates", "**.*", "jinja2"))
    extension = folder.parent
    found = _extract((extension, "**.py", "python"), (extension / "templates", "**.*", "jinja2"))
    for message in extract():
        found.delete(message.id, message.context)
    return found


def _extract(*sources: tuple[Path, str, str]) -> Catalog:
    """Returns the messages of folders, each with a pattern of its files and how to read them."""
    catalogue = Catalog(project="outreach", charset="utf-8")
    for folder, pattern, method in sources:
        found = extract_from_dir(
            folder, [(pattern, method)], keywords=KEYWORDS, directory_filter=_is_source
        )
        place = folder.relative_to(ROOT).as_posix()
        for file, _line, message, comments, context in sorted(found, key=lambda each: each[0]):
            locations = [(f"{place}/{file}", 0)]
            catalogue.add(message, None, locations, auto_comments=comments, context=context)
    return catalogue


def _is_source(path: str) -> bool:
    """Whether to look into a folder below one of the sources: not into those of extensions."""
    return Path(path).name != "__pycache__" and Path(path).parent != EXTENSIONS


def update(lang: str, template: Catalog, folder: Path = FOLDER) -> list[str]:
    """Brings one catalogue up to date with the source; makes it where there is none. Returns the
    messages that have no translation."""
    path = folder / lang / PO
    catalogue = read(path, lang) if path.exists() else Catalog(lang, project="outreach")
    catalogue.update(copy.deepcopy(template), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, catalogue)
    return [
        next(_forms(message.id)) for message in catalogue if message.id and not _is_whole(message)
    ]


def read(path: Path, lang: str) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=lang)


def write(path: Path, catalogue: Catalog) -> None:
    with path.open("wb") as file:
        write_po(file, catalogue, width=0, sort_by_file=True, include_lineno=False)


def compile_all(folder: Path = PACKAGE) -> None:
    """Writes a `.mo` beside every `.po`, each at once: a process may be reading the old one."""
    for po in folder.rglob("*.po"):
        new = po.with_suffix(".mo.new")
        with po.open("rb") as source, new.open("wb") as target:
            write_mo(target, read_po(source))
        new.replace(po.with_suffix(".mo"))


def write_pseudo(folder: Path, lang: str) -> None:
    """Writes a complete catalogue of accented Spanish, and compiles it: a text on a page that has
    no accents of it comes from no catalogue."""
    catalogue = Catalog(project="outreach", charset="utf-8")
    for message in [each for source in list_folders() for each in extract(source)]:
        if message.id:
            forms = tuple(_accented(form, message.context or "") for form in _forms(message.id))
            catalogue.add(
                message.id, forms if len(forms) > 1 else forms[0], context=message.context
            )
    catalogue.revision_date = datetime.now(UTC)
    path = folder / lang / PO
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, catalogue)
    compile_all(folder / lang)


def accented(text: str) -> str:
    """The text in the pseudo-language; placeholders, tags and addresses stay as they are."""
    parts, end = [], 0
    for kept in _KEPT.finditer(text):
        parts += [text[end : kept.start()].translate(ACCENTS), kept[0]]
        end = kept.end()
    return "".join([*parts, text[end:].translate(ACCENTS)])


def _accented(message: str, context: str) -> str:
    if context.startswith(PATTERN_CONTEXTS):
        return re.sub(r"'[^']*'", lambda found: accented(found[0]), message)
    return accented(message)


def _is_whole(message: Message) -> bool:
    return all(_forms(message.string))


def _forms(text: Any) -> Iterator[str]:
    """The singular and the plural of a message, or its only form."""
    yield from (text,) if isinstance(text, str) else text or ("",)
