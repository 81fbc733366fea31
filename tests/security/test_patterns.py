"""No regular expression backtracks catastrophically, by the analysis of its structure. `python -m
tests.support.regex_audit` measures it."""

from typing import Final

import pytest

from outreach.web.staff.network.venue_pages import point_of
from tests.support.regex_audit import made_of_parts, nested, patterns

# Nested repetitions that match a text in one way only, each with the reason.
REVIEWED: Final = {
    "[a-z0-9]+([_.][a-z0-9]+)*": "each turn begins with a mark that is no letter of it",
    r'([^;:]+)((?:;[^=]+=(?:"[^"]*"|[^;:"]*))*):(.*)': "each turn has its own = and quote",
    r'[A-Za-z0-9-]+((?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)*):': (
        "semicolon, equals sign and comma each begin their part and are in no other"
    ),
    r"(?:[^\W\d]+\.?\s+)?(\d{1,2}(?:(?:\s+y\s+|\s+)\d{1,2})*)": (
        "between two numbers is one gap, with its «y» or without"
    ),
}


@pytest.mark.long
def test_no_regex_has_an_unreviewed_nested_repetition() -> None:
    found = {each.text: each.where for each in patterns() if nested(each.text)}
    assert {text: location for text, location in found.items() if text not in REVIEWED} == {}
    assert REVIEWED.keys() == found.keys(), "remove patterns that no longer exist from the list"
    assert len(list(patterns())) > 80
    assert len(list(made_of_parts())) == 38, "review new ones: no pattern may contain typed text"


def test_many_spaces_in_coordinates_are_read_as_one() -> None:
    """The time must not be quadratic in their number."""
    assert point_of("41.85" + " " * 60_000 + "-87.65") == (41.85, -87.65)
    assert point_of("41.85" + " " * 60_000 + "x") is None
    assert point_of("41.85," + "\t" * 60_000 + "-87.65") == (41.85, -87.65)


@pytest.mark.parametrize("text", ["(a+)+", "(a*)*b", r"(\w+\s*)+", "((a+)b?)*", "(?:x|(y+))+z"])
def test_audit_detects_a_catastrophic_regex(text: str) -> None:
    assert nested(text)


@pytest.mark.parametrize("text", ["a+b+", r"(,\d+)*", "([a-z]+-)*[a-z]+", "(a{1,3})+", "(ab?)+"])
def test_audit_accepts_a_harmless_regex(text: str) -> None:
    assert not nested(text)
