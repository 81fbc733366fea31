"""Reads a network's file (TOML): who it is, its languages, countries and brand, and where its
offices and kinds of workshop stand. `outreach/docs/init.md` has all its keys."""

import json
import re
import secrets
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from outreach import atomic_files, brand, clock, languages, setting_checks
from outreach.brand import COLOUR_NAMES, Brand, Palette
from outreach.countries import packs
from outreach.errors import Misconfigured
from outreach.network_profile import CONSULAR_RANKS, OfficeRank

FILE_NAME: Final = "network.toml"
PACKAGED: Final = "packaged"  # instead of a file: the one that comes with the program
GENERAL: Final = "general"  # the vocabulary of a network that has no words of its own
MAX_BYTES: Final = 100_000
MAX_NAME_LENGTH: Final = 80
_TABLE: Final = re.compile(r"\s*(\[\[?)\s*([\w.-]+)\s*\]")
_KEY: Final = re.compile(r"\s*([\w.-]+)\s*=")
_EXTENSIONS_LINE: Final = re.compile(
    r"^[ \t]*extensions[ \t]*=[ \t]*\[[^\]]*\][^\n]*(?:\n|\Z)", re.MULTILINE
)
_EXTENSION: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_RANK_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")

Check = Callable[[Any], bool]


@dataclass(frozen=True, kw_only=True)
class NetworkFile:
    path: Path
    name: str
    settings: Mapping[str, str]  # as environment variables, `OUTREACH_COUNTRIES`
    brand: Brand
    ranks: tuple[OfficeRank, ...]
    offices: str  # the name of a file beside it, PACKAGED, or empty for none
    kinds: str
    files: tuple[Path, ...]  # those that it names, all in its folder


def read(path: Path) -> NetworkFile:
    """The network of a file. Raises Misconfigured with one sentence a fault, each with its line."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Misconfigured(f"{path} cannot be read: {error.strerror}.") from None
    if len(data) > MAX_BYTES:
        raise Misconfigured(f"{path} is too long: {MAX_BYTES} bytes are the most.")
    try:
        text = data.decode("utf-8")
        found = tomllib.loads(text)
    except UnicodeDecodeError:
        raise Misconfigured(f"{path} has to be text in UTF-8.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Misconfigured(f"{path} is not TOML: {error}") from None
    reader = _NetworkReader(path, found, _find_lines(text))
    network = reader.read()
    if reader.faults:
        raise Misconfigured("\n".join(each for _line, each in sorted(reader.faults)))
    return network


def find_fault(key: str, value: Any) -> str:
    """Returns why a key of the first table cannot have this value; empty where it can."""
    _name, check, words = _SETTINGS[key]
    return "" if check(value) else f"{key} {words}."


def write_extensions(path: Path, names: Sequence[str]) -> None:
    """Writes which extensions a network has on into its file, whole or not at all; the rest stays
    as it is. Raises Misconfigured where the file cannot be read or written, or would not say so."""
    text = path.read_text(encoding="utf-8")
    line = f"extensions = {json.dumps(list(names))}\n" if names else ""
    if _EXTENSIONS_LINE.search(text):
        text = _EXTENSIONS_LINE.sub(lambda _found: line, text, count=1)
    else:
        table = re.search(r"^[ \t]*\[", text, re.MULTILINE)
        place = table.start() if table is not None else len(text)
        before = text[:place].rstrip("\n")
        text = f"{before}\n{line}" + (f"\n{text[place:]}" if table is not None else "")
    draft = path.with_name(f".new-{secrets.token_hex(8)}-{path.name}")
    try:
        draft.write_text(text, encoding="utf-8")
        if read(draft).settings.get("OUTREACH_EXTENSIONS", "").split() != list(names):
            raise Misconfigured(f"{path} has `extensions` twice. Edit it by hand.")
        draft.chmod(path.stat().st_mode)
        draft.replace(path)
    except OSError as error:
        raise Misconfigured(f"{path} cannot be written: {error.strerror}.") from None
    finally:
        draft.unlink(missing_ok=True)
    atomic_files.sync(path.parent)


def _is_line(value: Any) -> bool:
    return (
        isinstance(value, str) and 0 < len(value.strip()) <= MAX_NAME_LENGTH and value.isprintable()
    )


def _is_text_for(check: Callable[[str], bool]) -> Check:
    return lambda value: isinstance(value, str) and check(value)


def _is_list_of(known: Callable[[str], bool]) -> Check:
    """Returns a check that a value is a list of known texts: at least one, and each only once."""

    def check(value: Any) -> bool:
        return (
            isinstance(value, list)
            and 0 < len(value) == len({str(each) for each in value})
            and all(isinstance(each, str) and known(each) for each in value)
        )

    return check


def _are_locales(value: Any) -> bool:
    is_list = isinstance(value, list) and all(isinstance(each, str) for each in value)
    return is_list and setting_checks.are_locales(tuple(value))


def _is_home(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    return not value or value in packs.list_codes() or setting_checks.has_holidays(value)


def _is_vocabulary(value: Any) -> bool:
    return value in {GENERAL, *(each.name for each in languages.VOCABULARIES.iterdir())}


_LINE: Final = f"has to be one line of 1 to {MAX_NAME_LENGTH} characters"
# By key: the setting, what its value has to pass, and the sentence where it does not.
_SETTINGS: Final[Mapping[str, tuple[str, Check, str]]] = {
    "name": ("", _is_line, _LINE),
    "controller": ("CONTROLLER", _is_line, f"{_LINE}: who answers for people's data"),
    "public_url": (
        "PUBLIC_URL",
        _is_text_for(setting_checks.is_site),
        "has to be like https://talleres.example.org",
    ),
    "mail_from": (
        "MAIL_FROM",
        _is_text_for(setting_checks.is_address),
        "has to be an e-mail address, as talleres@example.org",
    ),
    "mail_name": ("MAIL_NAME", _is_line, _LINE),
    "contact": ("CONTACT", _is_line, _LINE),
    "phone": ("PHONE", _is_line, _LINE),
    "privacy_url": (
        "PRIVACY_URL",
        _is_text_for(setting_checks.is_site),
        "has to be an https address",
    ),
    "languages": (
        "LANGUAGES",
        _is_list_of(languages.CODES.__contains__),
        f"has to be a list of {', '.join(languages.CODES)}, each once; the first is the default",
    ),
    "extensions": (
        "EXTENSIONS",
        _is_list_of(lambda name: _EXTENSION.fullmatch(name) is not None),
        "has to be a list of names of extensions, each once, as `outreach extension list` has them",
    ),
    "countries": (
        "COUNTRIES",
        _is_list_of(packs.is_country),
        'has to be a list of codes of countries, each once, as ["US", "CA"]',
    ),
    "home_country": (
        "HOME_COUNTRY",
        _is_home,
        'has to be the code of a country, as "MX", or "" for none',
    ),
    "locales": (
        "LOCALES",
        _are_locales,
        'has to be a list of locales of CLDR, one a language at most, as ["es_MX", "en_US"]',
    ),
    "headquarters_zone": (
        "HEADQUARTERS_ZONE",
        _is_text_for(clock.is_zone),
        "has to be a time zone, as America/Mexico_City",
    ),
    "vocabulary": ("VOCABULARY", _is_vocabulary, 'has to be "general" or "consular"'),
}
# Without their prefix.
SETTING_NAMES: Final = ("BRAND", "HELP_LINES", *(name for name, *_ in _SETTINGS.values() if name))
REQUIRED: Final = (
    "name",
    "controller",
    "public_url",
    "mail_from",
    "countries",
    "headquarters_zone",
)
_FILES: Final = ("offices", "kinds", "help_lines")
_BRAND: Final = ("name", "header", "sign", "light", "dark")


class _NetworkReader:
    """Checks the parsed TOML and collects all faults, each with the line of its key."""

    def __init__(self, path: Path, found: Mapping[str, Any], lines: Mapping[str, int]) -> None:
        self.path, self.found, self.lines = path, found, lines
        self.faults: list[tuple[int, str]] = []

    def fault(self, key: str, words: str) -> None:
        line = self.lines.get(key) or self.lines.get(key.rpartition(".")[0], 1)
        self.faults.append((line, f"{self.path.name}, line {line}: {key} {words}."))

    def read(self) -> NetworkFile:
        for key in self.found.keys() - {*_SETTINGS, *_FILES, "brand", "ranks"}:
            self.fault(key, "is no key of a network's file")
        for key in REQUIRED:
            if key not in self.found:
                self.fault(key, "is missing")
        settings = dict(self._settings())
        files = {key: self._file(key, self.found.get(key)) for key in _FILES}
        if lines := files["help_lines"]:
            settings["OUTREACH_HELP_LINES"] = str(lines)
        found = self.found.get("brand", {})
        if not isinstance(found, dict):
            self.fault("brand", "has to be a table, [brand]")
            found = {}
        sign = self._file("brand.sign", found.get("sign"))
        return NetworkFile(
            path=self.path,
            name=str(self.found.get("name", "")),
            settings=settings,
            brand=self._brand(found, sign, settings),
            ranks=self._ranks(settings["OUTREACH_VOCABULARY"]),
            offices=str(self.found.get("offices", "")),
            kinds=str(self.found.get("kinds", "")),
            files=tuple(each for each in (*files.values(), sign) if each),
        )

    def _settings(self) -> Iterator[tuple[str, str]]:
        yield "OUTREACH_BRAND", str(self.found.get("name", ""))
        for key, usual in (("home_country", ""), ("vocabulary", GENERAL)):
            yield f"OUTREACH_{key.upper()}", usual
        for key, (name, check, words) in _SETTINGS.items():
            if key not in self.found:
                continue
            value = self.found[key]
            if not check(value):
                self.fault(key, words)
            elif name:
                yield f"OUTREACH_{name}", " ".join(value) if isinstance(value, list) else value

    def _file(self, key: str, name: Any) -> Path | None:
        """The file that a key names, if it does; it stands beside the network's file."""
        if name is None or (name == PACKAGED and key in {"offices", "kinds"}):
            return None
        if not isinstance(name, str) or not name or Path(name).name != name:
            self.fault(key, "has to be the name of a file in the same folder")
        elif not (self.path.parent / name).is_file():
            self.fault(key, f"names no file: there is no {name} beside {self.path.name}")
        else:
            return self.path.parent / name
        return None

    def _brand(
        self, found: Mapping[str, Any], sign: Path | None, settings: dict[str, str]
    ) -> Brand:
        for key in found.keys() - set(_BRAND):
            self.fault(f"brand.{key}", f"is none of {', '.join(_BRAND)}")
        if "name" in found:
            if _is_line(found["name"]):
                settings["OUTREACH_BRAND"] = found["name"]
            else:
                self.fault("brand.name", _LINE)
        light, dark = self._palettes(found)
        header = self._words("brand.header", found.get("header", {}))
        return Brand(light=light, dark=dark, sign=self._sign(sign), header=header)

    def _sign(self, path: Path | None) -> str:
        if path is None:
            return ""
        text = path.read_bytes()[: brand.MAX_SIGN_BYTES + 1].decode("utf-8", "replace")
        for words in brand.find_sign_faults(text):
            self.fault("brand.sign", f"({path.name}) {words}")
        return text

    def _palettes(self, found: Mapping[str, Any]) -> tuple[Palette, Palette]:
        if "light" not in found and "dark" not in found:
            return brand.LIGHT, brand.DARK
        light = self._palette("light", found.get("light"), {})
        header = (light or {}).get("header", (light or {}).get("main", ""))
        on_header = (light or {}).get("on_header", (light or {}).get("on_main", ""))
        usual = {"header": header, "on_header": on_header}
        dark = self._palette("dark", found.get("dark"), usual)
        if light is None or dark is None:
            return brand.LIGHT, brand.DARK
        made = Palette(**{**usual, **light}), Palette(**dark)
        for name, palette in zip(("light", "dark"), made, strict=True):
            for colour, words in brand.find_contrast_faults(palette, is_dark=name == "dark"):
                self.fault(f"brand.{name}.{colour}", words)
        return made

    def _palette(self, name: str, found: Any, usual: Mapping[str, str]) -> Mapping[str, str] | None:
        """The colours of a table; None, and faults, where one is missing or is no colour."""
        path = f"brand.{name}"
        if not isinstance(found, dict):
            self.fault(path, f"is missing: colours for light and dark go together, [{path}]")
            return None
        known = dict(usual) | found
        before = len(self.faults)
        for key in found.keys() - set(COLOUR_NAMES):
            self.fault(f"{path}.{key}", f"is none of {', '.join(COLOUR_NAMES)}")
        for key in COLOUR_NAMES:
            value = known.get(key)
            if value is None and key not in {"header", "on_header"}:
                self.fault(f"{path}.{key}", "is missing")
            elif value and not brand.COLOUR.fullmatch(str(value)):
                self.fault(f"{path}.{key}", "has to be a colour in small letters, as #2b2d7e")
        return known if len(self.faults) == before else None

    def _ranks(self, vocabulary: str) -> tuple[OfficeRank, ...]:
        found = self.found.get("ranks")
        if found is None:
            return CONSULAR_RANKS if vocabulary == "consular" else ()
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            self.fault("ranks", "has to be tables, [[ranks]]")
            return ()
        ranks = []
        for number, each in enumerate(found):
            path = f"ranks[{number}]"
            code = each.get("code")
            if not isinstance(code, str) or not _RANK_CODE.fullmatch(code):
                self.fault(f"{path}.code", "has to be 1 to 40 small letters, digits or _")
            names = self._words(path, {key: name for key, name in each.items() if key != "code"})
            ranks.append(OfficeRank(str(code), names))
        codes = [each.code for each in ranks]
        for code in sorted({each for each in codes if codes.count(each) > 1}):
            self.fault("ranks", f"has the code {code} twice")
        return tuple(ranks)

    def _words(self, path: str, found: Any) -> dict[str, str]:
        """A text by language."""
        if not isinstance(found, dict):
            self.fault(path, 'has to be texts by language, as { es = "…", en = "…" }')
            return {}
        for key, text in found.items():
            if key not in languages.CODES:
                self.fault(f"{path}.{key}", f"is no language: {', '.join(languages.CODES)}")
            elif not _is_line(text):
                self.fault(f"{path}.{key}", _LINE)
        if not found and path.startswith("ranks"):
            self.fault(path, "has no name in any language")
        return {key: str(text) for key, text in found.items()}


def _find_lines(text: str) -> dict[str, int]:
    """The line of each table and key, by its dotted path: `brand.light.main`, `ranks[0].es`."""
    lines: dict[str, int] = {}
    table, counts = "", dict[str, int]()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = header[2]
            lines.setdefault(table, number)
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = f"{table}[{counts[table]}]"
                lines[table] = number
        elif key := _KEY.match(line):
            path = f"{table}.{key[1]}" if table else key[1]
            lines.setdefault(path, number)
    return lines
