"""What a name may not contain."""

from typing import Final

import pytest

from outreach.domain.text import contains_name, looks_like_an_address

pytestmark = pytest.mark.core

ADDRESSES: Final = (
    "https://evil.com", "hxxps evil", "hxxp", "www.x", "ftp x", "ｈｔｔｐｓ x", "evil.com",
    "EVIL．COM", "evil。com", "évil.cóm", "evil.com.", "Rosa evil.org gana", "premio.xyz",
    "ver.top!", "gana.mx",
    "t.co", "goo.gl", "wa.me 3125", "Visita bit.ly/x", "bit.ly", "bit\u200b.ly", "bit[.]ly",
    "bit (dot) ly", "evil punto com", "evil dot com", "evil . com", "пример.com", "rosa@x",
    "rosa＠x",
    "rosa(at)x.com", "rosa arroba gmail", "a/b", "a\\b", "a⁄b", "xn--e1.xn--p1ai",
)  # fmt: skip
NAMES: Final = (
    "Rosa", "Ma. del Carmen", "Ma.Elena", "Mª del Carmen", "M.ª Luisa", "Dr. Luz", "Dr. Li", "J.R.",
    "Sra. Paz", "St. John", "Rosa M.", "Juan Jr.", "L.A.", "José", "O'Brien", "Luz-Ana", "Gal·la",
    "Ana y Luz", "Ana (2 niños)", "Lupita <3", "Nguyễn", "李明", "محمد", "Point Luz", "Comadre",
    "Net", "Dotty", "Punto",
)  # fmt: skip


@pytest.mark.parametrize("name", ADDRESSES)
def test_name_with_an_address_is_recognized(name: str) -> None:
    assert looks_like_an_address(name)


@pytest.mark.parametrize("name", NAMES)
def test_ordinary_name_is_no_address(name: str) -> None:
    assert not looks_like_an_address(name)


@pytest.mark.parametrize(
    "name",
    [
        "xn--e1awd7f com",
        "xn--e1awd7f.com",
        "Rosa xn--e1awd7f",
        "XN--80AK6AA92E",
        "xn\u2014e1awd7f",
        "xn\u2010\u2010e1awd7f net",
        "ejemplo com",
        "ejemplo  COM",
        "paga en ejemplo com",
        "ejemplo, com",
        "ejemplo-com",
        "ejemplo_com",
        "ejemplo \u00b7 com",
        "ejemplo\u2022com",
        "ejemplo com mx",
        "e j e m p l o . c o m",
        "ejemplo c o m",
        "ejemplo . c o m",
        "ejemplo.\u0441\u043e\u043c",
        "ejemplo \u0441\u03bfm",
        "ejemplo\uff61com",
        "ejemplo\uff0ecom",
        "\uff45jemplo\u2024\uff43om",
        "ejemplopuntocom",
        "ejemplo puntocom",
        "ejemplodotcom",
        "bit ly aBc",
        "t me rosa",
        "wa me",
        "\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444",
        "ejem\u00adplo.com",
        "ejemplo.c\u200dom",
        "ejemplo.gob.mx",
        "visita 1.1.1.1",
        "ejemplo\u00a0com",
        "ejemplo\u3000com",
        "w w w ejemplo",
    ],
)
def test_domain_in_disguise_is_an_address(name: str) -> None:
    assert looks_like_an_address(name)


@pytest.mark.parametrize(
    "name",
    [
        "Ana y Luz",
        "J R R Tolkien",
        "J. R. R. Tolkien",
        "L u z",
        "Gal\u00b7la Placidia",
        "Ly Nguyen",
        "Dev Patel",
        "Art Garfunkel",
        "Juan Page",
        "Rosa Ong",
        "Ana Top",
        "Comunidad Net\u00f3n",
        "Comfort Adjei",
        "Orgaz",
        "Net\u00f3n",
        "Ximena-Itzel",
        "Xnopil Mart\u00ednez",
        "Ana-Comba",
        "\u041e\u043b\u044c\u0433\u0430 \u0418\u0432\u0430\u043d\u043e\u0432\u0430",
        "\u0393\u03b9\u03ce\u03c1\u03b3\u03bf\u03c2",
        "\u738b\u5c0f\u660e",
        "\u30b8\u30e7\u30f3\u30fb\u30b9\u30df\u30b9",
        "Edu de la Cruz",
        "Dot Com\u00edn",
        "Puntual P\u00e9rez",
        "Mar\u00eda del Punto",
        "O\u2019Connor",
        "N'Diaye",
        "D. Ort\u00edz",
        "Sra. Orgullo",
        "Comandanta Ramona",
        "Me Lo",
    ],
)
def test_real_name_is_no_address(name: str) -> None:
    assert not looks_like_an_address(name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Red de consulados", "Red de consulados"),
        ("la RED  de\u00a0Consul\u00e1dos!", "Red de consulados"),
        ("R e d d e c o n s u l a d o s", "Red de consulados"),
        ("Red\u200b de consulados", "Red de consulados"),
        ("R\u0435d d\u0435 \u0441onsul\u0430dos", "Red de consulados"),
        ("Red de c0nsulad0s", "Red de consulados"),
        ("Reddeconsulados", "Red de consulados"),
        ("RED", "Red"),
        ("mi red", "Red"),
        ("Ta\u0131\u0131eres", "Talleres"),
        ("TaIIeres", "Talleres"),
        ("Bibliotecas de Chicago y Joliet", "Joliet"),
        ("Arnigos", "Amigos"),
        ("\uff32\uff45\uff44", "Red"),
        ("\U0001d411\U0001d41e\U0001d41d", "Red"),
    ],
)
def test_text_that_is_read_as_a_name_is_recognized(text: str, name: str) -> None:
    assert contains_name(text, name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Redes vecinas", "Red"),
        ("Union de Bibliotecas", "Talleres"),
        ("Tallos", "Talleres"),
        ("Red de al lado", "Red de consulados"),
        ("Bibliotecas", ""),
        ("", "Red"),
    ],
)
def test_other_name_is_another(text: str, name: str) -> None:
    assert not contains_name(text, name)
