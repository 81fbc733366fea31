"""PDFs that a screen reader can read, set by typst from a template and data.

What people wrote reaches a template as data, never as its source: typst prints it and runs none of
it. Nothing is read but the templates and the font of the package.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import typst

PACKAGE: Final = Path(__file__).parents[1]
FONTS: Final = PACKAGE / "print" / "fonts"


def pdf(template: str, data: Mapping[str, Any], *, made_at: datetime) -> bytes:
    """A PDF/UA of `templates/print/{template}.typ`, which finds the data as JSON in
    `sys.inputs.data`. The same data and instant give the same bytes."""
    return cast(bytes, _set(template, data, made_at, format="pdf", pdf_standards=["ua-1"]))


def picture(template: str, data: Mapping[str, Any], *, made_at: datetime) -> bytes:
    """The first page of the same as PNG, to be looked at."""
    made = _set(template, data, made_at, format="png", ppi=110.0)
    return made if isinstance(made, bytes) else cast(list[bytes], made)[0]


def _set(
    template: str, data: Mapping[str, Any], made_at: datetime, **options: Any
) -> bytes | list[bytes] | None:
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


@cache
def folder() -> Path:
    """Templates are inside the package once installed, beside it in a checkout."""
    for folder in (PACKAGE / "templates", PACKAGE.parent / "templates"):
        if (folder / "print").is_dir():
            return folder / "print"
    raise FileNotFoundError("outreach was installed without its templates")
