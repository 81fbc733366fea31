"""Broken and hostile import files: each is refused with one sentence. `python -m
tests.hostile_files` measures time and memory."""

import io
import re
import zipfile

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.errors import Refusal
from outreach.imports.import_errors import UnreadableFile
from outreach.imports.sheets import zip_guard
from tests import hostile_files
from tests.hostile_files import books, texts
from tests.support.import_files import bring, row
from tests.support.staff_client import employ, signed_in_as, words

LARGE = re.compile(r"MB|bomb|thousand|million|\d,\d{3}")
SENTENCE = re.compile(r"[A-ZÁÉÍÓÚ].{10,130}\.")


@pytest.mark.parametrize("name", hostile_files.FILES)
def test_hostile_file_is_refused_with_one_sentence(name: str) -> None:
    sentence = hostile_files.refusal(hostile_files.FILES[name]())
    assert SENTENCE.fullmatch(sentence), sentence
    assert "archivo" in sentence or len(sentence.split(". ")) <= 3


def test_there_are_more_than_fifty_hostile_files() -> None:
    assert len(hostile_files.FILES) > 50


def test_valid_file_of_each_format_is_accepted() -> None:
    assert hostile_files.refusal(books.honest()) == ""
    assert hostile_files.refusal(books.book()) == ""
    assert hostile_files.refusal(texts.line()) == ""
    event = texts.event("CATEGORIES:derechos", "STATUS:CONFIRMED")
    sentence = hostile_files.refusal(texts.calendar(event))
    assert sentence == "Esa oficina no es tuya. Escribe una de estas: chicago.", (
        "the form says whose"
    )


def test_zip_bomb_is_refused_before_unpacking() -> None:
    for make in (books.nested_bomb, books.overlapping):
        with pytest.raises(UnreadableFile):
            zip_guard.GuardedZip("bomb", make())


def test_unpacking_stops_at_the_declared_size() -> None:
    data = books.lying_bomb()
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert found.getinfo("xl/worksheets/sheet1.xml").file_size == 4096
    assert hostile_files.refusal(data)


@pytest.mark.any_database("files are refused before any query")
def test_import_page_shows_an_error_for_each_hostile_file(
    app: Flask, store: Store, chicago: Office, rights: Kind
) -> None:
    staff_client = signed_in_as(app, store, employ(store))
    for name in sorted(name for name in hostile_files.FILES if not LARGE.search(name)):
        answer = bring(staff_client, hostile_files.FILES[name](), "talleres.xlsx")
        if answer.status_code == 303:  # readable, with errors in its rows
            answer = staff_client.get(answer.headers["Location"])
            assert "Arregla" in words(answer), name
        else:
            assert answer.status_code == 422, name
            assert "Error:" in words(answer), name


@given(st.binary(max_size=400))
@settings(max_examples=60, deadline=None)
def test_random_bytes_are_refused_or_read(data: bytes) -> None:
    hostile_files.refusal(data)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_file_with_changed_bytes_is_refused_or_read(data: st.DataObject) -> None:
    good = data.draw(st.sampled_from(GOOD))
    changed = bytearray(good)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(changed)))
    hostile_files.refusal(bytes(changed if data.draw(st.booleans()) else changed[:cut]))


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_random_text_in_a_workbook_is_refused_or_read(text: str) -> None:
    hostile_files.refusal(books.with_sheet(text.encode(errors="replace")))
    hostile_files.refusal(books.with_sheet(f"<a>{text}</a>".encode(errors="replace")))
    hostile_files.refusal(texts.calendar(text))
    hostile_files.refusal(texts.calendar(texts.event(text)))
    hostile_files.refusal(texts.line(**{name: text for name in row() if "\r" not in text}))


GOOD = [
    books.honest(),
    books.book(),
    texts.line(),
    texts.calendar(texts.event("CATEGORIES:derechos", "DURATION:PT2H")),
]


def test_unreadable_file_is_raised_as_refusal() -> None:
    assert issubclass(UnreadableFile, Refusal)
