"""Of messy files everything that is loaded is right, and nearly all that could be is loaded."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network import offices
from outreach.domain.network.offices import Office
from outreach.imports.guess import conversation
from tests.imports.guess.corpus import CORPUS, OPEN, Expected, MessyFile
from tests.support.fixed_clock import fixed_clock

pytestmark = [pytest.mark.any_database, fixed_clock]
PERSONS = ("Ana Ruiz", "Luz Díaz", "Eva Soto", "example.org", "555")


def read(store: Store, data: bytes, name: str = "hoja") -> dict[str, Any]:
    """What the command would answer."""
    with store.read() as session:
        office = offices.find(session, "chicago")
        source = conversation.read(name, data)
        columns = conversation.guess_columns(session, office, source)
        rows = conversation.propose(session, office, source, columns, now=clock.now())
        answer: dict[str, Any] = conversation.to_json(source, columns, rows, 0)
        return answer


def test_messy_files_are_read_right(store: Store, furnished: Office) -> None:
    assert len(CORPUS) >= 20
    wrong: list[str] = []
    silent: list[str] = []
    fields = 0
    for file in CORPUS:
        answer = read(store, file.make())
        for heading, expected in file.columns.items():
            fields += 1
            if answer["columns"].get(heading, "absent") != expected:
                found = answer["columns"].get(heading, "absent")
                wrong.append(f"{file.name}: {heading!r} is {found}, not {expected}")
        for each, row in _pairs(file, answer["rows"], wrong):
            fields += 1 + len(each.values)
            faults = list(_compare(file, each, row))
            wrong += faults
            silent += faults if row["outcome"] == "new" else []
        assert not any(word in json.dumps(answer, ensure_ascii=False) for word in PERSONS), (
            file.name
        )
    print(*wrong, sep="\n")
    print(f"{fields} fields of {len(CORPUS)} files, {len(wrong)} wrong, {len(silent)} silently")
    assert silent == []
    assert wrong == []


def _pairs(
    file: MessyFile, rows: list[dict[str, Any]], wrong: list[str]
) -> Iterator[tuple[Expected, dict[str, Any]]]:
    if [row["line"] for row in rows] != [each.line for each in file.rows]:
        wrong.append(f"{file.name}: lines {[row['line'] for row in rows]}")
    yield from zip(file.rows, rows, strict=False)


def _compare(file: MessyFile, expected: Expected, row: dict[str, Any]) -> Iterator[str]:
    where = f"{file.name}, line {row['line']}"
    outcome = OPEN if row["outcome"] in {"asked", "refused"} else row["outcome"]
    if outcome != expected.outcome:
        yield f"{where}: {row['outcome']} ({row['reason']}), not {expected.outcome}"
    if outcome == OPEN and not row["reason"]:
        yield f"{where}: has no reason"
    for name, value in expected.values.items():
        if row["values"][name] != value:
            yield f"{where}: {name} is {row['values'][name]!r}, not {value!r}"
