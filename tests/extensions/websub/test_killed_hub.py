"""A hub that is killed in the middle of a delivery (S45): the subscriber gets it from another."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.outbox import outbox_table
from outreach.domain.scheduling import workshop_service
from tests.conftest import make_workshop
from tests.extensions.websub.hub_scene import HubScene
from tests.support.callback_server import serve_subscriber
from tests.support.environment import where
from tests.support.limits import UNLIMITED

MINUTE = timedelta(minutes=1)


@pytest.mark.thorough
@pytest.mark.real_clock
def test_delivery_of_a_killed_process_is_made_by_another(
    make_app: Callable[..., Flask], config: Config, store: Store, chicago: Office, rights: Kind
) -> None:
    app = make_app(limits=UNLIMITED)
    with store.change() as session:
        made = make_workshop(session, chicago, rights)
    with serve_subscriber() as subscriber:
        scene = HubScene(app, app.test_client(), subscriber)
        scene.subscribe(f"{config.public_url}/es/cal/chicago.json")
        with store.change() as session:
            found = workshops.find(session, made.public_id)
            data = replace(workshop_service.get_data(found), title={"es": "Antes de la caída"})
            workshop_service.change(session, found, data, now=clock.now())
        subscriber.is_silent = True
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.extensions.websub.round_process"],
            env=os.environ
            | where(config)
            | {"OUTREACH_PUBLIC_URL": config.public_url, "OUTREACH_EXTENSIONS": "websub"},
        )
        try:
            assert subscriber.has_delivery.wait(60)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        subscriber.is_silent = False
        subscriber.let_go.set()
        scene.run(after=MINUTE)
        assert len(subscriber.deliveries) == 1, "the row is leased by the killed process"
        scene.run(after=outbox_table.LEASE)
        scene.run(after=timedelta(days=1))
        assert len(subscriber.deliveries) == 2
        assert "Antes de la caída" in subscriber.deliveries[1].body.decode()
