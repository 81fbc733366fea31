"""The addresses of our applications, compiled once for all tests of a process."""

from types import MethodType
from typing import Any, Final

import pytest
from werkzeug.routing import Rule

MADE: Final = ("_parts", "_trace", "_converters", "arguments")


def compile_once() -> None:
    """Every application compiles its 225 addresses, and the tests make thousands of applications:
    a tenth of a second each. What Werkzeug makes of an address is the same in all of them."""
    compiled: dict[object, Any] = {}
    compile_one = Rule.compile

    def known(rule: Rule) -> None:
        assert rule.map is not None
        about = (
            (rule.rule, rule.subdomain, rule.host, rule.merge_slashes, repr(rule.defaults)),
            (rule.map.host_matching, frozenset(rule.map.converters.items())),
        )
        if about not in compiled:
            compile_one(rule)
            builders = {name: getattr(rule, name).__func__ for name in ("_build", "_build_unknown")}
            compiled[about] = {name: getattr(rule, name) for name in MADE}, builders
        made, builders = compiled[about]
        # Nobody changes these once an address is compiled.
        vars(rule).update(made)
        vars(rule).update((name, MethodType(each, rule)) for name, each in builders.items())

    pytest.MonkeyPatch().setattr(Rule, "compile", known)  # to the end: nobody undoes it
