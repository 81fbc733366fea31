"""Text typed in the bulletin editor is normalized and never lost."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.db.store import Store
from outreach.domain.newsletter import bulletins
from outreach.domain.newsletter.bulletins import BulletinPart
from tests.support.login import age
from tests.support.staff_client import StaffClient, Visitor, enrol, words
from tests.web.staff.test_bulletin_editor import MARCH, PAGE, TEXTS, begin, elena, form, march

__all__ = ["elena", "march"]  # fixtures
pytestmark = pytest.mark.any_database("the text of pages")


def test_expired_session_keeps_the_typed_bulletin(
    app: Flask, elena: StaffClient, march: Store
) -> None:
    begin(march)
    age(march, seen_at=timedelta(minutes=31))
    sign_in_page = elena.post(PAGE, **form(do="save"))
    assert sign_in_page.status_code == 401
    assert "lo que escribiste sigue aquí" in sign_in_page.text
    enrol(app, march)
    restored = Visitor(app).come_in(email="elena@example.org", volver=PAGE)
    assert restored.status_code == 200
    assert "Vino mucha gente." in restored.text
    with march.read() as session:
        assert not bulletins.find(session, MARCH, 1).happened, "the text is not saved automatically"


def test_too_long_text_is_reported_at_its_field(elena: StaffClient, march: Store) -> None:
    begin(march)
    long = BulletinPart(title=TEXTS.title, happened={"es": "Muy largo. " * 600})
    answer = elena.post(PAGE, **form(long, do="save"))
    assert answer.status_code == 422
    assert "Usa menos de 6000 letras." in words(answer)
    assert 'id="happened-es-e"' in answer.text


def test_typed_text_is_normalized_and_keeps_french_spaces(elena: StaffClient, march: Store) -> None:
    begin(march)
    typed = form(do="save") | {
        "title-fr": " Mars\u00a0:  3\r\nateliers \x07",
        "happened-fr": "Un\u202f: \u00a0deux.  \r\n\r\nTrois.\r\n",
    }
    elena.post(PAGE, **typed)
    with march.read() as session:
        edition = bulletins.find(session, MARCH, 1)
    assert edition.title["fr"] == "Mars\u00a0: 3 ateliers"
    assert edition.happened["fr"] == "Un\u202f:\u00a0deux.\n\nTrois."


def test_server_error_keeps_the_typed_bulletin(elena: StaffClient, march: Store) -> None:
    begin(march)
    with march.change() as session:
        session.execute(sa.text("ALTER TABLE bulletin_edition RENAME TO elsewhere"))
    answer = elena.post(PAGE, **form(do="save"))
    assert answer.status_code == 500
    assert f'action="{PAGE}"' in answer.text
    assert 'value="Vino mucha gente."' in answer.text, "can be submitted once more"
