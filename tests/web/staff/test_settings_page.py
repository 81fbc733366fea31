"""Settings page of the network administrator."""

from dataclasses import replace
from typing import Any

import pytest

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.web.staff.network import settings_page
from tests.support.staff_client import employ, signed_in_as, words

pytestmark = pytest.mark.core


def test_settings_are_shown_without_secrets(make_app: Any, store: Store) -> None:
    app = make_app(secret_key="s3cr3t-k3y", smtp_url="smtp://ana:clave@mail.example.org:587")
    staff_client = signed_in_as(
        app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    )
    answer = staff_client.get("/org/ajustes")
    page_text = words(answer)
    assert "OUTREACH_PUBLIC_URL http://localhost:8000" in page_text
    assert "OUTREACH_SECRET_KEY Puesta" in page_text
    assert "OUTREACH_SMTP_URL Puesta" in page_text
    assert "OUTREACH_TEXTS_URL Falta" in page_text
    for secret in ("s3cr3t-k3y", "clave", "mail.example.org:587", "sqlite:", "postgresql"):
        assert secret not in answer.text
    assert "<form" not in answer.text.partition("<main")[2], "the page has no form"


def test_every_setting_is_shown_under_its_own_name(config: Config) -> None:
    requested_names: set[str] = set()

    class Environment(dict[str, str]):
        def get(self, name: str, default: str = "") -> str:  # type: ignore[override]  # one form of dict's
            requested_names.add(name)
            return default

    Config.from_environ(Environment())
    assert {each.name for each in settings_page.list_settings(config, config)} == requested_names


def test_source_of_each_setting_is_shown(config: Config) -> None:
    given = {"OUTREACH_BRAND": "Red"}
    changed_config = replace(config, brand="Red", controller="Otra", variables=given)
    found = {
        each.name: each.source
        for each in settings_page.list_settings(changed_config, replace(config))
    }
    assert found["OUTREACH_BRAND"] == "Del servidor"
    assert found["OUTREACH_CONTROLLER"] == "La puso el programa"
    assert found["OUTREACH_LISTEN"] == "De fábrica"
