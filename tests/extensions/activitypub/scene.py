"""The addresses of the extension, for tests of all pages."""

from tests.support.extension_scenes import ExtensionScene

NAMES = (
    "actor", "count_followers", "event", "nodeinfo", "nodeinfo_links", "outbox", "picture",
    "receive", "webfinger",
)  # fmt: skip

SCENE = ExtensionScene(
    queries={
        "activitypub.webfinger": ("", "?resource=acct:chicago@localhost:8000", "?resource=nada"),
        "activitypub.outbox": ("", "?page=1"),
    },
    drawn=frozenset({"/ap/e/<uid>/imagen-<version>.png"}),
    parts={"uid": ("0" * 26,)},
    program_posts=dict.fromkeys(("/ap/inbox", "/ap/o/slug/inbox"), 400),
    # What they show of a workshop is checked in test_readers.py.
    without_data=frozenset(f"activitypub.{name}" for name in NAMES),
    promises={
        "S42": (
            "extensions/activitypub/test_inbox.py::test_nothing_is_fetched_for_who_does_not_follow",
            "extensions/activitypub/test_readers.py::test_off_none_of_its_addresses_is_there",
            "extensions/activitypub/test_readers.py"
            "::test_event_says_no_street_no_venue_and_no_free_text",
            "extensions/activitypub/test_publisher.py"
            "::test_workshop_is_pushed_a_day_after_it_was_published",
            "extensions/activitypub/test_publisher.py::test_what_no_pushed_feed_has_is_not_pushed",
            "extensions/activitypub/test_publisher.py"
            "::test_kind_that_turned_discreet_is_neither_sent_nor_shown",
            "extensions/activitypub/test_publisher.py"
            "::test_private_key_opens_with_the_key_store_only",
            "extensions/activitypub/test_publisher.py::test_log_has_no_address_of_a_follower",
            "extensions/activitypub/test_withdrawal.py"
            "::test_withdrawn_event_and_its_picture_answer_410",
            "extensions/activitypub/test_inbox.py::test_follow_signed_with_another_key_is_refused",
            "extensions/activitypub/test_inbox.py::test_signature_older_than_an_hour_is_refused",
            "extensions/activitypub/test_inbox.py"
            "::test_digest_that_does_not_fit_the_body_is_refused",
            "extensions/activitypub/test_inbox.py"
            "::test_actor_on_another_host_than_its_key_is_refused",
            "extensions/activitypub/test_inbox.py"
            "::test_inbox_at_a_private_address_or_another_host_is_refused",
            "extensions/activitypub/test_inbox.py::test_followers_of_one_host_are_bounded",
            "extensions/activitypub/test_inbox.py::test_only_addresses_are_stored_of_a_follower",
            "extensions/activitypub/test_withdrawal.py"
            "::test_what_was_pushed_cannot_become_discreet",
        ),
    },
)
