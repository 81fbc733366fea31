"""Names of towns that somebody says in Spanish or French: «Ciudad de Kansas», «Nuevo Bedford».

Only what they are made of is translated; names with a form of their own («Filadelfia») stand in
`data/spoken_names.csv`."""

from collections.abc import Iterator
from typing import Final

# What stands before a name there, and before or behind it here.
_BEFORE: Final = {
    "fuerte": ("fort",), "lago": ("lake",), "monte": ("mount",), "nueva": ("new",),
    "nuevo": ("new",), "nouveau": ("new",), "nouvelle": ("new",), "puerto": ("port",),
    "san": ("saint",), "santa": ("saint", "sainte"), "santo": ("saint",), "saint": ("saint",),
    "sainte": ("saint",),
}  # fmt: skip
_BEHIND: Final = {
    "cataratas": "falls", "cascadas": "falls", "chutes": "falls", "ciudad": "city",
    "playa": "beach", "playas": "beach", "plage": "beach", "valle": "valley",
}  # fmt: skip
_LINKS: Final = frozenset({"de", "del", "du", "des", "d", "la", "las", "los"})
_SAINTS: Final = {
    "agustin": ("augustine",), "augustin": ("augustine",), "alberto": ("albert",),
    "carlos": ("charles",), "catalina": ("catharines",), "catherine": ("catharines",),
    "jean": ("john", "johns"), "jorge": ("george",), "jose": ("joseph",),
    "juan": ("john", "johns"), "luis": ("louis",), "maria": ("marys",), "pablo": ("paul",),
    "pedro": ("peter", "peters"), "petersburgo": ("petersburg",), "tomas": ("thomas",),
}  # fmt: skip
_CITY: Final = "ciudad"


def translate(words: str) -> Iterator[str]:
    """Yields the names that a name may be in English, as `canonicalize` writes them; mostly
    none.
    """
    first, _, rest = words.partition(" ")
    if not rest:
        return
    if first in _BEHIND:
        yield f"{' '.join(_without_links(rest))} {_BEHIND[first]}"
    for word in _BEFORE.get(first, ()):
        for saint in (rest, *(_SAINTS.get(rest, ()) if word != "new" else ())):
            if (word, saint) != (first, rest):
                yield f"{word} {saint}"


def is_city(words: str) -> bool:
    """Tells whether a name says of itself that it is a city, so that no state is meant."""
    return words.startswith(f"{_CITY} ")


def strip_city(words: str) -> str:
    """Returns «Lincoln» for «Ciudad de Lincoln», which may be the city so called or Lincoln
    City.
    """
    return " ".join(_without_links(words.removeprefix(f"{_CITY} ")))


def _without_links(words: str) -> list[str]:
    split = words.split()
    while len(split) > 1 and split[0] in _LINKS:
        split.pop(0)
    return split
