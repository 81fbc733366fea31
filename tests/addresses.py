"""The addresses of our applications, compiled once for all tests of a process."""

from typing import Any

from werkzeug.routing import Rule


def compile_once() -> None:
    """Every application compiles its 225 addresses, and the tests make thousands of applications:
    a tenth of a second each. What Werkzeug makes of an address is the same in all of them."""
    compiled: dict[object, Any] = {}
    compile_one = Rule._compile_builder

    def known(rule: Rule, append_unknown: bool = True) -> Any:
        parts = {name: type(part) for name, part in rule._converters.items()}
        about = (rule.rule, repr(rule.defaults), repr(rule._trace), repr(parts), append_unknown)
        if about not in compiled:
            compiled[about] = compile_one(rule, append_unknown)
        return compiled[about]

    setattr(Rule, "_compile_builder", known)  # noqa: B010 - it is a library's
