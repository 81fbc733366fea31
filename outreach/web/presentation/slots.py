"""Places in core pages where extensions add something.

A template calls `slot(name, about, given)`. `SLOTS` lists the names: what each is given and where
it stands is what extensions may rely on. Nothing is added to what is about a discreet kind or one
of high sensitivity, unless the extension's declaration says that it may (S14). What fails, hangs
or is no markup is left out of the page.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from flask import g, has_request_context, request
from markupsafe import Markup

from outreach import logs
from outreach.db import error_classes
from outreach.web.presentation.extension_visits import VISITS

log: Final = logging.getLogger(__name__)
PATIENCE_SECONDS: Final = 0.1  # that a page waits for others who are in the code of extensions
# In the environment of a request by which a process prepares itself: an extension that hangs does
# not keep it from starting.
WARM_UP: Final = "outreach.warm_up"


class Subject(Protocol):
    """What a page is about: a workshop, a kind, what a calendar was chosen to have."""

    @property
    def is_discreet(self) -> bool: ...

    @property
    def is_sensitive(self) -> bool: ...


@dataclass(frozen=True)
class Slot:
    """A place in a page, and what is given to those who fill it."""

    name: str
    where: str
    given: str


@dataclass(frozen=True, kw_only=True)
class SlotContent:
    """What an extension adds in one place."""

    slot: str
    render: Callable[[Any], Markup]
    """Is given what `SLOTS` says, in a request. Empty where it has nothing to add."""
    at_discreet: bool = False
    """Whether it is also added to what is about a discreet kind."""
    at_sensitive: bool = False
    """Whether it is also added to what is about a kind of high sensitivity."""

    def may_appear(self, about: Iterable[Subject]) -> bool:
        return all(
            self.at_discreet if each.is_discreet else self.at_sensitive or not each.is_sensitive
            for each in about
        )


SLOTS: Final = (
    Slot("list_head", "in the head of the list of workshops", "nothing"),
    Slot("office_head", "in the head of an office's page", "nothing"),
    Slot("office_links", "after the links beside an office's workshops", "the `Office`"),
    Slot("workshop_head", "in the head of a workshop's page", "nothing"),
    Slot(
        "empty_list",
        "among the buttons of a list without workshops",
        "the query string, without `?`, of the place that was searched",
    ),
    Slot(
        "api_notes",
        "below the notes on the page of open data, as `<li>`",
        "nothing",
    ),
    Slot(
        "queue",
        "above what waits, on the staff's page «Por atender»",
        "the slugs of the offices that are shown",
    ),
    Slot(
        "waiting",
        "after the numbers of what waits, on the staff's page «Hoy»: a link with a number",
        "the slugs of the offices whose queue the staff member has",
    ),
    Slot("workshop_ways", "below the ways to a place on a workshop's page", "the `Workshop`"),
    Slot(
        "calendar_for_sites",
        "among what the page of calendars has for other sites",
        "the `CalendarForSites` of outreach/web/public/feed_builder.py",
    ),
)
NAMES: Final = frozenset(each.name for each in SLOTS)


def make_function(contents: Collection[SlotContent]) -> Callable[..., Markup]:
    """Returns the function `slot` of templates. Raises ValueError for a slot that is not there."""
    filled: Mapping[str, Sequence[SlotContent]] = {
        name: [each for each in contents if each.slot == name] for name in NAMES
    }
    unknown = sorted({each.slot for each in contents} - NAMES)
    if unknown:
        raise ValueError(f"no page has the slots {', '.join(unknown)}")
    repeats = logs.Repeats()

    def leave_out(content: SlotContent, reason: str) -> Markup:
        if has_request_context():
            g.is_incomplete = True
        more = repeats.admit((content, reason), now=time.monotonic())
        if more is not None:
            module, words = content.render.__module__, f"{reason}{logs.say_left_out(more)}"
            log.error("%s: left out of the slot %s: %s", module, content.slot, words)
        return Markup()

    def render(content: SlotContent, given: Any) -> Markup:
        with VISITS.enter(PATIENCE_SECONDS) as has_entered:
            if not has_entered:
                return leave_out(content, "extensions do not answer")
            try:
                made: object = content.render(given)
            except Exception as error:  # it is other people's code
                if error_classes.classify(error) is not None:
                    raise  # the page has no database either, and the request is answered again
                return leave_out(content, error_classes.describe(error))
        return made if isinstance(made, Markup) else leave_out(content, "it is no Markup")

    def slot(name: str, about: Iterable[Subject], given: Any = None) -> Markup:
        found = filled[name]
        if not found:
            return Markup()
        if has_request_context() and request.environ.get(WARM_UP):
            g.is_incomplete = True
            return Markup()
        subjects = tuple(about)
        return Markup().join(render(each, given) for each in found if each.may_appear(subjects))

    return slot
