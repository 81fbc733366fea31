"""What a name may not contain."""

from typing import Final

import pytest

from outreach.domain.text import looks_like_an_address

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
