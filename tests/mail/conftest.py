"""A mail server that keeps the letters that it gets."""

from collections.abc import Iterator

import pytest

from tests.support.ports import free_port
from tests.support.smtp_server import Postman, serve_mail


@pytest.fixture
def postman() -> Iterator[Postman]:
    with serve_mail(Postman(free_port())) as postman:
        yield postman
