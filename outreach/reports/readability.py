"""Readability of a Spanish text: the INFLESZ scale, by the formula of Szigriszt-Pazos.

    206.835 - 62.3 * syllables / words - words / sentences

A score of 65 or more is «bastante fácil»: readable after six years of school. Libraries with this
formula count syllables by hyphenation («Ma-ría», but never «a-hí»), which overestimates the score.
This module counts them by the rules of Spanish spelling instead.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

EASY: Final = 65
STRONG: Final = "aeoáéó"
CLOSED: Final = "iuü"  # next to another vowel, in the same syllable (a diphthong)
ACCENTED: Final = "íú"  # next to another vowel, in a syllable of their own (a hiatus)
_WORD: Final = re.compile(r"[a-zñáéíóúü]+", re.IGNORECASE)
# The lookbehind starts a match at the first of several marks only: quadratic time otherwise.
_SENTENCE: Final = re.compile(r"(?<![.!?…:;])[.!?…:;]+\s|\n")


def syllables(word: str) -> int:
    """Returns the number of syllables: «cigüeña» 3, «María» 3, «ciudad» 2, «que» 1, «ahí» 2."""
    text = unicodedata.normalize("NFC", word.lower())
    text = re.sub(r"(?<=q)u|(?<=g)u(?=[eiéí])", "", text)  # a silent u
    text = re.sub(r"y(?![aeiouáéíóú])", "i", text)  # «hoy», «y»
    count, previous = 0, ""
    for letter in text.replace("h", "") if _has_silent_h(text) else text:
        is_vowel = letter in STRONG + CLOSED + ACCENTED
        starts_syllable = is_vowel and (
            not previous
            or previous in ACCENTED
            or letter in ACCENTED
            or (previous in STRONG and letter in STRONG)
        )
        count += starts_syllable
        previous = letter if is_vowel else ""
    return max(1, count)


def _has_silent_h(text: str) -> bool:
    """Whether the word has an h between vowels («ahumar», «prohibir») and no «ch»."""
    return re.search(r"[aeiouáéíóú]h[aeiouáéíóú]", text) is not None and "ch" not in text


@dataclass(frozen=True)
class Readability:
    """Counts of a text; `score` is its INFLESZ score, 100 for an empty text."""

    words: int
    sentences: int
    syllables: int

    @property
    def score(self) -> float:
        if not self.words:
            return 100.0
        syllables_per_word = self.syllables / self.words
        words_per_sentence = self.words / max(1, self.sentences)
        return 206.835 - 62.3 * syllables_per_word - words_per_sentence


def readability(text: str) -> Readability:
    """Returns the counts of a text. A line break ends a sentence, as after a heading."""
    sentences = [words for part in _SENTENCE.split(text) if (words := _WORD.findall(part))]
    all_words = [word for words in sentences for word in words]
    return Readability(len(all_words), len(sentences), sum(map(syllables, all_words)))


def hardest_sentence(text: str, limit: int = 5) -> Iterable[str]:
    """Returns up to `limit` lines of more than three words, the hardest to read first."""
    lines = [line for line in text.split("\n") if readability(line).words > 3]
    return sorted(lines, key=lambda line: readability(line).score)[:limit]
