"""Variables of templates: what a page is given is not hidden by a variable of its frame."""

import ast
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, nodes

from tests.support.advice import require_none

CHECKOUT = Path(__file__).parents[2]
# The frame's own: a page sets or is given them so that the frame shows them.
OF_THE_FRAME = {"here", "host", "quick_exit"}


def list_given(file: Path) -> Iterator[str]:
    """The names of what `render_template` is given in a file."""
    for call in ast.walk(ast.parse(file.read_text())):
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("render_template"):
            yield from (each.arg for each in call.keywords if each.arg is not None)


def list_set(file: Path) -> set[str]:
    """The names that a template sets outside its macros, as what extends it reads them."""
    template = Environment(extensions=["jinja2.ext.do"]).parse(file.read_text())
    targets = [each.target for each in template.find_all(nodes.Assign)]
    return {each.name for each in targets if isinstance(each, nodes.Name)}


def test_frame_hides_nothing_that_a_page_is_given() -> None:
    """A form whose address was hidden was sent to «None»."""
    given = {name for file in (CHECKOUT / "outreach").rglob("*.py") for name in list_given(file)}
    assert "path" in given
    frame = list_set(CHECKOUT / "templates/base.html")
    assert "page_path" in frame
    require_none(
        sorted(frame & given - OF_THE_FRAME),
        "templates/base.html sets a variable of the same name: call otherwise, in the view, what "
        "the page is given",
    )
