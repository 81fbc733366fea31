"""Names: no class defined twice, no import circle, standard words."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Final

import grimp

from tests.support.advice import require_none
from tests.support.fixed_clock import fixed_clock

pytestmark = fixed_clock

CHECKOUT: Final = Path(__file__).parents[2]
PACKAGE: Final = CHECKOUT / "outreach"
# The names of the API's schemas are published in its OpenAPI document.
PUBLISHED_SCHEMAS: Final = frozenset({"Kind", "Office", "Workshop"})


# A module, public function or class is not named by one of these alone: participles, prepositions
# and pronouns say nothing about what it does. («about» is missing: it names pages about the site.)
BARE_WORDS: Final = frozenset(
    {
        "after", "again", "allowed", "answered", "apart", "arrived", "as", "asked",
        "astray", "at", "away", "back", "been", "before", "beside", "between", "beyond",
        "blind", "bound", "brought", "by", "called", "chosen", "closed", "coming", "counted",
        "cut", "dead", "done", "drafted", "dressed", "due", "during", "ended", "every", "fed",
        "folded", "for", "forgotten", "found", "from", "given", "given_back", "going", "gone",
        "grouped", "hashed", "held", "here", "hidden", "in", "into", "joined", "kept", "known",
        "lost", "made", "many", "mine", "moved", "named", "near", "of", "off", "offered", "on",
        "one", "opened", "other", "others", "out", "over", "owed", "own", "passed",
        "placed", "published", "reached", "refused", "reopened", "said", "seen", "sent",
        "served", "settled", "shifted", "shown", "since", "some", "somebody", "spread",
        "squeezed", "started", "still", "stored", "suggested", "taken", "that", "thawed",
        "those", "to", "told", "told_apart", "towards", "turned", "typed", "under", "undone",
        "unsaved", "until", "unwashed", "unwritten", "up", "used", "waiting", "wanted",
        "whose", "with", "within", "without", "worn", "written",
    }
)  # fmt: skip


CIRCLE: Final = "modules import each other: move what both need to a module below them"


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if "versions" not in path.parts:
            yield str(path.relative_to(CHECKOUT)), ast.parse(path.read_text())


def test_no_class_name_is_defined_twice() -> None:
    places = defaultdict(list)
    for path, tree in _modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(path)
    twice = {name: paths for name, paths in places.items() if len(paths) > 1}
    require_none(
        [
            f"{name}: {', '.join(paths)}"
            for name, paths in twice.items()
            if name not in PUBLISHED_SCHEMAS
        ],
        "a name of a class is unique in the product: rename one of",
    )
    for name, paths in twice.items():
        assert "outreach/web/api/schemas.py" in paths, name


def test_no_name_is_a_bare_participle_or_preposition() -> None:
    found = []
    for path, tree in _modules():
        if Path(path).stem in BARE_WORDS:
            found.append(path)
        found += [
            f"{path}: {node.name}"
            for node in (*tree.body, *_methods(tree))
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name.lower() in BARE_WORDS
        ]
    require_none(
        found,
        "a participle or preposition alone says nothing: name a module by a noun, a function by a "
        "verb",
    )


def _methods(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield from node.body


def test_each_package_says_what_it_may_import() -> None:
    silent = []
    for path in sorted(PACKAGE.rglob("__init__.py")):
        if "versions" in path.parts or path.parent.name == "docs":
            continue
        words = ast.get_docstring(ast.parse(path.read_text())) or ""
        if "mport" not in words or words.count(".") < 2:
            silent.append(str(path.relative_to(CHECKOUT)))
    require_none(
        silent,
        "the docstring of a package says in two sentences or more what lives there, what it may "
        "import, and which file to open first",
    )


def test_there_is_no_import_circle_of_modules_or_packages() -> None:
    """Imports for the type checker and imports within functions count too."""
    graph = grimp.build_graph("outreach", exclude_type_checking_imports=False, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    require_none(_circles(imports), CIRCLE)
    for package in graph.modules:
        prefix = f"{package}."

        def child_of(module: str, prefix: str = prefix) -> str:
            return prefix + module.removeprefix(prefix).partition(".")[0]

        children: dict[str, set[str]] = {child: set() for child in graph.find_children(package)}
        for module, imported in imports.items():
            if module.startswith(prefix):
                inside = {child_of(each) for each in imported if each.startswith(prefix)}
                children[child_of(module)] |= inside - {child_of(module)}
        require_none(_circles(children), f"in {package}, {CIRCLE}")


def test_a_circle_would_be_found() -> None:
    assert _circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert _circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def _circles(graph: Mapping[str, Set[str]]) -> list[list[str]]:
    """The strongly connected components of more than one node (Tarjan's algorithm)."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        number[node] = lowest[node] = len(number)
        stack.append(node)
        for other in graph[node]:
            if other not in number:
                visit(other)
                lowest[node] = min(lowest[node], lowest[other])
            elif other in stack:
                lowest[node] = min(lowest[node], number[other])
        if lowest[node] == number[node]:
            start = stack.index(node)
            component = stack[start:]
            del stack[start:]
            if len(component) > 1:
                found.append(sorted(component))

    for node in sorted(graph):
        if node not in number:
            visit(node)
    return found
