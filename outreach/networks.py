"""The networks of an installation: one file of settings each, in the folder OUTREACH_NETWORKS.

`NAME.env` has the variables of one network, over those of the environment, which all networks have
in common. Without the folder there is one network, that of the environment, and it has no name.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from outreach import database_urls
from outreach.config import Config
from outreach.errors import Misconfigured

FOLDER: Final = "OUTREACH_NETWORKS"
SUFFIX: Final = ".env"
# What the processes of all networks have in common, so that no file of one can set it.
COMMON: Final = frozenset({FOLDER, "OUTREACH_NETWORK", "OUTREACH_LISTEN", "OUTREACH_LOG"})
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")
_VARIABLE: Final = re.compile(r"OUTREACH_[A-Z0-9_]+")
_QUOTED: Final = re.compile(r"'(?P<plain>[^']*)'|\"(?P<escaped>(?:[^\"\\]|\\.)*)\"")
# As systemd reads it: a backslash goes before any character, within quotes before these only.
_ESCAPED: Final = re.compile(r"\\(.)")
_ESCAPED_IN_QUOTES: Final = re.compile(r"\\([\"\\`$])")
_CONTINUED: Final = re.compile(r"\\\n")


def has_several(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether networks have files of their own, be it one file only."""
    return bool(environ.get(FOLDER, "").strip())


def load_networks(
    environ: Mapping[str, str] = os.environ, *, serving: bool = False
) -> tuple[Config, ...]:
    """The settings of each network, by name. Raises Misconfigured with all faults, one a line, also
    where two networks share what separates them."""
    if not has_several(environ):
        return (Config.from_environ(environ, serving=serving),)
    found, faults = [], []
    for path in _list_files(environ):
        try:
            found.append(_read(path, environ, serving=serving))
        except Misconfigured as error:
            faults.append(str(error))
    faults += _find_shared(found)
    if faults:
        raise Misconfigured("\n".join(faults))
    return tuple(found)


def load_network(
    name: str, environ: Mapping[str, str] = os.environ, *, serving: bool = False
) -> Config:
    """The settings of one network. A fault in the file of another does not matter here. Raises
    Misconfigured, also where this one shares with another what separates them."""
    if not has_several(environ):
        raise Misconfigured(f"There is no network {name}: {FOLDER} names no folder.")
    paths = {path.stem: path for path in _list_files(environ)}
    if name not in paths:
        raise Misconfigured(f"There is no network {name}. There are: {', '.join(paths)}.")
    network, others = _read(paths.pop(name), environ, serving=serving), []
    for path in paths.values():
        try:
            others.append(_read(path, environ))
        except Misconfigured:
            continue
    if faults := [fault for each in others for fault in _find_shared([network, each])]:
        raise Misconfigured("\n".join(faults))
    return network


def list_names(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The names of the networks; none without a folder. Raises Misconfigured."""
    return [path.stem for path in _list_files(environ)] if has_several(environ) else []


def _list_files(environ: Mapping[str, str]) -> list[Path]:
    folder = Path(environ[FOLDER].strip()).expanduser()
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix == SUFFIX)
    except OSError as error:
        raise Misconfigured(f"{FOLDER} is a folder that cannot be read: {error.strerror}") from None
    if not found:
        raise Misconfigured(f"{FOLDER} has no file NAME{SUFFIX}: one for each network")
    return found


def _read(path: Path, environ: Mapping[str, str], *, serving: bool = False) -> Config:
    faults = []
    if _NAME.fullmatch(path.stem) is None:
        faults.append("has to be named by up to 31 small letters, digits and hyphens")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Misconfigured(f"{path.name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Misconfigured(f"{path.name} is no text in UTF-8") from None
    variables = {}
    for number, name, value in _parse(text):
        if value is None:
            faults.append(f"line {number} has to be OUTREACH_NAME=VALUE, with quotes closed")
        elif name in COMMON:
            faults.append(f"line {number} sets {name}, which all networks have in common")
        elif name in variables:
            faults.append(f"line {number} sets {name} again")
        else:
            variables[name] = value
    if faults:
        raise Misconfigured("\n".join(f"{path.name} {fault}" for fault in faults))
    try:
        config = Config.from_environ({**environ, **variables}, serving=serving)
    except Misconfigured as error:
        lines = str(error).splitlines()
        raise Misconfigured("\n".join(f"{path.name}: {line}" for line in lines)) from None
    return replace(config, name=path.stem)


def _parse(text: str) -> Iterator[tuple[int, str, str | None]]:
    """Returns number of the line, name and value of each assignment, as systemd reads an
    EnvironmentFile. The value is None where the line is no assignment."""
    number = 1
    for line in re.split(r"(?<!\\)\n", text):
        here, number = number, number + 1 + line.count("\n")
        line = _CONTINUED.sub("", line).strip()
        if not line or line[0] in "#;":
            continue
        name, _equals, value = line.partition("=")
        name = name.rstrip()
        is_known = _VARIABLE.fullmatch(name) is not None
        yield here, name, _unquote(value.lstrip()) if is_known and _equals else None


def _unquote(text: str) -> str | None:
    """Returns a value without its quotes; None where a quote is not closed. A quote counts at the
    beginning only: JSON needs none."""
    value = ""
    while found := _QUOTED.match(text):
        plain, escaped = found["plain"], found["escaped"]
        value += plain if escaped is None else _ESCAPED_IN_QUOTES.sub(r"\1", escaped)
        text = text[found.end() :].lstrip()
    if text[:1] in {"'", '"'}:
        return None
    return value + _ESCAPED.sub(r"\1", text)


def _find_shared(configs: Sequence[Config]) -> list[str]:
    """Returns what two networks share although it separates them, a sentence each."""
    return [
        f"{one.name} and {other.name} have the same {what}: each network needs its own"
        for one, other in combinations(configs, 2)
        for what in _list_shared(one, other)
    ]


def _list_shared(one: Config, other: Config) -> Iterator[str]:
    # Ports do not separate cookies.
    if urlsplit(one.public_url).hostname == urlsplit(other.public_url).hostname:
        yield "host in OUTREACH_PUBLIC_URL"
    folders = [{_resolve(each) for each in _folders(config)} for config in (one, other)]
    if folders[0] & folders[1]:
        yield "folder in OUTREACH_DATA, OUTREACH_KEYS or OUTREACH_MAIL_FOLDER"
    for url in (one.database_url, one.keyring_url):
        for other_url in (other.database_url, other.keyring_url):
            if _is_same_database(url, other_url):
                yield "database in OUTREACH_DATABASE_URL or OUTREACH_KEYRING_URL"
    # What one network signed, or a gateway signed for it, would hold for the other.
    pairs = {
        "OUTREACH_SECRET_KEY": (one.secret_key, other.secret_key),
        "OUTREACH_ANSWERS_SECRET": (one.answers.secret, other.answers.secret),
        "OUTREACH_WHATSAPP_SECRET": (one.whatsapp.secret, other.whatsapp.secret),
    }
    for name, (secret, other_secret) in pairs.items():
        if secret and secret == other_secret:
            yield f"secret in {name}"


def _folders(config: Config) -> list[Path]:
    return [config.data, config.keys, *([config.mail_folder] if config.mail_folder else [])]


def _resolve(path: Path) -> str:
    return str(path.resolve())


def _is_same_database(one: str, other: str) -> bool:
    if one.startswith("sqlite:///") and other.startswith("sqlite:///"):
        paths = (each.removeprefix("sqlite:///") for each in (one, other))
        return len({_resolve(Path(each)) for each in paths}) == 1
    return database_urls.is_same(one, other)
