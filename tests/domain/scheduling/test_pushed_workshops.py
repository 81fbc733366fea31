"""What was pushed to other sites cannot become discreet; staff read that it stays there (S39)."""

from dataclasses import replace
from datetime import date

import pytest
from flask import Flask

from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.scheduling import network_changes, workshop_service
from outreach.domain.workshops import Workshop, pushed
from outreach.errors import ErrorCode, Refusal
from tests.conftest import make_workshop
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.html_forms import fields
from tests.support.staff_client import employ, signed_in_as, words

pytestmark = [fixed_clock, pytest.mark.any_database("what staff may do with what was pushed")]

DAY = date(2026, 12, 5)
ELSEWHERE = "No se puede borrar de otros sitios."


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, day=DAY)


def record(store: Store, workshop: Workshop) -> None:
    with store.change() as session:
        pushed.lock(session, [workshop.id])
        pushed.record(session, [workshop.id])


def test_pushed_workshop_cannot_become_discreet(
    app: Flask, store: Store, workshop: Workshop, women: Kind, chicago: Office
) -> None:
    def make_discreet(public_id: str) -> None:
        with store.change() as session:
            found = workshops.find(session, public_id)
            data = workshop_service.get_data(found)
            kind = session.get_one(Kind, women.id)
            data = replace(data, kind=kind, visibility=kind.visibility)
            workshop_service.change(session, found, data, now=FIXED_NOW)

    record(store, workshop)
    with pytest.raises(Refusal) as refused:
        make_discreet(workshop.public_id)
    assert refused.value.code is ErrorCode.PUSHED_ELSEWHERE
    with store.change() as session:
        kind = workshops.find(session, workshop.public_id).kind
        made = make_workshop(session, chicago, kind, day=DAY, now=FIXED_NOW)
    make_discreet(made.public_id)  # not pushed yet


def test_kind_of_a_pushed_workshop_cannot_become_discreet(
    app: Flask, store: Store, workshop: Workshop, rights: Kind
) -> None:
    record(store, workshop)
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


def test_kind_that_was_not_pushed_becomes_discreet(store: Store, rights: Kind) -> None:
    with store.change() as session:
        kind = session.get_one(Kind, rights.id)
        values = {
            "is_discreet": True,
            "visibility": kind.visibility,
            "retention_days": kind.retention_days,
        }
        assert "is_discreet" in network_changes.change_kind(session, kind, values, now=FIXED_NOW)


def test_staff_read_that_it_cannot_be_deleted_elsewhere(
    app: Flask, store: Store, workshop: Workshop
) -> None:
    ana = signed_in_as(app, store, employ(store))
    page = f"/org/talleres/{workshop.public_id}"
    assert ELSEWHERE not in words(ana.get(page))
    assert ELSEWHERE not in words(ana.get(f"{page}/cancelar"))
    record(store, workshop)
    assert ELSEWHERE in words(ana.get(page))
    assert ELSEWHERE in words(ana.get(f"{page}/cancelar"))


def test_form_says_so_when_the_workshop_is_hidden(
    app: Flask, store: Store, workshop: Workshop
) -> None:
    ana = signed_in_as(app, store, employ(store))
    record(store, workshop)
    path = f"/org/talleres/{workshop.public_id}/editar"
    typed = fields(ana.get(path).text, path)
    warning = ELSEWHERE.rstrip(".")
    assert warning not in words(ana.post(path, **(typed | {"action": "preview"})))
    shown = ana.post(path, **(typed | {"way": "unlisted", "action": "preview"}))
    assert warning in words(shown)


def test_refusal_reaches_staff_as_a_sentence(
    app: Flask, store: Store, workshop: Workshop, women: Kind, rights: Kind
) -> None:
    ana = signed_in_as(app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES))
    record(store, workshop)
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
