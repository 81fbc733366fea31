"""The program that measures a checkout: each figure, on a package made for it."""

from pathlib import Path

import pytest

from tests.support.fixed_clock import fixed_clock
from tests.tools import measures
from tests.tools.measures import CHECKOUT, Module

pytestmark = fixed_clock

SOME = Module(
    "outreach.some",
    '''"""A module."""
from dataclasses import dataclass

@dataclass(frozen=True)
class Venue:
    """A class."""
    name: str
    street: str
    city: str

@dataclass
class VenueForm:
    city: str
    name: str
    street: str
    token: str

@dataclass
class Office:
    name: str
    city: str

class Store:
    def change(self, venue, *, now):
        return save(venue, now=now)

def save(venue, *, now):
    return write(venue, now=now)

def write(venue, now):
    if venue and now or venue.is_new and not now or [e for e in venue if e]:
        for each in venue:
            while each and now and each.is_late:
                if each or now:
                    each = now
    return venue
''',
)


def test_statements_are_counted_without_docstrings() -> None:
    assert measures.count_statements([Module("a", '"""Text."""\nx = 1\nif x:\n    pass\n')]) == 3


def test_parameters_are_counted_without_self() -> None:
    assert measures.compute_mean_parameters([SOME]) == pytest.approx(2.0)
    assert measures.compute_mean_parameters([]) == 0


def test_functions_beyond_the_complexity_are_found() -> None:
    assert list(measures.find_complex([SOME])) == ["outreach.some:write"]


def test_forwarders_that_are_used_once_are_found() -> None:
    assert list(measures.find_forwarders_used_once([SOME])) == ["outreach.some:save"]
    caller = Module("outreach.caller", "save(1, now=2)\n")
    assert list(measures.find_forwarders_used_once([SOME, caller])) == []


def test_data_classes_with_three_shared_fields_are_found() -> None:
    assert measures.find_similar_dataclasses([SOME]) == {
        "outreach.some:Venue",
        "outreach.some:VenueForm",
    }


def test_short_modules_are_found_and_packages_are_none() -> None:
    short, package = Module("a.short", "x = 1\n"), Module("a.__init__", "x = 1\n")
    long = Module("a.long", "x = 1\n" * measures.MIN_MODULE_LINES)
    assert list(measures.find_short_modules([short, package, long])) == ["a.short"]


def test_imports_between_test_files_are_found() -> None:
    modules = [
        Module(
            "tests.a.test_one",
            "from tests.conftest import seat\nfrom tests.support import login\n"
            "from tests.a.test_two import helper, other\nfrom tests.a import world\n",
        ),
        Module("tests.a.test_two", ""),
        Module("tests.a.world", "from tests.a.test_two import helper\n"),
        Module("tests.support.login", ""),
    ]
    assert list(measures.find_imports_between_tests(modules)) == [
        "tests.a.test_one: tests.a.test_two",
        "tests.a.test_one: tests.a.world",
    ]


def test_table_has_a_column_for_each_checkout(tmp_path: Path) -> None:
    for folder in ("outreach", "tests"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "some.py").write_text(SOME.text)
    figures = measures.measure(tmp_path)
    assert figures["functions over radon complexity 10"] == "1"
    lines = measures.format_table({"before": figures, "now": figures}).splitlines()
    assert lines[0] == "| measure | before | now |"
    assert "| mean parameters of a function | 2.00 | 2.00 |" in lines
    assert len(lines) == len(figures) + 2


def test_another_checkout_that_is_none_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        measures.main(["--against", str(tmp_path)])
    assert "is no checkout of outreach" in capsys.readouterr().err
    assert (CHECKOUT / "outreach").is_dir()
