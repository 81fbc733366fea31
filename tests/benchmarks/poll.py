"""One program that polls a feed over a persistent connection."""

import http.client
from time import perf_counter
from typing import Self

FEED = "/es/cal/{}.ics"


class Poll:
    def __init__(self, port: int) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    def ask(self, path: str, **headers: str) -> tuple[int, str, bytes]:
        """Status, ETag and raw body."""
        spelled = {name.replace("_", "-"): value for name, value in headers.items()}
        self._line.request("GET", path, headers={"Accept-Encoding": "gzip"} | spelled)
        answer = self._line.getresponse()
        body = answer.read()
        if answer.status not in {200, 304}:
            raise RuntimeError(f"{path} is answered {answer.status}")
        return answer.status, answer.headers.get("ETag", ""), body

    def changed(self, path: str, etag: str) -> tuple[float, str]:
        """Polls with an older ETag; returns milliseconds and the new ETag."""
        begun = perf_counter()
        status, new, _ = self.ask(path, If_None_Match=etag)
        took = (perf_counter() - begun) * 1000
        if status != 200 or new == etag:
            raise RuntimeError(f"{path}: a change was not seen")
        return took, new
