"""An application that takes proposals, with a mail server."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.keystore import KeyStore
from tests.extensions.proposals.proposal_scene import ProposalScene
from tests.support.limits import UNLIMITED
from tests.support.ports import free_port
from tests.support.smtp_server import Postman, serve_mail


@pytest.fixture
def scene(
    make_app: Callable[..., Flask], store: Store, key_store: KeyStore, config: Config,
    chicago: Office, rights: Kind,
) -> Iterator[ProposalScene]:  # fmt: skip
    with serve_mail(Postman(free_port())) as postman:
        yield ProposalScene(make_app(limits=UNLIMITED), store, key_store, config, postman)
