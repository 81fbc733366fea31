"""The fixtures of `tests/browser`."""

from tests.browser.conftest import _world, browser, opened

__all__ = ["_world", "browser", "opened"]
