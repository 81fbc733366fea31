"""What `outreach init` asks where there is no network's file, and the file made of the answers."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click

from outreach import brand, extension, extension_points, languages, network_file
from outreach.accounts import administration
from outreach.errors import Misconfigured
from outreach.i18n import gettext as _
from outreach.network_file import GENERAL, PACKAGED
from outreach.network_profile import NetworkProfile, use_profile

Answers = dict[str, Any]
_OWN_FILES: Final = ("offices", "kinds", "sign")
_YES: Final = frozenset({"sí", "si", "s", "yes", "y", "oui", "o"})
_NO: Final = frozenset({"no", "n", "non"})


def ask() -> Answers:
    """Asks for what a network's file says, each until the answer can be used."""
    click.echo(_("Enter acepta lo que está entre corchetes."))
    answers: Answers = {}
    _ask(answers, "name", _("¿Cómo se llama la red?"))
    _ask(answers, "controller", _("¿Quién responde por los datos de las personas?"), "name")
    _ask(answers, "public_url", _("¿En qué dirección estará el sitio?"))
    _ask(answers, "mail_from", _("¿De qué correo salen las cartas?"))
    _ask_list(answers, "languages", _("¿En qué idiomas, el principal primero?"), languages.CODES)
    _ask_list(answers, "countries", _("¿En qué países hay oficinas? (códigos, como US CA)"), ())
    _ask(answers, "home_country", _("¿De qué país son también los días festivos? (o nada)"))
    _ask(answers, "headquarters_zone", _("¿Qué zona horaria tiene la central?"))
    _ask(answers, "vocabulary", _("¿Cómo hablan los textos? (general, consular)"), usual=GENERAL)
    answers["offices"] = _ask_file(_("¿Qué archivo tiene las oficinas (CSV)? (o nada)"), answers)
    answers["kinds"] = _ask_file(
        _("¿Qué archivo tiene los tipos y series (JSON)? (o nada)"), answers
    )
    answers["main"] = _ask_until(
        _("¿De qué color es la marca? (como #2b2d7e)"), brand.LIGHT.main, _find_colour_fault
    )
    answers["sign"] = _ask_until(
        _("¿Qué archivo tiene el signo (SVG)? (o nada)"), "", _find_sign_fault
    )
    answers["extensions"] = _ask_extensions()
    return answers


def ask_admin(usual: str) -> str:
    def find_fault(text: str) -> str:
        is_well = administration.is_address(text)
        return "" if is_well else _("Escribe un correo, como ana@example.org.")

    return _ask_until(_("¿De quién es la primera cuenta? (correo)"), usual, find_fault)


def write(answers: Mapping[str, Any], path: Path) -> Path:
    """Writes the network's file at this path, with copies of the files that the answers name beside
    it. Raises Misconfigured where a file cannot be copied."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    own = {key: _copy(str(answers[key]), path.parent) for key in _OWN_FILES}
    keys = (
        "name", "controller", "public_url", "mail_from", "languages", "countries", "home_country",
        "headquarters_zone", "vocabulary",
    )  # fmt: skip
    lines = [f"{key} = {_toml(answers[key])}" for key in keys]
    lines += [f"{key} = {_toml(own[key])}" for key in ("offices", "kinds") if own[key]]
    if answers["extensions"]:
        lines.append(f"extensions = {_toml(answers['extensions'])}")
    if own["sign"] or answers["main"] != brand.LIGHT.main:
        lines += ["", "[brand]", *([f"sign = {_toml(own['sign'])}"] if own["sign"] else [])]
    if answers["main"] != brand.LIGHT.main:
        for name, palette in zip(("light", "dark"), brand.derive(answers["main"]), strict=True):
            lines += ["", f"[brand.{name}]"]
            lines += [f"{key} = {_toml(getattr(palette, key))}" for key in brand.COLOUR_NAMES]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _copy(name: str, folder: Path) -> str:
    if name in {"", PACKAGED}:
        return name
    source = Path(name).expanduser()
    try:
        shutil.copyfile(source, folder / source.name)
    except OSError as error:
        raise Misconfigured(f"{source} cannot be copied: {error.strerror}.") from None
    return source.name


def _toml(value: Any) -> str:
    """A text or a list of texts; strings of JSON are basic strings of TOML."""
    return json.dumps(value, ensure_ascii=False)


def _ask(answers: Answers, key: str, words: str, like: str = "", *, usual: str = "") -> None:
    default = answers.get(like, usual)
    answers[key] = _ask_until(words, default, lambda text: network_file.find_fault(key, text))


def _ask_list(answers: Answers, key: str, words: str, usual: tuple[str, ...]) -> None:
    def split(text: str) -> list[str]:
        parts = text.replace(",", " ").split()
        return [each.upper() if key == "countries" else each.lower() for each in parts]

    found = _ask_until(
        words, " ".join(usual), lambda text: network_file.find_fault(key, split(text))
    )
    answers[key] = split(found)


def _ask_file(words: str, answers: Answers) -> str:
    usual = PACKAGED if answers["vocabulary"] == "consular" else ""
    return _ask_until(words, usual, _find_file_fault)


def _ask_extensions() -> list[str]:
    """Returns the names of the extensions that the network wants, with those that they require."""
    wanted: list[str] = []
    for name in extension_points.list_installed():
        try:
            found = extension.find(name)
        except Misconfigured:
            continue  # `outreach extension list` says what is wrong with it
        # Its question is in its own catalogue.
        with use_profile(NetworkProfile(extensions=(name,))):
            question = _(found.question) if found.question else ""
        if question and _ask_whether(question):
            wanted += [name, *found.requires]
    return sorted(set(wanted))


def _ask_whether(question: str) -> bool:
    def find_fault(text: str) -> str:
        return "" if text.casefold() in _YES | _NO else _("Contesta sí o no.")

    return _ask_until(question, _("no"), find_fault).casefold() in _YES


def _ask_until(words: str, usual: str, find_fault: Callable[[str], str]) -> str:
    while True:
        text = str(click.prompt(words, default=usual, show_default=bool(usual))).strip()
        if not (fault := find_fault(text)):
            return text
        click.echo(fault)


def _find_file_fault(name: str) -> str:
    is_well = name in {"", PACKAGED} or Path(name).expanduser().is_file()
    return "" if is_well else _("No hay tal archivo.")


def _find_colour_fault(text: str) -> str:
    if not brand.COLOUR.fullmatch(text):
        return _("Escribe el color con minúsculas, como #2b2d7e.")
    light, dark = brand.derive(text)
    for palette, is_dark in ((light, False), (dark, True)):
        for name, words in brand.find_contrast_faults(palette, is_dark=is_dark):
            return f"{name} {words}."
    return ""


def _find_sign_fault(name: str) -> str:
    if fault := _find_file_fault(name):
        return fault
    if not name:
        return ""
    text = Path(name).expanduser().read_bytes()[: brand.MAX_SIGN_BYTES + 1]
    found = next(brand.find_sign_faults(text.decode("utf-8", "replace")), "")
    return f"{name} {found}." if found else ""
