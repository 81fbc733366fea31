"""Shows the settings of the installation. They are changed on the server only."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import Final

from flask import current_app
from flask.typing import ResponseReturnValue

from outreach import network_file
from outreach.config import Config
from outreach.domain.network.staff import Permission
from outreach.environment import PREFIX, Environment
from outreach.extension_settings import AnySettings
from outreach.i18n import gettext as _
from outreach.web.context import config
from outreach.web.staff.common.guards import page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.network import blueprint

_NAMES: Final = {"is_demo": "DEMO"}
# Fields that tell of the settings, and those that only the network's file has.
_NO_SETTINGS: Final = frozenset({"name", "variables", "look", "ranks"})
# Fields that hold several settings, with the prefix of their variables.
_PARTS: Final = {
    "texts": "TEXTS",
    "answers": "ANSWERS",
    "whatsapp": "WHATSAPP",
    "voice": "VOICE",
    "limits": "LIMIT",
    "oidc": "OIDC",
}


# Fields that only a network's file sets.
_OF_NETWORK_FILE: Final = frozenset(network_file.SETTING_NAMES)


@dataclass(frozen=True)
class Setting:
    name: str  # the environment variable
    value: str
    source: str


@blueprint.get("/ajustes")
@requires(Scope.NETWORK, Permission.NETWORK)
def settings() -> ResponseReturnValue:
    return page("network/settings", settings=list_of_network())


def list_of_network() -> list[Setting]:
    """Returns the settings of the network that answers, with those of its extensions."""
    own = current_app.extensions["outreach_extensions"]
    of_extensions = [each.settings for each in own if each.settings is not None]
    return list_settings(config(), _defaults(), of_extensions)


def list_settings(
    current: Config, defaults: Config, of_extensions: Iterable[AnySettings] = ()
) -> list[Setting]:
    """Returns all settings, sorted by the name of the variable."""
    settings = [
        _setting(
            name,
            value,
            default,
            current.variables,
            is_secret=is_secret,
            has_network_file=current.network_file is not None,
        )
        for (name, value, is_secret), (_n, default, _s) in zip(
            _values(current), _values(defaults), strict=True
        )
    ]
    for each in of_extensions:
        settings += _list_of_extension(each, current)
    return sorted(settings, key=lambda setting: setting.name)


def _list_of_extension(settings: AnySettings, current: Config) -> Iterator[Setting]:
    values = settings.get(current)
    defaults = settings.read(Environment({}, settings.prefix))
    for part in fields(values):
        yield _setting(
            f"{settings.name.upper()}_{part.name.upper()}",
            getattr(values, part.name),
            getattr(defaults, part.name),
            current.variables,
            is_secret=not part.repr,
            has_network_file=False,
        )


def _values(values_of: Config) -> list[tuple[str, object, bool]]:
    """Returns the name and value of each setting, and whether it is secret (`repr=False` in
    `config.py`)."""
    values: list[tuple[str, object, bool]] = []
    for each in fields(values_of):
        if each.name in _NO_SETTINGS:
            continue
        value = getattr(values_of, each.name)
        if each.name not in _PARTS:
            values.append((_NAMES.get(each.name, each.name.upper()), value, not each.repr))
            continue
        prefix = _PARTS[each.name]
        values += [
            (f"{prefix}_{part.name.upper()}", getattr(value, part.name), not part.repr)
            for part in fields(value)
        ]
    return values


def _setting(
    name: str,
    value: object,
    default: object,
    given: Collection[str],
    *,
    is_secret: bool,
    has_network_file: bool,
) -> Setting:
    variable = f"{PREFIX}{name}"
    if variable in given:
        source = _("Del servidor")
    elif value == default:
        source = _("De fábrica")
    elif has_network_file and name in _OF_NETWORK_FILE:
        source = _("Del archivo de la red")
    else:
        source = _("La puso el programa")
    if name == "SECRET_KEY" and not value:
        return Setting(variable, _("La hizo el programa y la guarda en OUTREACH_KEYS"), source)
    return Setting(variable, _words(value, is_secret=is_secret), source)


def _words(value: object, *, is_secret: bool) -> str:
    if is_secret:
        return _("Puesta") if value else _("Falta")
    if isinstance(value, bool):
        return _("Sí") if value else _("No")
    if isinstance(value, tuple):
        return " ".join(value) or _("Nada")
    return _("Nada") if value is None or value == "" else str(value)


@cache
def _defaults() -> Config:
    return Config.from_environ({})
