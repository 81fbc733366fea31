"""The recipe «A field of a workshop»."""

from typing import Final

from tests.tools.recipes.recipe import InsertAfter, NewFile, Recipe, Translation

RECIPE: Final = Recipe(
    name="workshop_field",
    section="A field of a workshop",
    max_files=7,
    own_tests=("tests/web/staff/test_parking.py",),
    commands=(("db", "revision", "--first"),),
    edits=(
        InsertAfter(
            "outreach/domain/workshops/fields.py",
            """\
            surfaces=(_PAGE, _DISCREET, _TICKET, _API, _FEED),
""",
            """\
        ),
    ] = field(default_factory=dict)
    parking: Annotated[
        Words,
        FieldSpec(
            label=N_("estacionamiento"),
            most=200,
            has_lines=True,
            is_part_of_address=True,
            surfaces=(_PAGE, _DISCREET, _API, _SHEET),
""",
        ),
        InsertAfter(
            "outreach/domain/workshops/models.py",
            """\
    bring: Mapped[Words]
""",
            """\
    parking: Mapped[Words] = mapped_column(default_factory=dict, server_default="{}")
""",
        ),
        InsertAfter(
            "outreach/web/api/schemas.py",
            """\
    bring: Annotated[Text, Meta(description="What to bring.")]
""",
            """\
    parking: Annotated[
        Text | None, Meta(description="Where to park. Null if the address is not public.")
    ]
""",
        ),
        InsertAfter(
            "templates/staff/workshops/form.html",
            """\
            {{ checkbox(form.venue_step_free, _('La entrada no tiene escalones')) }}
          </div>
""",
            """\
          <div class="if-venue">{{ text_area(form.parking_es, _('Estacionamiento'), optional=True, rows=2) }}</div>
""",
        ),
        InsertAfter(
            "templates/workshops/workshop.html",
            """\
        <li>{{ icon('access') }}<span{{ venue.access|lang_mark }}>{{ venue.access|localize }}</span></li>
""",
            """\
      {% endif %}
      {% if workshop.parking and not workshop.has_secret_address %}
        <li>{{ icon('place') }}<span{{ workshop.parking|lang_mark }}>{{ workshop.parking|localize }}</span></li>
""",
        ),
        NewFile(
            "tests/web/staff/test_parking.py",
            '''\
"""Where people park stands in the form, on the page, in the open data and in the audit log."""

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from outreach.web.staff.common.field_labels import field_words
from tests.support.html_forms import value
from tests.support.staff_client import employ, signed_in_as
from tests.web.staff.test_workshops import typed

pytestmark = pytest.mark.any_database


def test_parking_is_typed_shown_and_named_in_the_audit_log(
    app: Flask, store: Store, chicago: Office, rights: Kind
) -> None:
    ana = signed_in_as(app, store, employ(store))
    ana.post("/org/talleres/nuevo", **typed(parking_es="Calle 18, gratis"))
    with store.read() as session:
        workshop = session.scalars(sa.select(Workshop)).one()
    assert workshop.parking == {"es": "Calle 18, gratis"}
    public = app.test_client()
    address = f"/es/t/{workshop.public_id}"
    assert "Calle 18, gratis" in public.get(address).get_data(as_text=True)
    api = f"/api/v1/workshops/{workshop.public_id}"
    assert public.get(api).get_json()["parking"]["en"] == "Calle 18, gratis"

    edit = f"/org/talleres/{workshop.public_id}/editar"
    page = ana.get(edit).get_data(as_text=True)
    changed = typed(
        parking_es="Detrás", venue=str(workshop.venue_id), action="save", seen=value(page, "seen")
    )
    ana.post(edit, **changed)
    with store.read() as session:
        details = [each.details for each in session.scalars(sa.select(AuditEntry))]
        assert session.scalars(sa.select(Workshop)).one().parking == {"es": "Detrás"}
    assert any("parking" in str(each) for each in details)
    assert field_words("parking") == "estacionamiento"
    texts = ana.get(f"/org/talleres/{workshop.public_id}/textos").get_data(as_text=True)
    assert "Estacionamiento" in texts

    with store.change() as session:
        found = session.scalars(sa.select(Workshop)).one()
        found.visibility = Visibility.REGISTERED
    assert "Detrás" not in public.get(address).get_data(as_text=True)
    assert public.get(api).get_json()["parking"] is None
''',
        ),
    ),
    translations=(
        Translation("estacionamiento", {"en": ("parking",), "fr": ("stationnement",)}),
        Translation("Estacionamiento", {"en": ("Parking",), "fr": ("Stationnement",)}),
    ),
)
