"""What extensions add to pages, and that it is not added where it could tell something."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
import sqlalchemy as sa
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from outreach.web.presentation import extension_visits, slots
from outreach.web.presentation.extension_visits import ExtensionVisits
from outreach.web.presentation.slots import SlotContent

NAME = "list_head"


@dataclass(frozen=True)
class Subject:
    is_discreet: bool
    is_sensitive: bool


ORDINARY, SENSITIVE, DISCREET = Subject(False, False), Subject(False, True), Subject(True, True)


def make(words: str, **changes: bool) -> SlotContent:
    return SlotContent(
        slot=NAME, render=lambda given: Markup("<b>{}{}</b>").format(words, given), **changes
    )


def slot(*contents: SlotContent) -> Callable[..., Markup]:
    return slots.make_function(contents)


def test_contents_stand_in_the_order_of_the_extensions_and_are_given_what_the_page_gives() -> None:
    assert slot()(NAME, ()) == Markup()
    assert slot(make("a"), make("b"))(NAME, (ORDINARY,), 1) == Markup("<b>a1</b><b>b1</b>")
    assert slot(make("a"))("workshop_head", ()) == Markup()


def test_what_is_discreet_or_sensitive_gets_only_what_says_so() -> None:
    for at_discreet, at_sensitive in product((False, True), repeat=2):
        fill = slot(make("a", at_discreet=at_discreet, at_sensitive=at_sensitive))
        assert bool(fill(NAME, (ORDINARY,)))
        assert bool(fill(NAME, (ORDINARY, SENSITIVE))) is at_sensitive
        assert bool(fill(NAME, (ORDINARY, DISCREET))) is at_discreet
        assert bool(fill(NAME, (SENSITIVE, DISCREET))) is (at_discreet and at_sensitive)


def fail(given: Any) -> Markup:
    raise given


def test_what_fails_is_left_out_of_the_page_and_tells_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fill = slot(make("a"), SlotContent(slot=NAME, render=fail), make("b"))
    for error in (LookupError("rosa@example.org"), NotFound(), OSError("a socket")):
        for _ in range(3):
            assert fill(NAME, (), error).count("<b>") == 2
    assert [each.partition(" of the slot ")[2] for each in caplog.messages] == [
        "list_head: LookupError", "list_head: NotFound", "list_head: OSError"
    ]  # fmt: skip


@pytest.mark.parametrize("made", [None, "<script>", 7, b"x"])
def test_what_is_no_markup_is_left_out(made: Any) -> None:
    assert slot(SlotContent(slot=NAME, render=lambda _given: made), make("b"))(NAME, ()) == Markup(
        "<b>bNone</b>"
    )


def test_what_hangs_is_left_out_for_everybody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "VISITS", ExtensionVisits())
    released, inside = threading.Event(), threading.Semaphore(0)

    def hang(_given: Any) -> Markup:
        inside.release()
        released.wait()
        return Markup("<b>late</b>")

    fill = slot(SlotContent(slot=NAME, render=hang), make("b"))
    with ThreadPoolExecutor() as threads:
        first = [threads.submit(fill, NAME, ()) for _ in range(extension_visits.MOST)]
        for _ in first:
            assert inside.acquire(timeout=20)
        try:
            for _ in range(3):
                assert fill(NAME, ()) == Markup()
        finally:
            released.set()
        assert [each.result().count("<b>") for each in first] == [2, 2]
    assert fill(NAME, ()).count("<b>") == 2


def test_trouble_of_the_database_ends_the_page(caplog: pytest.LogCaptureFixture) -> None:
    fill = slot(SlotContent(slot=NAME, render=fail))
    locked = sa.exc.TimeoutError()  # as all connections are taken
    with pytest.raises(sa.exc.TimeoutError):
        fill(NAME, (), locked)
    assert caplog.messages == []


def test_a_slot_that_is_in_no_page_is_refused() -> None:
    nowhere = SlotContent(slot="nowhere", render=lambda _given: Markup("x"))
    with pytest.raises(ValueError, match="no page has the slots nowhere"):
        slots.make_function([nowhere])
    with pytest.raises(KeyError):
        slot()("nowhere", ())
