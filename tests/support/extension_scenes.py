"""What tests of all pages need to know of an extension that is installed.

`tests/extensions/NAME/scene.py` has it as `SCENE`; without that folder its pages are in no sweep.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parents[1] / "extensions"


@dataclass(frozen=True, kw_only=True)
class ExtensionScene:
    """Addresses of one extension, for the sweeps."""

    queries: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Query strings by endpoint, as in `tests/support/public_urls.py`."""
    parts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Values for parts of its addresses that no address of the core has."""
    program_posts: Mapping[str, int] = field(default_factory=dict)
    """The paths to which programs post without a token, each with the status of a post of
    nonsense."""
    staff_parts: Callable[[Any], Mapping[str, str]] | None = None
    """Returns values for parts of the addresses of its staff pages, of Chicago, given the key store
    of a test."""
    policy: str = ""
    """The rules of its staff pages, in lines as in `tests/support/policy_table.py`."""
    staff_posts: frozenset[str] = frozenset()
    """Its staff endpoints, below `staff.`, whose address says what a post does; whom they write to
    is checked by tests of its own."""
    drawn: frozenset[str] = frozenset()
    """The rules of its pictures and papers, whose characters tests of its own try."""
    pages: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)
    """Paths of public pages in the world of the browser tests, by a name that test ids show."""
    list_formats: Callable[[str, Sequence[str], Sequence[str]], Iterator[str]] | None = None
    """Yields the addresses that programs read, of a language, for filters of the list (`?…`) and
    public ids of workshops."""
    framed: Callable[[Any], Sequence[str]] | None = None
    """Returns the paths that other sites may frame, in the world of the browser tests."""
    framed_paths: tuple[str, ...] = ()
    """How the paths begin that other sites may frame, in Spanish."""
    conditional: frozenset[str] = frozenset()
    """Endpoints that answer «not modified»."""
    make_token: Callable[[Any], str] | None = None
    """Makes a token in its addresses, in the key store of a test."""
    token_path: str = ""
    """What stands in the addresses that have such a token."""
    html_endpoints: tuple[str, ...] = ()
    """Blueprints whose addresses are pages: no program reads them."""
    without_data: frozenset[str] = frozenset()
    """Endpoints that programs read and that show no workshop, or that tests of its own check."""
    with_worker: tuple[str, ...] = ()
    """Paths of pages that register a service worker, in Spanish."""
    paths: tuple[str, ...] = ()
    """Paths of public pages below the language, that answer anybody."""
    act: Callable[[Any], None] | None = None
    """Something that a person does on a day of the year (`tests/year/people.py`)."""
    check_place: Callable[[Any, str], None] | None = None
    """Checks what it makes of each city of an office, given its `Location` and what was typed."""
    promises: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The tests of the safety requirements that are on its page of the guide."""


def _load() -> tuple[ExtensionScene, ...]:
    names = sorted(path.parent.name for path in FOLDER.glob("*/scene.py"))
    return tuple(import_module(f"tests.extensions.{name}.scene").SCENE for name in names)


SCENES: Final = _load()
