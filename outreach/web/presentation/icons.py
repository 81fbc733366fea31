"""Icons (24 units wide) and pictograms of workshop signs (48 units wide), as SVG in `currentColor`."""

from typing import Final

from flask import Flask
from markupsafe import Markup

from outreach import qr_codes
from outreach.i18n import gettext as _

ICONS: Final = {
    "back": '<path d="m15 5-7 7 7 7"/>',
    "next": '<path d="m9 5 7 7-7 7"/>',
    "undo": '<path d="M8.5 5 4 9.5 8.5 14M4.5 9.5H14a5 5 0 0 1 0 10H9"/>',
    "check": '<path d="m4.5 12.5 5 5 10-11"/>',
    "download": '<path d="M12 4v11m-5-4.5 5 5 5-5M4.5 20h15"/>',
    "upload": '<path d="M12 15.5V4.5m-5 4.5 5-5 5 5M4.5 20h15"/>',
    "exit": '<path d="M14 4H5v16h9M10 12h11m-4-4.5 4.5 4.5-4.5 4.5"/>',
    "phone": '<path d="M6.5 3.5h3l1.5 4.5-2 1.5a13 13 0 0 0 5.5 5.5l1.5-2 4.5 1.5v3c0 1-.8 2-2 2C10.5 19 5 13.5 4.5 5.5c0-1.2 1-2 2-2z"/>',
    "home": '<path d="m3.5 11 8.5-7.5L20.5 11M6 9.5V20h12V9.5"/>',
    "calendar": '<rect x="3.5" y="5" width="17" height="15.5" rx="2"/><path d="M3.5 10h17M8 2.5V7M16 2.5V7"/>',
    "squares": '<path d="M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 18h2v2h-2zM18 14h2M14 18v2"/>',
    "letter": '<rect x="3" y="5" width="18" height="14" rx="2"/><path d="m3.5 7 8.5 6.5L20.5 7"/>',
    "bars": '<path d="M4 20.5h16M6.5 17V11M12 17V5M17.5 17V8.5"/>',
    "place": '<path d="M12 21.5s7-6.6 7-12a7 7 0 1 0-14 0c0 5.4 7 12 7 12z"/><circle cx="12" cy="9.5" r="2.5"/>',
    "speech": '<path d="M4 5h16v11h-8l-5 4v-4H4z"/>',
    "speaker": '<path d="M4 9.5h3.5L12 5.5v13l-4.5-4H4zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11"/>',
    "microphone": '<rect x="9" y="3.5" width="6" height="11" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3M8.5 21h7"/>',
    "access": '<circle cx="10" cy="4" r="1.6"/><path d="M10 8v7h6l2.5 5M10 11h5"/><path d="M7.5 12.5a5 5 0 1 0 7 6.5"/>',
    "child": '<circle cx="12" cy="5.5" r="2.5"/><path d="M12 10v5M7 11.5l5-1.5 5 1.5M9 20.5l3-5.5 3 5.5"/>',
    "people": '<circle cx="9" cy="8" r="3.5"/><path d="M2.5 20c.5-7.5 12.5-7.5 13 0M16 4.8a3.5 3.5 0 0 1 0 6.4M18 14.5c2 .8 3.3 2.6 3.5 5.5"/>',
    "book": '<path d="M5 4h11.5a2 2 0 0 1 2 2v14H7a2 2 0 0 1-2-2zM5 17.5h13.5M9 8h5.5"/>',
    "lock": '<rect x="5" y="10.5" width="14" height="10" rx="2"/><path d="M8 10.5V7.5a4 4 0 0 1 8 0v3"/>',
    "more": '<circle cx="5" cy="12" r="1.4"/><circle cx="12" cy="12" r="1.4"/><circle cx="19" cy="12" r="1.4"/>',
    "plus": '<path d="M12 4.5v15M4.5 12h15"/>',
    "flag": '<path d="M6 21V4M6 4.5h11l-2.5 4 2.5 4H6"/>',
    "alert": '<path d="M12 7.5v6M12 17v.01"/><circle cx="12" cy="12" r="9.5"/>',
    "copy": '<rect x="8.5" y="8.5" width="11.5" height="11.5" rx="2"/><path d="M15.5 8.5V4H4v11.5h4.5"/>',
    "cross": '<path d="m6 6 12 12M18 6 6 18"/>',
    "clock": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.5 2"/>',
    "pencil": '<path d="m4.5 19.5.8-4L16 4.8a2 2 0 0 1 3 3L8.5 18.7z"/>',
    "bell": '<path d="M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4"/>',
    "silent": '<path d="M6.5 16.5V11a5.5 5.5 0 0 1 8.5-4.6M17.5 10.5v6H8M10 20h4M4 3.5l16 17"/>',
    "wrench": '<path d="M15.5 4a5 5 0 0 0-4.6 7L4.5 17.5l2 2L13 13a5 5 0 0 0 6.5-6l-3 3-2.5-.5-.5-2.5z"/>',
    "video": '<rect x="2.5" y="6" width="13" height="12" rx="2.5"/><path d="m15.5 11 6-3.5v9l-6-3.5"/>',
    "down": '<path d="m6 9 6 6 6-6"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5 5"/>',
    "eye": '<path d="M2.5 12s3.5-6.5 9.5-6.5 9.5 6.5 9.5 6.5-3.5 6.5-9.5 6.5S2.5 12 2.5 12z"/><circle cx="12" cy="12" r="2.8"/>',
}
_PETAL: Final = '<ellipse cx="24" cy="12" rx="4.3" ry="7.6" transform="rotate({} 24 24)"/>'
ALL_KINDS: Final = "grid"  # the tile for all kinds has it, and no kind
PICTOGRAMS: Final = {
    "balance": '<path d="M24 9v30M15 39h18M10 14h28"/><path class="solid" d="M10 15 4 27a6.4 6.4 0 0 0 12 0zM38 15l-6 12a6.4 6.4 0 0 0 12 0z"/>',
    "compass": '<circle cx="24" cy="24" r="16.5"/><path class="solid" d="m32.5 15.5-5 12-12 5 5-12z"/>',
    "card": '<rect x="6" y="11" width="36" height="26" rx="4"/><circle class="solid" cx="16.5" cy="21" r="3.6"/><path d="M11 30.5c1-4.4 10-4.4 11 0M28 20h8M28 28h8"/>',
    "flower": f'<g class="solid">{"".join(_PETAL.format(angle) for angle in range(0, 360, 60))}</g>',
    "calendar": '<rect x="8" y="10" width="32" height="29" rx="4"/><path d="M8 19h32M17 6v8M31 6v8"/>',
    "van": '<path d="M5 33V14h24v19M29 20h8l6 7v6h-4M15 33h14"/><circle class="solid" cx="11" cy="34" r="4.6"/><circle class="solid" cx="34" cy="34" r="4.6"/>',
    "helmet": '<path d="M6 33h36M10 32c0-20 28-20 28 0M20 17V11h8v6"/>',
    "clock": '<circle cx="24" cy="24" r="16.5"/><path d="M24 14v10l7 5"/>',
    "question": '<path d="M16 17c0-11 17-11 17-1 0 7-8.5 7-8.5 14"/><circle class="solid" cx="24.5" cy="38.5" r="2.8"/>',
    "grid": '<path class="solid" d="M9 9h13v13H9zM26 9h13v13H26zM9 26h13v13H9zM26 26h13v13H26z"/>',
    "wrench": '<path d="M31 8a10 10 0 0 0-9 14L8 36l4 4 14-14a10 10 0 0 0 13-12l-6 6-5-1-1-5 6-6a10 10 0 0 0-2 0z"/>',
}
# CSS classes of the signs' colours: the CSP forbids inline styles.
SIGNS: Final = {
    "rights": "kind-rights",
    "screening": "kind-screening",
    "daca": "kind-daca",
    "women": "kind-women",
    "neutral": "kind-neutral",
    "mobile": "kind-mobile",
    "question": "kind-question",
    "clock": "kind-clock",
    "fault": "kind-fault",
}
_HIDDEN: Final = 'aria-hidden="true" focusable="false"'


def init_app(app: Flask) -> None:
    for function in (icon, sign, sign_class):
        app.add_template_global(function)


def icon(name: str) -> Markup:
    return _ICONS[name]


def sign_class(sign: str) -> str:
    """Returns the CSS class of a sign's colour."""
    return SIGNS.get(sign, "kind-other")


def sign(name: str, pictogram: str, size: str = "") -> Markup:
    """Returns a workshop's sign: a rounded square with a white pictogram. `size` may be
    "sign-large"."""
    shapes = PICTOGRAMS.get(pictogram, PICTOGRAMS["calendar"])
    return Markup(  # noqa: S704 - made of the constants above
        f'<span class="sign {sign_class(name)} {size}" aria-hidden="true">'
        f'<svg viewBox="0 0 48 48" {_HIDDEN}>{shapes}</svg></span>'
    )


def qr(address: str) -> Markup:
    """Returns the QR code of an address as SVG, about 33 by 33 modules.

    Its border is two modules; the white frame around it completes the quiet zone of four.
    """
    shapes = qr_codes.svg(address, border=2, title=_("Código QR"))
    return Markup(shapes.replace("<svg ", '<svg role="img" '))  # noqa: S704 - squares only


_ICONS: Final = {
    name: Markup(f'<svg class="icon" viewBox="0 0 24 24" {_HIDDEN}>{shapes}</svg>')  # noqa: S704 - ours
    for name, shapes in ICONS.items()
}
