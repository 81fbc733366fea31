"""How hard a Spanish text is to read: the INFLESZ scale, by the formula of Szigriszt-Pazos.

    206.835 - 62.3 * syllables / words - words / sentences

65 and more is «bastante fácil», what six years of school read without effort. The libraries that
know the formula count syllables by where a line may be broken («Ma-ría», but never «a-hí»), and so
find a text easier than it is; Spanish is spelled as it sounds, and its rules fit on a page.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

EASY: Final = 65
STRONG: Final = "aeoáéó"
CLOSED: Final = "iuü"  # beside another vowel they share its syllable
ACCENTED: Final = "íú"  # and these do not
_WORD: Final = re.compile(r"[a-zñáéíóúü]+", re.IGNORECASE)
# A row of marks is looked at from its first one only: else a long row takes its square in time.
_SENTENCE: Final = re.compile(r"(?<![.!?…:;])[.!?…:;]+\s|\n")


def syllables(word: str) -> int:
    """«cigüeña» 3, «María» 3, «ciudad» 2, «que» 1, «ahí» 2."""
    text = unicodedata.normalize("NFC", word.lower())
    text = re.sub(r"(?<=q)u|(?<=g)u(?=[eiéí])", "", text)  # not heard
    text = re.sub(r"y(?![aeiouáéíóú])", "i", text)  # «hoy», «y»
    count, before = 0, ""
    for letter in text.replace("h", "") if _has_silent_h(text) else text:
        is_vowel = letter in STRONG + CLOSED + ACCENTED
        is_own = is_vowel and (
            not before
            or before in ACCENTED
            or letter in ACCENTED
            or (before in STRONG and letter in STRONG)
        )
        count += is_own
        before = letter if is_vowel else ""
    return max(1, count)


def _has_silent_h(text: str) -> bool:
    """«ahumar», «prohibir»: the h between vowels parts nothing. In «ch» it is no h."""
    return re.search(r"[aeiouáéíóú]h[aeiouáéíóú]", text) is not None and "ch" not in text


@dataclass(frozen=True)
class Readability:
    """How a text reads; `score` is what INFLESZ gives it."""

    words: int
    sentences: int
    syllables: int

    @property
    def score(self) -> float:
        if not self.words:
            return 100.0
        each, long = self.syllables / self.words, self.words / max(1, self.sentences)
        return 206.835 - 62.3 * each - long


def readability(text: str) -> Readability:
    """Every line counts as a sentence at least: a label, a heading, an item of a list."""
    sentences = [words for part in _SENTENCE.split(text) if (words := _WORD.findall(part))]
    every = [word for words in sentences for word in words]
    return Readability(len(every), len(sentences), sum(map(syllables, every)))


def hardest_sentence(text: str, most: int = 5) -> Iterable[str]:
    """The lines to mend first."""
    lines = [line for line in text.split("\n") if readability(line).words > 3]
    return sorted(lines, key=lambda line: readability(line).score)[:most]
