"""The code that `TemplateCode` writes gives the pages of Jinja's own code, byte by byte."""

from typing import Any, Final

import jinja2
import pytest
from flask import Flask
from jinja2.compiler import CodeGenerator
from markupsafe import Markup

from outreach import i18n
from outreach.web.presentation.template_code import TemplateCode

pytestmark = pytest.mark.any_database("no database is asked")


class Word(str):
    """A text with HTML of its own, as a Markup has."""

    def __html__(self) -> str:
        return "<i>word</i>"


VALUES: Final[dict[str, Any]] = {
    "plain": "Consulado de México",
    "special": "<b>&\"'",
    "markup": Markup("<b>ya</b>"),
    "word": Word("&"),
    "number": 7,
    "ratio": 0.5,
    "yes": True,
    "nothing": None,
    "people": ["<Ana>", "Luis"],
    "lazy": i18n.lazy("Teléfono"),
}
TEMPLATES = {
    **{name: f"«{{{{ {name} }}}}»" for name in VALUES},
    "message": "{{ _('Teléfono') }}",
    "percent": "{{ _('100 %%') }} {{ _('%%') }}",
    "special message": "{{ _('<b>&') }}",
    "message with a value": "{{ _('Hola, %(name)s', name=special) }}",
    "message of a variable": "{{ _(plain) }} {{ _(special) }}",
    "message filtered": "{{ _('Teléfono')|upper }} {{ (_('a') ~ special)|lower }}",
    "number of things": "{{ ngettext('%(num)d <taller>', '%(num)d talleres', number) }}"
    "{{ ngettext('Uno de %(x)s', 'Más de %(x)s', 1, x=special) }}",
    "function": "{{ lang() }} {{ '/' ~ lang() }} {% if lang() == 'es' %}sí{% endif %}",
    "function that wants the context": "{{ icon('calendar') }}",
    "unknown attribute": "{{ special.x }}",
    "unknown name": "{{ missing }}",
    "unknown function": "{{ missing() }}",
    "hidden by set": "{% set _ = people.index %}{{ _('Luis') }}",
    "hidden by a loop": "{% for lang in [people.pop] %}{{ lang() }}{% endfor %}",
    "hidden by an argument": "{% macro m(_) %}{{ _('<') }}{% endmacro %}{{ m(plain.find) }}",
    "hidden by a macro": "{% macro lang() %}<i>{{ special }}</i>{% endmacro %}{{ lang() }}",
    "hidden below": "{% for each in people %}{% set lang = each.upper %}{{ lang() }}{% endfor %}"
    "{{ lang() }}",
    "hidden sometimes": "{% if number == 8 %}{% set lang = plain.upper %}{% endif %}{{ lang() }}",
    "caller": "{% macro m() %}<p>{{ caller() }}</p>{% endmacro %}"
    "{% call m() %}{{ special }}{{ _('<') }}{% endcall %}",
    "caller with arguments": "{% macro m() %}{{ caller(special) }}{% endmacro %}"
    "{% call(x) m() %}{{ x }}{{ lang() }}{% endcall %}",
    "set block": "{% set x %}{{ special }}{{ number }}{% endset %}{{ x }}{{ x|length }}",
    "without escaping": "{% autoescape false %}{{ special }}{{ _('<') }}{% endautoescape %}",
    "escaping as a value says": "{% autoescape yes %}{{ special }}{{ _('<') }}{% endautoescape %}",
    "safe": "{{ special|safe }}{{ special|e }}{{ special|forceescape }}",
    "arguments in a list": "{{ _(*['Teléfono']) }}{{ lang(*[]) }}{{ lang(**{}) }}",
    "conditional": "{{ _('a<') if number == 7 else special }}{{ special if yes }}",
    "filter block": "{% filter upper %}{{ special }}{{ _('&') }}{% endfilter %}",
    "loop": "{% for each in people %}{{ loop.index }}{{ each }}{% else %}-{% endfor %}",
}


def render(app: Flask, generator: type[CodeGenerator], name: str, source: str) -> str:
    """The page, or the error that Jinja has raised."""
    environment = app.jinja_env.overlay()
    environment.code_generator_class = generator
    template = environment.from_string(source)
    values: dict[str, Any] = VALUES | {"people": list(VALUES["people"])}
    try:
        return template.render(**values)
    except (jinja2.UndefinedError, TypeError) as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_page_is_that_of_jinja(app: Flask, name: str, lang: str) -> None:
    with app.test_request_context(f"/{lang}/"), i18n.use_language(lang):
        ours, jinjas = (
            render(app, generator, name, TEMPLATES[name])
            for generator in (TemplateCode, CodeGenerator)
        )
    assert ours == jinjas
    assert type(ours) is type(jinjas)


def test_text_that_has_nothing_to_escape_is_not_made_markup(app: Flask) -> None:
    source = app.jinja_env.compile("{{ plain }}{{ _('Teléfono') }}{{ lang() }}", raw=True)
    assert "escape(" not in source.replace("make_output(", "")
    assert "context.call" not in source


def test_message_of_a_page_is_in_its_language(app: Flask) -> None:
    template = app.jinja_env.from_string("{{ _('Teléfono') }}")
    shown = set()
    for lang in i18n.LANGUAGES:
        with app.test_request_context(f"/{lang}/"), i18n.use_language(lang):
            shown.add(template.render())
    assert len(shown) == len(i18n.LANGUAGES)
