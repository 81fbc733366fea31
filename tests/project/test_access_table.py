"""The tables of `outreach/docs/people.md` say what the code allows."""

import pytest

from tests.tools import access_table

pytestmark = [pytest.mark.core, pytest.mark.any_database]


def test_guide_has_the_access_table_of_the_routes() -> None:
    is_current = access_table.section(access_table.PAGE.read_text()) == access_table.generate()
    assert is_current, access_table.ADVICE


def test_guide_has_the_table_of_who_sees_what() -> None:
    text = access_table.section(access_table.PAGE.read_text(), access_table.DISCLOSURE)
    is_current = text == access_table.generate_disclosure()
    assert is_current, access_table.ADVICE


def test_advice_names_a_program_that_is_there() -> None:
    program = access_table.ADVICE.rpartition("python -m ")[2]
    assert program == access_table.__name__
