"""The recipe «A setting»: the address of the network's news, which must be a site."""

from typing import Final

from tests.tools.recipes.recipe import InsertAfter, NewFile, Recipe

_TEST: Final = '''\
"""The setting of the network's news."""

import pytest

from outreach.config import Config
from outreach.errors import Misconfigured


def test_address_of_the_news_is_a_site() -> None:
    assert Config.from_environ({}).news_url == ""
    news = "https://example.org/noticias"
    assert Config.from_environ({"OUTREACH_NEWS_URL": news}).news_url == news
    with pytest.raises(Misconfigured, match="OUTREACH_NEWS_URL has to be an https address"):
        Config.from_environ({"OUTREACH_NEWS_URL": "noticias"})
'''

RECIPE: Final = Recipe(
    name="setting",
    section="A setting",
    max_files=2,
    own_tests=("tests/core/test_news_setting.py",),
    edits=(
        InsertAfter(
            "outreach/config.py",
            """\
    privacy_url: str = ""
""",
            """\
    news_url: str = ""
""",
        ),
        InsertAfter(
            "outreach/config.py",
            """\
            privacy_url=read.checked("PRIVACY_URL", "", is_site, "has to be an https address"),
""",
            """\
            news_url=read.checked("NEWS_URL", "", is_site, "has to be an https address"),
""",
        ),
        InsertAfter(
            "outreach/docs/settings.md",
            """\
| `OUTREACH_PRIVACY_URL` | address of the complete privacy notice | – |
""",
            """\
| `OUTREACH_NEWS_URL` | address of the network's news | – |
""",
        ),
        NewFile("tests/core/test_news_setting.py", _TEST),
    ),
)
