"""Makes the Python code of templates cheaper: what a page does a hundred times is done directly.

Jinja makes a `Markup` of every value of a page, and calls every function through `Context.call`,
which looks first whether it wants the context. When a template is compiled, both are known: a text
that has nothing to escape goes into the page as it is, and a function of the environment that wants
no context is called by itself. Pages have the same bytes (decision 0044). A variable of a template
may hide `_`, a value of its context may not.
"""

import re
from collections.abc import MutableMapping
from types import CodeType, FunctionType
from typing import Any, Final, cast

from flask.templating import Environment
from jinja2 import BytecodeCache, nodes
from jinja2.bccache import Bucket
from jinja2.compiler import CodeGenerator, Frame
from jinja2.idtracking import VAR_LOAD_RESOLVE
from markupsafe import Markup, escape

from outreach import i18n

_find_special: Final = re.compile("[&<>\"']").search  # what `escape` replaces
_MESSAGE: Final = "_"  # the function of a message in templates
WANTS_CONTEXT: Final = "jinja_pass_arg"  # what Jinja's decorators set on a function


class SharedTemplates(BytecodeCache):
    """Lets applications of one process share the code of templates, which is the same for all: what
    differs between networks is asked for when a page is made."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


SHARED_TEMPLATES: Final = SharedTemplates()


class TemplateCode(CodeGenerator):
    """Writes the code of a template; see the module.

    It overrides what Jinja calls for its nodes; `tests/web/presentation/test_template_code.py`
    compares its pages with those of Jinja's own code."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        self.writeline(f"from {__name__} import {make_output.__name__}, {find_message.__name__}")
        super().visit_Template(node, frame)

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        if self._is_message(node, frame):
            self.write(f"{find_message.__name__}(")
        elif self._is_function(node, frame) and not forward_caller:
            self.visit(node.node, frame)
            self.write("(")
        else:
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        for argument in node.args:
            self.visit(argument, frame)
            self.write(", ")
        self.write(")")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        is_escaped = frame.eval_ctx.autoescape and not frame.eval_ctx.volatile
        if not is_escaped or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        elif isinstance(node, nodes.Call) and self._is_message(node, frame):
            self.write("(")  # it is escaped
        else:
            self.write(f"{make_output.__name__}(")

    def _is_message(self, node: nodes.Call, frame: Frame) -> bool:
        """Whether a call is `_('…')` in a page, where it needs no values."""
        return (
            frame.eval_ctx.autoescape
            and not frame.eval_ctx.volatile
            and self._is_global(node, frame, _MESSAGE)
            and len(node.args) == 1
            and isinstance(node.args[0], nodes.Const)
        )

    def _is_function(self, node: nodes.Call, frame: Frame) -> bool:
        """Whether a call is of a function of the environment that wants no context."""
        if not isinstance(node.node, nodes.Name):
            return False
        found = self.environment.globals.get(node.node.name)
        return (
            isinstance(found, FunctionType)
            and not hasattr(found, WANTS_CONTEXT)
            and self._is_global(node, frame, node.node.name)
        )

    def _is_global(self, node: nodes.Call, frame: Frame, name: str) -> bool:
        """Whether a call is of this name, which no variable of the template hides, with positional
        arguments alone."""
        if not isinstance(node.node, nodes.Name) or node.node.name != name:
            return False
        load = frame.symbols.find_load(frame.symbols.ref(name))
        is_plain = not (node.kwargs or node.dyn_args or node.dyn_kwargs)
        return is_plain and load is not None and load[0] == VAR_LOAD_RESOLVE


class PageEnvironment(Environment):
    code_generator_class = TemplateCode

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The globals themselves for a template without its own. Jinja would make a `ChainMap`,
        through which each import of a page walks in Python."""
        return self.globals if d is None else super().make_globals(d)


def make_output(value: object) -> str:
    """Returns a value as it stands in a page, escaped."""
    kind = type(value)
    if kind is str:
        text = cast("str", value)
        return escape(text) if _find_special(text) else text
    if kind is Markup:
        return cast("Markup", value)
    return str(value) if kind is int else escape(value)


def find_message(message: str) -> Markup:
    """A message without values in the language of the page, as markup."""
    return i18n.as_markup(message, i18n.current())
