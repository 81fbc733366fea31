"""A server of calendars that the tests of addresses reach."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import tls_certificate
from tests.support.calendar_server import HOST, OTHER_HOST, CalendarServer, serve_calendars


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CalendarServer]:
    certificate = tls_certificate.make(tmp_path, "localhost", HOST, OTHER_HOST, days=20_000)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serve_calendars(certificate) as running:
        yield running
