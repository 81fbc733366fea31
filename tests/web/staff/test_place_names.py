"""The page where an office adds what its people call a place."""

import pytest
from flask import Flask

from outreach.db.store import Store
from outreach.domain.network.offices import Office
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database

PAGE = "/org/lugares/chicago"


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def test_added_name_is_found_by_the_public_and_removed_again(app: Flask, ana: StaffClient) -> None:
    public = app.test_client()
    path = "/es/?donde=La+Esquina+de+Rosa"
    assert 'data-place-kind="unknown"' in public.get(path).text
    assert ana.post(PAGE, name="La Esquina de Rosa", meaning="60608").status_code == 303
    assert "La Esquina de Rosa 60608 · La Esquina de Rosa, Chicago, Illinois" in words(
        ana.get(PAGE)
    )
    assert 'data-place-name="La Esquina de Rosa, Chicago, Illinois"' in public.get(path).text
    number = ana.get(PAGE).text.partition('name="remove" value="')[2].partition('"')[0]
    assert ana.post(PAGE, remove=number).status_code == 303
    assert 'data-place-kind="unknown"' in public.get(path).text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": "Esquina", "meaning": "Aurora"}, "No es un solo lugar."),
        ({"name": "Esquina", "meaning": "asdfgh"}, "No es un solo lugar."),
        ({"name": "", "meaning": "60608"}, "Escribe el nombre que usa la gente."),
        ({"name": "Esquina", "meaning": ""}, "Escribe qué lugar es."),
        ({"name": "1", "meaning": "60608"}, "Un nombre tiene al menos tres letras."),
        ({"name": "Nueva", "meaning": "60608"}, "Tu oficina ya agregó ese nombre."),
    ],
)
def test_wrong_name_is_refused_and_nothing_typed_is_lost(
    ana: StaffClient, typed: dict[str, str], sentence: str
) -> None:
    ana.post(PAGE, name="Nueva", meaning="60608")
    answer = ana.post(PAGE, **typed)
    assert answer.status_code == 422
    assert sentence in words(answer)
    for value in typed.values():
        assert f'value="{value}"' in answer.text


def test_page_of_another_office_is_not_there(ana: StaffClient, calgary: Office) -> None:
    assert ana.get("/org/lugares/calgary").status_code == 404
    assert ana.post("/org/lugares/calgary", name="Sur", meaning="60608").status_code == 404
    assert ana.post(PAGE, remove="12345").status_code == 404
