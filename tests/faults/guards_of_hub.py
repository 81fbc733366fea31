"""The guards of the hub: what is pushed to whom, and which addresses are fetched."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    Guard(
        "S39", "outreach.outbound.guarded_client:resolve",
        "not all((rule.permits(ip_address(each)) for each in addresses))", "False",
        "tests/outbound/test_public_addresses.py::test_other_spelling_of_this_machine_is_refused_before_anything_is_sent",
    ),
    Guard(
        "S39", "outreach.outbound.guarded_client:FetchRule.allows",
        "literal is None or self.permits(literal)", "True",
        "tests/outbound/test_public_addresses.py::test_address_that_cannot_be_a_callback",
    ),
    Guard(
        "S39", "outreach.outbound.guarded_client:fetch",
        "answer.read(max_bytes)", "answer.read()",
        "tests/outbound/test_public_addresses.py::test_only_the_beginning_of_an_answer_is_read",
    ),
    Guard(
        "S39", "outreach.outbound.public_addresses:is_public",
        "is_public(embedded)", "True",
        "tests/outbound/test_public_addresses.py::test_address_that_only_this_server_can_reach_is_refused",
    ),
    Guard(
        "S39", "outreach.outbound.public_addresses:is_public",
        "address not in _UNICAST_V6", "",
        "tests/outbound/test_public_addresses.py::test_address_that_only_this_server_can_reach_is_refused",
    ),
    Guard(
        "S39", "outreach.feeds.pushed_feed:find_topic",
        "choice.is_discreet", "",
        "tests/websub/test_hub.py::test_topic_that_is_no_public_feed_is_refused_with_one_sentence",
    ),
    Guard(
        "S39", "outreach.feeds.pushed_feed:_coarse",
        "now - PUSHED_AFTER", "now",
        "tests/websub/test_hub.py::test_workshop_is_pushed_a_day_after_it_was_published",
    ),
    Guard(
        "S39", "outreach.feeds.pushed_feed:digest",
        "_STAMPS.sub(b'', text)", "text",
        "tests/websub/test_hub.py::test_change_of_what_is_not_pushed_pushes_nothing",
    ),
    Guard(
        "S39", "outreach.feeds.vevent:write",
        "is_coarse", "",
        "tests/websub/test_hub.py::test_pushed_feed_has_no_street_no_venue_and_no_free_text",
    ),
    Guard(
        "S39", "outreach.websub.hub:Hub._ask",
        "hmac.compare_digest(answer.body, challenge.encode())", "",
        "tests/websub/test_hub.py::test_callback_that_does_not_echo_the_challenge_gets_nothing",
    ),
    Guard(
        "S39", "outreach.domain.websub.subscriptions:confirm",
        "current.nonce != answered.nonce", "",
        "tests/websub/test_hub.py::test_newer_request_is_not_confirmed_by_the_answer_to_an_older_one",
    ),
    Guard(
        "S39", "outreach.web.public.hub:subscribe",
        "rate_limits.count_hub_callback(wanted.domain)", "pass",
        "tests/websub/test_hub.py::test_requests_that_name_one_host_are_limited",
    ),
    Guard(
        "S39", "outreach.web.public.hub:_read_form",
        "guarded_client.get_domain", "guarded_client.get_host",
        "tests/websub/test_hub.py::test_hosts_of_one_domain_share_the_limits",
    ),
    Guard(
        "S39", "outreach.web.public.hub:init_app",
        "app.extensions['outreach_config'].hub", "True",
        "tests/websub/test_hub.py::test_hub_is_off_unless_it_is_set",
    ),
)
# fmt: on
