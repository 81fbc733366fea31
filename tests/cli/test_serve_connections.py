"""`outreach serve` beside more connections than it may open files."""

from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from outreach.config import Config
from outreach.domain.network.offices import Office
from tests.faults.test_killed_worker import settings
from tests.support import server_process
from tests.support.ports import free_port

MAX_FILES = 600
CONNECTIONS = 700
SECONDS = 60  # for an answer, on a busy machine


def get(connection: HTTPConnection) -> int:
    connection.request("GET", "/es/")
    answer = connection.getresponse()
    answer.read()
    return answer.status


@pytest.mark.thorough
@pytest.mark.any_database("it counts connections of browsers")
def test_idle_connections_leave_the_server_files_to_open(
    config: Config, chicago: Office, tmp_path: Path
) -> None:
    port, log = free_port(), tmp_path / "serve.log"
    url = f"http://127.0.0.1:{port}"
    around = settings(config, free_port()) | {"OUTREACH_PUBLIC_URL": url}
    command = ["serve", "--port", str(port), "--workers", "1"]
    with server_process.running(
        command, f"{url}/es/", settings=around, log=log, max_files=MAX_FILES
    ):
        with ExitStack() as stack:
            connections = [
                stack.enter_context(closing(HTTPConnection("127.0.0.1", port, timeout=SECONDS)))
                for _ in range(CONNECTIONS)
            ]
            for each in connections:
                each.connect()
            # They are accepted in the order of their arrival, each of these within the limit.
            assert [get(connections[number]) for number in (100, 200, 300)] == [200, 200, 200]
        with closing(HTTPConnection("127.0.0.1", port, timeout=SECONDS)) as later:
            assert get(later) == 200
    assert "Too many open files" not in log.read_text()
