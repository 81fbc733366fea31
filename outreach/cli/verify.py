"""`outreach verify`: whether a file is exactly what was published of a month."""

from pathlib import Path
from typing import Final, NoReturn, TypeVar

import click
import msgspec
import requests

from outreach.cli.context import settings
from outreach.signing import file_check
from outreach.signing.checkpoints import InvalidCheckpoint
from outreach.signing.file_check import NotPublished, PublishedAs
from outreach.signing.proofs import ConsistencyProof, RevisionLog, RevisionProof

TIMEOUT_SECONDS: Final = 20
Answer = TypeVar("Answer", RevisionLog, ConsistencyProof)
_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("path", metavar="FILE", type=_FILE)
@click.option(
    "--proof",
    "proof_path",
    metavar="PROOF.json",
    type=_FILE,
    help="A saved proof, from /api/v1/log/YYYY-MM. Nothing is asked over the network then.",
)
@click.option("--site", metavar="URL", help="Whose log; with --proof, that it only grew since.")
@click.option("--key", metavar="KEY", help="The log's public key, as you noted it once.")
def command(path: Path, proof_path: Path | None, site: str | None, key: str | None) -> None:
    """Check whether FILE is exactly what was published of a closed month.

    FILE is a CSV, JSON, XLSX or PDF as it was downloaded, under any name. It is compared with the
    public log of this installation or of --site, or with a saved proof. Exits with 1 if it differs
    in one byte. Without --key, the key that the log or the proof names is believed.

    \b
    outreach verify 2026-03-r1.csv --site https://talleres.example.org
    outreach verify 2026-03-r1.csv --proof proof.json --key "talleres.example.org/log+…"
    """
    content = path.read_bytes()
    try:
        if proof_path is None:
            found = _check_with_log(content, path.name, site or settings().public_url, key)
        else:
            found = _check_with_proof(content, proof_path, site, key)
    except (InvalidCheckpoint, NotPublished) as error:
        _fail(f"{path.name}: {error}")
    newer = f" Revision {found.newest} is newer." if found.newest > found.revision else ""
    click.echo(
        f"{path.name}: exactly what was published of {found.month}, revision {found.revision} "
        f"({found.name}, logged {found.logged_at}).{newer}"
    )


def _check_with_log(content: bytes, name: str, site: str, key: str | None) -> PublishedAs:
    log = _ask(site, "log", RevisionLog)
    newest = log.keys[-1].verifier if log.keys else ""
    return file_check.check_with_log(content, name, log, key or newest)


def _check_with_proof(
    content: bytes, proof_path: Path, site: str | None, key: str | None
) -> PublishedAs:
    try:
        proof = msgspec.json.decode(proof_path.read_bytes(), type=RevisionProof)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise NotPublished(f"{proof_path.name} is not a proof of the log.") from None
    verifier = key or proof.verifier
    found = file_check.check_with_proof(content, proof, verifier)
    if site is not None:
        growth = _ask(site, f"log/consistency?first={proof.size}", ConsistencyProof)
        file_check.check_growth(proof, growth, verifier)
    return found


def _ask(site: str, what: str, answer: type[Answer]) -> Answer:
    address = f"{site.rstrip('/')}/api/v1/{what}"
    try:
        response = requests.get(address, timeout=TIMEOUT_SECONDS)
        if response.status_code == 404:
            raise NotPublished(f"{address} has no such log.")
        response.raise_for_status()
        return msgspec.json.decode(response.content, type=answer)
    except requests.RequestException as error:
        _fail(f"{address} cannot be asked ({type(error).__name__}).")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        _fail(f"{address} does not answer as a log.")


def _fail(sentence: str) -> NoReturn:
    raise click.ClickException(sentence)
