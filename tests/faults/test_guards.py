"""Each guard of requirements.md is where the table says, and its test fails without it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.guard import Gone, Guard
from tests.faults.guards import CHECKOUT, GUARDS, Copy

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
    assert len({guard.id + guard.words for guard in GUARDS}) == len(GUARDS)


@pytest.mark.core
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.id)
def test_every_guard_and_its_test_are_where_the_table_says(guard: Guard) -> None:
    assert guard.without_guard(CHECKOUT)
    file, _, name = guard.test.partition("::")
    assert re.search(rf"^def {name}\(", (CHECKOUT / file).read_text(), re.MULTILINE), guard.test


def test_missing_guard_is_reported(tmp_path: Path) -> None:
    with pytest.raises(Gone, match="holds this 0 times"):
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
            "outreach/app.py",
            "def create_app(",
            "def no_app(",
            "tests/web/public/test_workshop_cards.py",
        )
        with copy.without(broken):
            assert copy.run("tests/web/public/test_workshop_cards.py").returncode not in {0, 1}
