"""The addresses of the extension, for tests of all pages."""

from typing import Any
from urllib.parse import urlencode

from outreach import clock
from outreach.domain.locations import gazetteer
from outreach.domain.locations.geocoding import Location
from outreach.extensions.follow import choices, follows
from outreach.extensions.follow.choices import FollowChoice, FollowDetails
from outreach.extensions.follow.tables import FollowChannel
from outreach.keystore import KeyStore
from tests.support.extension_scenes import ExtensionScene


def make_token(key_store: KeyStore) -> str:
    """The token of somebody who follows all near Chicago by letter."""
    area = gazetteer.load().find_county("IL", (41.88, -87.63))
    details = FollowDetails("luz@example.org", "es", FollowChoice(area))
    token = follows.request(key_store, details, FollowChannel.LETTER, now=clock.now())
    follows.confirm(key_store, follows.find(key_store, token), None, now=clock.now())
    return token


def ask(people: Any) -> None:
    """Somebody of the year wants to be notified of what is near."""
    person = people.come()
    browser = people.browse(person)
    page = browser.get(f"/{person.lang}/avisame?{urlencode({'donde': person.place})}")
    form = page.find("/avisame", field_name="email")
    if form is None or person.contact not in {"email", "text"}:
        return
    people.pause(25)
    by = "text" if person.contact == "text" else "email"
    filled = {"contact": by, by: person.address}
    browser.send(form, form.buttons[-1] if form.buttons else None, **filled)


def check_place(where: Location, city: str) -> None:
    area = choices.coarsen(where)
    assert area is None or area.region == where.region, city


SCENE = ExtensionScene(
    queries={
        "follow.form": (
            "",
            "?donde=60608&tipo=daca",
            "?taller=0000000000",
            "?donde=nada&tipo=K7QX",
        ),
        "follow.check_inbox": ("", "?por=texto"),
    },
    pages={
        "follow": lambda world: "/es/avisame?donde=Chicago",
        "follow an opening": lambda world: f"/es/avisame?taller={world.more['not open yet']}",
        "follow, message sent": lambda world: "/es/avisame/listo?por=texto",
    },
    make_token=make_token,
    token_path="/avisame/",
    html_endpoints=("follow", "push_worker"),
    with_worker=("/es/avisame",),
    paths=("/avisame",),
    act=ask,
    check_place=check_place,
    promises={
        "S40": (
            "extensions/follow/test_push_encryption.py"
            "::test_each_installation_signs_by_a_key_of_its_own",
            "extensions/follow/browser/test_quick_exit_of_push.py"
            "::test_quick_exit_ends_the_messages_of_this_browser",
            "extensions/follow/test_follow_pages.py"
            "::test_single_kind_of_high_sensitivity_is_not_stored_with_an_address",
            "extensions/follow/test_follow_pages.py::test_no_place_finer_than_a_county_is_stored",
            "extensions/follow/test_follow_pages.py"
            "::test_discreet_and_unlisted_workshops_are_announced_to_nobody",
            "extensions/follow/test_follow_pages.py::test_discreet_and_unlisted_workshops_cannot_be_followed",
            "extensions/follow/test_follow_pages.py::test_answer_is_the_same_for_who_follows_already",
            "extensions/follow/test_follow_pages.py::test_endpoint_that_is_no_push_service_is_refused",
            "extensions/follow/test_follow_pages.py::test_push_message_is_encrypted_for_the_browser_and_signed",
            "extensions/follow/test_safety_of_follows.py::test_nothing_of_who_follows_is_readable_in_any_file",
            "extensions/follow/test_safety_of_follows.py::test_nothing_is_left_of_who_ended_it",
            "extensions/follow/test_safety_of_follows.py::test_no_backup_has_anything_of_who_follows",
            "extensions/follow/test_safety_of_follows.py::test_no_subject_text_or_letter_reveals_a_kind",
            "extensions/follow/test_safety_of_follows.py::test_log_has_nothing_of_who_follows",
        ),
    },
)
