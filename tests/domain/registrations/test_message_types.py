"""Every type of notification says in one place what it does, at discreet workshops too."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from outreach.domain.registrations import ContactMethod, Registration, RegistrationStatus
from outreach.domain.registrations.message_types import (
    DECLARATIONS,
    AtDiscreet,
    AtSensitive,
    MessageChannel,
    NotificationType,
)
from outreach.domain.workshops import Workshop
from tests.support.fixed_clock import FIXED_NOW, fixed_clock

pytestmark = fixed_clock

TEMPLATES = Path(__file__).parents[3] / "templates"


def a_registration(
    *, contact: ContactMethod = ContactMethod.EMAIL, **workshop: Any
) -> Registration:
    plain: dict[str, Any] = {"is_discreet": False, "is_sensitive": False, "is_cancelled": False}
    made = SimpleNamespace(
        contact=contact,
        apparent_status=RegistrationStatus.CONFIRMED,
        workshop=SimpleNamespace(**(plain | workshop)),
    )
    return cast(Registration, made)


@pytest.mark.parametrize("notification_type", NotificationType)
def test_each_type_has_the_templates_of_its_channels(notification_type: NotificationType) -> None:
    declared = DECLARATIONS[notification_type]
    for channel, folder in ((MessageChannel.LETTER, "mail"), (MessageChannel.TEXT, "sms")):
        has_template = (TEMPLATES / folder / f"{notification_type}.txt").is_file()
        assert has_template is (channel in declared.channels), folder


@pytest.mark.parametrize("notification_type", NotificationType)
def test_staff_read_what_a_call_is_about(notification_type: NotificationType) -> None:
    declared = DECLARATIONS[notification_type]
    is_called = MessageChannel.CALL in declared.channels
    own_words = {NotificationType.SUMMARY, NotificationType.MESSAGE}
    assert bool(declared.staff_words) is (is_called and notification_type not in own_words)


def test_a_message_may_be_left_out_at_discreet_or_sensitive_workshops() -> None:
    reminder = DECLARATIONS[NotificationType.REMINDER]
    ordinary = a_registration()
    discreet, sensitive = a_registration(is_discreet=True), a_registration(is_sensitive=True)

    def sent(declared: Any) -> list[bool]:
        return [declared.is_true(each, None, FIXED_NOW) for each in (ordinary, discreet, sensitive)]

    assert sent(reminder) == [True, True, True]
    assert sent(replace(reminder, at_discreet=AtDiscreet.IS_NOT_SENT)) == [True, False, True]
    assert sent(replace(reminder, at_sensitive=AtSensitive.IS_NOT_SENT)) == [True, True, False]


def test_a_message_by_letter_only_is_obsolete_for_who_left_a_phone() -> None:
    reminder = DECLARATIONS[NotificationType.REMINDER]
    by_letter = replace(reminder, channels=frozenset({MessageChannel.LETTER}))
    by_phone = a_registration(contact=ContactMethod.PHONE)
    assert reminder.is_true(by_phone, None, FIXED_NOW)
    assert not by_letter.is_true(by_phone, None, FIXED_NOW)
    assert by_letter.is_true(a_registration(), None, FIXED_NOW)


def test_each_message_says_until_when_it_is_worth_sending() -> None:
    starts_at, ends_at = FIXED_NOW, FIXED_NOW + timedelta(hours=3)
    workshop = cast(Workshop, SimpleNamespace(starts_at=starts_at, ends_at=ends_at))

    def get_end(notification_type: NotificationType) -> datetime:
        return DECLARATIONS[notification_type].valid_until(workshop)

    assert get_end(NotificationType.REMINDER) == starts_at
    assert get_end(NotificationType.CHANGED) == ends_at
