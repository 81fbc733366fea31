"""A page, a feed or a letter that lists many is whole although one line cannot be written."""

import logging

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from outreach.errors import ErrorCode, Refusal
from outreach.whole_lists import make_each
from tests.conftest import make_workshop

GOOD, BAD = "Conoce tus derechos", "Título de la mala"


@pytest.fixture
def workshops(store: Store, chicago: Office, rights: Kind) -> list[Workshop]:
    """Two, the second of which has a title that is no text in languages."""
    with store.change() as session:
        made = [
            make_workshop(session, chicago, rights),
            make_workshop(session, chicago, rights, title={"es": BAD}),
        ]
        session.flush()
        session.execute(
            sa.text("UPDATE workshop SET title = :odd WHERE id = :id"),
            {"odd": f'"{BAD}"', "id": made[1].id},
        )
    return made


@pytest.mark.usefixtures("workshops")
@pytest.mark.parametrize(
    "path",
    [
        "/es/", "/es/?donde=Chicago", "/es/o/chicago", "/es/cal/red.ics", "/es/cal/red.json",
        "/es/cal/red.atom", "/es/cal/red.jscal", "/es/cal/red.jcal",
    ],
)  # fmt: skip
def test_public_list_is_whole_without_a_bad_line(
    path: str, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = client.get(path)
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    assert GOOD in text
    assert BAD not in text
    assert any("left out of" in each.getMessage() for each in caplog.records)


@pytest.mark.usefixtures("workshops")
def test_log_says_where_and_nothing_that_somebody_typed(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        client.get("/es/")
    said = [each.getMessage() for each in caplog.records if "left out" in each.getMessage()]
    assert said[0].startswith("left out of the public list: AttributeError at ")
    assert not any(BAD in each for each in said)


def test_trouble_of_the_database_and_refusals_end_the_list() -> None:
    def refuse(_item: int) -> int:
        raise Refusal(ErrorCode.NOT_URGENT)

    def fall(_item: int) -> int:
        raise sa.exc.OperationalError("", {}, Exception("database is locked"))

    for make, error in ((refuse, Refusal), (fall, sa.exc.OperationalError)):
        with pytest.raises(error):
            make_each([1], make, what="a list")
    assert make_each([0, 1, 2], lambda each: 2 // each, what="a list") == [2, 1]
