"""What is compiled before the servers are forked."""

from collections.abc import Iterable

import pytest
from flask import Flask
from jinja2 import meta

from outreach.app import WARM_UP_TEMPLATES


@pytest.mark.any_database("templates only")
def test_templates_of_a_registration_are_compiled_before_forking(app: Flask) -> None:
    shown = _find_used(app, ["registration/form.html", "my_registration/detail.html"])
    # Pages that are opened before (`WARM_UP_PATHS`).
    opened = _find_used(
        app, ["workshops/list.html", "workshops/network.html", "calendar/build.html"]
    )
    assert sorted(shown - opened) == sorted(WARM_UP_TEMPLATES)


def _find_used(app: Flask, names: Iterable[str]) -> set[str]:
    """These templates and all that they extend, import or include."""
    environment, found, left = app.jinja_env, set[str](), list(names)
    assert environment.loader is not None
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            source = environment.loader.get_source(environment, name)[0]
            used = meta.find_referenced_templates(environment.parse(source))
            left += [each for each in used if each is not None]
    return found
