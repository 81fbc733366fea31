"""A document is fetched with its redirects: each is checked, and one deadline is for all of it."""

import pytest

from outreach.outbound import guarded_client
from outreach.outbound.guarded_client import FetchedAnswer, FetchRule, HostUnreachable
from tests.outbound.test_public_addresses import serve_bytes
from tests.support.callback_server import LOOPBACK_RULE, serve_subscriber

pytestmark = pytest.mark.any_database("nothing is stored")


def fetch(address: str, *, rule: FetchRule = LOOPBACK_RULE, seconds: float = 5.0) -> FetchedAnswer:
    return guarded_client.fetch_document(
        rule,
        address,
        headers={},
        seconds=seconds,
        max_bytes=1_000,
        may_lead_to=lambda each: "prohibido" not in each,
    )


@pytest.mark.thorough
def test_body_that_the_deadline_cut_off_is_no_document() -> None:
    """It has no length, so that its end looks like any other."""
    data = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 500
    with serve_bytes(data, seconds=0.02) as port, pytest.raises(HostUnreachable):
        fetch(f"http://127.0.0.1:{port}/", seconds=1.0)


def test_redirect_that_may_not_be_followed_is_refused() -> None:
    with serve_subscriber() as subscriber:
        subscriber.challenge_status, subscriber.location = 302, "/prohibido"
        with pytest.raises(guarded_client.RedirectRefused):
            fetch(subscriber.callback)
        assert len(subscriber.asked) == 1


def test_answer_without_a_redirect_is_the_document() -> None:
    with serve_subscriber() as subscriber:
        assert fetch(subscriber.callback).is_success
