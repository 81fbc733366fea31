"""Settings of answers by text and of WhatsApp: what is missing or wrong is named at start."""

import pytest

from outreach.config import WHATSAPP_BODY, Config
from outreach.errors import Misconfigured
from tests.support.fixed_clock import fixed_clock

pytestmark = [fixed_clock, pytest.mark.core]

GATEWAY = {
    "OUTREACH_TEXTS_URL": "https://textos.example.org/send",
    "OUTREACH_TEXTS_BODY": "to={to}&text={text}",
}
WHATSAPP = {
    "OUTREACH_WHATSAPP_SECRET": "s" * 32,
    "OUTREACH_WHATSAPP_VERIFY_TOKEN": "v" * 20,
    "OUTREACH_WHATSAPP_URL": "https://graph.example.org/v23.0/1/messages",
    "OUTREACH_WHATSAPP_HEADERS": '{"Authorization": "Bearer t"}',
}


def test_without_settings_no_answers_are_taken() -> None:
    config = Config.from_environ({})
    assert not config.answers.is_on
    assert not config.whatsapp.is_on


def test_settings_are_read() -> None:
    config = Config.from_environ(
        GATEWAY
        | WHATSAPP
        | {"OUTREACH_ANSWERS_SECRET": "a" * 16, "OUTREACH_ANSWERS_DIALECT": "twilio"}
    )
    assert (config.answers.is_on, config.answers.dialect) == (True, "twilio")
    gateway = config.whatsapp.gateway(("US",))
    assert (gateway.body, gateway.is_json) == (WHATSAPP_BODY, True)
    assert gateway.headers == {"Authorization": "Bearer t"}
    assert "aaaa" not in repr(config)
    assert "ssss" not in repr(config)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"OUTREACH_ANSWERS_SECRET": "a" * 16}, "OUTREACH_TEXTS_URL"),
        (GATEWAY | {"OUTREACH_ANSWERS_SECRET": "short"}, "OUTREACH_ANSWERS_SECRET"),
        (GATEWAY | {"OUTREACH_ANSWERS_SECRET": "two words are not it"}, "OUTREACH_ANSWERS_SECRET"),
        (GATEWAY | {"OUTREACH_ANSWERS_DIALECT": "morse"}, "OUTREACH_ANSWERS_DIALECT"),
        (WHATSAPP | {"OUTREACH_WHATSAPP_URL": ""}, "OUTREACH_WHATSAPP_URL"),
        (WHATSAPP | {"OUTREACH_WHATSAPP_URL": "http://x.org"}, "OUTREACH_WHATSAPP_URL"),
        (WHATSAPP | {"OUTREACH_WHATSAPP_VERIFY_TOKEN": ""}, "OUTREACH_WHATSAPP_VERIFY_TOKEN"),
        (WHATSAPP | {"OUTREACH_WHATSAPP_HEADERS": "Bearer"}, "OUTREACH_WHATSAPP_HEADERS"),
        (WHATSAPP | {"OUTREACH_WHATSAPP_BODY": '{"to": "{to}"}'}, "OUTREACH_WHATSAPP_BODY"),
    ],
)
def test_wrong_setting_is_named(settings: dict[str, str], name: str) -> None:
    with pytest.raises(Misconfigured, match=name):
        Config.from_environ(settings)
