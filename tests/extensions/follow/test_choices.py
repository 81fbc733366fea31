"""The kinds of a choice are stored in one order, so that equal choices are equal."""

from itertools import permutations
from zoneinfo import ZoneInfo

from outreach.domain.locations import gazetteer
from outreach.extensions.follow import choices
from outreach.extensions.follow.choices import MAX_KINDS
from tests.conftest import kind


def test_kinds_of_one_position_have_one_order() -> None:
    kinds = [kind("b", "B", position=2), kind("c", "C", position=1), kind("a", "A", position=2)]
    assert {choices.sort_codes(each) for each in permutations(kinds)} == {("c", "a", "b")}


def test_more_kinds_than_a_choice_may_have_are_stored_as_all() -> None:
    kinds = [kind(f"k{number:02}", "Taller") for number in range(MAX_KINDS + 1)]
    assert len(choices.sort_codes(kinds[:-1])) == MAX_KINDS
    assert choices.sort_codes(kinds) == ()


def test_notices_of_a_followed_place_are_on_its_clock() -> None:
    places = gazetteer.load()
    [area] = [each for each in places.find("los angeles") if each.region == "CA"][:1]
    choice = choices.FollowChoice(area=area)
    assert choices.find_zone(choice) == ZoneInfo("America/Los_Angeles")
