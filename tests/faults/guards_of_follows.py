"""The guards of who follows workshops: what may be stored, who is written to, where pushes go."""

from collections.abc import Iterator

from tests.faults.guard import Guard


def list_guards() -> Iterator[Guard]:
    pages, security = "tests/web/public/test_follow_pages.py::", "tests/security/test_follows.py::"
    domain, push = "outreach/domain/follows", "outreach/push"
    for file, words, instead, test in (
        (
            f"{domain}/choices.py",
            "return channel is FollowChannel.PUSH or kind.sensitivity not in HIGH_SENSITIVITIES",
            "return True",
            f"{pages}test_single_kind_of_high_sensitivity_is_not_stored_with_an_address",
        ),
        (
            f"{domain}/choices.py",
            "return _bare(found)",
            "return where.place",
            f"{pages}test_no_place_finer_than_a_county_is_stored",
        ),
        (
            f"{domain}/matching.py",
            "        Workshop.is_discreet.is_(False),\n        Kind.is_discreet.is_(False),\n",
            "",
            f"{pages}test_discreet_and_unlisted_workshops_are_announced_to_nobody",
        ),
        (
            f"{domain}/matching.py",
            "return not (workshop.is_hidden or workshop.kind.is_discreet) and workshop.takes_places",
            "return workshop.takes_places",
            f"{pages}test_discreet_and_unlisted_workshops_cannot_be_followed",
        ),
        (
            f"{domain}/matching.py",
            "                    Follow.is_confirmed.is_(True),\n                    Follow.expires_on > key_store.today(),\n                    Follow.news_since",
            "                    Follow.expires_on > key_store.today(),\n                    Follow.news_since",
            f"{pages}test_letter_announces_what_is_new_once_it_is_confirmed",
        ),
        (
            "outreach/mail/follow_messages.py",
            "    if workshop.is_sensitive and not has_title:\n        return line\n",
            "",
            f"{security}test_no_subject_text_or_letter_reveals_a_kind",
        ),
        (
            "outreach/keystore/rotation.py",
            "    _reseal_rows(key_store, Follow, number)\n",
            "",
            f"{security}test_replaced_master_key_encrypts_follows_again",
        ),
        (
            f"{push}/push_subscriptions.py",
            "        if not self.callbacks.is_valid(endpoint):\n            return False\n",
            "",
            f"{pages}test_endpoint_that_is_no_push_service_is_refused",
        ),
        (
            f"{push}/push_delivery.py",
            "follows.end_all_of(self.key_store, message.recipient)",
            "pass",
            f"{pages}test_subscription_that_is_gone_is_deleted_at_once",
        ),
        (
            "outreach/web/public/follow_pages.py",
            "workshop is None or not matching.may_follow(workshop, follow.channel)",
            "workshop is None",
            f"{pages}test_request_about_a_workshop_ends_when_its_kind_becomes_sensitive",
        ),
        (
            "outreach/privacy/retention.py",
            "    follow_erasure.leave_out_refused(store, key_store)\n",
            "",
            f"{pages}test_choice_without_any_kind_left_is_all_workshops",
        ),
        (
            "outreach/mail/follow_messages.py",
            "        if not matching.may_follow(workshop, follow.channel):\n            return None\n",
            "",
            f"{pages}test_notice_of_a_workshop_that_becomes_sensitive_before_sending_is_not_sent",
        ),
        (
            f"{push}/push_delivery.py",
            "self.failures += not message.is_first",
            "self.failures += 1",
            f"{pages}test_invented_subscriptions_delay_nobody",
        ),
        (
            "outreach/web/public/follow_pages.py",
            "    allow(PagePolicy.PUSH_WORKER)\n",
            "",
            f"{pages}test_page_and_worker_of_push_are_the_only_ones_with_a_worker",
        ),
    ):
        yield Guard("S40", file, words, instead, test)
