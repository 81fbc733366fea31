"""What people type around a place: «cerca del Walmart de Fresno», «highway 99 Fresno».

    [" ".join(each.words) for each in list_cores(("sur", "de", "chicago"))]    de chicago, chicago

The words before and after a name are understood where each is in `data/filler_words.txt` or has a
digit. A thing of which a town has some («Walmart», «the») may have a name that nobody knows,
up to the next link: «the Smith Foods in Fresno». Churches, schools and roads bear the names of
places: «iglesia de San José» and «calle Houston» are not these cities.
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

MAX_UNKNOWN: Final = 4  # words of a thing's own name

_SAINTS: Final = frozenset({"san", "santa", "santo", "saint", "sainte", "st", "sta", "ste"})
_STREET: Final = "saint"  # what `canonicalize` makes of «St»
_WEAK_LINKS: Final = frozenset({"de", "del", "d", "du", "des", "of"})
# Codes of states that are words as well. At the end of a text they are codes.
_CODES: Final = frozenset(
    {"al", "co", "de", "hi", "id", "in", "ma", "me", "mi", "oh", "ok", "on", "or", "pa"}
)


class Core(NamedTuple):
    """The words that remain of a text without its fillers.

    `is_guarded` says that words were left out that are in no list, or that the name is all
    fillers: then only a place that many know is meant.
    """

    words: tuple[str, ...]
    is_guarded: bool


@dataclass(frozen=True, slots=True)
class _Fillers:
    every: Set[str]
    beside: Set[str]  # that stand beside a name in the same place: «Cicero, cerca de Chicago»
    links: Set[str]
    openers: Set[str]  # after which a name may come that nobody knows
    things: Set[str]
    bearers: Set[str]  # words that places are named after
    roads: Set[str]
    elsewhere: Set[str]


def is_filler(word: str) -> bool:
    return word in _load().every or _has_digit(word)


def is_beside(word: str) -> bool:
    """Tells whether a word says nothing between a name and the place that it is in."""
    return word in _load().beside


def is_elsewhere(word: str) -> bool:
    """Tells whether a word names a country or city beyond the gazetteer."""
    return word in _load().elsewhere


def list_cores(words: tuple[str, ...]) -> list[Core]:
    """Returns what remains of a text without fillers at its ends, the longest first.

    The text itself is not in it. A name that is all fillers remains only right behind a
    link: «vivo en El Centro».
    """
    if not any(map(is_filler, words)):
        return []
    starts = list(_list_starts(words))
    found = []
    for end, ends_guarded in _list_ends(words):
        for start, starts_guarded in starts:
            name = words[start:end]
            if not name or len(name) == len(words):
                continue
            is_filler_name = all(map(is_filler, name))
            if not is_filler_name or (start and words[start - 1] in _load().links):
                around = (*words[:start], *words[end:])
                # «La Esquina de Rosa» is more likely a shop than near Rosa.
                is_thing = len(name) == 1 and not _load().things.isdisjoint(around)
                is_guarded = is_filler_name or is_thing or starts_guarded or ends_guarded
                found.append(Core(name, is_guarded))
    # Where two readings give the same words, the one without unknown words is first.
    return sorted(found, key=lambda each: (-len(each.words), each.is_guarded))


def _list_starts(words: tuple[str, ...]) -> Iterator[tuple[int, bool]]:
    """Yields where a name may start, so that all words before it are understood.

    The second value says whether some of those words are in no list.
    """
    fillers, is_open, unknown, is_guarded = _load(), False, 0, False
    for at, word in enumerate(words):
        if not unknown and not _bears(words[:at], words[at]):
            yield at, is_guarded
        if unknown:
            if word in fillers.links or word in fillers.roads or word == _STREET:
                unknown, is_open = 0, False
            elif unknown == MAX_UNKNOWN or word in fillers.elsewhere:
                return
            else:
                unknown += 1
        elif is_filler(word) or (word == _STREET and any(map(_has_digit, words[:at]))):
            is_open = is_open or word in fillers.openers or word in _ARTICLES or _has_digit(word)
        elif is_open and word not in fillers.elsewhere:
            unknown, is_guarded = 1, True
        else:
            return


def _list_ends(words: tuple[str, ...]) -> Iterator[tuple[int, bool]]:
    """Yields where a name may end, so that all words after it are understood.

    The second value says whether some of those words are in no list.
    """
    for end in range(len(words), 0, -1):
        rest = words[end:]
        if rest and (rest[-1] in _CODES or _is_part_of_name(rest)):
            continue
        if (is_guarded := _reads_after(rest)) is not None:
            yield end, is_guarded


def _reads_after(words: Sequence[str]) -> bool | None:
    """Tells whether some of the words after a name are in no list; None where they are not
    understood.
    """
    fillers, is_open, is_guarded = _load(), False, False
    for word in words:
        if is_filler(word):
            is_open = is_open or word in fillers.openers
        elif is_open and word not in fillers.elsewhere:
            is_guarded = True
        else:
            return None
    return is_guarded


def _bears(before: Sequence[str], first: str) -> bool:
    """Tells whether a name that begins with `first` is that of a church or road named before it."""
    fillers, at = _load(), len(before) - 1
    while at >= 0 and (before[at] in _WEAK_LINKS or before[at] in _ARTICLES):
        at -= 1
    if at < 0 or before[at] not in fillers.bearers:
        return False
    if before[at] in fillers.roads and any(map(_has_digit, before[:at])):
        return False  # «350 W 5th Street, Los Angeles»
    is_direct = all(word in _ARTICLES for word in before[at + 1 :])
    return is_direct or before[at] in fillers.roads or first in _SAINTS


_ARTICLES: Final = frozenset({"el", "la", "los", "las", "the", "le", "les", "l"})


def _is_part_of_name(after: Sequence[str]) -> bool:
    """Tells whether the words after a name make it the name of a street, school or the like.

    «Houston Street» and «Lincoln School» are no towns, «Fresno highway 99» is one.
    """
    fillers = _load()
    return after[0] in fillers.bearers and not (len(after) > 1 and _has_digit(after[1]))


def _has_digit(word: str) -> bool:
    return not word.isalpha() and any(map(str.isdigit, word))


@cache
def _load() -> _Fillers:
    sections = read_sections()
    roads = sections["roads"]
    bearers = sections["dedicated"] | roads
    beside = sections["links"] | sections["articles"] | sections["around"] | sections["town"]
    every = frozenset().union(*(those for name, those in sections.items() if name != "elsewhere"))
    return _Fillers(
        every=every,
        beside=beside,
        links=sections["links"],
        openers=sections["around"] | sections["things"] | bearers,
        things=sections["things"],
        bearers=bearers,
        roads=roads,
        elsewhere=sections["elsewhere"],
    )


def read_sections() -> dict[str, frozenset[str]]:
    """Returns the words of the file by the name of their section."""
    found: dict[str, set[str]] = {}
    data = resources.files("outreach.domain.locations") / "data" / "filler_words.txt"
    name = ""
    for line in data.read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("["):
            name = text.strip("[]")
        elif text:
            found.setdefault(name, set()).update(text.split())
    return {name: frozenset(those) for name, those in found.items()}
