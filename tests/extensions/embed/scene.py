"""The addresses of the extension, for tests of all pages."""

from collections.abc import Iterator, Sequence
from typing import Any

from tests.support.extension_scenes import ExtensionScene


def list_formats(lang: str, filters: Sequence[str], ids: Sequence[str]) -> Iterator[str]:
    yield from (f"/{lang}/incrustar{query}" for query in filters)
    yield from (f"/{lang}/incrustar/{each}" for each in ids)
    yield from (f"/oembed?url=http://localhost:8000/{lang}/t/{each}" for each in ids)
    yield f"/oembed?url=http://localhost:8000/{lang}/"


def list_framed(world: Any) -> Sequence[str]:
    return "/es/incrustar?oficina=chicago&cuantos=2", f"/es/incrustar/{world.plain}"


SCENE = ExtensionScene(
    queries={
        "embed.upcoming": ("", "?tipo=K7QX", "?oficina=chicago&cuantos=2", "?tipo=nada"),
        "oembed.describe": ("", "?url=http://localhost:8000/es/", "?url=nada&format=xml"),
    },
    pages={"embed page": lambda world: "/es/incrustar?oficina=chicago"},
    list_formats=list_formats,
    framed=list_framed,
    framed_paths=("/es/incrustar",),
    paths=("/incrustar",),
    conditional=frozenset({"embed.upcoming"}),
)
