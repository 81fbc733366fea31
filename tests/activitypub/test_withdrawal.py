"""What was pushed stays public: staff cannot make it discreet, and are payload so (S42)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from flask import Flask

from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.scheduling import network_changes, workshop_service
from outreach.domain.workshops import Workshop
from outreach.errors import ErrorCode, Refusal
from tests.conftest import make_workshop
from tests.support.fediverse_server import HOST, FediverseScene
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.html_forms import fields
from tests.support.staff_client import employ, signed_in_as, words

pytestmark = [fixed_clock, pytest.mark.any_database("what staff may do with what was pushed")]

DAY = date(2026, 12, 5)
ELSEWHERE = "No se puede borrar de otros sitios."


def test_pushed_workshop_cannot_become_discreet(
    scene: FediverseScene, store: Store, workshop: Workshop, women: Kind, chicago: Office
) -> None:
    def make_discreet(public_id: str) -> None:
        with store.change() as session:
            found = workshops.find(session, public_id)
            data = workshop_service.get_data(found)
            kind = session.get_one(Kind, women.id)
            data = replace(data, kind=kind, visibility=kind.visibility)
            workshop_service.change(session, found, data, now=FIXED_NOW)

    scene.run()
    with pytest.raises(Refusal) as refused:
        make_discreet(workshop.public_id)
    assert refused.value.code is ErrorCode.PUSHED_ELSEWHERE
    with store.change() as session:
        kind = workshops.find(session, workshop.public_id).kind
        made = make_workshop(session, chicago, kind, day=DAY, now=FIXED_NOW)
    make_discreet(made.public_id)  # not pushed yet


def test_kind_of_a_pushed_workshop_cannot_become_discreet(
    scene: FediverseScene, store: Store, workshop: Workshop, rights: Kind
) -> None:
    scene.run()
    with store.change() as session:
        kind = session.get_one(Kind, rights.id)
        values = {
            "is_discreet": True,
            "visibility": kind.visibility,
            "retention_days": kind.retention_days,
        }
        with pytest.raises(Refusal) as refused:
            network_changes.change_kind(session, kind, values, now=FIXED_NOW)
        assert refused.value.code is ErrorCode.PUSHED_ELSEWHERE
        workshop_service.cancel(session, workshops.find(session, workshop.public_id), now=FIXED_NOW)
        with pytest.raises(Refusal):
            network_changes.change_kind(session, kind, values, now=FIXED_NOW)


def test_kind_that_was_not_pushed_becomes_discreet(
    scene: FediverseScene, store: Store, rights: Kind
) -> None:
    with store.change() as session:
        kind = session.get_one(Kind, rights.id)
        values = {
            "is_discreet": True,
            "visibility": kind.visibility,
            "retention_days": kind.retention_days,
        }
        assert "is_discreet" in network_changes.change_kind(session, kind, values, now=FIXED_NOW)


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


def test_guard_holds_when_the_setting_is_switched_off(
    scene: FediverseScene,
    make_app: Callable[..., Flask],
    store: Store,
    workshop: Workshop,
    rights: Kind,
) -> None:
    scene.run()
    make_app(activitypub=False)
    with store.change() as session:
        kind = session.get_one(Kind, rights.id)
        values = {"is_discreet": True, "visibility": kind.visibility, "retention_days": 30}
        with pytest.raises(Refusal):
            network_changes.change_kind(session, kind, values, now=FIXED_NOW)


# What staff read


def test_staff_read_that_it_cannot_be_deleted_elsewhere(
    scene: FediverseScene, store: Store, workshop: Workshop
) -> None:
    ana = signed_in_as(scene.app, store, employ(store))
    page = f"/org/talleres/{workshop.public_id}"
    assert ELSEWHERE not in words(ana.get(page))
    assert ELSEWHERE not in words(ana.get(f"{page}/cancelar"))
    scene.run()
    assert ELSEWHERE in words(ana.get(page))
    assert ELSEWHERE in words(ana.get(f"{page}/cancelar"))


def test_form_says_so_when_the_workshop_is_hidden(
    scene: FediverseScene, store: Store, workshop: Workshop
) -> None:
    ana = signed_in_as(scene.app, store, employ(store))
    scene.run()
    path = f"/org/talleres/{workshop.public_id}/editar"
    typed = fields(ana.get(path).text, path)
    warning = ELSEWHERE.rstrip(".")
    assert warning not in words(ana.post(path, **(typed | {"action": "preview"})))
    shown = ana.post(path, **(typed | {"way": "unlisted", "action": "preview"}))
    assert warning in words(shown)


def test_refusal_reaches_staff_as_a_sentence(
    scene: FediverseScene, store: Store, workshop: Workshop, women: Kind, rights: Kind
) -> None:
    ana = signed_in_as(
        scene.app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    )
    scene.run()
    path = f"/org/talleres/{workshop.public_id}/editar"
    typed = fields(ana.get(path).text, path) | {"kind": women.code, "visibility": "registered"}
    answer = ana.post(path, **typed)
    assert answer.status_code == 422
    assert "clónalo y haz discreta la copia" in words(answer)
    path = f"/org/tipos/{rights.code}"
    typed = fields(ana.get(path).text, path) | {
        "is_discreet": "yes",
        "sure": "yes",
        "visibility": "registered",
        "neutral_title_es": "Taller",
    }
    answer = ana.post(path, **typed)
    assert answer.status_code == 422
    assert "clónalo y haz discreta la copia" in words(answer)
