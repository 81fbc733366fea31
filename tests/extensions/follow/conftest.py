"""An application with a mail server, a gateway of texts and a push service."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from outreach.config import Config
from outreach.db.store import Store
from outreach.keystore import KeyStore
from tests.extensions.follow.follow_scene import FollowScene, make_texts
from tests.extensions.follow.push_service import PushService, serve_pushes
from tests.support.gateway_server import serve_gateway
from tests.support.limits import UNLIMITED
from tests.support.ports import free_port
from tests.support.smtp_server import Postman, serve_mail


@pytest.fixture
def push_service() -> Iterator[PushService]:
    with serve_pushes() as served:
        yield served


@pytest.fixture
def scene(
    make_app: Callable[..., Flask], store: Store, key_store: KeyStore, config: Config
) -> Iterator[FollowScene]:
    with serve_mail(Postman(free_port())) as postman, serve_gateway() as gateway:
        app = make_app(limits=UNLIMITED, texts=make_texts(gateway))
        yield FollowScene(app, store, key_store, config, postman, gateway)
