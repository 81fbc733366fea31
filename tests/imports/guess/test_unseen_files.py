"""Of files never seen before nearly every field is right, none is wrong silently, little is asked.

A field is right if it is what its file means; asked if its row waits with a question; wrong if its
row would be loaded with something else.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from outreach.db.store import Store
from outreach.domain.network.offices import Office
from tests.imports.guess.corpus import OPEN, Expected, MessyFile
from tests.imports.guess.corpus_exports import EXPORTS
from tests.imports.guess.corpus_messages import MESSAGES
from tests.imports.guess.corpus_offices import OFFICES
from tests.imports.guess.test_corpus import PERSONS, read
from tests.support.fixed_clock import fixed_clock

pytestmark = [pytest.mark.any_database, fixed_clock]
FILES = (*EXPORTS, *OFFICES, *MESSAGES)
MIN_RIGHT = 0.97
MAX_QUESTIONS = 2  # a file may ask that many


def test_unseen_files_are_read_right_or_asked(store: Store, furnished: Office) -> None:
    assert len(FILES) >= 40
    total: Counter[str] = Counter()
    questions: dict[str, int] = {}
    for file in FILES:
        answer = read(store, file.make())
        assert not any(word in json.dumps(answer, ensure_ascii=False) for word in PERSONS), (
            file.name
        )
        counted = Counter(_judge(file, answer))
        questions[file.name] = len(answer["questions"])
        total += counted
        print(f"{file.name}: {dict(counted)}, {questions[file.name]} questions")
    fields = total.total()
    print(
        f"{len(FILES)} files, {fields} fields: {dict(total)}, {sum(questions.values())} questions"
    )
    assert total["wrong"] == 0
    assert total["right"] >= MIN_RIGHT * fields
    assert {name: count for name, count in questions.items() if count > MAX_QUESTIONS} == {
        "asked once for all rows": 3
    }


def _judge(file: MessyFile, answer: dict[str, Any]) -> Iterator[str]:
    """For each column and each value of a row: «right», «asked» or «wrong»."""
    for heading, expected in file.columns.items():
        found = answer["columns"].get(heading, "absent")
        if found != expected:
            print(f"  {file.name}: {heading!r} is {found}, not {expected}")
        yield "right" if found == expected else "wrong" if found else "asked"
    rows = list(answer["rows"])
    for each in file.rows:
        at = next((n for n, row in enumerate(rows) if _is_of(each, row)), None)
        row = rows.pop(at) if at is not None else {"outcome": "refused", "values": {}}
        yield from _judge_row(file, each, row)
    for row in rows:
        print(f"  {file.name}: line {row['line']} too many: {row['values']}")
        yield "wrong" if row["outcome"] == "new" else "asked"


def _is_of(each: Expected, row: dict[str, Any]) -> bool:
    day = each.values.get("day")
    is_same_day = day is None or row["values"]["day"] in {day, None}
    return bool(row["line"] == each.line and is_same_day)


def _judge_row(file: MessyFile, each: Expected, row: dict[str, Any]) -> Iterator[str]:
    is_open = row["outcome"] in {"asked", "refused"}
    pairs = [("outcome", each.outcome, OPEN if is_open else row["outcome"])]
    pairs += [(name, value, row["values"].get(name)) for name, value in each.values.items()]
    for name, expected, found in pairs:
        if found == expected:
            yield "right"
            continue
        print(
            f"  {file.name}, {each.line}: {name} is {found!r}, not {expected!r}:",
            row.get("reason"),
        )
        yield "asked" if is_open else "wrong"
