"""The checks of `outreach doctor`, one result a line."""

import stat
from collections.abc import Iterable, Iterator
from datetime import timedelta
from importlib import metadata
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock, extension_points, migrations
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import outbox
from outreach.domain.joint import partner_networks
from outreach.domain.network import advocate_review, help_lines, staff
from outreach.domain.newsletter import mailings
from outreach.domain.reporting import revision_log as entries
from outreach.domain.roster import roster_letters
from outreach.domain.scheduling import timezone_update
from outreach.errors import Misconfigured
from outreach.keystore import KeyStore, MasterKeys
from outreach.mail import delivery
from outreach.mail.text_budget import TextBudget
from outreach.maintenance import audit_check, host_checks, keystore_check, proxy_check
from outreach.maintenance.check_result import CheckResult
from outreach.migrations import Database, schema_state
from outreach.signing import pdf_signature, revision_log

LATE_AFTER: Final = timedelta(minutes=75)  # what a person caused is due at the hour (S33)


def examine(config: Config) -> Iterator[CheckResult]:
    """Yields the results one by one; changes nothing."""
    yield CheckResult("zone rules", True, f"tzdata {metadata.version('tzdata')}")
    yield from _settings(config)
    if config.public_url.startswith("https://") and not config.is_demo:
        yield proxy_check.examine(config.public_url)
    yield from _folders(config)
    stores = {
        Database.MAIN: Store(config.database_url),
        Database.KEY_STORE: Store(config.keyring_url),
    }
    try:
        are_current = True
        for base, store in stores.items():
            finding = _schema(config, base, store)
            are_current = are_current and finding.is_well
            yield finding
        if are_current:
            with stores[Database.MAIN].read() as session:
                yield from _outbox(session)
                yield _admins(session)
                yield _advocate_review(session)
                yield _help_lines(session)
                yield _hours(session)
                yield from _partner_networks(session)
                yield host_checks.worker(session, clock.now())
                yield from host_checks.clocks(config, stores[Database.MAIN], session, clock.now())
            yield _extensions(config, stores.values())
            key_store = KeyStore(stores[Database.KEY_STORE], MasterKeys(config.keys))
            if config.texts.url:
                yield _texts(config, key_store)
            if config.voice.secret:
                yield _phone_line(config)
            yield audit_check.examine(stores[Database.MAIN], key_store)
            yield _revision_log(stores[Database.MAIN])
            yield from keystore_check.examine(stores[Database.MAIN], key_store, now=clock.now())
    finally:
        for store in stores.values():
            store.close()


def examine_start(config: Config) -> list[CheckResult]:
    """Returns what is not well and can be seen at once, before the site is served."""
    store = Store(config.database_url)
    try:
        with store.read() as session:
            found = [*_settings(config), *_folders(config), _admins(session)]
    finally:
        store.close()
    return [each for each in found if each.state != "well"]


def _pdf_signature(config: Config) -> CheckResult:
    try:
        if config.pdf_certificate is not None:
            pdf_signature.read_identity(config.pdf_certificate)
    except Misconfigured as error:
        return CheckResult("signed PDFs", False, str(error))
    words = "signed" if pdf_signature.is_installed() else "not signed: install outreach[signed]"
    return CheckResult("signed PDFs", pdf_signature.is_installed(), words)


def _revision_log(store: Store) -> CheckResult:
    with store.read() as session:
        errors = list(revision_log.find_errors(session))
        count = len(entries.list_entries(session))
    if errors:
        words = f"{'; '.join(errors)}. See: outreach guide verify"
        return CheckResult("log of revisions", False, words)
    return CheckResult("log of revisions", True, f"{count} entries, as signed")


def _settings(config: Config) -> Iterator[CheckResult]:
    if not config.public_url.startswith("https://") and not config.is_demo:
        yield CheckResult(
            "public address", False, "not https: set OUTREACH_PUBLIC_URL to the address people type"
        )
    else:
        yield CheckResult("public address", True, config.public_url)
    if config.public_url.startswith("https://") and not config.trusted_proxies:
        words = "all visitors share its address: set OUTREACH_TRUSTED_PROXIES to how many there are"
        yield CheckResult("proxy", True, words, is_warning=True)
    fault = delivery.explain_failure(config)
    yield CheckResult("mail", not fault, fault or "letters are sent")
    if config.pdf_certificate is not None or config.timestamp_url:
        yield _pdf_signature(config)
    promise = "made on every page" if config.promise_no_sharing else "not made"
    yield CheckResult("promise not to share data", True, promise)


def _folders(config: Config) -> Iterator[CheckResult]:
    try:
        config.make_folders()
    except OSError as error:
        yield CheckResult("folders", False, f"{error.filename} cannot be read")
        return
    yield from host_checks.disks(config)
    key_files = (
        config.keys,
        *config.keys.glob("master-*"),
        config.keys / "secret-key",
        *_key_store_file(config),
    )
    yield _modes("key files", config.keys, key_files)
    folders = [config.data, *([config.mail_folder] if config.mail_folder else [])]
    yield _modes("data files", config.data, [*folders, *config.data.glob("outreach.db*")])


def _modes(about: str, folder: Path, paths: Iterable[Path]) -> CheckResult:
    """Whether other accounts of the host can read the files."""
    open_to_others = [
        path.name for path in paths if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    if not open_to_others:
        return CheckResult(about, True, f"closed to others, in {folder}")
    names = ", ".join(open_to_others)
    return CheckResult(about, False, f"others can read {names}: chmod -R go-rwx {folder}")


def _key_store_file(config: Config) -> Iterator[Path]:
    """The file of the key store, if it is outside the folder of keys."""
    path = Path(config.keyring_url.removeprefix("sqlite:///"))
    if config.keyring_url.startswith("sqlite") and path.parent != config.keys:
        yield path


def _schema(config: Config, base: Database, store: Store) -> CheckResult:
    about = f"database ({base})"
    try:
        if fault := migrations.fault(base, store, config.extensions):
            return CheckResult(about, False, fault)
        if differences := migrations.differences(base, store):
            words = f"differs from the program in {len(differences)} ways"
            return CheckResult(about, False, words)
    except sa.exc.DBAPIError as error:
        return CheckResult(about, False, f"cannot be reached ({type(error.orig).__name__})")
    return CheckResult(about, True, "up to date")


def _extensions(config: Config, stores: Iterable[Store]) -> CheckResult:
    """Whether somebody erases what each extension that has tables stored about people."""
    with_tables = frozenset[str]().union(
        *(
            schema_state.list_extensions(sa.inspect(each.engine).get_table_names())
            for each in stores
        )
    )
    gone = sorted(with_tables.difference(extension_points.list_installed()))
    if gone:
        words = (
            f"not installed, but here are tables of {', '.join(gone)}: nothing erases what is in "
            "them about people. Install it again; it may stay off"
        )
        return CheckResult("extensions", False, words)
    off = sorted(with_tables.difference(config.extensions))
    words = f"on: {', '.join(config.extensions) or 'none'}"
    return CheckResult(
        "extensions", True, f"{words}; off, with tables: {', '.join(off)}" if off else words
    )


def _outbox(session: Session) -> Iterator[CheckResult]:
    before = clock.now() - LATE_AFTER
    late = sum(each.count_late(session, before) for each in (outbox.LETTERS, *_OTHER_OUTBOXES))
    words = f"{late} letters late by an hour and a quarter or more"
    if late:
        backlogs = (each.backlog(session, now=before) for each in _OTHER_OUTBOXES)
        oldest = sum(backlogs, outbox.backlog(session, now=before)).oldest_due_at
        minutes = int((clock.now() - (oldest or before)).total_seconds() // 60)
        words += (
            f", the oldest by {minutes} minutes. See the lines on mail and the worker, and the log"
        )
    yield CheckResult("outbox", not late, words)
    if dead := outbox.count_dead(session) + sum(
        each.count_dead(session) for each in _OTHER_OUTBOXES
    ):
        words = f"{dead}: an address is wrong, or the mail server refuses us"
        yield CheckResult("letters given up", False, words)


_OTHER_OUTBOXES: Final = (mailings.OUTBOX, roster_letters.OUTBOX)


def _texts(config: Config, key_store: KeyStore) -> CheckResult:
    usage = TextBudget(config, key_store).usage()
    words = f"{usage.sent} of {usage.a_day} of a day are sent (OUTREACH_TEXTS_A_DAY)"
    if usage.is_used_up:
        return CheckResult("texts", False, f"{words}; all but warnings wait")
    return CheckResult("texts", True, words, is_warning=usage.is_high)


def _phone_line(config: Config) -> CheckResult:
    """Asks whether the gateway keeps calls, which only who runs it knows."""
    about = "phone line"
    if config.voice.logs_off:
        return CheckResult(about, True, "recording and logs of the gateway are said to be off")
    words = (
        "are recording, transcripts and logs of calls off at the gateway? Then set"
        " OUTREACH_VOICE_LOGS_OFF=1"
    )
    return CheckResult(about, True, words, is_warning=True)


def _hours(session: Session) -> CheckResult:
    """Checks the stored hours of workshops ahead; past ones are corrected by the next `outreach
    retime`."""
    yesterday = clock.now().date() - timedelta(days=1)
    wrong = sum(1 for _ in timezone_update.find_stale(session, since=yesterday))
    if wrong:
        words = f"workshops ahead stored by older zone rules: {wrong}. Run: outreach retime"
        return CheckResult("stored hours", False, words)
    return CheckResult("stored hours", True, "as the zone rules say")


def _advocate_review(session: Session) -> CheckResult:
    about, review = "local advocate", advocate_review.find(session)
    if advocate_review.is_due(session, today=clock.now().date()):
        what = f"last on {review.day}" if review else "never"
        words = (
            f"discreet kinds are open and were reviewed {what}: record it at /org/ajustes/revision"
        )
        return CheckResult(about, True, words, is_warning=True)
    return CheckResult(about, True, f"reviewed on {review.day}" if review else "no discreet kind")


def _help_lines(session: Session) -> CheckResult:
    """Checks whether somebody has lately compared the numbers that pages give with their source."""
    today = clock.now().date()
    shown = [each for each in help_lines.list_lines(session) if not each.is_withdrawn]
    due = [each for each in shown if each.is_due(today)]
    if not due:
        return CheckResult("help lines", True, f"{len(shown)} numbers checked of late")
    listed = ", ".join(f"{each.code} on {each.checked_on}" for each in due)
    words = f"last checked: {listed}. Check them at /org/ajustes/lineas"
    is_outdated = any(each.is_outdated(today) for each in due)
    return CheckResult("help lines", not is_outdated, words, is_warning=True)


def _partner_networks(session: Session) -> Iterator[CheckResult]:
    """Yields a result for each network whose workshops this site shows, or hides because it was not
    heard of."""
    now = clock.now()
    for each in partner_networks.list_networks(session):
        about = f"joint workshops of {each.host}"
        if not each.is_shown(now):
            words = f"hidden: nothing good came since {each.generated_at:%Y-%m-%d %H:%M} UTC. "
            yield CheckResult(about, False, words + (each.fault or "Does the worker run?"))
        else:
            words = each.fault or f"{partner_networks.count_workshops(session, each)} workshops"
            yield CheckResult(about, True, words, is_warning=bool(each.fault))


def _admins(session: Session) -> CheckResult:
    admins = staff.count_admins(session)
    if not admins:
        return CheckResult("accounts", False, "no admin. Run: outreach user add YOU@… --role admin")
    return CheckResult("accounts", True, f"{admins} with the role admin")
