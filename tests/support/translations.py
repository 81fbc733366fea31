"""The messages of the catalogues, for tests of what they say."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message

from outreach import languages
from outreach.translations import catalogues

OTHERS: Final = tuple(code for code in languages.CODES if code != languages.SOURCE)


@dataclass(frozen=True)
class TranslatedMessages:
    """The catalogue of one language in one folder: the core's, or an extension's."""

    folder: Path
    lang: str
    catalogue: Catalog

    @property
    def path(self) -> Path:
        return self.folder / self.lang / catalogues.PO

    @property
    def name(self) -> str:
        """The path in the checkout, as a failure names it."""
        return str(self.path.relative_to(catalogues.ROOT))

    @property
    def messages(self) -> list[Message]:
        return [message for message in self.catalogue if message.id]


def _read(folder: Path, lang: str) -> TranslatedMessages:
    return TranslatedMessages(folder, lang, catalogues.read(folder / lang / catalogues.PO, lang))


CATALOGUES: Final = tuple(
    _read(folder, lang)
    for folder in catalogues.list_folders()
    for lang in OTHERS
    if (folder / lang).is_dir()
)


def forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """The singular and plural of a message, or its only form."""
    return (text,) if isinstance(text, str) else tuple(text or ("",))


def messages(lang: str) -> list[Message]:
    """All messages of a language, those of extensions too."""
    return [message for each in CATALOGUES if each.lang == lang for message in each.messages]


def name_catalogue(lang: str) -> str:
    """The path of the core's catalogue in the checkout, as a failure names it."""
    return str((catalogues.FOLDER / lang / catalogues.PO).relative_to(catalogues.ROOT))
