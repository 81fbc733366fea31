"""The steps of `outreach init`: each leaves what is there, so that a run that was interrupted is
finished by the next one."""

import os
import secrets
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from outreach import atomic_files, clock, network_file, network_profile
from outreach.accounts import administration
from outreach.cli.context import open_store
from outreach.cli.db import bring_up_to_date
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network import staff
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.errors import Misconfigured, NotFound
from outreach.i18n import gettext as _
from outreach.imports import import_result, kinds, offices, packaged
from outreach.imports.import_result import ImportResult, RowOutcome
from outreach.network_file import FILE_NAME, PACKAGED, NetworkFile

ENVIRONMENT: Final = "outreach.env"
NETWORK_FOLDER: Final = "network"  # in the data folder: the network's file and those that it names
_SHOWN: Final = "first-account"  # says that the link of the first account was printed
# What the environment of `init` hands on to the file, if it has them.
_DATABASES: Final = ("OUTREACH_DATABASE_URL", "OUTREACH_KEYRING_URL")


def check(network: NetworkFile) -> None:
    """Reads the offices and kinds of a network, so that nothing is written where they are wrong.
    Raises Misconfigured, ImportRejected and UnreadableFile."""
    config = Config.from_environ({"OUTREACH_NETWORK_FILE": str(network.path)}, serving=True)
    with network_profile.use_profile(config.profile):
        _read_offices(network)
        _read_kinds(network)


def install(
    network: NetworkFile, data: Path, admin: str, *, environ: Mapping[str, str] = os.environ
) -> Iterator[str]:
    """Makes the installation of a network in a folder, and yields after each step what was done.
    The last text is the link of the first account, if it is new."""
    yield copy_files(network, data / NETWORK_FOLDER)
    yield write_environment(data, environ)
    config = read_config(data)
    network_profile.set_for_process(config.profile)
    bring_up_to_date(config)
    yield _("Las bases de datos están al día.")
    network = network_file.read(data / NETWORK_FOLDER / FILE_NAME)
    with open_store(config) as store:
        yield _("Oficinas: %(what)s.", what=_load(store, "offices", _read_offices(network)))
        yield _("Tipos y series: %(what)s.", what=_load(store, "kinds", _read_kinds(network)))
        yield _make_account(store, config, admin, data / NETWORK_FOLDER / _SHOWN)


def note_shown_link(data: Path) -> None:
    """Remembers that somebody has seen the link of the first account."""
    atomic_files.write_once(data / NETWORK_FOLDER / _SHOWN, b"")


def copy_files(network: NetworkFile, folder: Path) -> str:
    """Copies the network's file and those that it names, that file last: it never names one that is
    not there yet."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    own = [*network.files, network.path]
    changed = [each for each in own if _copy(each, folder, is_first=each == network.path)]
    if not changed:
        return _("El archivo de la red ya estaba en %(folder)s.", folder=folder)
    names = ", ".join(FILE_NAME if each == network.path else each.name for each in changed)
    return _("Se guardó en %(folder)s: %(names)s.", folder=folder, names=names)


def write_environment(data: Path, environ: Mapping[str, str]) -> str:
    """Writes the variables of the installation, with a secret key; those that are there stay."""
    path = data / ENVIRONMENT
    if path.exists():
        return _("%(file)s ya estaba y queda como está.", file=path)
    values = {
        "OUTREACH_DATA": str(data),
        "OUTREACH_KEYS": str(data.with_name(data.name + "-keys")),
        "OUTREACH_NETWORK_FILE": str(data / NETWORK_FOLDER / FILE_NAME),
        "OUTREACH_SECRET_KEY": secrets.token_urlsafe(32),
    } | {name: environ[name] for name in _DATABASES if environ.get(name)}
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in values.items()]
    atomic_files.write_once(path, "".join(lines).encode())
    return _("Se escribió %(file)s, que solo tu cuenta puede leer.", file=path)


def read_config(data: Path) -> Config:
    """The settings of an installation that `write_environment` has written. Raises
    Misconfigured."""
    words = shlex.split((data / ENVIRONMENT).read_text(encoding="utf-8"), comments=True)
    return Config.from_environ(dict(each.split("=", 1) for each in words), serving=True)


def _copy(source: Path, folder: Path, *, is_first: bool) -> bool:
    """Copies a file into the folder, whole or not at all. Returns whether it was not there with the
    same content."""
    target = folder / (FILE_NAME if is_first else source.name)
    content = source.read_bytes()
    if target.is_file() and target.read_bytes() == content:
        return False
    draft = target.with_name(f".new-{secrets.token_hex(8)}")
    draft.write_bytes(content)
    draft.replace(target)
    atomic_files.sync(folder)
    return True


Loader = Callable[[Session], ImportResult]


def _read_offices(network: NetworkFile) -> Loader | None:
    """What loads the offices that the network's file names."""
    with ExitStack() as stack:
        if path := _find(network, network.offices, packaged.OFFICES, stack):
            rows = offices.read(path)
            return lambda session: offices.load(session, rows, now=clock.now())
    return None


def _read_kinds(network: NetworkFile) -> Loader | None:
    with ExitStack() as stack:
        if path := _find(network, network.kinds, packaged.KINDS, stack):
            rows = kinds.read(path)
            return lambda session: kinds.load(session, rows, now=clock.now())
    return None


def _find(network: NetworkFile, name: str, usual: str, stack: ExitStack) -> Path | None:
    if name == PACKAGED:
        return stack.enter_context(packaged.open_file(usual))
    return network.path.parent / name if name else None


def _load(store: Store, what: str, load: Loader | None) -> str:
    if load is None:
        return _("el archivo de la red no nombra ninguno")
    with store.change() as session:
        loaded = load(session)
        import_result.record_load(session, what, loaded, None, now=clock.now())
    new, changed, same = (loaded.counts[each] for each in RowOutcome)
    return _(
        "%(new)d nuevos, %(changed)d cambiados, %(same)d como estaban",
        new=new,
        changed=changed,
        same=same,
    )


def _make_account(store: Store, config: Config, email: str, shown: Path) -> str:
    """Returns the link of the first account; empty where it was printed before, or staff are
    there."""
    if shown.exists():
        return ""
    now = clock.now()
    with store.change() as session:
        if not staff.list_staff(session):
            token = administration.invite(
                session, email, Role.ADMIN, [ALL_OFFICES], by=None, now=now
            )
        elif again := _find_unused(session, email):
            token = administration.invite_again(session, again, by=None, now=now)
        else:
            return ""
    return f"{config.public_url}/org/invitacion/{token}"


def _find_unused(session: Session, email: str) -> staff.StaffMember | None:
    """The account whose link was made and perhaps not read: a run ended between the two."""
    try:
        found = staff.get_by_email(session, email)
    except NotFound:
        return None
    return found if found.is_unused and found.disabled_at is None else None


def require_address(email: str) -> None:
    """Raises Misconfigured for what is no e-mail address."""
    if not administration.is_address(email):
        raise Misconfigured(f"{email} is not an e-mail address. Write it like ana@example.org")
