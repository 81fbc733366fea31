"""Accessible PDFs, PNGs and SVGs by typst, from a template and JSON data.

Users' text reaches a template as data, never as typst source, so it is not evaluated. Only the
templates and the fonts of the package are read.

A server and its worker run typst in a process of its own (`run_apart`); commands and tests, which
end, run it in theirs.
"""

import json
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from outreach import network_profile

PACKAGE: Final = Path(__file__).parent.parent
FONTS: Final = PACKAGE / "pdf" / "fonts"

PROGRAM: Final = PACKAGE / "pdf" / "typst_process.py"

_MISSING_GLYPH_ERROR: Final = "could not be displayed with font"
# Characters to replace, in three attempts: none; those of scripts that the fonts lack; all except
# Latin letters and common punctuation.
_UNSUPPORTED: Final = (
    None,
    re.compile("[^\n\x20-\x7e\xa0-\u052f\u1d00-\u1fff\u2000-\u22ff\u2c60-\u2c7f\ua700-\ua7ff]"),
    re.compile("[^\n\x20-\x7e\xa0-\u017f\u2010-\u2026\u20ac\u2212]"),
)


_LIKE: Final = {"\u02bc": "\u2019", "\ua78c": "\u2019", "\u2192": "\u2013", "\u2212": "-"}
_WORDS: Final = frozenset({"Lu", "Ll", "Lt", "Lo", "Nd", "Nl", "No"})  # categories


class TypesettingFailed(Exception):
    """typst refused a document. The message may quote its text."""


class _Mode:
    is_apart = False


def run_apart() -> None:
    """Has typst run in a process of its own from now on: it takes 0.1 s more, and keeps no memory
    here."""
    _Mode.is_apart = True


def pdf(template: str, data: Mapping[str, Any], *, made_at: datetime) -> bytes:
    """Returns a PDF/UA of `templates/pdf/{template}.typ`, which reads the data as JSON from
    `sys.inputs.data`. The same data and `made_at` give the same bytes. A character that the fonts
    lack is left out, and a letter becomes its base letter or a question mark: PDF/UA does not allow
    missing glyphs."""
    return _compile_pdf(template, data, made_at)[1]


def picture(
    template: str, data: Mapping[str, Any], *, made_at: datetime, ppi: float = 110.0
) -> bytes:
    """Returns the first page as PNG."""
    data = _printable(template, data, made_at)
    return _compile(template, data, made_at, format="png", ppi=ppi)


def drawing(template: str, data: Mapping[str, Any], *, made_at: datetime) -> str:
    """Returns the first page as SVG, with glyphs as paths."""
    data = _printable(template, data, made_at)
    return _compile(template, data, made_at, format="svg").decode()


def query(template: str, data: Mapping[str, Any], label: str, *, made_at: datetime) -> Any:
    """Returns the metadata that the template has under a label, parsed from JSON."""
    data = _printable(template, data, made_at)
    return json.loads(_run({"label": label}, template, data))


def _printable(template: str, data: Mapping[str, Any], made_at: datetime) -> Mapping[str, Any]:
    """Returns the data with the characters replaced that the PDF replaces, so that all formats have
    the same text."""
    if _UNSUPPORTED[-1].search("".join(_texts(data))) is None:
        return data
    return _compile_pdf(template, data, made_at)[0]


def _compile_pdf(
    template: str, data: Mapping[str, Any], made_at: datetime
) -> tuple[Mapping[str, Any], bytes]:
    """Returns the data that the fonts can show, and its PDF."""
    for pattern in _UNSUPPORTED:
        try:
            printable = cast(Mapping[str, Any], _replace(data, pattern)) if pattern else data
            body = _compile(template, printable, made_at, format="pdf", pdf_standards=["ua-1"])
            return printable, body
        except TypesettingFailed as error:
            if _MISSING_GLYPH_ERROR not in str(error) or pattern is _UNSUPPORTED[-1]:
                raise
    raise AssertionError("the last attempt returns or raises")


def _compile(template: str, data: Mapping[str, Any], made_at: datetime, **options: Any) -> bytes:
    """Returns the document; as PNG or SVG, its first page. Raises TypesettingFailed."""
    return _run({"made_at": made_at.isoformat()}, template, data, **options)


def _run(request: dict[str, str], template: str, data: Mapping[str, Any], **options: Any) -> bytes:
    root = str(folder())
    network = network_profile.current()
    options |= {
        "root": root,
        "font_paths": [str(FONTS)],
        "ignore_system_fonts": True,
        "sys_inputs": {
            "data": json.dumps(data, ensure_ascii=False),
            # For `page.typ`.
            "main": network.brand.light.main,
            "paper": network.paper,
        },
    }
    asked = request | {"file": str(folder() / f"{template}.typ"), "options": options}
    if _Mode.is_apart:
        return _run_program(asked)
    import typst

    from outreach.pdf import typst_process

    try:
        return typst_process.answer(asked)
    except typst.TypstError as error:
        raise TypesettingFailed(str(error)) from None


def _run_program(asked: dict[str, Any]) -> bytes:
    # -P: the folder of the program is no place to import from.
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-P", str(PROGRAM)],
        input=json.dumps(asked).encode(),
        capture_output=True,
        check=False,
        process_group=0,  # Ctrl-C is for the server, which answers requests in progress
    )
    if done.returncode == 1:
        raise TypesettingFailed(done.stderr.decode(errors="replace"))
    done.check_returncode()  # it was killed, as without memory
    return done.stdout


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Mapping, list, tuple)):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(each)


def _replace(value: object, pattern: re.Pattern[str]) -> object:
    if isinstance(value, str):
        if pattern.search(value) is None:
            return value
        # Not empty where there was something: a title of signs only is a title.
        return re.sub(" {2,}", " ", pattern.sub(_simplify, value)).strip(" ") or "?"
    if isinstance(value, Mapping):
        return {name: _replace(each, pattern) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_replace(each, pattern) for each in value]
    return value


def _simplify(found: re.Match[str]) -> str:
    """Returns what stands for a character that the fonts lack: nothing for signs, emoji and
    marks."""
    character = found[0]
    if character in _LIKE:
        return _LIKE[character]
    base = _UNSUPPORTED[-1].sub("", unicodedata.normalize("NFKD", character))
    if base:
        return base
    return "?" if unicodedata.category(character) in _WORDS else ""


@cache
def folder() -> Path:
    """Returns the folder of the templates: in the installed package, or next to it in a checkout.
    Raises FileNotFoundError if there is none."""
    for folder in (PACKAGE / "templates", PACKAGE.parent / "templates"):
        if (folder / "pdf").is_dir():
            return folder / "pdf"
    raise FileNotFoundError("outreach was installed without its templates")
