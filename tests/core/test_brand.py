"""Colours of a network that can be read, and signs that do nothing but show."""

from dataclasses import replace

import pytest

from outreach import brand
from outreach.brand import DARK, LIGHT, Brand
from tests.support.fixed_clock import fixed_clock

pytestmark = fixed_clock

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 34 34">{}</svg>'


def test_colours_of_the_program_can_be_read() -> None:
    assert list(brand.find_contrast_faults(LIGHT, is_dark=False)) == []
    assert list(brand.find_contrast_faults(DARK, is_dark=True)) == []
    assert not Brand().has_own_colours


@pytest.mark.parametrize(
    ("changes", "colour"),
    [
        ({"main": "#ffc43d"}, "main"),
        ({"on_main": "#8080a0"}, "on_main"),
        ({"on_accent": "#ffffff"}, "on_accent"),
        ({"on_header": "#191b28"}, "on_header"),
        ({"accent": "#2b2d90"}, "accent"),
    ],
)
def test_colour_that_cannot_be_read_is_a_fault(changes: dict[str, str], colour: str) -> None:
    found = dict(brand.find_contrast_faults(replace(LIGHT, **changes), is_dark=False))
    assert colour in found
    assert "needed" in found[colour]


@pytest.mark.parametrize("main", ["#14532d", "#a3121f", "#2b2d7e", "#000000"])
def test_one_colour_makes_palettes_for_light_and_dark(main: str) -> None:
    light, dark = brand.derive(main)
    assert light.main == main
    assert list(brand.find_contrast_faults(light, is_dark=False)) == []
    assert list(brand.find_contrast_faults(dark, is_dark=True)) == []


def test_style_sheet_sets_the_tokens_of_screens_alone() -> None:
    light, dark = brand.derive("#14532d")
    sheet = brand.write_style_sheet(Brand(light=light, dark=dark))
    assert "--indigo:#14532d;" in sheet
    assert sheet.count("@media screen") == sheet.count(":root{") == 2


def test_plain_shapes_are_a_sign() -> None:
    text = SVG.format('<g fill="#14532d"><path d="M6 9z"/></g><title>Libros</title>')
    assert list(brand.find_sign_faults(text)) == []


@pytest.mark.parametrize(
    ("inner", "fault"),
    [
        ("<script>alert(1)</script>", "<script>"),
        ("<style>*{}</style>", "<style>"),
        ('<a href="https://example.org"><path d="M6 9z"/></a>', "<a>"),
        ('<image href="x.png"/>', "<image>"),
        ('<use xlink:href="#x" xmlns:xlink="http://www.w3.org/1999/xlink"/>', "<use>"),
        ("<foreignObject/>", "<foreignObject>"),
        ('<path style="fill:red"/>', "the attribute style"),
        ('<path onload="x()"/>', "the attribute onload"),
        ('<path fill="url(#x)"/>', "url() in fill"),
        ('<h:script xmlns:h="http://www.w3.org/1999/xhtml">x</h:script>', "<script>"),
        ("<!-- a comment -->", ""),
        ("<path", "is no SVG"),
    ],
)
def test_sign_that_does_more_is_refused(inner: str, fault: str) -> None:
    found = list(brand.find_sign_faults(SVG.format(inner)))
    assert any(fault in each for each in found) if fault else found == []


def test_sign_is_small_and_has_no_entities() -> None:
    assert list(brand.find_sign_faults(SVG.format(" " * brand.MAX_SIGN_BYTES)))
    bomb = '<!DOCTYPE svg [<!ENTITY a "aa">]>' + SVG.format("<title>&a;</title>")
    assert list(brand.find_sign_faults(bomb)) == ["is no SVG that can be read"]
    assert list(brand.find_sign_faults("<svg/>")) == [
        'has to begin with <svg xmlns="http://www.w3.org/2000/svg">'
    ]
