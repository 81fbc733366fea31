"""Fields of the staff's forms."""

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import Form

from outreach.web.staff.common.form_fields import NumberField, line, required


class Typed(Form):
    name = line(10, required("Escribe el nombre."))
    hours = NumberField(validators=[required("Escribe cuántas.")])


@pytest.mark.parametrize("name", ["", " ", "\t \n", "\u00a0 "])
def test_a_line_of_spaces_is_no_name(name: str) -> None:
    form = Typed(MultiDict({"name": name, "hours": "0"}))
    assert not form.validate()
    assert form.errors == {"name": ["Escribe el nombre."]}


def test_what_is_typed_is_taken_and_zero_is_a_number() -> None:
    form = Typed(MultiDict({"name": "  Ana  María ", "hours": "0"}))
    assert form.validate()
    assert (form.name.data, form.hours.data) == ("Ana María", 0)
    assert Typed(MultiDict({"name": "Ana"})).errors == {}
    missing = Typed(MultiDict({"name": "Ana"}))
    assert not missing.validate()
    assert missing.errors == {"hours": ["Escribe cuántas."]}
