"""No country is named in code or templates: they come from the packs and the network's profile."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from outreach.countries import packs
from tests.support.advice import require_none
from tests.support.fixed_clock import fixed_clock

pytestmark = fixed_clock

CHECKOUT: Final = Path(__file__).parents[2]
NAME: Final = re.compile(r"\b(Canada|Canadá|Mexico|México|Estados Unidos|United States)\b")
QUOTED: Final = re.compile(r"""(["'])([A-Z]{2})\1""")
# Where a country is named on purpose, and why.
EXCEPTIONS: Final = {
    "outreach/network_profile.py": "the defaults of the settings",
    "outreach/imports/gazetteer_build.py": "each source of postal codes is of one country",
    "outreach/imports/guess/recurring_events.py": "FR is a weekday in iCalendar",
    "templates/about/agents.html": "the law on agents, of the United States alone",
}
# Data, translations and the example of an installation are no code.
LEFT_OUT: Final = (
    "outreach/migrations/versions/",
    "outreach/translations/",
    "outreach/imports/demo",
)


def find_in_python(source: str) -> Iterator[str]:
    """The literals that are a code of a pack or hold the name of a country; no docstrings."""
    tree = ast.parse(source)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in docstrings:
            continue
        text = node.value
        if isinstance(text, str) and (text in packs.list_codes() or NAME.search(text)):
            yield text


def find_in_template(source: str) -> Iterator[str]:
    bare = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    yield from (each[0] for each in NAME.finditer(bare))
    yield from (each[2] for each in QUOTED.finditer(bare) if each[2] in packs.list_codes())


def find_all() -> dict[str, list[str]]:
    found = {}
    for path in sorted(CHECKOUT.glob("outreach/**/*.py")):
        name = str(path.relative_to(CHECKOUT))
        if not name.startswith(LEFT_OUT):
            found[name] = list(find_in_python(path.read_text(encoding="utf-8")))
    for path in sorted(CHECKOUT.glob("templates/**/*.*")):
        name = str(path.relative_to(CHECKOUT))
        found[name] = list(find_in_template(path.read_text(encoding="utf-8")))
    return {name: words for name, words in found.items() if words}


def test_no_country_is_named_in_code_or_templates() -> None:
    found = find_all()
    require_none(
        [f"{name}: {', '.join(words)}" for name, words in found.items() if name not in EXCEPTIONS],
        "ask the profile of the network (outreach/network_profile.py) or the pack of the country "
        "(outreach/countries) instead of naming one",
    )
    assert set(EXCEPTIONS) <= set(found), "an exception without its reason"


def test_named_country_would_be_found() -> None:
    assert list(find_in_python('"""Of Canada."""\nif x == "CA" or x in ("US", "XX"): pass')) == [
        "CA", "US",
    ]  # fmt: skip
    assert list(find_in_python('_("Solo en México."), "America/Mexico_City"')) == [
        "Solo en México."
    ]
    assert list(find_in_template("{# Canada #}{% if x == 'US' %}{{ _('En Canadá') }}")) == [
        "Canadá", "US",
    ]  # fmt: skip
