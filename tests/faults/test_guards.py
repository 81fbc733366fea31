"""Each guard of requirements.md is where the table says, and its test fails without it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.guard import Gone, Guard
from tests.faults.guards import CHECKOUT, GUARDS, Copy
from tests.support.advice import require_none

# The requirements that must have a guard here.
SHOWN = {"S03", "S06", "S09", "S10", "S13", "S16", "S19", "S20", "S23", "S26"}
browser = pytest.mark.browser
EACH = [
    pytest.param(guard, id=guard.id, marks=[browser] if guard.needs_a_browser else [])
    for guard in GUARDS
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    with Copy(tmp_path_factory.mktemp("copy")) as made:
        yield made


@pytest.mark.core
def test_required_promises_are_in_the_table() -> None:
    assert SHOWN - {guard.promise for guard in GUARDS} == set()
    assert len({guard.id + guard.code for guard in GUARDS}) == len(GUARDS)


# All guards in one test: a quick run has one case of each.
@pytest.mark.core
def test_every_guard_is_where_the_table_says() -> None:
    gone = []
    for guard in GUARDS:
        try:
            guard.require(CHECKOUT)
        except Gone as each:
            gone.append(each)
    require_none(
        gone, "tests/faults/guards_of_*.py name code that the product has not, or not once"
    )


@pytest.mark.core
def test_every_test_of_a_guard_is_where_the_table_says() -> None:
    missing = []
    for test in sorted({guard.test for guard in GUARDS}):
        file, _, name = test.partition("::")
        path = CHECKOUT / file
        text = path.read_text() if path.is_file() else ""
        if not re.search(rf"^def {name}\(", text, re.MULTILINE):
            missing.append(test)
    require_none(missing, "correct the rows in tests/faults/guards_of_*.py: there is no test")


SOURCE = """
LIMITS = {"a": first, "b": second}

class Door:
    def open(self, key, *, is_late=False):
        if key in self.keys and not is_late:
            self.count(key, at=now, is_known=True)
            return "open"
        return None

def other(key):
    if key:
        return refuse(key)
    return None
"""
PLACE = "outreach.some:"


@pytest.mark.parametrize(
    ("symbol", "code", "instead", "made"),
    [
        ("Door.open", "key in self.keys and not is_late", "key", "if key:"),
        ("Door.open", "not is_late", "", "if key in self.keys:"),
        ("Door.open", "if key in self.keys and not is_late:", "if False:", "if False:"),
        ("Door.open", "is_known=True", "", "self.count(key, at=now)"),
        ("Door.open", "is_known=True", "is_known=False", "at=now, is_known=False)"),
        ("Door.open", "self.count( key,at=now,\n    is_known=True )", "pass", "            pass\n"),
        ("Door.open", "return 'open'\n", "return 'shut'\n", "return 'shut'"),
        ("Door.open", "'open'", "None", "is_known=True)\n            return None"),
        ("LIMITS", "{'a': first, 'b': second}", "{}", "LIMITS = {}"),
        ("other", "if key:", "if True:", "if True:\n        return refuse(key)"),
        ("", "class Door:", "class Gate:", "class Gate:"),
    ],
)  # fmt: skip
def test_code_is_replaced_in_its_symbol(
    symbol: str, code: str, instead: str, made: str, tmp_path: Path
) -> None:
    (tmp_path / "outreach").mkdir()
    (tmp_path / "outreach/some.py").write_text(SOURCE)
    guard = Guard("S01", f"{PLACE}{symbol}", code, instead, "tests/test_some.py::test_some")
    text = guard.without_guard(tmp_path)
    assert made in text
    assert len(ast.parse(text).body) == 3


@pytest.mark.parametrize(
    ("symbol", "code", "fault"),
    [
        ("Door.close", "not is_late", "there is no outreach.some:Door.close"),
        ("gone", "not is_late", "there is no outreach.some:gone"),
        ("other", "not is_late", "has this code 0 times"),
        ("other", "key", "has this code 2 times"),
        ("", "None", "has this code 2 times"),
    ],
)
def test_code_that_is_gone_or_there_twice_is_reported(
    symbol: str, code: str, fault: str, tmp_path: Path
) -> None:
    (tmp_path / "outreach").mkdir()
    (tmp_path / "outreach/some.py").write_text(SOURCE)
    guard = Guard("S01", f"{PLACE}{symbol}", code, "x", "tests/test_some.py::test_some")
    with pytest.raises(Gone, match=re.escape(fault)):
        guard.require(tmp_path)


def test_code_is_found_in_whatever_layout_and_place(tmp_path: Path) -> None:
    (tmp_path / "outreach").mkdir()
    file = tmp_path / "outreach/some.py"
    guard = Guard("S01", f"{PLACE}Door.open", "self.count(key, at=now, is_known=True)", "pass", "x")
    before, door = SOURCE.split("class Door:")
    inner, other = door.split("def other")
    moved = inner.replace("at=now, is_known=True", "at=now,  # a reason\n  is_known=True,\n")
    file.write_text(f"{before}def other{other}\nclass Door:{moved}")
    guard.require(tmp_path)
    assert "self.count" not in guard.without_guard(tmp_path)


def test_file_without_a_guard_is_reported(tmp_path: Path) -> None:
    with pytest.raises(Gone, match="there is no outreach/"):
        GUARDS[0].without_guard(tmp_path)


@pytest.mark.long
def test_tests_pass_with_all_guards_in_place(copy: Copy) -> None:
    tests = sorted({guard.test for guard in GUARDS if not guard.needs_a_browser})
    done = copy.run(*tests)
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.long
@browser
def test_browser_tests_pass_with_all_guards_in_place(copy: Copy) -> None:
    tests = sorted({guard.test for guard in GUARDS if guard.needs_a_browser})
    done = copy.run(*tests)
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.long
@pytest.mark.parametrize("guard", EACH)
def test_removing_a_guard_fails_its_test(copy: Copy, guard: Guard) -> None:
    before = (copy.folder / guard.file).read_text()
    wrong = copy.falls(guard)
    assert wrong == ""
    assert (copy.folder / guard.file).read_text() == before, "the next one starts from the whole"


@pytest.mark.long
def test_guards_are_removed_in_a_copy_only(tmp_path: Path) -> None:
    with Copy(tmp_path) as copy:
        assert (tmp_path / "outreach" / "app.py").read_text()
        assert not (tmp_path / ".git").exists()
        broken = Guard(
            "S01",
            "outreach.errors:",
            "class OutreachError(Exception):",
            "class OutreachError(Gone):",
            "tests/web/public/test_workshop_cards.py",
        )
        with copy.without(broken):
            assert copy.run("tests/web/public/test_workshop_cards.py").returncode not in {0, 1}
