"""Measures how large a checkout is, and how much of it says the same thing twice.

    python -m tests.tools.measures                       this checkout
    python -m tests.tools.measures --against OTHER       the other one first, then this one

Migrations are left out. Complexity is radon's, which counts comparisons joined by `and` or `or` and
the loops of comprehensions; ruff's, which holds the limit of 12, does not.
"""

import argparse
import ast
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Final

from radon.complexity import cc_visit_ast
from radon.visitors import Function

CHECKOUT: Final = Path(__file__).parents[2]
MAX_COMPLEXITY: Final = 10  # a function beyond it is counted
MIN_MODULE_LINES: Final = 40  # a module below it is counted
MIN_SHARED_FIELDS: Final = 3  # names that two data classes have in common
# A file of tests may import from these folders of `tests`, and from conftest.
HELPERS: Final = ("tests.support", "tests.tools", "tests.conftest")

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    name: str  # as outreach.web.forms
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def is_package(self) -> bool:
        return self.name.endswith(".__init__")


def read_modules(checkout: Path, folder: str) -> list[Module]:
    """The modules below a folder of a checkout, without migrations."""
    return [
        Module(".".join(path.relative_to(checkout).with_suffix("").parts), path.read_text())
        for path in sorted((checkout / folder).rglob("*.py"))
        if "versions" not in path.parts
    ]


def measure(checkout: Path) -> dict[str, str]:
    """The figures of a checkout by their names, in the order of the table."""
    product, tests = read_modules(checkout, "outreach"), read_modules(checkout, "tests")
    return {
        "statements of the product": f"{count_statements(product)}",
        "statements of the tests": f"{count_statements(tests)}",
        "mean parameters of a function": f"{compute_mean_parameters(product):.2f}",
        f"functions over radon complexity {MAX_COMPLEXITY}": f"{len(list(find_complex(product)))}",
        "forwarders used once": f"{len(list(find_forwarders_used_once(product)))}",
        f"modules under {MIN_MODULE_LINES} lines": f"{len(list(find_short_modules(product)))}",
        "data classes that repeat fields": f"{len(find_similar_dataclasses(product))}",
        "imports between test files": f"{len(list(find_imports_between_tests(tests)))}",
    }


def count_statements(modules: Sequence[Module]) -> int:
    """Statements without docstrings."""
    return sum(
        isinstance(node, ast.stmt) and not _is_docstring(node)
        for module in modules
        for node in ast.walk(module.tree)
    )


def compute_mean_parameters(modules: Sequence[Module]) -> float:
    """Parameters of a function or method in the mean; `self` and `cls` do not count."""
    counts = [
        len([name for name in _parameters(node) if name not in {"self", "cls"}])
        for module in modules
        for node in _functions(module)
    ]
    return sum(counts) / max(1, len(counts))


def find_complex(modules: Sequence[Module]) -> Iterator[str]:
    for module in modules:
        for block in cc_visit_ast(module.tree):
            if isinstance(block, Function) and block.complexity > MAX_COMPLEXITY:
                yield f"{module.name}:{block.fullname}"


def find_forwarders_used_once(modules: Sequence[Module]) -> Iterator[str]:
    """Functions that do nothing but call another with their own parameters, and whose name occurs
    once beside their definition."""
    uses = Counter(name for module in modules for name in _used_names(module))
    for module in modules:
        for node in _functions(module):
            if uses[node.name] == 1 and not node.decorator_list and _is_forwarder(node):
                yield f"{module.name}:{node.name}"


def find_short_modules(modules: Sequence[Module]) -> Iterator[str]:
    """Modules of few lines; a package's `__init__` is none."""
    for module in modules:
        if not module.is_package and len(module.text.splitlines()) < MIN_MODULE_LINES:
            yield module.name


def find_similar_dataclasses(modules: Sequence[Module]) -> set[str]:
    """Data classes that have several names of fields in common with another one."""
    fields = {
        f"{module.name}:{node.name}": _field_names(node)
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and _is_dataclass(node)
    }
    return {
        name
        for pair in combinations(fields, 2)
        if len(fields[pair[0]] & fields[pair[1]]) >= MIN_SHARED_FIELDS
        for name in pair
    }


def find_imports_between_tests(modules: Sequence[Module]) -> Iterator[str]:
    """Imports of a file of tests from a file that is neither a helper nor itself, one a statement
    and imported module."""
    names = {module.name for module in modules}
    for module in modules:
        if module.name.rpartition(".")[2].startswith("test_"):
            for imported in _imported_modules(module, names):
                if not imported.startswith(HELPERS) and not imported.endswith(".conftest"):
                    yield f"{module.name}: {imported}"


def _imported_modules(module: Module, names: set[str]) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests"):
            base = node.module or ""
            yield from {
                full if (full := f"{base}.{each.name}") in names else base for each in node.names
            }


def _functions(module: Module) -> Iterator[FunctionNode]:
    for node in ast.walk(module.tree):
        if isinstance(node, FunctionNode):
            yield node


def _parameters(node: FunctionNode) -> list[str]:
    given = node.args
    rest = [each for each in (given.vararg, given.kwarg) if each is not None]
    return [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs, *rest)]


def _used_names(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def _is_forwarder(node: FunctionNode) -> bool:
    body = [each for each in node.body if not _is_docstring(each)]
    if len(body) != 1 or not isinstance(body[0], ast.Return | ast.Expr):
        return False
    call = body[0].value
    if not isinstance(call, ast.Call):
        return False
    given = [
        each.value if isinstance(each, ast.Starred) else each
        for each in (*call.args, *(each.value for each in call.keywords))
    ]
    return all(isinstance(each, ast.Name) and each.id in _parameters(node) for each in given)


def _is_dataclass(node: ast.ClassDef) -> bool:
    names = (each.func if isinstance(each, ast.Call) else each for each in node.decorator_list)
    return any(ast.unparse(each).rpartition(".")[2] == "dataclass" for each in names)


def _field_names(node: ast.ClassDef) -> set[str]:
    return {
        each.target.id
        for each in node.body
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    }


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def format_table(columns: Mapping[str, Mapping[str, str]]) -> str:
    """The figures as a Markdown table, one column a checkout."""
    names = list(next(iter(columns.values())))
    return "\n".join(
        [
            f"| measure | {' | '.join(columns)} |",
            f"|---|{'---:|' * len(columns)}",
            *(
                f"| {name} | {' | '.join(figures[name] for figures in columns.values())} |"
                for name in names
            ),
        ]
    )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.tools.measures", description="Measures a checkout."
    )
    parser.add_argument(
        "--against", type=Path, metavar="CHECKOUT", help="another checkout, as the first column"
    )
    other = parser.parse_args(arguments).against
    if other is not None and not (other / "outreach").is_dir():
        parser.error(f"{other} is no checkout of outreach")
    columns = {} if other is None else {"before": measure(other)}
    print(format_table(columns | {"now": measure(CHECKOUT)}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
