"""Signed PDFs: pyhanko validates them, and finds any later change."""

import io
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto.keys import PrivateKeyInfo
from asn1crypto.tsp import TimeStampReq
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from flask import Flask, Response, request
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.reporting import revision_log as stored
from outreach.errors import Misconfigured
from outreach.keystore import KeyStore
from outreach.maintenance import doctor
from outreach.maintenance.check_result import CheckResult
from outreach.signing import pdf_signature, revision_log
from outreach.signing.pdf_signature import SigningIdentity
from tests.support.logged_months import APRIL, MARCH, close_march, serving

pytestmark = pytest.mark.any_database("what pyhanko says of a file")


@pytest.fixture
def march(store: Store, chicago: Office, rights: Kind, women: Kind) -> str:
    return close_march(store, chicago, rights, women)


def publish(store: Store, key_store: KeyStore, config: Config) -> bytes:
    """The Spanish PDF of March, as it is logged."""
    revision_log.append_missing(store, key_store, config, now=APRIL)
    with store.read() as session:
        found = stored.find_file(session, MARCH, 1, "es.pdf")
    assert found is not None
    return found


def convert(certificate: x509.Certificate) -> Certificate:
    return Certificate.load(certificate.public_bytes(serialization.Encoding.DER))


def validate(pdf: bytes, *roots: x509.Certificate) -> PdfSignatureStatus:
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    context = ValidationContext(trust_roots=[convert(each) for each in roots])
    return validate_pdf_signature(signature, context, ts_validation_context=context)


def make_identity(name: str, usage: x509.ObjectIdentifier | None = None) -> SigningIdentity:
    """A key with a certificate that signs itself, as an operator may have."""
    # The stamper of pyhanko signs with RSA only.
    key = (
        ec.generate_private_key(ec.SECP256R1())
        if usage is None
        else rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    bits = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
         "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(
            x509.KeyUsage(digital_signature=True, content_commitment=True, **bits), critical=True
        )
    )
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
    return SigningIdentity(key, builder.sign(key, hashes.SHA256()))


def write_pem(path: Path, identity: SigningIdentity) -> Path:
    path.write_bytes(
        identity.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + identity.certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_pdf_is_signed_with_the_certificate_of_the_installation(
    store: Store, key_store: KeyStore, config: Config, march: str
) -> None:
    pdf = publish(store, key_store, replace(config, controller="Red de pruebas"))
    identity = pdf_signature.make_identity(key_store, "Red de pruebas")
    status = validate(pdf, identity.certificate)
    assert status.bottom_line, status.summary()
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert status.signing_cert.subject.native["common_name"] == "Red de pruebas"
    again = pdf_signature.make_identity(key_store, "Red de pruebas")
    assert again.certificate == identity.certificate


def test_any_altered_byte_of_a_signed_pdf_breaks_its_signature(
    store: Store, key_store: KeyStore, config: Config, march: str
) -> None:
    pdf = publish(store, key_store, config)
    identity = pdf_signature.make_identity(key_store, config.data_source)
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    start, length, _start, _length = signature.byte_range
    for place in range(len(b"%PDF-1.7") + 10, start + length - 2000, 4001):
        wrong = pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :]
        try:
            status = validate(wrong, identity.certificate)
        except Exception:
            continue
        assert not status.bottom_line, place
    assert validate(pdf, identity.certificate).bottom_line


def test_operator_gives_a_certificate(
    store: Store, key_store: KeyStore, config: Config, march: str, tmp_path: Path
) -> None:
    identity = make_identity("Secretaría de pruebas")
    path = write_pem(tmp_path / "signer.pem", identity)
    pdf = publish(store, key_store, replace(config, pdf_certificate=path))
    assert validate(pdf, identity.certificate).bottom_line
    own = pdf_signature.make_identity(key_store, config.data_source)
    assert not validate(pdf, own.certificate).trusted


@pytest.mark.parametrize("content", ["", "no PEM", "key only", "another certificate"])
def test_certificate_that_cannot_sign_is_refused(tmp_path: Path, content: str) -> None:
    path, identity = tmp_path / "signer.pem", make_identity("One")
    other = replace(identity, certificate=make_identity("Two").certificate)
    write_pem(path, other)
    if content == "key only":
        path.write_text(path.read_text().partition("-----BEGIN CERT")[0])
    elif content != "another certificate":
        path.write_text(content)
    with pytest.raises(Misconfigured, match="OUTREACH_PDF_CERTIFICATE"):
        pdf_signature.read_identity(path)


def serve_time(identity: SigningIdentity) -> Flask:
    """A time stamp authority (RFC 3161, 3.4)."""
    key = identity.key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    stamper = DummyTimeStamper(convert(identity.certificate), PrivateKeyInfo.load(key))
    app = Flask("time stamps")

    @app.post("/")
    def stamp() -> Response:
        answer = stamper.request_tsa_response(TimeStampReq.load(request.data))
        return Response(answer.dump(), mimetype="application/timestamp-reply")

    return app


def test_time_stamp_authority_confirms_the_time(
    store: Store, key_store: KeyStore, config: Config, march: str
) -> None:
    authority = make_identity("Time", ExtendedKeyUsageOID.TIME_STAMPING)
    with serving(serve_time(authority)) as url:
        pdf = publish(store, key_store, replace(config, timestamp_url=url))
    own = pdf_signature.make_identity(key_store, config.data_source)
    status = validate(pdf, own.certificate, authority.certificate)
    assert status.bottom_line, status.summary()
    assert status.timestamp_validity is not None
    assert status.timestamp_validity.intact


def test_without_answer_of_the_authority_it_is_signed_all_the_same(
    store: Store, key_store: KeyStore, config: Config, march: str
) -> None:
    pdf = publish(store, key_store, replace(config, timestamp_url="http://127.0.0.1:1/"))
    own = pdf_signature.make_identity(key_store, config.data_source)
    status = validate(pdf, own.certificate)
    assert status.bottom_line
    assert status.timestamp_validity is None


def test_without_the_extra_nothing_is_signed() -> None:
    program = (
        "import sys; sys.modules['pyhanko'] = None\n"
        "from outreach.signing import pdf_signature, revision_log\n"
        "assert not pdf_signature.is_installed()\n"
        "assert pdf_signature.sign_files({'es.pdf': b'x'}, None, None) == {'es.pdf': b'x'}\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.thorough
def test_server_does_not_load_the_library() -> None:
    program = "import outreach.app, outreach.cli.worker, sys; print('pyhanko' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout == "False\n"


def test_doctor_says_whether_pdfs_are_signed(config: Config, store: Store, tmp_path: Path) -> None:
    def examine(**changes: object) -> dict[str, CheckResult]:
        found = doctor.examine(replace(config, **changes))  # type: ignore[arg-type]  # any fields
        return {each.about: each for each in found}

    assert "signed PDFs" not in examine()
    path = write_pem(tmp_path / "signer.pem", make_identity("One"))
    assert examine(pdf_certificate=path)["signed PDFs"].is_well
    path.write_text("no PEM")
    assert not examine(pdf_certificate=path)["signed PDFs"].is_well
