"""Makes form fields from the declaration of an entity (`outreach.domain.fields`), and reads and
fills them.

A text has a field of its name; a text in the languages of the site one for each, `access_es`; a
number and a tick one each. A choice, a day or an hour is a field that the form declares itself.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, get_args

from wtforms import BooleanField, Form
from wtforms.validators import NumberRange

from outreach.db.base import Words
from outreach.db.types import Codes
from outreach.domain.fields import DeclaredField, read_declaration
from outreach.i18n import lazy, list_languages
from outreach.languages import CODES
from outreach.web.staff.common.form_fields import NumberField, line, number, required, text


def add_fields(
    form: type[Form],
    owner: type,
    names: Iterable[str],
    own: Mapping[str, Callable[[], Any]] = MappingProxyType({}),
) -> None:
    """Adds the form fields of these fields of a declaration to a form, in this order, after those
    that it has. `own` makes those that are neither a text nor a number nor a tick."""
    declared = read_declaration(owner)
    for name in names:
        if name in own:
            setattr(form, name, own[name]())
            continue
        each = declared[name]
        for suffix in [f"_{lang}" for lang in CODES] if each.kind is Words else [""]:
            setattr(form, f"{name}{suffix}", make_field(each))


def make_field(declared: DeclaredField) -> Any:
    """The form field of a text, a number or a tick. Raises TypeError for any other."""
    spec, kind = declared.spec, declared.kind
    if kind is bool:
        return BooleanField()
    if kind is int or int in get_args(kind):
        assert spec.most is not None
        wrong = lazy(spec.wrong, num=spec.most)
        if spec.missing:
            limits = NumberRange(spec.least, spec.most, wrong)
            return NumberField(validators=[required(lazy(spec.missing)), limits])
        return number(spec.least, spec.most, wrong)
    assert spec.most is not None
    if spec.has_lines:
        return text(spec.most)
    if kind in {str, Words}:
        return line(spec.most, *([required(lazy(spec.missing))] if spec.missing else []))
    raise TypeError(declared.name)


def read_fields(form: Form, owner: type, names: Iterable[str]) -> dict[str, Any]:
    """The values of these fields of a declaration, as the form has them after `validate()`."""
    declared = read_declaration(owner)
    return {name: _read(form, declared[name]) for name in names}


def fill_fields(data: object, owner: type, names: Iterable[str]) -> dict[str, Any]:
    """The values with which the form opens, by form field."""
    declared = read_declaration(owner)
    found: dict[str, Any] = {}
    for name in names:
        value = getattr(data, name)
        if declared[name].kind is Words:
            found |= {f"{name}_{lang}": value.get(lang, "") for lang in list_languages()}
        elif declared[name].kind is Codes:
            found[name] = list(value)
        else:
            found[name] = value
    return found


def _read(form: Form, declared: DeclaredField) -> Any:
    if declared.kind is Words:
        fields: Mapping[str, Any] = {
            lang: form[f"{declared.name}_{lang}"] for lang in list_languages()
        }
        return {lang: each.data for lang, each in fields.items() if each.data}
    value = form[declared.name].data
    if declared.kind is str:
        return value or ""
    if declared.kind is Codes:
        return Codes(value or ())
    if declared.kind is int:
        return value or declared.spec.least
    return value
