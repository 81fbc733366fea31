"""The worker pushes while staff make something discreet (S42): one of them waits for the other."""

import threading

import pytest
import sqlalchemy as sa

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.scheduling import network_changes
from outreach.domain.workshops import Workshop
from outreach.extensions.activitypub.pushed_events import PushedEvent
from tests.extensions.activitypub.fediverse_server import FediverseScene
from tests.support.fixed_clock import FIXED_NOW, fixed_clock

pytestmark = [fixed_clock, pytest.mark.races]

WAIT_SECONDS = 1.0  # in which a worker that waits for nobody would have ended


def test_kind_that_becomes_discreet_meanwhile_is_not_pushed(
    scene: FediverseScene, store: Store, workshop: Workshop, rights: Kind
) -> None:
    worker = threading.Thread(target=scene.run)
    with store.change() as session:
        kind = session.get_one(Kind, rights.id)
        values = {"is_discreet": True, "visibility": kind.visibility, "retention_days": 30}
        network_changes.change_kind(session, kind, values, now=FIXED_NOW)
        session.flush()
        worker.start()
        worker.join(WAIT_SECONDS)
    worker.join()
    with store.read() as session:
        assert session.scalars(sa.select(PushedEvent)).all() == []
