"""Every public page in Spanish scores 65 or more on the INFLESZ scale of readability
(outreach/reports/readability.py has the formula)."""

from collections.abc import Callable

import pytest
from flask import Flask

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.keystore import KeyStore
from tests.support import page_text
from tests.support.limits import UNLIMITED
from tests.support.page_text import EASY
from tests.support.public_urls import furnished

pytestmark = pytest.mark.any_database("the words of the templates")


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("y", 1), ("que", 1), ("a", 1), ("tu", 1), ("hoy", 1), ("seis", 1), ("bien", 1),
        ("ahí", 2), ("día", 2), ("ciudad", 2), ("guerra", 2), ("leer", 2), ("aún", 2),
        ("cuidado", 3), ("María", 3), ("cigüeña", 3), ("oficina", 4), ("aeropuerto", 5),
        ("también", 2), ("búho", 2), ("prohibir", 2), ("leyes", 2), ("derecho", 3), ("noche", 2),
        ("privacidad", 4), ("averigua", 4), ("guitarra", 3), ("teléfono", 4), ("oír", 2),
        ("ahumar", 2), ("Chihuahua", 3), ("inmigración", 4), ("reunión", 2), ("país", 2),
    ],
)  # fmt: skip
def test_spanish_syllables_are_counted(word: str, count: int) -> None:
    assert page_text.syllables(word) == count


def test_readability_score_follows_the_inflesz_formula() -> None:
    text = "Ven a verme. Trae pan y sal."
    found = page_text.readability(text)
    assert (found.words, found.sentences, found.syllables) == (7, 2, 9)
    assert found.score == pytest.approx(206.835 - 62.3 * 9 / 7 - 7 / 2)


def test_hard_text_has_a_low_score() -> None:
    hard = (
        "La autoridad consular competente determinará la procedencia administrativa de las "
        "solicitudes presentadas extemporáneamente por los interesados legitimados."
    )
    assert page_text.readability(hard).score < 30
    assert (
        page_text.readability("Ven con quien quieras. Es gratis. No pedimos papeles.").score > EASY
    )


def test_only_visible_text_is_counted() -> None:
    page = (
        "<head><title>Uno</title></head><body><h1>Dos</h1><p>Tres <b>cuatro</b><br>cinco</p>"
        '<svg><title>Seis</title></svg><p aria-hidden="true">Siete</p><script>ocho()</script>'
        "<ul><li>Nueve<li>Diez</ul></body>"
    )
    assert page_text.seen(page).split("\n") == ["Dos", "Tres cuatro", "cinco", "Nueve", "Diez"]


@pytest.mark.thorough
def test_every_public_page_in_spanish_is_easy_to_read(
    make_app: Callable[..., Flask],
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    women: Kind,
) -> None:
    app = make_app(limits=UNLIMITED, phone="800 555 0100", promise_no_sharing=True)
    site, client = furnished(app, store, key_store, chicago, rights, women), app.test_client()
    answers = [client.get(path) for _, path in site.addresses() if path.startswith("/es/")]
    answers += [client.get(f"/q/{site.entry}"), client.put("/es/mi-registro")]
    for _, path in site.addresses("POST"):
        if path.startswith("/es/"):
            answers += [client.post(path, data={}), site.post(client, path)]
    texts = {
        f"{answer.status_code} {answer.request.path}": page_text.seen(answer.text)
        for answer in answers
        if answer.mimetype == "text/html"
    }
    assert len(texts) > 40
    hard = {
        f"{page_text.readability(text).score:.0f} {path}": list(page_text.hardest_sentence(text))
        for path, text in texts.items()
        if page_text.readability(text).score < EASY
    }
    assert hard == {}


def test_main_text_of_the_policy_pages_is_easy_to_read(
    make_app: Callable[..., Flask], store: Store
) -> None:
    """Header and footer are left out: their short sentences would raise the score."""
    client = make_app(phone="800 555 0100", promise_no_sharing=True).test_client()
    for name in ("privacidad", "seguridad", "accesibilidad"):
        text = page_text.seen(client.get(f"/es/{name}").text.partition("<main")[2])
        assert page_text.readability(text).score >= EASY, (
            name,
            list(page_text.hardest_sentence(text)),
        )
