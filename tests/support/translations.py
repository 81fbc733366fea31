"""The messages of the catalogues, for tests of what they say."""

from pathlib import Path
from typing import Final

from babel.messages.catalog import Message

from outreach import languages
from outreach.translations import catalogues

OTHERS: Final = tuple(code for code in languages.CODES if code != languages.SOURCE)
CATALOGUES: Final = {
    lang: catalogues.read(languages.CATALOGUES / lang / catalogues.PO, lang) for lang in OTHERS
}
_CHECKOUT: Final = Path(__file__).parents[2]


def forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """The singular and plural of a message, or its only form."""
    return (text,) if isinstance(text, str) else tuple(text or ("",))


def messages(lang: str) -> list[Message]:
    return [message for message in CATALOGUES[lang] if message.id]


def name_catalogue(lang: str) -> str:
    """The path of a catalogue in the checkout, as a failure names it."""
    return str((languages.CATALOGUES / lang / catalogues.PO).relative_to(_CHECKOUT))
