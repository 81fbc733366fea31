"""Runs typst for one document, as a program: a JSON request on stdin, the result on stdout.

It imports nothing of `outreach`, so that it starts at once, and ends with what typst keeps in
memory: 17 MB, and 14 of its library (decision 0042). Exits with 1 and typst's message on stderr
where typst refuses the document.
"""

import json
import sys
from datetime import datetime
from typing import Any

import typst


def answer(request: dict[str, Any]) -> bytes:
    """Returns the document; as PNG or SVG, its first page. For a query it returns the value, as
    JSON.

    `made_at` is in ISO 8601, `options` are those of the library. Raises TypstError.
    """
    file, options = request["file"], request["options"]
    if label := request.get("label"):
        return typst.query(file, label, field="value", one=True, **options).encode()
    made_at = datetime.fromisoformat(request["made_at"])
    pages: bytes | list[bytes] | None = typst.compile(file, timestamp=made_at, **options)
    if isinstance(pages, list):
        return pages[0]
    assert pages is not None, "without an output file, typst returns the document"
    return pages


def main() -> int:
    try:
        body = answer(json.load(sys.stdin.buffer))
    except typst.TypstError as error:
        sys.stderr.write(str(error))
        return 1
    sys.stdout.buffer.write(body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
