"""What is withdrawn answers 410, is not pushed again, and cannot become discreet (S42)."""

from dataclasses import replace
from datetime import date

import pytest

from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.scheduling import network_changes, workshop_service
from outreach.domain.workshops import Workshop
from outreach.errors import Refusal
from tests.extensions.activitypub.fediverse_server import HOST, FediverseScene
from tests.support.fixed_clock import FIXED_NOW, fixed_clock

pytestmark = [fixed_clock, pytest.mark.any_database("what staff may do with what was pushed")]

DAY = date(2026, 12, 5)
ELSEWHERE = "No se puede borrar de otros sitios."


def test_withdrawn_event_and_its_picture_answer_410(
    scene: FediverseScene, store: Store, workshop: Workshop
) -> None:
    scene.run()
    event = scene.get(f"http://{HOST}/ap/e/{workshop.uid}")
    picture = event["attachment"][0]["url"].removeprefix(f"http://{HOST}")
    old = picture.rpartition("-")[0] + "-000000000000.png"
    assert scene.client.get(picture).status_code == 200
    assert scene.client.get(old).headers["Location"] == picture
    with store.change() as session:
        found = workshops.find(session, workshop.public_id)
        data = replace(workshop_service.get_data(found), way=Way.UNLISTED)
        workshop_service.change(session, found, data, now=FIXED_NOW)
    for path in (picture, old):
        assert scene.client.get(path).status_code == 410, "at once"
    scene.run()
    answer = scene.client.get(f"/ap/e/{workshop.uid}")
    assert answer.status_code == 410
    assert "Tombstone" in answer.text
    assert "Conoce" not in answer.text


def test_withdrawn_event_is_not_pushed_again(
    scene: FediverseScene, store: Store, workshop: Workshop
) -> None:
    """Servers that have deleted it refuse its id."""

    def choose(way: Way) -> None:
        with store.change() as session:
            found = session.get_one(Workshop, workshop.id)
            data = replace(workshop_service.get_data(found), way=way)
            workshop_service.change(session, found, data, now=FIXED_NOW)

    scene.run()
    choose(Way.UNLISTED)
    scene.run()
    choose(Way.PLACE)
    scene.run(after=workshop_service.NOTIFIED_CHANGES)
    assert scene.client.get(f"/ap/e/{workshop.uid}").status_code == 410


def test_deleted_workshop_leaves_410(
    scene: FediverseScene, store: Store, workshop: Workshop
) -> None:
    scene.run()
    with store.change() as session:
        session.delete(session.get_one(Workshop, workshop.id))
    scene.run()
    assert scene.client.get(f"/ap/e/{workshop.uid}").status_code == 410


def test_what_was_pushed_cannot_become_discreet(
    scene: FediverseScene, store: Store, workshop: Workshop, rights: Kind
) -> None:
    """Also when nothing is pushed any more: the core has it (S39)."""
    scene.run()
    with store.change() as session:
        assert session.get_one(Workshop, workshop.id).was_pushed
        kind = session.get_one(Kind, rights.id)
        values = {"is_discreet": True, "visibility": kind.visibility, "retention_days": 30}
        with pytest.raises(Refusal):
            network_changes.change_kind(session, kind, values, now=FIXED_NOW)
