"""The guards of what is pushed to the fediverse, and of who may have us push."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    Guard(
        "S42", "outreach.extensions.activitypub.publisher:Publisher._list_news",
        "now - PUSHED_AFTER", "now",
        "tests/extensions/activitypub/test_publisher.py::test_workshop_is_pushed_a_day_after_it_was_published",
    ),
    Guard(
        "S42", "outreach.extensions.activitypub.event_objects:_read_entry",
        "True", "False",
        "tests/extensions/activitypub/test_readers.py::test_event_says_no_street_no_venue_and_no_free_text",
    ),
    Guard(
        "S42", "outreach.extensions.activitypub.event_objects:get_picture_version",
        "get_coarse_texts(workshop)", "",
        "tests/extensions/activitypub/test_readers.py::test_picture_names_no_venue",
    ),
    Guard(
        "S42", "outreach.extensions.activitypub.pushed_events:_MAY_BE_SHOWN",
        "(Workshop.status.in_(PUBLIC_STATUSES), Workshop.way != Way.UNLISTED, Workshop.is_discreet.is_(False), Kind.is_discreet.is_(False))",
        "(Workshop.status.in_(PUBLIC_STATUSES), Workshop.way != Way.UNLISTED)",
        "tests/extensions/activitypub/test_publisher.py::test_kind_that_turned_discreet_is_neither_sent_nor_shown",
    ),
    Guard(
        "S42", "outreach.extensions.activitypub.http_signatures:check_claims",
        "abs(now - sent_at) > MAX_AGE", "False",
        "tests/extensions/activitypub/test_inbox.py::test_signature_older_than_an_hour_is_refused",
    ),
    Guard(
        "S42", "outreach.extensions.activitypub.http_signatures:parse",
        "REQUIRED - set(names)", "set[str]()",
        "tests/extensions/activitypub/test_inbox.py::test_signature_has_to_cover_target_host_date_and_digest",
    ),
    Guard(
        "S42", "outreach.extensions.activitypub.http_signatures:check_claims",
        "not hmac.compare_digest(headers.get('digest', '').encode(), digest(body).encode())",
        "False",
        "tests/extensions/activitypub/test_inbox.py::test_digest_that_does_not_fit_the_body_is_refused",
    ),
    Guard(
        "S42", "outreach.extensions.activitypub.inbox:Inbox.accept",
        "not remote_actors.is_same_host(signature.key_id, activity.actor)", "False",
        "tests/extensions/activitypub/test_inbox.py::test_actor_on_another_host_than_its_key_is_refused",
    ),
    Guard(
        "S42", "outreach.extensions.activitypub.inbox:Inbox._verify",
        "_check(request, signature, actor)", "pass",
        "tests/extensions/activitypub/test_inbox.py::test_follow_signed_with_another_key_is_refused",
    ),
    Guard(
        "S42", "outreach.extensions.activitypub.inbox:Inbox.accept",
        "activity.type != _FOLLOW and (not is_known)", "False",
        "tests/extensions/activitypub/test_inbox.py::test_nothing_is_fetched_for_who_does_not_follow",
    ),
    Guard(
        "S42", "outreach.extensions.activitypub.inbox:Inbox.accept",
        "count(activity.actor)", "pass",
        "tests/extensions/activitypub/test_inbox.py::test_server_of_a_follower_is_asked_so_often_only",
    ),
    Guard(
        "S42", "outreach.extensions.activitypub.remote_actors:RemoteActors._read",
        "not is_same_host(each, address)", "",
        "tests/extensions/activitypub/test_inbox.py::test_inbox_at_a_private_address_or_another_host_is_refused",
    ),
    Guard(
        "S42", "outreach.extensions.activitypub.followers:_require_room",
        "of_host >= MAX_OF_HOST", "",
        "tests/extensions/activitypub/test_inbox.py::test_followers_of_one_host_are_bounded",
    ),
    Guard(
        "S42", "outreach.extensions.activitypub.followers:_require_room",
        "inboxes >= MAX_INBOXES_OF_HOST", "",
        "tests/extensions/activitypub/test_inbox.py::test_followers_of_one_host_are_bounded",
    ),
)
# fmt: on
