"""Whether a typed venue is one that the office has already: the same, perhaps the same, or new.

    index = venue_matching.load(session, office)                # the venues of one office
    found = index.match("Bibl. Pilsen", address="1805 S Ejemplo", city="Chicago")
    found.kind        # MatchKind.SAME, NEAR or NEW
    found.place       # the venue, where it is SAME; None otherwise
    found.candidates  # those it may be, the likeliest first; of NEW none
    index.add(place, "Sala Norte", address="", city="Chicago")  # one more, of an earlier line

`SAME` may be used without a question: the names are equal but for accents, capitals, punctuation,
articles and usual abbreviations, and nothing contradicts it in address and city; or the name has a
typing slip and the address is the same. `NEAR` is a question for a person («¿Es la misma?»): it
must neither be used nor be made anew silently. `match` writes nothing, needs no database and takes
some microseconds a venue; equal questions to one index are answered from memory.

What an index gives back is whatever it was given: a `Venue`, or a file's own one that is not stored
yet.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Generic, TypeVar

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy.orm import Session

from outreach.domain.locations import venues
from outreach.domain.locations.venues import Venue
from outreach.domain.network.offices import Office
from outreach.domain.text import fold

MAX_CANDIDATES: Final = 3
MIN_SLIP_LENGTH: Final = 4  # letters of a word that may have a typing slip
MIN_WORD_SIMILARITY: Final = 0.7  # between two spellings of a word
MIN_PREFIX: Final = 3  # letters of an abbreviation that is not in the list: «Comun.»
MIN_NAME_SIMILARITY: Final = 0.75  # between two names that may mean one venue
MIN_CITY_SIMILARITY: Final = 0.75
MAX_SHORT: Final = 5  # letters of a word that may be an abbreviation
_DISTINCT_WEIGHT: Final = 3  # «Pilsen» weighs 3 where «biblioteca» weighs 1


class MatchKind(StrEnum):
    SAME = "same"
    NEAR = "near"
    NEW = "new"


Known = TypeVar("Known")


@dataclass(frozen=True)
class VenueMatch(Generic[Known]):
    kind: MatchKind
    candidates: tuple[Known, ...] = ()

    @property
    def place(self) -> Known | None:
        return self.candidates[0] if self.kind is MatchKind.SAME else None


class VenueIndex(Generic[Known]):
    """Known venues of one office, ready to be compared with typed ones."""

    def __init__(self) -> None:
        self._known: list[tuple[_Signature, Known]] = []
        self._with: dict[str, set[int]] = {}  # where in the list a word, or a number, occurs
        self._answers: dict[tuple[str, str, str], VenueMatch[Known]] = {}

    def add(self, place: Known, name: str, *, address: str = "", city: str = "") -> None:
        """Makes a place one of the known; again with another name, where it has two."""
        signature = _sign(name, address, city)
        for word in signature.traits:
            self._with.setdefault(word, set()).add(len(self._known))
        self._known.append((signature, place))
        self._answers.clear()

    def match(self, name: str, *, address: str = "", city: str = "") -> VenueMatch[Known]:
        """Returns the known venue that these words mean, or those like it (see the module).

        An empty address or city contradicts nothing.
        """
        typed = name, address, city
        if typed not in self._answers:
            self._answers[typed] = self._compare(_sign(*typed))
        return self._answers[typed]

    def _compare(self, typed: "_Signature") -> VenueMatch[Known]:
        found = [
            (likeness, place)
            for signature, place in self._shortlist(typed)
            if (likeness := _compare(typed, signature))
        ]
        # A sort keeps the order of equals: of two that are as like, the one known first.
        found.sort(key=lambda pair: pair[0], reverse=True)
        places = tuple({id(place): place for _likeness, place in found}.values())
        if not places:
            return VenueMatch(MatchKind.NEW)
        best = found[0][0]
        others = [likeness for likeness, place in found if place is not places[0]]
        # One of two rooms called alike is no answer, unless one of them is spelled exactly so.
        is_alone = not others or others[0] < (best if best == _EXACT else _SAME)
        kind = MatchKind.SAME if best >= _SAME and is_alone else MatchKind.NEAR
        return VenueMatch(kind, places[:MAX_CANDIDATES])

    def _shortlist(self, typed: "_Signature") -> Iterator[tuple["_Signature", Known]]:
        """Yields the known venues with a word, number or whole name like a typed one: few of
        many.
        """
        usual = _GENERIC.union(typed.city.split())
        telling = typed.traits - usual or typed.traits
        likes = {like for word in telling for like in self._list_like(word)}
        spots = {spot for like in likes for spot in self._with[like]}
        return (self._known[spot] for spot in sorted(spots))

    def _list_like(self, word: str) -> Iterator[str]:
        """Yields the traits that `_is_like` may accept, by one call for all of them."""
        yield from (each for each in self._with if each.startswith(word) or word.startswith(each))
        for each, *_rest in process.extract_iter(
            word,
            self._with.keys(),
            scorer=OSA.normalized_similarity,
            score_cutoff=MIN_WORD_SIMILARITY,
        ):
            yield str(each)


def load(session: Session, office: Office) -> VenueIndex[Venue]:
    """Returns the index of an office's venues, under their former names too."""
    index = VenueIndex[Venue]()
    for each in venues.list_venues(session, office):
        index.add(each, each.name, address=each.address, city=each.city)
    for each in venues.list_merged(session, office):
        kept = venues.follow(session, each)
        index.add(kept, each.name, address=each.address, city=each.city)
    return index


def match(
    session: Session, office: Office, name: str, *, address: str = "", city: str = ""
) -> VenueMatch[Venue]:
    """Returns what a typed name and address mean at an office."""
    return load(session, office).match(name, address=address, city=city)


def has_same_name(one: str, other: str) -> bool:
    """Tells whether two names differ in accents, articles, abbreviations and the like only."""
    return _joined(one) == _joined(other)


def has_same_address(one: str, other: str) -> bool:
    """Whether two addresses, both not empty, are one: «1805 S Ejemplo», «1805 S. Ejemplo St.»."""
    return _compare_addresses(_sign_address(one, ""), _sign_address(other, "")) is _Agreement.SAME


# How like two venues are: above _SAME they are one; 0 < likeness < _SAME is a question.
_EXACT: Final = 4.0
_SAME: Final = 2.0


class _Agreement(StrEnum):
    SAME = "same"
    UNKNOWN = "unknown"  # one of the two does not say
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class _Address:
    text: str  # folded
    numbers: frozenset[str]
    words: tuple[str, ...]
    sides: frozenset[str]  # north, east, …


@dataclass(frozen=True, slots=True)
class _Signature:
    exact: tuple[str, str, str]
    joined: str  # the words of the name without spaces
    bare: str  # the letters of the name as typed
    words: tuple[str, ...]
    numbers: frozenset[str]
    address: _Address
    city: str
    traits: frozenset[str]  # one of which two venues share that are compared at all


@lru_cache(maxsize=20_000)
def _sign(name: str, address: str, city: str) -> _Signature:
    words = _name_words(name)
    city_words = fold(city)
    joined, bare = "".join(words), fold(name).replace(" ", "")
    sign = _sign_address(address, city_words)
    return _Signature(
        exact=(name.strip(), address.strip(), city.strip()),
        joined=joined,
        bare=bare,
        words=tuple(each for each in words if not _is_label(each)),
        numbers=frozenset(each for each in words if _is_label(each)),
        address=sign,
        city=city_words,
        traits=frozenset((*words, joined, bare, *sign.numbers)),
    )


def _name_words(name: str) -> list[str]:
    folded = _NAME_PARTS.sub(" ", fold(name)).split()
    every = [_NAME_WORDS.get(word, word) for word in folded]
    last = len(every) - 1  # «Sala A»
    return [word for at, word in enumerate(every) if at == last or word not in _SMALL_WORDS]


def _is_label(word: str) -> bool:
    """Whether a word tells one room from another: «2», «B», «3b»."""
    return len(word) == 1 or word[0].isdigit()


def _joined(name: str) -> str:
    return "".join(_name_words(name))


@lru_cache(maxsize=20_000)
def _sign_address(address: str, city: str) -> _Address:
    tokens = _ORDINAL.sub(r"\1", fold(address)).split()
    tokens = [_STREET_WORDS.get(each, each) for each in tokens]
    place = set(city.split())
    # After the first word, five digits are a postal code, and the city's words say nothing more.
    tokens = [
        each
        for number, each in enumerate(tokens)
        if not number or not (_POSTAL_CODE.fullmatch(each) or each in place)
    ]
    return _Address(
        text=" ".join(tokens),
        numbers=frozenset(each for each in tokens if each[0].isdigit()),
        words=tuple(
            each
            for each in tokens
            if each.isalpha() and len(each) > 2 and each not in _STREET_KINDS | _SMALL_WORDS
        ),
        sides=frozenset(tokens) & _SIDES,
    )


def _compare(typed: _Signature, known: _Signature) -> float:
    """Returns how like two venues are; 0 where they have nothing to do with one another."""
    if typed.exact == known.exact:
        return _EXACT
    city = _compare_cities(typed.city, known.city)
    address = _compare_addresses(typed.address, known.address)
    is_one_address = address is _Agreement.SAME
    if typed.numbers and known.numbers and typed.numbers != known.numbers:
        return 0  # «sala 2» is not «sala 3»
    if city is _Agreement.OTHER and not is_one_address:
        return 0
    if typed.joined == known.joined or typed.bare == known.bare:
        # A known venue without an address does not say that it is at the typed one.
        is_open = address is _Agreement.OTHER or (typed.address.text and not known.address.text)
        is_same = city is _Agreement.SAME and not is_open
        return (3.0 if is_one_address else _SAME) if is_same else 1.9
    likeness, is_slip = _compare_names(typed, known)
    if is_slip and is_one_address and city is _Agreement.SAME:
        return _SAME + likeness / 2
    if likeness:
        return likeness + is_one_address / 2
    return 0.5 if is_one_address else 0


def _compare_cities(one: str, other: str) -> _Agreement:
    if one == other or not one or not other:
        return _Agreement.SAME
    is_near = OSA.normalized_similarity(one, other) >= MIN_CITY_SIMILARITY
    # «Ciudad Juárez», «Juárez»: people leave words out.
    is_part = set(one.split()) <= set(other.split()) or set(other.split()) <= set(one.split())
    return _Agreement.UNKNOWN if is_near or is_part else _Agreement.OTHER


def _compare_addresses(one: _Address, other: _Address) -> _Agreement:
    if not one.text or not other.text:
        return _Agreement.UNKNOWN
    if one.text == other.text:
        return _Agreement.SAME
    few, many = sorted((one.words, other.words), key=len)
    has_street = bool(few) and all(any(_is_like(each, word) for word in many) for each in few)
    # By numbers alone: «1805», «100 18th».
    has_street = has_street or (not one.words and not other.words)
    sides_differ = bool(one.sides and other.sides and one.sides != other.sides)
    if not has_street or sides_differ:
        return _Agreement.OTHER
    if not one.numbers or not other.numbers:
        return _Agreement.UNKNOWN
    is_part = one.numbers <= other.numbers or other.numbers <= one.numbers
    return _Agreement.SAME if is_part else _Agreement.OTHER


def _compare_names(typed: _Signature, known: _Signature) -> tuple[float, bool]:
    """Returns how like two names are, from 0 to 1, and whether they differ by typing slips only."""
    few, many = sorted((typed.words, known.words), key=len)
    matched, lost, left = _pair(few, many)
    groups = [{_TYPES[each] for each in rest if each in _TYPES} for rest in (lost, left)]
    if all(groups) and not groups[0] & groups[1]:
        return 0, False  # the park of a name is not its school
    if not lost and not left:
        return 1.0, typed.numbers == known.numbers
    usual = _GENERIC.union(typed.city.split(), known.city.split())
    weight = _weigh(matched, usual)
    # A short word without its like may be an abbreviation that nobody listed: «Pquia.».
    rest = _weigh((*lost, *left), usual.union(each for each in lost if len(each) <= MAX_SHORT))
    likeness = 2 * weight / (2 * weight + rest) if matched else 0
    has_distinct = not usual.issuperset(matched)
    # One says less than the other: «Pilsen», «Biblioteca de Pilsen, sala 2».
    is_part = has_distinct and not lost
    # «Consulado de México», «Consulado General de México»: words of many venues only.
    is_usual = usual.issuperset((*few, *many))
    if is_part or ((has_distinct or is_usual) and likeness >= MIN_NAME_SIMILARITY):
        return likeness, False
    # Words run together, or a slip in one that is too short by itself.
    together = max(
        OSA.normalized_similarity(typed.joined, known.joined),
        OSA.normalized_similarity(typed.bare, known.bare),
    )
    return (together, False) if together >= MIN_JOINED_SIMILARITY else (0, False)


def _pair(few: Sequence[str], many: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Pairs the words of two names that are alike.

    Returns the words of the second that are like one of the first, then those without their
    like in the first and in the second.
    """
    matched, lost, left = [], [], list(many)
    for word in few:
        likes = [each for each in left if _is_like(word, each)]
        likes = likes or [each for each in left if _may_abbreviate(word, each)]
        if not likes:
            lost.append(word)
            continue
        best = max(likes, key=lambda each: OSA.normalized_similarity(word, each))
        left.remove(best)
        matched.append(best)
    return matched, lost, left


def _may_abbreviate(word: str, usual: str) -> bool:
    """Tells whether a word may be a misspelled abbreviation of a usual one: «Grl.», «Coomun.»."""
    return usual in _GENERIC and word[0] == usual[0] and len(word) < min(len(usual), MAX_SHORT + 2)


def _weigh(words: Iterable[str], usual: frozenset[str]) -> int:
    return sum(1 if word in usual else _DISTINCT_WEIGHT for word in words)


@lru_cache(maxsize=50_000)
def _is_like(one: str, other: str) -> bool:
    """Tells whether two words are one but for a typing slip or an abbreviation."""
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    if len(short) >= MIN_PREFIX and long.startswith(short) and short.isalpha():
        return True
    if len(short) < MIN_SLIP_LENGTH or not (one + other).isalpha():
        return False
    return OSA.normalized_similarity(one, other) >= MIN_WORD_SIMILARITY


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _words(text: str) -> Mapping[str, str]:
    """Returns the first word of each line by each of the words after it."""
    lines = (line.split() for line in text.strip().splitlines())
    return MappingProxyType({word: first for first, *rest in lines for word in rest})


MIN_JOINED_SIMILARITY: Final = 0.85  # between two names without their spaces
_POSTAL_CODE: Final = re.compile(r"[0-9]{5}|[a-z][0-9][a-z]|[0-9][a-z][0-9]")
_ORDINAL: Final = re.compile(r"\b([0-9]+)(?:st|nd|rd|th|er|o|a)\b")
_SMALL_WORDS: Final = _listed(
    "a al at au d da de del des du e el en et for in l la las le les lo los of on the un una y"
)
# In names two letters with a dot between are one word: «C.U.» is «cu» and «s/n» says nothing.
_NAME_PARTS: Final = re.compile(r"\b(?:s n|no|num|numero|nro)\b")
_NAME_WORDS: Final = _words(
    """
    auditorio aud auditorium
    biblioteca bib bibl bibla biblio library
    capilla cap
    centro cto ctr cntr ctro center centre
    clinica clin clinic
    colegio col coleg
    comunitario com comun comunit comunitaria community
    consulado cons consul consulate
    cultural cult
    departamento depto dept
    edificio ed edif building bldg
    escuela esc school
    general gral gen
    gimnasio gim gimn gym gymnasium
    hospital hosp hosp
    iglesia igl church
    internacional intl int international
    municipal mpal mun
    museo mus museum
    nacional nal nac national
    nuestra ntra nra
    oficina of ofna ofic office
    parque pque park
    parroquia parr pquia parish
    plaza pza plza
    primaria prim
    publico pub publica public
    salon sal hall
    san saint
    santa sta
    santo sto
    secundaria sec
    senora sra
    templo tpl temple
    universidad univ universitario university
    """
)
_GENERIC: Final = _listed(
    """
    auditorio biblioteca capilla casa centro clinica club colegio comunitario consulado cultura
    cultural departamento edificio escuela estacion general gimnasio hospital iglesia internacional
    mercado mexico municipal museo nacional nuestra oficina parque parroquia piso planta plaza
    preparatoria primaria publico room sala salon san santa santo secundaria senora sucursal teatro
    templo tienda universidad
    """
)
# Venues of two of these lines are two, whatever else their names share.
_TYPES: Final = MappingProxyType(
    {
        word: line[0]
        for line in (
            ("biblioteca",),
            ("iglesia", "parroquia", "templo", "capilla", "catedral"),
            ("escuela", "colegio", "primaria", "secundaria", "preparatoria", "universidad"),
            ("parque", "plaza"),
            ("hospital", "clinica"),
            ("mercado", "tienda"),
            ("consulado",),
            ("museo", "teatro"),
            ("gimnasio",),
        )
        for word in line
    }
)
_STREET_WORDS: Final = _words(
    """
    avenida av avda ave avenue
    boulevard blvd bld bulevar boul blv
    calle c calz calzada street st str rue
    calle cll
    carretera carr ctra highway hwy
    camino rd road chemin ch
    drive dr
    lane ln
    parkway pkwy pky
    place pl
    court ct
    north n norte nord
    south s sur sud
    east e este est oriente ote
    west w o oeste ouest poniente pte
    """
)
_SIDES: Final = frozenset({"north", "south", "east", "west"})
_STREET_KINDS: Final = _SIDES | _listed(
    """
    avenida boulevard calle carretera camino drive lane parkway place court apt apto colonia depto
    edificio int interior local num numero piso no nro suite ste unit
    """
)
