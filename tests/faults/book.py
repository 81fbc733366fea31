"""What people were told, noted down by themselves: the harness believes nobody else."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(eq=False)
class Person:
    """One who tried to save a place. Moments are seconds since 1970, as the clock says them."""

    number: int
    workshop: str  # its public id
    nonce: str
    email: str = ""
    people: int = 1
    token: str = ""  # of the link that the 303 led to: acknowledged
    saved_at: float = 0.0
    is_leaving: bool = False  # has asked to cancel or to be forgotten
    left_at: float = 0.0  # and was told that it is done
    link_was_dead: bool = False  # told so by a 404: the answer to the first time was lost


@dataclass(eq=False)
class Edit:
    """What an organizer was told is saved: capacity and hours of one workshop."""

    workshop: str
    capacity: int
    starts: str
    is_sure: bool = True  # no later one of which it is not known whether it was saved


@dataclass
class Book:
    """Of everybody together."""

    everyone: list[Person] = field(default_factory=list)
    edits: dict[str, Edit] = field(default_factory=dict)
    done: list[float] = field(default_factory=list)  # when a post had succeeded; monotonic
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    longest: float = 0.0  # seconds that somebody waited for an answer
    unlucky: int = 0  # saw an error, or no answer, at least once
    recovered: int = 0  # and then succeeded by repeating
    given_up: int = 0
    shown: Counter[str] = field(default_factory=Counter)  # headings of pages of 500 and more
    lock: threading.Lock = field(default_factory=threading.Lock)

    def meet(self, workshop: str, nonce: str, *, writes: bool, people: int) -> Person:
        with self.lock:
            number = len(self.everyone)
            email = f"p{number}@example.org" if writes else ""
            person = Person(number, workshop, nonce, email, people)
            self.everyone.append(person)
            return person

    def succeed(self) -> None:
        self.done.append(time.monotonic())

    def count(self, what: str, status: int) -> None:
        with self.lock:
            self.answers[f"{what} {status or 'no answer'}"] += 1

    def tell(self, fault: str) -> None:
        with self.lock:
            self.wrong.append(fault)

    def gap(self, since: float, until: float) -> float:
        """The longest time in which nobody's post succeeded."""
        moments = [since, *(each for each in sorted(self.done) if since < each < until), until]
        return max(after - before for before, after in pairwise(moments))

    @property
    def saved(self) -> list[Person]:
        return [each for each in list(self.everyone) if each.token]

    def errors(self) -> int:
        """Answers of 500 and more."""
        return sum(
            count
            for what, count in self.answers.items()
            if what.rpartition(" ")[2] >= "500" and what.rpartition(" ")[2].isdigit()
        )

    def silences(self) -> int:
        return sum(count for what, count in self.answers.items() if what.endswith("no answer"))
