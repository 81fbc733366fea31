"""URL rules that are made in a tenth of the time."""

from collections.abc import Callable

from werkzeug.routing import Rule


class DeferredRule(Rule):
    """A rule that compiles the two functions that build its URLs when they are first called.

    Werkzeug compiles them when the rule is added, which for our 370 rules takes nine tenths of the
    time in which an application is made. Most of them are never called. `_compile_builder` and the
    two attributes are internal to Werkzeug: `tests/web/middleware/test_url_rules.py` compares what
    the rules build with what Werkzeug's own build."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile_now = super()._compile_builder

        def build(rule: Rule, **values: object) -> tuple[str, str]:
            compiled = compile_now(append_unknown)
            name = "_build_unknown" if append_unknown else "_build"
            setattr(rule, name, compiled.__get__(rule, None))
            return compiled(rule, **values)

        return build
