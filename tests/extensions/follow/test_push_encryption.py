"""Encryption and signatures of Web Push, against the RFC's example and `http-ece`."""

import json
import secrets
from datetime import timedelta

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.extensions.follow import push_delivery, push_encryption, vapid
from outreach.extensions.follow.push_subscriptions import PushRule
from outreach.extensions.follow.vapid import MAX_KEPT, VapidSigner
from outreach.keystore import KeyStore, MasterKeys
from tests.extensions.follow.push_service import Push, PushBrowser, to_bytes

# RFC 8291, appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
RECEIVER = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
MESSAGE = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS"
    "6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qu"
    "lcy4a-fN"
)


def test_example_of_the_rfc_is_written_to_the_byte() -> None:
    sender = ec.derive_private_key(int.from_bytes(to_bytes(SENDER), "big"), ec.SECP256R1())
    body = push_encryption.encrypt(
        PLAIN, to_bytes(RECEIVER), to_bytes(AUTH), sender=sender, salt=to_bytes(SALT), length=0
    )
    assert body == to_bytes(MESSAGE)


@pytest.mark.parametrize("size", [0, 1, 100, 511, 512, 2000])
def test_browser_decrypts_what_was_encrypted(size: int) -> None:
    browser, text = PushBrowser("https://fcm.googleapis.com"), secrets.token_bytes(size)
    body = push_encryption.encrypt(text, to_bytes(browser.fields["push_key"]), browser.auth)
    plain = http_ece.decrypt(
        body, private_key=browser.key, auth_secret=browser.auth, version="aes128gcm"
    )
    assert plain == text


def test_length_tells_nothing_and_two_messages_share_nothing() -> None:
    key = to_bytes(RECEIVER)
    bodies = [push_encryption.encrypt(each, key, to_bytes(AUTH)) for each in (b"a", b"b" * 300)]
    assert len({len(each) for each in bodies}) == 1
    assert bodies[0][:86] != bodies[1][:86], "salt and sender's key"


def test_text_that_fits_into_no_record_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        push_encryption.encrypt(b"x" * 4080, to_bytes(RECEIVER), to_bytes(AUTH))


@pytest.mark.parametrize("key", [b"", b"\4" * 65, b"\4" + b"\0" * 64, to_bytes(RECEIVER)[:64]])
def test_key_that_is_no_point_is_refused(key: bytes) -> None:
    assert not push_encryption.is_public_key(key)
    assert push_encryption.is_public_key(to_bytes(RECEIVER))


def test_signature_is_of_the_key_store_and_for_one_service(key_store: KeyStore) -> None:
    now = clock.now()
    signer = VapidSigner(key_store, "mailto:avisos@example.org")
    again = VapidSigner(key_store, "mailto:avisos@example.org")
    assert signer.public_key == again.public_key
    value = signer.authorize("https://fcm.googleapis.com/fcm/send/x", now=now)
    push = Push("/", {"Authorization": value}, b"")
    claims = push.read_claims("https://fcm.googleapis.com")
    assert claims["sub"] == "mailto:avisos@example.org"
    assert signer.authorize("https://fcm.googleapis.com/other", now=now) == value, "it is kept"
    later = signer.authorize("https://fcm.googleapis.com/x", now=now + timedelta(hours=7))
    assert later != value
    other = signer.authorize("https://web.push.apple.com/x", now=now)
    assert json.loads(to_bytes(other.split(".")[1]))["aud"] == "https://web.push.apple.com"


def test_signatures_for_many_hosts_are_not_all_kept(key_store: KeyStore) -> None:
    """Strangers type names of hosts below those of a service."""
    signer = VapidSigner(key_store, "mailto:avisos@example.org")
    for number in range(3 * MAX_KEPT):
        signer.authorize(f"https://x{number}.notify.windows.com/w", now=clock.now())
    assert signer.kept_count <= MAX_KEPT


@pytest.mark.parametrize(
    ("endpoint", "is_valid"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/x", True),
        ("https://web.push.apple.com/QG", True),
        ("https://wns2-by3p.notify.windows.com/w/?token=x", True),
        ("http://fcm.googleapis.com/x", False),
        ("https://fcm.googleapis.com.evil.example/x", False),
        ("https://evilfcm.googleapis.com/x", False),
        ("https://notify.windows.com.example/x", False),
        ("https://127.0.0.1/x", False),
        ("https://fcm.googleapis.com/" + "x" * 600, False),
    ],
)
def test_only_push_services_of_browsers_are_accepted(endpoint: str, is_valid: bool) -> None:
    assert PushRule().is_valid(endpoint) is is_valid


def test_base64_of_addresses_is_read_strictly() -> None:
    assert vapid.decode(vapid.encode(b"\xff\xfe")) == b"\xff\xfe"
    for wrong in ("a b", "ñ", "A", "+/=="):
        with pytest.raises(ValueError, match=r"."):
            vapid.decode(wrong)


def test_each_installation_signs_by_a_key_of_its_own(
    config: Config, second_config: Config, key_store: KeyStore
) -> None:
    second = Store(second_config.keyring_url)
    signers = [
        push_delivery.make_signer(each, config)
        for each in (key_store, KeyStore(second, MasterKeys(second_config.keys)))
    ]
    assert signers[0].public_key != signers[1].public_key
    second.close()
