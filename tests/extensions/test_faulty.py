"""An extension that fails, hangs or lies: people save places, cancel, are erased and stop texts,
staff close for danger, and the worker erases and writes."""

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.app import create_app
from outreach.config import Config, TextAnswers, Texts
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.registrations import Registration, RegistrationStatus
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore, text_exchange
from tests.conftest import close_app, make_workshop, seat, tomorrow
from tests.extensions.faulty import LIE
from tests.support import registration_forms, text_conversation
from tests.support.daytime import zone_in_the_morning
from tests.support.environment import where
from tests.support.gateway_server import Gateway, serve_gateway
from tests.support.ports import free_port
from tests.support.server_process import running
from tests.support.smtp_server import Postman, serve_mail
from tests.support.staff_client import employ, signed_in_as

pytestmark = [pytest.mark.thorough, pytest.mark.real_clock]

CHECKOUT: Final = Path(__file__).parents[2]
PATIENCE_SECONDS: Final = 2.0  # of somebody whose page does not come
# One that hangs keeps the server and its worker from ending for half a minute each.
WAYS: Final = ("fails", "lies", pytest.param("hangs", marks=pytest.mark.long))


class Awaited(Postman):
    """A mail server that says when the first letter is there."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.has_come = threading.Event()

    def next_instruction(self, step: str) -> str | None:
        if step == "TAKEN":
            self.has_come.set()
        return super().next_instruction(step)


@dataclass
class Scene:
    """A site with the extension, its worker, and browsers of people and of Tomás of the staff."""

    app: Flask
    store: Store
    key_store: KeyStore
    workshop: Workshop
    tonight: Workshop
    postman: Awaited
    browser: httpx.Client

    def save(self, **typed: Any) -> str:
        """Saves a place, and returns the path of the page of that registration."""
        path = f"/es/t/{self.workshop.public_id}/lugar"
        assert self.browser.get(path).status_code == 200
        filled = registration_forms.answers(self.app, self.workshop, **typed)
        saved = self.browser.post(path, data=filled)
        assert saved.status_code == 303, saved.text
        return str(saved.headers["Location"])

    def press(self, path: str) -> None:
        """Presses a button on the page of a registration."""
        answer = self.browser.post(path)
        assert answer.status_code in {200, 303}, answer.text

    def count(self, status: RegistrationStatus) -> int:
        with self.store.read() as session:
            rows = session.scalars(sa.select(Registration).where(Registration.status == status))
            return len(rows.all())


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder in which the extension is installed: what pip writes about a distribution."""
    about = tmp_path / "installed" / "outreach_faulty-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: outreach-faulty\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[outreach.extensions]\nfaulty = tests.extensions.faulty:extension\n"
    )
    return about.parent


@pytest.fixture
def due(store: Store, key_store: KeyStore, chicago: Office, rights: Kind) -> Registration:
    """Somebody whose data are due to be erased."""
    with store.change() as session:
        day = clock.network_day(clock.now()) - timedelta(days=rights.retention_days + 1)
        past = make_workshop(session, chicago, rights, day=day)
    return seat(store, key_store, past, now=past.starts_at - timedelta(days=7))


@pytest.fixture
def scene(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind,
    due: Registration, installed: Path, way: str, tmp_path: Path,
) -> Iterator[Scene]:  # fmt: skip
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, day=tomorrow(chicago))
        zone = zone_in_the_morning(clock.now())
        today = clock.now().astimezone(zone).date()
        tonight = make_workshop(session, chicago, rights, zone=zone, day=today)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with serve_mail(Awaited(free_port())) as postman, serve_gateway() as gateway:
        assert isinstance(postman, Awaited)
        config = replace(config, public_url=url, **_use_texts(gateway))
        settings = where(config) | {
            "PYTHONPATH": os.pathsep.join(
                [str(CHECKOUT), str(installed), *filter(None, [os.environ.get("PYTHONPATH")])]
            ),
            "OUTREACH_PUBLIC_URL": url,
            "OUTREACH_SECRET_KEY": config.secret_key,
            "OUTREACH_CONTROLLER": config.controller or "Red",
            "OUTREACH_MAIL_FROM": config.mail_from,
            "OUTREACH_SMTP_URL": f"smtp://127.0.0.1:{postman.port}",
            "OUTREACH_TEXTS_URL": config.texts.url,
            "OUTREACH_TEXTS_BODY": config.texts.body,
            "OUTREACH_ANSWERS_SECRET": config.answers.secret,
            "OUTREACH_EXTENSIONS": "faulty",
            "OUTREACH_FAULTY_WAY": way,
        }
        app = create_app(config)
        serve = ("serve", "--port", str(port), "--workers", "1")
        with (
            running(serve, f"{url}/healthz", settings=settings, log=tmp_path / "log"),
            httpx.Client(base_url=url, timeout=20) as browser,
        ):
            yield Scene(app, store, key_store, workshop, tonight, postman, browser)
        close_app(app)


def _use_texts(gateway: Gateway) -> dict[str, Any]:
    return {
        "texts": Texts(url=f"{gateway.url}/send", body="To={to}&Body={text}"),
        "answers": TextAnswers(dialect="plain", secret=text_conversation.SECRET),
    }


def test_what_people_need_goes_on(scene: Scene, due: Registration, way: str) -> None:
    meet_the_extension(scene, way)
    scene.save(contact="email", email="rosa@example.org")
    assert scene.postman.has_come.wait(60), "the worker writes"
    cancelled = scene.save()
    scene.press(f"{cancelled}/cancelar")
    assert scene.count(RegistrationStatus.CANCELLED) == 1
    erased = scene.save()
    scene.press(f"{erased}/borrar")
    assert scene.browser.get(erased).status_code == 404
    stop_texts(scene)
    close_for_danger(scene)
    assert due.key_id is not None
    assert not scene.key_store.list_existing([due.key_id]), "the worker erases"


def stop_texts(scene: Scene) -> None:
    asked = text_conversation.plain(text_conversation.ROSA, "BAJA")
    headers = {**asked.headers, "Content-Type": asked.content_type}
    answer = scene.browser.post(asked.path, content=asked.body, headers=headers)
    assert answer.status_code == 204
    assert text_exchange.is_stopped(scene.key_store, text_conversation.ROSA)


def close_for_danger(scene: Scene) -> None:
    tomas = signed_in_as(
        scene.app, scene.store, employ(scene.store, "tomas@example.org", Role.DOOR, "chicago")
    )
    path = f"/org/talleres/{scene.tonight.public_id}/peligro"
    fields = {"token": tomas.form_token, "do": "close"}
    answer = scene.browser.post(path, data=fields, headers=tomas.headers)
    assert answer.status_code == 303, answer.text
    with scene.store.read() as session:
        assert session.get_one(Workshop, scene.tonight.id).is_closed_for_danger


def meet_the_extension(scene: Scene, way: str) -> None:
    """Opens pages that it adds something to, and its own, until every page of the core answers."""
    paths = ["/es/", f"/es/t/{scene.workshop.public_id}", "/es/o/chicago", "/es/calendario"]
    lost = 0
    for path in ["/es/faulty", *paths] * 3:
        try:
            page = scene.browser.get(path, timeout=PATIENCE_SECONDS)
        except httpx.ReadTimeout:
            lost += 1
        else:
            assert page.status_code == (200 if path in paths or way == "lies" else 500), path
            assert path not in paths or LIE not in page.text
    assert lost <= (2 if way == "hangs" else 0)
    for path in paths:
        assert scene.browser.get(path).status_code == 200
