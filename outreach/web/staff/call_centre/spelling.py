"""The signs of a code as they are read out on the telephone: each with its word, by language.

A letter alone is misheard: B, D, P and T sound alike, and in Spanish B and V are the same sound.
"""

from dataclasses import dataclass
from typing import Final

from outreach.i18n import NP_, Message, pgettext

_SIGN: Final = "sign of a code"
# Crockford's alphabet has no I, L, O, U. The words of another language begin with the same letter.
_WORDS: Final[dict[str, Message]] = {
    "0": NP_("sign of a code", "cero"),
    "1": NP_("sign of a code", "uno"),
    "2": NP_("sign of a code", "dos"),
    "3": NP_("sign of a code", "tres"),
    "4": NP_("sign of a code", "cuatro"),
    "5": NP_("sign of a code", "cinco"),
    "6": NP_("sign of a code", "seis"),
    "7": NP_("sign of a code", "siete"),
    "8": NP_("sign of a code", "ocho"),
    "9": NP_("sign of a code", "nueve"),
    "A": NP_("sign of a code", "de árbol"),
    "B": NP_("sign of a code", "de burro"),
    "C": NP_("sign of a code", "de casa"),
    "D": NP_("sign of a code", "de dedo"),
    "E": NP_("sign of a code", "de escuela"),
    "F": NP_("sign of a code", "de fuego"),
    "G": NP_("sign of a code", "de gato"),
    "H": NP_("sign of a code", "de hotel"),
    "J": NP_("sign of a code", "de jabón"),
    "K": NP_("sign of a code", "de kilo"),
    "M": NP_("sign of a code", "de mamá"),
    "N": NP_("sign of a code", "de noche"),
    "P": NP_("sign of a code", "de papá"),
    "Q": NP_("sign of a code", "de queso"),
    "R": NP_("sign of a code", "de rosa"),
    "S": NP_("sign of a code", "de sol"),
    "T": NP_("sign of a code", "de taza"),
    "V": NP_("sign of a code", "de vaca"),
    "W": NP_("sign of a code", "de Washington"),
    "X": NP_("sign of a code", "de xilófono"),
    "Y": NP_("sign of a code", "de yoyo"),
    "Z": NP_("sign of a code", "de zapato"),
}


@dataclass(frozen=True)
class SpelledSign:
    sign: str
    word: str

    @property
    def spoken(self) -> str:
        """The sign as it is said: «siete», «K de kilo»."""
        return self.word if self.sign.isdigit() else f"{self.sign} {self.word}"


def spell(code: str) -> list[SpelledSign]:
    """The signs of a code with their words, in the current language."""
    return [SpelledSign(sign, pgettext(*_WORDS[sign])) for sign in code]


def say_code(code: str) -> str:
    """Returns a code as it is read out, in two halves, as it is printed: «siete, K de kilo, tres;
    ocho, Q de queso, C de casa»."""
    spoken, half = [each.spoken for each in spell(code)], len(code) // 2
    return f"{', '.join(spoken[:half])}; {', '.join(spoken[half:])}"
