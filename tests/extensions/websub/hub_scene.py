"""The hub of a test, which may reach a server on this machine."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach import clock
from outreach.extensions.websub import hub
from outreach.extensions.websub.hub import Hub
from tests.support.callback_server import LOOPBACK_RULE, Subscriber


@dataclass
class HubScene:
    """The hub of an application, and a subscriber it can reach."""

    app: Flask
    client: FlaskClient
    subscriber: Subscriber
    later: timedelta = timedelta(0)  # than the clock
    hub: Hub = field(init=False)

    def __post_init__(self) -> None:
        self.app.extensions[hub.RULE] = LOOPBACK_RULE
        self.hub = hub.of_app(self.app)

    @property
    def now(self) -> datetime:
        return clock.now() + self.later

    def ask(self, topic: str, **changes: str) -> TestResponse:
        """Posts to the hub; `changes` are fields without «hub.»."""
        fields = {"mode": "subscribe", "topic": topic, "callback": self.subscriber.callback}
        typed = {f"hub.{name}": value for name, value in (fields | changes).items()}
        return self.client.post("/hub", data=typed)

    def subscribe(self, topic: str, **changes: str) -> None:
        assert self.ask(topic, **changes).status_code == 202
        self.run()

    def run(self, *, after: timedelta = timedelta(0)) -> int:
        """A round of the worker, that much later."""
        self.later += after
        return self.hub.run_round(now=self.now)
