"""typst in a process of its own, as a server runs it."""

from datetime import UTC, datetime
from typing import Any, Final

import pytest

from outreach.pdf import typesetting

pytestmark = pytest.mark.any_database("it is not asked")

AT: Final = datetime(2020, 1, 31, 12, tzinfo=UTC)
CERTIFICATE: Final[dict[str, Any]] = {
    "lang": "es",
    "region": "MX",
    "brand": "Red de consulados",
    "title": "Constancia de participación",
    "says": "El consulado hace constar que",
    "names": ["Íñigo Ñandú"],
    "was_at": "participó en un taller",
    "when": "el 31 de enero de 2020.",
    "hours": "Duró 2 horas.",
    "given": "Chicago, 31 de enero de 2020",
    "signed": "Nombre y firma",
    "stamp": "Sello",
    "not_id": "Solo dice que la persona vino.",
}


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What a function returns here and in a process of its own."""

    def call(function: Any, data: dict[str, Any]) -> tuple[Any, Any]:
        here = function("certificate", data, made_at=AT)
        with monkeypatch.context() as patch:
            patch.setattr(typesetting._Mode, "is_apart", True)
            return here, function("certificate", data, made_at=AT)

    return call


@pytest.mark.parametrize("name", ["Íñigo Ñandú", "Luz 🌵 Canario", "</script>'\"\\ \x7f"])
def test_process_makes_the_same_document(both: Any, name: str) -> None:
    here, apart = both(typesetting.pdf, CERTIFICATE | {"names": [name]})
    assert here.startswith(b"%PDF")
    assert apart == here


def test_process_makes_the_same_pictures(both: Any) -> None:
    here, apart = both(typesetting.picture, CERTIFICATE)
    assert here.startswith(b"\x89PNG")
    assert apart == here
    here, apart = both(typesetting.drawing, CERTIFICATE)
    assert here.startswith("<svg")
    assert apart == here


@pytest.mark.parametrize("is_apart", [False, True])
def test_refused_document_is_an_error_of_ours(
    monkeypatch: pytest.MonkeyPatch, is_apart: bool
) -> None:
    monkeypatch.setattr(typesetting._Mode, "is_apart", is_apart)
    with pytest.raises(typesetting.TypesettingFailed, match="dictionary does not contain key"):
        typesetting.pdf("certificate", {}, made_at=AT)
