"""Whitespace of formatted templates: what reaches the page, and what does not."""

import pytest
from jinja2 import DictLoader, Environment

from outreach.web.presentation.html_whitespace import CompactHtml


def rendered(template: str, name: str = "page.html", **values: object) -> str:
    environment = Environment(
        loader=DictLoader({name: template}),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[CompactHtml],
    )
    return environment.get_template(name).render(values)


@pytest.mark.parametrize(
    ("template", "page"),
    [
        ("<ul>\n  <li>One</li>\n  <li>Two</li>\n</ul>\n", "<ul><li>One</li><li>Two</li></ul>"),
        ("<p>\n  A <b>bold</b> word\n</p>", "<p>A <b>bold</b> word</p>"),
        ("<p>\n  First line\n  second line\n</p>", "<p>First line second line</p>"),
        ("<p>\n  {{ 1 }}\n  {{ 2 }}\n</p>", "<p>1 2</p>"),
        ("<p>\n  <b>\n    {{ 1 }}\n  </b>\n  <i>two</i> 3\n</p>", "<p><b>1</b><i>two</i> 3</p>"),
        ("<p>A\n  {%- if 1 %}\n    , B\n  {%- endif %} C</p>", "<p>A, B C</p>"),
        ("<td>\n  {% if 0 %}\n    <b>x</b>\n  {% endif %}\n</td>", "<td></td>"),
    ],
)
def test_line_break_next_to_a_tag_is_left_out_and_a_space_is_kept(template: str, page: str) -> None:
    assert rendered(template) == page


def test_attributes_on_lines_of_their_own_are_put_on_one_line() -> None:
    template = (
        '<input type="radio" name="a"\n  value="a  b"\n'
        "  {%- if 1 %} checked{% endif %}\n  required\n>"
    )
    assert rendered(template) == '<input type="radio" name="a" value="a  b" checked required>'


@pytest.mark.parametrize("tag", ["textarea", "pre", "script"])
def test_text_that_shows_its_whitespace_is_kept(tag: str) -> None:
    template = f"<div>\n  <{tag}>\n  a\n\n    {{{{ 1 }}}}\n  </{tag}>\n</div>"
    assert rendered(template) == f"<div><{tag}>\n  a\n\n    1\n  </{tag}></div>"


def test_values_and_templates_of_other_formats_are_kept() -> None:
    assert rendered("<p>{{ words }}</p>", words=" a\n  b ") == "<p> a\n  b </p>"
    assert rendered("<a>\n  <b/>\n</a>", name="feed.xml") == "<a>\n  <b/>\n</a>"
