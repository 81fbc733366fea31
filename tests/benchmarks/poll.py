"""A feed client that polls over a persistent connection."""

import http.client
from collections.abc import Mapping
from time import perf_counter
from typing import Self
from urllib.parse import urlencode

FEED = "/es/cal/{}.ics"


class Poll:
    """A context manager that closes the connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, path: str, **headers: str) -> tuple[int, str, bytes]:
        """Status, ETag and raw body."""
        return self._send("GET", path, None, headers)

    def post(self, path: str, fields: Mapping[str, str], **headers: str) -> tuple[int, str, bytes]:
        """Sends a form. Returns status, ETag and raw body."""
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._send("POST", path, urlencode(fields), headers | form)

    def _send(
        self, method: str, path: str, form: str | None, headers: Mapping[str, str]
    ) -> tuple[int, str, bytes]:
        request_headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(
            method, path, form, headers={"Accept-Encoding": "gzip"} | request_headers
        )
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status not in {200, 304}:
            raise RuntimeError(f"{path} is answered {answer.status}")
        return answer.status, answer.headers.get("ETag", ""), body

    def measure_changed(self, path: str, etag: str) -> tuple[float, str]:
        """Polls with the ETag before a change; returns milliseconds and the new ETag. Raises
        RuntimeError if the content is unchanged."""
        started_at = perf_counter()
        status, new, _ = self.ask(path, If_None_Match=etag)
        took = (perf_counter() - started_at) * 1000
        if status != 200 or new == etag:
            raise RuntimeError(f"{path}: a change was not seen")
        return took, new
