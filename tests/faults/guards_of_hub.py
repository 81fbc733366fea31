"""The guards of the hub: what is pushed to whom, and which addresses are fetched."""

from collections.abc import Iterator

from tests.faults.guard import Guard


def list_guards() -> Iterator[Guard]:
    addresses, hub = "tests/outbound/test_public_addresses.py::", "tests/websub/test_hub.py::"
    client, pushed = "outreach/outbound/guarded_client.py", "outreach/feeds/pushed_feed.py"
    private = f"{addresses}test_address_that_only_this_server_can_reach_is_refused"
    for file, words, instead, test in (
        (
            client,
            "if not all(rule.permits(ip_address(each)) for each in addresses):", "if False:",
            f"{addresses}test_other_spelling_of_this_machine_is_refused_before_anything_is_sent",
        ),
        (
            client,
            "return literal is None or self.permits(literal)", "return True",
            f"{addresses}test_address_that_cannot_be_a_callback",
        ),
        (
            client,
            "answer.read(max_bytes)", "answer.read()",
            f"{addresses}test_only_the_beginning_of_an_answer_is_read",
        ),
        ("outreach/outbound/public_addresses.py", "        return is_public(embedded)\n", "        return True\n", private),
        ("outreach/outbound/public_addresses.py", "if address not in _UNICAST_V6 or not address.is_global:", "if not address.is_global:", private),
        (
            pushed,
            "if choice.is_discreet or choice.since or address != canonical:",
            "if choice.since or address != canonical:",
            f"{hub}test_topic_that_is_no_public_feed_is_refused_with_one_sentence",
        ),
        (
            pushed,
            "published_until=now - PUSHED_AFTER", "published_until=now",
            f"{hub}test_workshop_is_pushed_a_day_after_it_was_published",
        ),
        (
            pushed,
            'summed.update(_STAMPS.sub(b"", text))', "summed.update(text)",
            f"{hub}test_change_of_what_is_not_pushed_pushes_nothing",
        ),
        (
            "outreach/feeds/vevent.py",
            "is_far = is_neutral or is_coarse", "is_far = is_neutral",
            f"{hub}test_pushed_feed_has_no_street_no_venue_and_no_free_text",
        ),
        (
            "outreach/websub/hub.py",
            "return answer.is_success and hmac.compare_digest(answer.body, challenge.encode())",
            "return answer.is_success",
            f"{hub}test_callback_that_does_not_echo_the_challenge_gets_nothing",
        ),
        (
            "outreach/domain/websub/subscriptions.py",
            "if current is None or current.nonce != answered.nonce:", "if current is None:",
            f"{hub}test_newer_request_is_not_confirmed_by_the_answer_to_an_older_one",
        ),
        (
            "outreach/web/public/hub.py",
            "rate_limits.count_hub_callback(wanted.domain)", "pass",
            f"{hub}test_requests_that_name_one_host_are_limited",
        ),
        (
            "outreach/web/public/hub.py",
            "domain=guarded_client.get_domain(callback)", "domain=guarded_client.get_host(callback)",
            f"{hub}test_hosts_of_one_domain_share_the_limits",
        ),
        (
            "outreach/web/public/hub.py",
            'if app.extensions["outreach_config"].hub:', "if True:",
            f"{hub}test_hub_is_off_unless_it_is_set",
        ),
    ):  # fmt: skip
        yield Guard("S39", file, words, instead, test)
