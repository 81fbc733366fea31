"""A draft is judged as the file was, after it was stored, and where its rows were typed again."""

import json
from typing import Any

import pytest
from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network import offices
from outreach.domain.network.offices import Office
from outreach.imports.guess import conversation, row_review, stored_source
from outreach.imports.guess.headings import Field
from outreach.imports.guess.proposals import Outcome, RowProposal
from outreach.imports.guess.remarks import RemarkCode
from outreach.imports.guess.row_review import ReviewAnswers, ReviewedRow
from outreach.imports.guess.stored_source import StoredSource
from tests.imports.guess.builders import lines
from tests.imports.guess.corpus import CORPUS
from tests.support.fixed_clock import fixed_clock

pytestmark = [pytest.mark.any_database, fixed_clock]
PERSONS = ("Ana Ruiz", "Luz Díaz", "Eva Soto", "example.org", "555")


def keep(session: Session, data: bytes) -> tuple[Office, StoredSource, list[RowProposal]]:
    """A file as it is read back from a draft, and what its rows are without one."""
    office = offices.find(session, "chicago")
    source = conversation.read("hoja", data)
    found = conversation.guess_columns(session, office, source)
    rows = conversation.propose(session, office, source, found, now=clock.now())
    stored = json.dumps(stored_source.to_json(stored_source.drop_unread(source, found)))
    return office, stored_source.read_json(json.loads(stored)), rows


def judge(
    session: Session, office: Office, stored: StoredSource, answers: ReviewAnswers
) -> list[ReviewedRow]:
    """The rows with these answers, as they are read back from the database."""
    kept = ReviewAnswers.read(json.loads(json.dumps(answers.to_json())))
    return row_review.review(session, office, stored, kept, now=clock.now())


def summary(row: RowProposal) -> tuple[Any, ...]:
    """All that a row would do."""
    codes = sorted(each.error.code.name for each in row.remarks)
    values = row.parsed.day, row.parsed.starts, row.ends, row.parsed.kind, row.title
    said = sorted(row.said.items())
    return row.parsed.line, row.outcome, codes, *values, row.venue_name, row.capacity, said


def test_stored_files_are_judged_as_the_files_themselves(store: Store, furnished: Office) -> None:
    with store.read() as session:
        for file in CORPUS:
            office, stored, rows = keep(session, file.make())
            reviewed = judge(session, office, stored, ReviewAnswers())
            assert [summary(each.proposal) for each in reviewed] == list(map(summary, rows)), (
                file.name
            )
            keys = [each.key for each in reviewed]
            assert len(set(keys)) == len(keys), file.name
            assert not any(word in str(stored_source.to_json(stored)) for word in PERSONS), (
                file.name
            )


@pytest.mark.thorough
def test_typing_what_is_shown_changes_nothing_of_a_good_row(
    store: Store, furnished: Office
) -> None:
    with store.read() as session:
        for file in CORPUS:
            office, stored, _rows = keep(session, file.make())
            before = judge(session, office, stored, ReviewAnswers())
            answers = ReviewAnswers()
            for row in before:
                if row.is_loadable:
                    answers.mend(row.key, row.values)
            for row, after in zip(before, judge(session, office, stored, answers), strict=True):
                assert summary(after.proposal) == summary(row.proposal), file.name


def test_every_way_out_that_is_offered_leads_out(store: Store, furnished: Office) -> None:
    """Of the question that it answers; another may follow."""
    with store.read() as session:
        for file in CORPUS:
            office, stored, _rows = keep(session, file.make())
            rows = judge(session, office, stored, ReviewAnswers())
            ways_out = [row_review.list_fixes(row) for row in rows]
            for number in range(max(map(len, ways_out))):
                chosen = [fixes[number] if number < len(fixes) else None for fixes in ways_out]
                answers = ReviewAnswers()
                for row, fix in zip(rows, chosen, strict=True):
                    if fix is not None:
                        row_review.apply_fix(answers, row, fix)
                found = judge(session, office, stored, answers)
                for fix, after in zip(chosen, found, strict=True):
                    if fix is not None:
                        is_asked = after.has(fix.code) and after.is_open
                        assert not is_asked, f"{file.name} {after.parsed.line} {fix}"


def test_answers_stay_with_their_rows_when_others_are_left_out(
    store: Store, furnished: Office
) -> None:
    head = "Fecha,Hora,Tipo,Sede"
    data = lines(head, *(f"2026-12-{n},18:00,DACA,Biblioteca de Pilsen" for n in (10, 11, 12)))
    with store.read() as session:
        office, stored, _rows = keep(session, data)
        first, second, third = judge(session, office, stored, ReviewAnswers())
        answers = ReviewAnswers()
        answers.leave_out(first.key)
        answers.mend(third.key, {**third.values, Field.CAPACITY: "12"})
        found = judge(session, office, stored, answers)
    assert [each.is_left_out for each in found] == [True, False, False]
    assert [each.proposal.capacity for each in found[1:]] == [second.proposal.capacity, 12]


@pytest.mark.parametrize(
    ("hours", "outcome"),
    [
        ("17:15,16:00", Outcome.ASKED),
        ("09:00,01:00", Outcome.ASKED),
        ("22:00,06:00", Outcome.ASKED),
        ("20:00,00:30", Outcome.NEW),
        ("17:15,17:15", Outcome.REFUSED),
    ],
)
def test_end_before_the_start_is_asked_about_where_it_is_likely_a_slip(
    store: Store, furnished: Office, hours: str, outcome: Outcome
) -> None:
    data = lines("Fecha,Inicio,Fin,Tipo,Sede", f"2026-12-05,{hours},DACA,Biblioteca de Pilsen")
    with store.read() as session:
        office, stored, _rows = keep(session, data)
        answers = ReviewAnswers()
        (row,) = judge(session, office, stored, answers)
        assert row.proposal.outcome is outcome
        if outcome is Outcome.ASKED:
            (fix,) = row_review.list_fixes(row)
            row_review.apply_fix(answers, row, fix)
            (row,) = judge(session, office, stored, answers)
            assert row.is_loadable
            assert row.proposal.row is not None


def test_a_yes_holds_only_for_the_values_of_which_it_was_said() -> None:
    answers = ReviewAnswers()
    answers.accept("a", RemarkCode.LASTS_LONG)
    answers.mend("a", {Field.DAY: "2026-12-05"})
    assert answers.accepted == {}


def test_question_that_a_form_leaves_blank_is_asked_again(store: Store, furnished: Office) -> None:
    head = "Fecha,Hora,Tipo,Modalidad"
    data = lines(
        head,
        "2026-12-05,18:00,DACA,presencial",
        "2026-12-06,18:00,DACA,en la luna",
        "2026-12-07,18:00,DACA,virtual",
        "2026-12-08,18:00,DACA,virtual",
    )
    asked = [set[RemarkCode](), {RemarkCode.MODE_UNKNOWN}, set(), set()]
    with store.read() as session:
        office, stored, _rows = keep(session, data)
        answers = ReviewAnswers()
        for number in range(2):  # as the sheet has it, and with another hour
            rows = judge(session, office, stored, answers)
            found = [{each.error.code for each in row.parsed.remarks} for row in rows]
            assert found == asked, number
            for row in rows:
                answers.mend(row.key, {**row.values, Field.STARTS: "17:00"})
        answers.mend(rows[1].key, {**rows[1].values, Field.VENUE: "en línea"})
        assert all(row.is_loadable for row in judge(session, office, stored, answers)[1:])
