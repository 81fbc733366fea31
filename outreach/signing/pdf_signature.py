"""Signs the PDFs of closed months (PAdES), where the optional extra `signed` is installed.

The certificate is the operator's (`OUTREACH_PDF_CERTIFICATE`), or one of the installation that
signs itself: its key is derived from the key store's own key, as that of the log. With
`OUTREACH_TIMESTAMP_URL` a time stamp authority confirms the time (RFC 3161).
"""

import importlib.util
import io
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from outreach.config import Config
from outreach.errors import Misconfigured
from outreach.keystore import KeyStore

if TYPE_CHECKING:
    from asn1crypto.x509 import Certificate
    from pyhanko.sign.signers import SimpleSigner

log = logging.getLogger(__name__)

_PURPOSE: Final = "signature of documents"
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # P-256
# Our own certificate has fixed days, so that the same key and name give the same one.
_VALID_FROM: Final = datetime(2020, 1, 1, tzinfo=UTC)
_VALID_UNTIL: Final = datetime(2099, 12, 31, tzinfo=UTC)
_MAX_NAME: Final = 64  # the limit of X.509
TIMEOUT_SECONDS: Final = 20

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class SigningIdentity:
    """A private key, its certificate and those of its issuers."""

    key: PrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()


def is_installed() -> bool:
    return importlib.util.find_spec("pyhanko") is not None


def sign_files(
    files: Mapping[str, bytes], config: Config, key_store: KeyStore
) -> Mapping[str, bytes]:
    """Returns the files by name, each PDF signed; without the extra they stay as they are. Raises
    Misconfigured."""
    if not is_installed():
        return files
    if config.pdf_certificate is not None:
        identity = read_identity(config.pdf_certificate)
    else:
        identity = make_identity(key_store, config.data_source)
    return {
        name: sign(content, identity, timestamp_url=config.timestamp_url)
        if name.endswith(".pdf")
        else content
        for name, content in files.items()
    }


def read_identity(path: Path) -> SigningIdentity:
    """The private key and the certificates of a PEM file, that of the key first. Raises
    Misconfigured."""
    try:
        content = path.read_bytes()
        key = serialization.load_pem_private_key(content, password=None)
        certificate, *chain = x509.load_pem_x509_certificates(content)
    except (OSError, TypeError, ValueError):
        raise Misconfigured(
            "OUTREACH_PDF_CERTIFICATE has to be a PEM file with a private key without a password "
            "and its certificates."
        ) from None
    if not isinstance(key, PrivateKey) or certificate.public_key() != key.public_key():
        raise Misconfigured(
            "OUTREACH_PDF_CERTIFICATE: the first certificate has to be that of the key, RSA or EC."
        )
    return SigningIdentity(key, certificate, tuple(chain))


def make_identity(key_store: KeyStore, name: str) -> SigningIdentity:
    """The certificate of the installation, which signs itself."""
    number = int.from_bytes(key_store.own_key(_PURPOSE), "big")
    key = ec.derive_private_key(number % (_ORDER - 1) + 1, ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_MAX_NAME])])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=False, crl_sign=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(identifier.digest[:16], "big") + 1)
        .not_valid_before(_VALID_FROM)
        .not_valid_after(_VALID_UNTIL)
        .add_extension(identifier, critical=False)
        .add_extension(usage, critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    )
    return SigningIdentity(key, certificate)


def sign(pdf: bytes, identity: SigningIdentity, *, timestamp_url: str = "") -> bytes:
    """The PDF with a certification signature, which allows no later change. If the time stamp
    authority does not answer, it is signed without a time stamp: the log has the time too."""
    # Imported here: with aiohttp, which it needs, it takes half a second.
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers
    from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
    from pyhanko.sign.timestamps import HTTPTimeStamper, TimestampRequestError

    metadata = signers.PdfSignatureMetadata(
        field_name="Signature",
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    signer = _make_signer(identity)

    def write(timestamper: HTTPTimeStamper | None) -> bytes:
        out = io.BytesIO()
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        signers.sign_pdf(writer, metadata, signer=signer, timestamper=timestamper, output=out)
        return out.getvalue()

    if timestamp_url:
        try:
            return write(HTTPTimeStamper(timestamp_url, timeout=TIMEOUT_SECONDS))
        except TimestampRequestError as error:
            log.warning("the time stamp authority does not answer: %s", type(error).__name__)
    return write(None)


def _make_signer(identity: SigningIdentity) -> "SimpleSigner":
    from asn1crypto.keys import PrivateKeyInfo
    from asn1crypto.x509 import Certificate
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    def convert(certificate: x509.Certificate) -> "Certificate":
        return Certificate.load(certificate.public_bytes(serialization.Encoding.DER))

    key = identity.key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # its __init__ has no types
    registry.register_multiple([convert(each) for each in identity.chain])
    return SimpleSigner(
        signing_cert=convert(identity.certificate),
        signing_key=PrivateKeyInfo.load(key),
        cert_registry=registry,
    )
