"""Shares compiled URL rules between all applications of a test process."""

from types import MethodType
from typing import Any, Final

import pytest
from werkzeug.routing import Rule

COMPILED_ATTRIBUTES: Final = ("_parts", "_trace", "_converters", "arguments")


def compile_once() -> None:
    """Makes Werkzeug compile each URL rule once.

    Each application has more than 200 rules, which take a tenth of a second to compile, and the
    tests make thousands of applications."""
    compiled: dict[object, Any] = {}
    compile_one = Rule.compile

    def compile_cached(rule: Rule) -> None:
        assert rule.map is not None
        cache_key = (
            (rule.rule, rule.subdomain, rule.host, rule.merge_slashes, repr(rule.defaults)),
            (rule.map.host_matching, frozenset(rule.map.converters.items())),
        )
        if cache_key not in compiled:
            compile_one(rule)
            builders = {name: getattr(rule, name).__func__ for name in ("_build", "_build_unknown")}
            compiled[cache_key] = (
                {name: getattr(rule, name) for name in COMPILED_ATTRIBUTES},
                builders,
            )
        attributes, builders = compiled[cache_key]
        # Werkzeug does not change these after compilation.
        vars(rule).update(attributes)
        vars(rule).update((name, MethodType(each, rule)) for name, each in builders.items())

    pytest.MonkeyPatch().setattr(Rule, "compile", compile_cached)  # for the whole run
