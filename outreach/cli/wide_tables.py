"""Tables of the command line that are wider than the terminal: folded, with whole heads."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

_BORDER = 3  # each column has a line and two spaces


def print_table(
    console: Console,
    header: Sequence[str],
    body: Sequence[Sequence[str]],
    *,
    footer: Sequence[str] | None = None,
    title: str | None = None,
    numbers: Sequence[int] = (),
) -> None:
    """Prints a table; one that is too wide as several, each with the first column again.

    `numbers` are the columns to align to the right. A text that is wider than the terminal by
    itself goes on in the next line: none is cut.
    """
    for columns in _fold(header, [*body, *([footer] if footer else [])], console.width):
        table = Table(title=title, title_justify="left", show_footer=footer is not None)
        for column in columns:
            table.add_column(
                header[column],
                footer[column] if footer else "",
                justify="right" if column in numbers else "left",
                overflow="fold",
            )
        for row in body:
            table.add_row(*(row[column] for column in columns))
        console.print(table)
        title = None


def _fold(header: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[list[int]]:
    """The columns of each part."""
    # A head is never broken, and neither is a short cell; a long one may go on in the next line.
    least = [cell_len(each) for each in header]
    wide = [
        max((cell_len(row[column]) for row in rows), default=0) for column in range(len(header))
    ]
    widths = [
        max(head, min(cell, width // 3)) + _BORDER for head, cell in zip(least, wide, strict=True)
    ]
    parts: list[list[int]] = [[0]]
    used = widths[0] + 1
    for column in range(1, len(header)):
        if used + widths[column] > width and len(parts[-1]) > 1:
            parts.append([0])
            used = widths[0] + 1
        parts[-1].append(column)
        used += widths[column]
    return parts
