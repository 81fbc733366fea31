"""Frames with the next workshops for other sites, and how blogs find them (oEmbed 1.0).

May import what `outreach/docs/extensions.md` lists. Open `pages.py` first.
"""

from pathlib import Path
from typing import Final

from outreach.extension import Extension
from outreach.extensions.embed import pages
from outreach.i18n import N_
from outreach.web.presentation.extension_pages import ExtensionPages
from outreach.web.presentation.slots import SlotContent

_FOLDER: Final = Path(__file__).parent
# The frame has what the pages show to everybody; it refuses what is discreet or unlisted.
_HEADS: Final = tuple(
    SlotContent(slot=name, render=pages.render_oembed_link, at_sensitive=True)
    for name in ("list_head", "office_head", "workshop_head")
)

extension: Final = Extension(
    name="embed",
    summary="Frames with the next workshops, which other sites show in their pages.",
    question=N_("¿Otros sitios mostrarán los talleres en sus páginas?"),
    pages=ExtensionPages(
        blueprints=(pages.pages, pages.root),
        keeps_discreet_codes=True,
        files={"embed.css": (_FOLDER / "styles/embed.css",)},
        slots=(
            *_HEADS,
            SlotContent(
                slot="calendar_for_sites", render=pages.render_lines_to_paste, at_sensitive=True
            ),
        ),
    ),
)
