"""The guards of who follows workshops: what may be stored, who is written to, where pushes go."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    Guard(
        "S40", "outreach.extensions.follow.choices:may_be_followed",
        "channel is FollowChannel.PUSH or kind.sensitivity not in HIGH_SENSITIVITIES", "True",
        "tests/extensions/follow/test_follow_pages.py::test_single_kind_of_high_sensitivity_is_not_stored_with_an_address",
    ),
    Guard(
        "S40", "outreach.extensions.follow.choices:coarsen",
        "_bare(found)", "where.place",
        "tests/extensions/follow/test_follow_pages.py::test_no_place_finer_than_a_county_is_stored",
    ),
    Guard(
        "S40", "outreach.extensions.follow.matching:_NEW",
        "sa.select(Workshop.id, Workshop.public_id, Workshop.title, Workshop.published_at, Kind.code, Kind.sensitivity, Workshop.mode, Workshop.day, Workshop.starts, Workshop.starts_at, Workshop.zone, Venue.city, Venue.region, LATITUDE, LONGITUDE, Office.city, Office.region).select_from(Workshop).join(Kind, Kind.id == Workshop.kind_id).join(Office, Office.id == Workshop.office_id).outerjoin(Venue, Venue.id == Workshop.venue_id).where(Workshop.status == WorkshopStatus.PUBLISHED, Workshop.way != Way.UNLISTED, Workshop.is_discreet.is_(False), Kind.is_discreet.is_(False), Workshop.day >= sa.bindparam('first_day', type_=Workshop.day.type), Workshop.starts_at > sa.bindparam('now', type_=Workshop.starts_at.type), Workshop.published_at > sa.bindparam('since', type_=Workshop.published_at.type), Workshop.published_at <= sa.bindparam('until', type_=Workshop.published_at.type))",
        "sa.select(Workshop.id, Workshop.public_id, Workshop.title, Workshop.published_at, Kind.code, Kind.sensitivity, Workshop.mode, Workshop.day, Workshop.starts, Workshop.starts_at, Workshop.zone, Venue.city, Venue.region, LATITUDE, LONGITUDE, Office.city, Office.region).select_from(Workshop).join(Kind, Kind.id == Workshop.kind_id).join(Office, Office.id == Workshop.office_id).outerjoin(Venue, Venue.id == Workshop.venue_id).where(Workshop.status == WorkshopStatus.PUBLISHED, Workshop.way != Way.UNLISTED, Workshop.day >= sa.bindparam('first_day', type_=Workshop.day.type), Workshop.starts_at > sa.bindparam('now', type_=Workshop.starts_at.type), Workshop.published_at > sa.bindparam('since', type_=Workshop.published_at.type), Workshop.published_at <= sa.bindparam('until', type_=Workshop.published_at.type))",
        "tests/extensions/follow/test_follow_pages.py::test_discreet_and_unlisted_workshops_are_announced_to_nobody",
    ),
    Guard(
        "S40", "outreach.extensions.follow.matching:can_be_followed",
        "not (workshop.is_hidden or workshop.kind.is_discreet)", "",
        "tests/extensions/follow/test_follow_pages.py::test_discreet_and_unlisted_workshops_cannot_be_followed",
    ),
    Guard(
        "S40", "outreach.extensions.follow.matching:_list_listeners",
        "Follow.is_confirmed.is_(True)", "",
        "tests/extensions/follow/test_follow_pages.py::test_letter_announces_what_is_new_once_it_is_confirmed",
    ),
    Guard(
        "S40", "outreach.extensions.follow.messages:describe",
        """if workshop.is_sensitive and (not has_title):
    return line""",
        "pass",
        "tests/extensions/follow/test_safety_of_follows.py::test_no_subject_text_or_letter_reveals_a_kind",
    ),
    Guard(
        "S40", "outreach.keystore.sealed_rows:list_tables",
        "name not in own", "name == Key.__tablename__",
        "tests/extensions/follow/test_safety_of_follows.py::test_replaced_master_key_encrypts_follows_again",
    ),
    Guard(
        "S40", "outreach.extensions.follow.push_subscriptions:PushRule.is_valid",
        """if not self.callbacks.is_valid(endpoint):
    return False""",
        "pass",
        "tests/extensions/follow/test_follow_pages.py::test_endpoint_that_is_no_push_service_is_refused",
    ),
    Guard(
        "S40", "outreach.extensions.follow.push_delivery:PushSender.__call__",
        "follows.end_all_of(self.key_store, message.recipient)", "pass",
        "tests/extensions/follow/test_follow_pages.py::test_subscription_that_is_gone_is_deleted_at_once",
    ),
    Guard(
        "S40", "outreach.extensions.follow.pages:_open",
        "not matching.may_follow(workshop, follow.channel)", "",
        "tests/extensions/follow/test_follow_pages.py::test_request_about_a_workshop_ends_when_its_kind_becomes_sensitive",
    ),
    Guard(
        "S40", "outreach.extensions.follow.erasure:purge",
        "leave_out_refused(store, key_store)", "pass",
        "tests/extensions/follow/test_follow_pages.py::test_choice_without_any_kind_left_is_all_workshops",
    ),
    Guard(
        "S40", "outreach.extensions.follow.messages:FollowWriter._find_workshop",
        """if not matching.may_follow(workshop, follow.channel):
    return None""",
        "pass",
        "tests/extensions/follow/test_follow_pages.py::test_notice_of_a_workshop_that_becomes_sensitive_before_sending_is_not_sent",
    ),
    Guard(
        "S40", "outreach.extensions.follow.push_delivery:PushSender.__call__",
        "not message.is_first", "1",
        "tests/extensions/follow/test_follow_pages.py::test_invented_subscriptions_delay_nobody",
    ),
    Guard(
        "S40", "outreach.extensions.follow.pages:_render",
        "allow(PagePolicy.SERVICE_WORKER)", "pass",
        "tests/extensions/follow/test_follow_pages.py::test_page_and_worker_of_push_are_the_only_ones_with_a_worker",
    ),
    Guard(
        "S40", "outreach.mail.delivery:paying_texts",
        "text_exchange.is_stopped(key_store, text.to)", "False",
        "tests/extensions/follow/test_texts_of_follows.py::test_phone_that_wants_no_texts_gets_none",
    ),
)
# fmt: on
