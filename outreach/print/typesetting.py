"""PDFs that a screen reader can read, set by typst from a template and data.

What people wrote reaches a template as data, never as its source: typst prints it and runs none of
it. Nothing is read but the templates and the font of the package.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

PACKAGE: Final = Path(__file__).parents[1]
FONTS: Final = PACKAGE / "print" / "fonts"

_HOLE: Final = "could not be displayed with font"
# What is left out when something cannot be set: nothing; then what our fonts have no script for;
# then all but the letters of Spanish, English, French and their kin.
_UNFIT: Final = (
    None,
    re.compile("[^\n\x20-\x7e\xa0-\u052f\u1d00-\u1fff\u2000-\u22ff\u2c60-\u2c7f\ua700-\ua7ff]"),
    re.compile("[^\n\x20-\x7e\xa0-\u017f\u2010-\u2026\u20ac\u2212]"),
)


def pdf(template: str, data: Mapping[str, Any], *, made_at: datetime) -> bytes:
    """A PDF/UA of `templates/print/{template}.typ`, which finds the data as JSON in
    `sys.inputs.data`. The same data and instant give the same bytes. A sign that no font of ours
    has, as an emoji, becomes a question mark: a PDF with a hole cannot be read aloud."""
    import typst  # 7 MB that only who makes a PDF needs

    for unfit in _UNFIT:
        try:
            fit = cast(Mapping[str, Any], _without(data, unfit)) if unfit else data
            return cast(bytes, _set(template, fit, made_at, format="pdf", pdf_standards=["ua-1"]))
        except typst.TypstError as error:
            if _HOLE not in str(error) or unfit is _UNFIT[-1]:
                raise
    raise AssertionError("one of them returns or raises")


def picture(template: str, data: Mapping[str, Any], *, made_at: datetime) -> bytes:
    """The first page of the same as PNG, to be looked at."""
    made = _set(template, data, made_at, format="png", ppi=110.0)
    return made if isinstance(made, bytes) else cast(list[bytes], made)[0]


def _set(
    template: str, data: Mapping[str, Any], made_at: datetime, **options: Any
) -> bytes | list[bytes] | None:
    import typst

    made: bytes | list[bytes] | None = typst.compile(
        str(folder() / f"{template}.typ"),
        root=str(folder()),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        timestamp=made_at,
        **options,
    )
    return made


def _without(value: object, unfit: re.Pattern[str]) -> object:
    if isinstance(value, str):
        return unfit.sub("?", value)
    if isinstance(value, Mapping):
        return {name: _without(each, unfit) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without(each, unfit) for each in value]
    return value


@cache
def folder() -> Path:
    """Templates are inside the package once installed, beside it in a checkout."""
    for folder in (PACKAGE / "templates", PACKAGE.parent / "templates"):
        if (folder / "print").is_dir():
            return folder / "print"
    raise FileNotFoundError("outreach was installed without its templates")
