"""PDFs that a screen reader can read, set by typst from a template and data.

What people wrote reaches a template as data, never as its source: typst prints it and runs none of
it. Nothing is read but the templates and the font of the package.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

PACKAGE: Final = Path(__file__).parent.parent
FONTS: Final = PACKAGE / "pdf" / "fonts"

_HOLE: Final = "could not be displayed with font"
# What is left out when something cannot be set: nothing; then what our fonts have no script for;
# then all but the letters of Spanish, English, French and their kin.
_UNFIT: Final = (
    None,
    re.compile("[^\n\x20-\x7e\xa0-\u052f\u1d00-\u1fff\u2000-\u22ff\u2c60-\u2c7f\ua700-\ua7ff]"),
    re.compile("[^\n\x20-\x7e\xa0-\u017f\u2010-\u2026\u20ac\u2212]"),
)


def pdf(template: str, data: Mapping[str, Any], *, made_at: datetime) -> bytes:
    """A PDF/UA of `templates/pdf/{template}.typ`, which finds the data as JSON in
    `sys.inputs.data`. The same data and instant give the same bytes. A sign that no font of ours
    has, as an emoji, becomes a question mark: a PDF with a hole cannot be read aloud."""
    return _fitted(template, data, made_at)[1]


def picture(
    template: str, data: Mapping[str, Any], *, made_at: datetime, ppi: float = 110.0
) -> bytes:
    """The first page of the same as PNG, to be looked at."""
    made = _set(template, _fit(template, data, made_at), made_at, format="png", ppi=ppi)
    return made if isinstance(made, bytes) else cast(list[bytes], made)[0]


def drawing(template: str, data: Mapping[str, Any], *, made_at: datetime) -> str:
    """The first page of the same as SVG, its letters drawn."""
    made = _set(template, _fit(template, data, made_at), made_at, format="svg")
    return (made if isinstance(made, bytes) else cast(list[bytes], made)[0]).decode()


def query(template: str, data: Mapping[str, Any], label: str, *, made_at: datetime) -> Any:
    """What the template tells of itself under that label."""
    import typst

    fit = _fit(template, data, made_at)
    found = typst.query(
        str(folder() / f"{template}.typ"),
        label,
        field="value",
        one=True,
        root=str(folder()),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(fit, ensure_ascii=False)},
    )
    return json.loads(found)


def _fit(template: str, data: Mapping[str, Any], made_at: datetime) -> Mapping[str, Any]:
    """The data as a PDF can show it: a picture says the same."""
    if _UNFIT[-1].search("".join(_texts(data))) is None:
        return data
    return _fitted(template, data, made_at)[0]


def _fitted(
    template: str, data: Mapping[str, Any], made_at: datetime
) -> tuple[Mapping[str, Any], bytes]:
    """What can be shown of the data, and the PDF of it."""
    import typst  # 7 MB that only who makes a PDF needs

    for unfit in _UNFIT:
        try:
            fit = cast(Mapping[str, Any], _without(data, unfit)) if unfit else data
            made = _set(template, fit, made_at, format="pdf", pdf_standards=["ua-1"])
            return fit, cast(bytes, made)
        except typst.TypstError as error:
            if _HOLE not in str(error) or unfit is _UNFIT[-1]:
                raise
    raise AssertionError("one of them returns or raises")


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


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Mapping, list, tuple)):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(each)


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
        if (folder / "pdf").is_dir():
            return folder / "pdf"
    raise FileNotFoundError("outreach was installed without its templates")
