"""The first minute of a campaign: hundreds of people post the form at the same moment, each from
their own IP address."""

import http.client
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True)
class Outcome:
    """The number of answers by status (0: none), and the duration."""

    statuses: Mapping[int, int]
    seconds: float  # from the first post to the last answer


def rush(site: str, public_id: str, forms: Sequence[Mapping[str, str]]) -> Outcome:
    """Posts these forms at once; each waits for its answer without a limit.

    `forms` has the fields `stamp` and `nonce` of a form for each person."""
    people = len(forms)
    host = urlsplit(site).netloc
    start = threading.Barrier(people + 1)
    statuses: list[int] = []

    def post(number: int) -> None:
        # 127.1.0.7, 127.1.1.7 …: no address or network has sent a request before.
        source_address = (f"127.{1 + number // 250}.{number % 250}.7", 0)
        form = urlencode(
            {
                "name": "Rosa",
                "people": "1",
                "contact": "none",
                **forms[number],
            }
        )
        connection = http.client.HTTPConnection(host, timeout=120, source_address=source_address)
        start.wait()
        try:
            connection.request(
                "POST",
                f"/es/t/{public_id}/lugar",
                form,
                {"Content-Type": "application/x-www-form-urlencoded"},
            )
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        except (OSError, http.client.HTTPException):
            statuses.append(0)  # no answer at all
        finally:
            connection.close()

    threads = [threading.Thread(target=post, args=(number,)) for number in range(people)]
    for thread in threads:
        thread.start()
    start.wait()
    started_at = perf_counter()
    for thread in threads:
        thread.join()
    return Outcome(Counter(statuses), perf_counter() - started_at)
