"""Measures that no regular expression of the product takes superlinear time.

`python -m tests.support.regex_audit` feeds each of them texts of its own letters, n and 2n of them,
and shows where twice the text takes more than twice the time: about 4 is quadratic. It ends with 1
if one of them takes over a second for as much text as a form may bring. What a test sees without a
clock is whether one repetition is within another (`tests/security/test_patterns.py`).
"""

import ast
import importlib
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

parser: Final[Any] = importlib.import_module("re._parser")  # no public module parses them
CODE: Final = Path(__file__).parents[2] / "outreach"
METHODS: Final = frozenset(
    {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
)
ANCHORED: Final = frozenset({"match", "fullmatch"})
MIN_UNBOUNDED: Final = 100  # repetitions: fewer are no danger
REPEATS: Final = frozenset({"MAX_REPEAT", "MIN_REPEAT"})
LONGEST: Final = 64 * 1024  # letters: a form brings no more
SLOW: Final = 1.0  # seconds for them
SIZES: Final = (2_000, 4_000)


@dataclass(frozen=True)
class Pattern:
    where: str  # file:line
    text: str
    is_anchored: bool  # asked of a text as it begins, and nowhere else


def patterns() -> Iterator[Pattern]:
    """The patterns that are literals in the code."""
    for file in sorted(CODE.rglob("*.py")):
        if "versions" in file.parts:
            continue
        tree = ast.parse(file.read_text())
        uses = _uses(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and is_call(node) and node.args:
                text = _constant(node.args[0])
                assert isinstance(node.func, ast.Attribute)
                used = uses.get(id(node), {node.func.attr})
                if text is not None:
                    where = f"{file.relative_to(CODE.parent)}:{node.lineno}"
                    yield Pattern(where, text, bool(used) and used <= ANCHORED)


def made_of_parts() -> Iterator[str]:
    """The places where a pattern is composed at run time: a person has to check these."""
    for file in sorted(CODE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            is_one = isinstance(node, ast.Call) and is_call(node) and bool(node.args)
            if is_one and isinstance(node, ast.Call) and _constant(node.args[0]) is None:
                yield f"{file.relative_to(CODE.parent)}: {ast.unparse(node.args[0])}"


def _uses(tree: ast.Module) -> dict[int, set[str]]:
    """The methods called on each named pattern, by name."""
    asked: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            asked.setdefault(node.value.id, set()).add(node.attr)
    named = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if isinstance(target, ast.Name):
                named[id(node.value)] = asked.get(target.id, set())
    return named


def is_call(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in METHODS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
    )


def _constant(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, bytes):
        return node.value.decode("latin-1")  # a pattern of bytes has the same structure
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def nested(text: str) -> bool:
    """Whether an unbounded repetition contains another: (a+)+ backtracks exponentially."""
    return _nested(parser.parse(text), is_within=False)


def _nested(parts: Any, *, is_within: bool) -> bool:
    for op, given in parts:
        name = str(op)
        if name in REPEATS:
            _least, most, inner = given
            is_repeatable = int(most) >= MIN_UNBOUNDED
            if is_repeatable and is_within:
                return True
            # What begins with a letter that cannot be its end is cut in one way only.
            if _nested(inner, is_within=is_within or (is_repeatable and not _is_fenced(inner))):
                return True
        elif (
            (name == "SUBPATTERN" and _nested(given[-1], is_within=is_within))
            or (name == "BRANCH" and any(_nested(each, is_within=is_within) for each in given[1]))
            or (name in {"ASSERT", "ASSERT_NOT"} and _nested(given[1], is_within=is_within))
        ):
            return True
    return False


def _is_fenced(parts: Any) -> bool:
    """Whether each iteration begins or ends with a character that occurs nowhere else in it."""
    nodes = list(parts)
    while len(nodes) == 1 and str(nodes[0][0]) == "SUBPATTERN":
        nodes = list(nodes[0][1][-1])
    fences = [given for op, given in (nodes[0], nodes[-1]) if str(op) == "LITERAL"]
    repeated = [given[2] for op, given in nodes if str(op) in REPEATS]
    return any(
        all(not _holds(inner, letter) for inner in repeated) and bool(repeated) for letter in fences
    )


def _holds(parts: Any, letter: int) -> bool:
    """Whether these nodes can match that character."""
    for op, given in parts:
        name = str(op)
        if name == "LITERAL" and given == letter:
            return True
        if name == "NOT_LITERAL" and given != letter:
            return True
        if name == "ANY":
            return True
        if name == "IN" and _in(given, letter):
            return True
        if name == "SUBPATTERN" and _holds(given[-1], letter):
            return True
        if name == "BRANCH" and any(_holds(each, letter) for each in given[1]):
            return True
        if name in REPEATS and _holds(given[2], letter):
            return True
    return False


def _in(items: Any, letter: int) -> bool:
    found, is_not = False, False
    for op, given in items:
        name = str(op)
        if name == "NEGATE":
            is_not = True
        elif name == "LITERAL":
            found |= given == letter
        elif name == "RANGE":
            found |= given[0] <= letter <= given[1]
        elif name == "CATEGORY":
            word = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}
            kind = str(given).removeprefix("CATEGORY_")
            rule = word[kind.removeprefix("NOT_")]
            matched = re.match(rule, chr(letter)) is not None
            found |= matched != kind.startswith("NOT_")
    return found != is_not


def letters(text: str) -> list[str]:
    """Texts that its repetitions can start to match: its own characters, one and two at a time."""
    alone = sorted(
        {each for each in [*text, *"a0 \n-.,\\\"'<&;:=@/ñ"] if each.isprintable() or each == "\n"}
    )
    own = [each for each in text if each.isalnum() or each in " -./,:"][:8]
    return alone + [a + b for a in own for b in (" ", "\n", "0", "\\", ",")]


def seconds(pattern: Pattern, unit: str, size: int) -> float:
    compiled, text = re.compile(pattern.text), unit * (size // len(unit)) + "\x00"
    ask = compiled.fullmatch if pattern.is_anchored else compiled.search
    began = time.perf_counter()
    ask(text)
    if not pattern.is_anchored:
        compiled.sub("", text)
    return time.perf_counter() - began


def main() -> int:
    amiss = 0
    for each in patterns():
        worst = max(letters(each.text), key=partial(seconds, each, size=1_000))
        small, large = (min(seconds(each, worst, size) for _ in range(3)) for size in SIZES)
        full = large * (LONGEST / SIZES[1]) ** (2 if large > 3 * small else 1)
        if full > SLOW / 10:
            amiss += full > SLOW
            print(
                f"{each.where}  {each.text!r:.60}  with {worst!r}: x{large / small:.1f} for twice"
                f" the text, about {full:.2f} s for {LONGEST}"
            )
    print(f"{len(list(patterns()))} patterns, {amiss} too slow")
    return 1 if amiss else 0


if __name__ == "__main__":
    sys.exit(main())
