"""One guard of the product: code of a symbol, and the test that fails without it."""

import ast
import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Final

_BODIES: Final = ("body", "orelse", "finalbody", "handlers")
_NAMED: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Gone(Exception):
    """A guard is not where the table says: correct the table, or put the guard back."""


@dataclass(frozen=True)
class Guard:
    """`place` is a symbol, as `outreach.db.store:Store.change`, or the path of a file that is no
    Python. A module without a symbol, `outreach.app:`, stands for the whole of it.

    `code` occurs there exactly once. In Python it is an expression, a named argument `is_open=True`
    without spaces, statements that follow each other, or the first line of a block, `if is_known:`;
    it is compared as a syntax tree, so that neither its layout nor its place within the symbol
    matters. Elsewhere it is compared as words. With an empty `instead`, an expression or argument
    is taken out of the call, list or condition that it is a part of."""

    promise: str
    place: str
    code: str
    instead: str
    test: str

    @property
    def id(self) -> str:
        name = self.place if self.is_python else Path(self.place).name
        return f"{self.promise}-{name}-{self.test.rpartition('::')[2]}"

    @property
    def needs_a_browser(self) -> bool:
        return "/browser/" in self.test

    @property
    def is_python(self) -> bool:
        return ":" in self.place

    @property
    def file(self) -> str:
        """The path in the checkout. A package is its `__init__`, and named so."""
        if not self.is_python:
            return self.place
        return f"{self.place.partition(':')[0].replace('.', '/')}.py"

    def require(self, folder: Path) -> None:
        """Raises Gone unless the symbol is there and has the code exactly once."""
        text = self._read(folder)
        if self.is_python:
            symbol = self._find_symbol(parse_module(text))
            count = sum(1 for _each in self._change.find(symbol))
        else:
            count = _squeeze(text).count(_squeeze(self.code))
        if count != 1:
            raise Gone(
                f"{self.promise}: {self.place} has this code {count} times instead of once: "
                f"{self.code!r}. {_ADVICE}"
            )

    def without_guard(self, folder: Path) -> str:
        """The file's text without the guard; of Python without its comments. Raises Gone as
        `require`."""
        self.require(folder)
        text = self._read(folder)
        if not self.is_python:
            return _squeeze(text).replace(_squeeze(self.code), self.instead)
        tree = deepcopy(parse_module(text))
        self._change.make(self._find_symbol(tree))
        return ast.unparse(ast.fix_missing_locations(tree))

    def _read(self, folder: Path) -> str:
        file = folder / self.file
        if not file.is_file():
            raise Gone(f"{self.promise}: there is no {self.file}. {_ADVICE}")
        return file.read_text()

    def _find_symbol(self, tree: ast.Module) -> ast.AST:
        symbol = find_symbol(tree, self.place.partition(":")[2])
        if symbol is None:
            raise Gone(f"{self.promise}: there is no {self.place}. {_ADVICE}")
        return symbol

    @cached_property
    def _change(self) -> "Change":
        return Change.parse(self.code, self.instead)


_ADVICE: Final = "Correct its row in tests/faults/guards_of_*.py, or put the guard back."


@dataclass(frozen=True)
class Change:
    """Code to be found in a tree, and what takes its place: statements, the head of a block, an
    expression or a named argument."""

    code: Sequence[ast.AST]
    instead: Sequence[ast.AST]
    is_head: bool

    @classmethod
    def parse(cls, code: str, instead: str) -> "Change":
        if code.rstrip().endswith(":"):
            head, other_head = (_parse_statements(f"{each} pass") for each in (code, instead))
            return cls(head, other_head, True)
        for parse in (_parse_argument, _parse_expression):
            part, other = parse(code), parse(instead)
            if part is not None and (other is not None or not instead):
                return cls([part], [] if other is None else [other], False)
        return cls(_parse_statements(code), _parse_statements(instead), False)

    def find(self, symbol: ast.AST) -> Iterator[tuple[ast.AST, str, int | None]]:
        """Where the code is: its parent, the name of the parent's field, and the place in it if the
        field is a list."""
        wanted = [self._describe(each) for each in self.code]
        for parent in ast.walk(symbol):
            for name, value in ast.iter_fields(parent):
                if isinstance(value, list):
                    for start in range(len(value) - len(wanted) + 1):
                        if self._is_same(value[start : start + len(wanted)], wanted):
                            yield parent, name, start
                elif not self.instead:
                    continue  # it can be taken out of a list only
                elif isinstance(value, ast.AST) and self._is_same([value], wanted):
                    yield parent, name, None

    def make(self, symbol: ast.AST) -> None:
        """Puts the other code into its place, where it is found first."""
        parent, name, start = next(self.find(symbol))
        if start is None:
            setattr(parent, name, self.instead[0])
            return
        there: list[ast.AST] = getattr(parent, name)
        found = there[start : start + len(self.code)]
        there[start : start + len(self.code)] = self._replace(found)
        if not there and name == "body":
            there.append(ast.Pass())

    def _replace(self, found: Sequence[ast.AST]) -> Sequence[ast.AST]:
        if not self.is_head:
            return self.instead
        [head], [block] = self.instead, found
        for name in _BODIES:
            if hasattr(block, name):
                setattr(head, name, getattr(block, name))
        return [head]

    def _is_same(self, nodes: Sequence[ast.AST], wanted: Sequence[str]) -> bool:
        return all(
            type(node) is type(own) and self._describe(node) == each
            for node, own, each in zip(nodes, self.code, wanted, strict=True)
        )

    def _describe(self, node: ast.AST) -> str:
        return describe_head(node) if self.is_head else ast.dump(node)


def describe_head(block: ast.AST) -> str:
    """The tree of a block without what stands in it."""
    return ", ".join(
        f"{name}={ast.dump(value) if isinstance(value, ast.AST) else _describe_list(value)}"
        for name, value in ast.iter_fields(block)
        if name not in _BODIES
    )


def _describe_list(value: object) -> str:
    if isinstance(value, list):
        return repr([ast.dump(each) if isinstance(each, ast.AST) else each for each in value])
    return repr(value)


@cache
def parse_module(text: str) -> ast.Module:
    return ast.parse(text)


def find_symbol(tree: ast.AST, name: str) -> ast.AST | None:
    """The function, class or constant of that name, `Class.method` within a class; the tree itself
    without a name, and None if there is no such symbol."""
    if not name:
        return tree
    first, _, rest = name.partition(".")
    for node in getattr(tree, "body", []):
        if first in list_names(node):
            return find_symbol(node, rest)
    return None


def list_names(node: ast.AST) -> list[str]:
    """The names that a statement defines."""
    if isinstance(node, _NAMED):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [each.id for each in targets if isinstance(each, ast.Name)]


def _parse_argument(code: str) -> ast.keyword | None:
    if not re.match(r"\w+=[^=\s]", code):
        return None
    call = _parse_expression(f"call({code})")
    return call.keywords[0] if isinstance(call, ast.Call) and len(call.keywords) == 1 else None


def _parse_expression(code: str) -> ast.expr | None:
    try:
        return ast.parse(code.strip(), mode="eval").body
    except SyntaxError:
        return None


def _parse_statements(code: str) -> list[ast.stmt]:
    return ast.parse(code).body


def _squeeze(text: str) -> str:
    """The text with each run of white space as one space."""
    return " ".join(text.split())
