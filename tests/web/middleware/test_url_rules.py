"""Rules that compile late what builds their URLs build those of Werkzeug."""

from typing import Any, Final

import pytest
from flask import Flask
from werkzeug.routing import Map, Rule
from werkzeug.routing.converters import AnyConverter, NumberConverter

from outreach.web.middleware.url_rules import DeferredRule

pytestmark = pytest.mark.any_database("URLs only")

QUERY: Final = {"more": ["one", "ñ two"], "nothing": None}
MOST: Final = 300  # the rules are fewer; a few build the same URL


def get_values(rule: Rule) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, converter in rule._converters.items():
        found[name] = f"ñ {name}/x?"
        if isinstance(converter, NumberConverter):
            found[name] = 4
        elif isinstance(converter, AnyConverter):
            found[name] = min(converter.items)
    return found


def test_every_rule_builds_the_urls_of_werkzeug(app: Flask) -> None:
    built = set()
    for rule in app.url_map.iter_rules():
        assert isinstance(rule, DeferredRule)
        own = Rule(rule.rule, **rule.get_empty_kwargs())
        Map([own], converters=app.url_map.converters, sort_parameters=app.url_map.sort_parameters)
        for has_query in (True, False, True, False):  # the second time with what is compiled
            values = get_values(rule) | QUERY
            expected = own.build(values, append_unknown=has_query)
            assert rule.build(values, append_unknown=has_query) == expected
            built.add(expected)
    assert len(built) > MOST


def test_nothing_is_compiled_before_it_is_used() -> None:
    rule = DeferredRule("/<lang>/t/<public_id>", endpoint="shown")
    Map([rule])
    deferred = rule._build
    assert rule.build({"lang": "es", "public_id": "x"}, append_unknown=False) == ("", "/es/t/x")
    assert rule._build is not deferred
