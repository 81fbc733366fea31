"""A feed client that polls over a persistent connection."""

import http.client
from time import perf_counter
from typing import Self

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
        request_headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request("GET", path, headers={"Accept-Encoding": "gzip"} | request_headers)
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
