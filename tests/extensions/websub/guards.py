"""The guards of the hub: what is pushed to whom."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    Guard(
        "S45", "outreach.extensions.websub.pushed_feed:find_topic",
        "choice.is_discreet", "",
        "tests/extensions/websub/test_hub.py::test_topic_that_is_no_public_feed_is_refused_with_one_sentence",
    ),
    Guard(
        "S45", "outreach.extensions.websub.pushed_feed:_coarse",
        "now - PUSHED_AFTER", "now",
        "tests/extensions/websub/test_hub.py::test_workshop_is_pushed_a_day_after_it_was_published",
    ),
    Guard(
        "S45", "outreach.extensions.websub.pushed_feed:digest",
        "_STAMPS.sub(b'', text)", "text",
        "tests/extensions/websub/test_hub.py::test_change_of_what_is_not_pushed_pushes_nothing",
    ),
    Guard(
        "S45", "outreach.feeds.vevent:write",
        "is_coarse", "",
        "tests/extensions/websub/test_hub.py::test_pushed_feed_has_no_street_no_venue_and_no_free_text",
    ),
    Guard(
        "S45", "outreach.extensions.websub.hub:Hub._ask",
        "hmac.compare_digest(answer.body, challenge.encode())", "",
        "tests/extensions/websub/test_hub.py::test_callback_that_does_not_echo_the_challenge_gets_nothing",
    ),
    Guard(
        "S45", "outreach.extensions.websub.subscriptions:confirm",
        "current.nonce != answered.nonce", "",
        "tests/extensions/websub/test_hub.py::test_newer_request_is_not_confirmed_by_the_answer_to_an_older_one",
    ),
    Guard(
        "S45", "outreach.extensions.websub.pages:subscribe",
        "rate_limits.count_domain(wanted.domain, MAX_OF_DOMAIN)", "pass",
        "tests/extensions/websub/test_hub.py::test_requests_that_name_one_host_are_limited",
    ),
    Guard(
        "S45", "outreach.extensions.websub.pages:_read_form",
        "guarded_client.get_domain", "guarded_client.get_host",
        "tests/extensions/websub/test_hub.py::test_hosts_of_one_domain_share_the_limits",
    ),
)
# fmt: on
