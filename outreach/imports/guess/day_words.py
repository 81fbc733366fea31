"""The names of months and weekdays in Spanish, English and French, with their short forms."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from rapidfuzz.distance import OSA

MIN_SLIP_LENGTH: Final = 5  # letters of a word that may have a typing slip


def _numbered(text: str, first: int) -> Mapping[str, int]:
    lines = enumerate(text.strip().splitlines(), first)
    return MappingProxyType({word: number for number, line in lines for word in line.split()})


MONTHS: Final = _numbered(
    """
    enero ene january jan janvier janv
    febrero feb febr february fevrier fev fevr
    marzo mar march mars mzo
    abril abr april apr avril avr
    mayo may mai
    junio jun june juin
    julio jul july juillet juil
    agosto ago august aug aout agto
    septiembre setiembre sep sept set september septembre
    octubre oct october octobre
    noviembre nov november novembre
    diciembre dic december dec decembre
    """,
    1,
)
WEEKDAYS: Final = _numbered(
    """
    lunes lun monday mon lundi
    martes mar mart tuesday tue tues mardi
    miercoles mie mier mierc wednesday wed mercredi mer
    jueves jue juev thursday thu thur thurs jeudi jeu
    viernes vie vier friday fri vendredi ven vend
    sabado sab saturday sat samedi sam
    domingo dom sunday sun dimanche dim
    """,
    0,
)


# As titles are kept.
MONTH_NAMES: Final = tuple(
    next(name for name, each in MONTHS.items() if each == number) for number in range(1, 13)
)


def find_month(word: str) -> int | None:
    """The number of a month, from 1."""
    return MONTHS.get(word) or _find_alike(word, is_month=True)


def find_weekday(word: str) -> int | None:
    """The number of a weekday; Monday is 0."""
    found = WEEKDAYS.get(word)
    return _find_alike(word, is_month=False) if found is None else found


@lru_cache(maxsize=5_000)
def _find_alike(word: str, *, is_month: bool) -> int | None:
    """Returns what a word with one typing slip means; None where it may be two."""
    if len(word) < MIN_SLIP_LENGTH or not word.isalpha():
        return None
    alike = {
        (names is MONTHS, number)
        for names in (MONTHS, WEEKDAYS)
        for name, number in names.items()
        if len(name) >= MIN_SLIP_LENGTH and OSA.distance(word, name, score_cutoff=1) <= 1
    }
    if len(alike) != 1:
        return None
    found_month, number = alike.pop()
    return number if found_month is is_month else None
