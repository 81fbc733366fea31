"""Records what people were told: the only facts that the harness trusts."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(eq=False)
class Person:
    """One person who tried to register. Instants are seconds since 1970."""

    number: int
    workshop: str  # its public id
    nonce: str
    email: str = ""
    people: int = 1
    token: str = ""  # from the link of the 303, which acknowledges the registration
    saved_at: float = 0.0
    is_leaving: bool = False  # has requested cancellation or erasure
    left_at: float = 0.0  # and got an answer that it is done
    link_was_dead: bool = False  # by a 404: the answer to the first request was lost


@dataclass(eq=False)
class Edit:
    """Capacity and hours of one workshop that a staff member was told are saved."""

    workshop: str
    capacity: int
    starts: str
    is_sure: bool = True  # there is no later edit whose outcome is unknown


@dataclass
class Book:
    """The records of all people."""

    everyone: list[Person] = field(default_factory=list)
    edits: dict[str, Edit] = field(default_factory=dict)
    done: list[float] = field(default_factory=list)  # monotonic times of successful posts
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    longest: float = 0.0  # seconds of waiting for an answer
    unlucky: int = 0  # people who saw an error or no answer at least once
    recovered: int = 0  # those of them who then succeeded by repeating
    given_up: int = 0
    shown: Counter[str] = field(
        default_factory=Counter
    )  # headings of pages with status 500 and above
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
        """The longest time in seconds without a successful post."""
        moments = [since, *(each for each in sorted(self.done) if since < each < until), until]
        return max(after - before for before, after in pairwise(moments))

    @property
    def saved(self) -> list[Person]:
        return [each for each in list(self.everyone) if each.token]

    def errors(self) -> int:
        """The number of answers with status 500 and above."""
        return sum(
            count
            for what, count in self.answers.items()
            if what.rpartition(" ")[2] >= "500" and what.rpartition(" ")[2].isdigit()
        )

    def silences(self) -> int:
        return sum(count for what, count in self.answers.items() if what.endswith("no answer"))
