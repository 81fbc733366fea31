"""The settings of an installation, read once when the program starts."""

import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import platformdirs

from outreach import atomic_files, clock, database_urls, languages, logs, network_file
from outreach.brand import Brand
from outreach.countries import packs
from outreach.environment import Environment
from outreach.errors import Misconfigured
from outreach.loopback import is_loopback
from outreach.network_file import GENERAL, NetworkFile
from outreach.network_profile import NetworkProfile, OfficeRank
from outreach.setting_checks import (
    are_countries,
    are_country_codes,
    are_locales,
    has_holidays,
    is_address,
    is_site,
    is_subset,
    split_address,
)

_DATABASE: Final = (
    "has to start with sqlite:/// or postgresql+psycopg:// and to name a database; "
    "an @ or / in a password is written %40 or %2F"
)
_LONG_WORD: Final = "has to be 16 to 200 characters without spaces"
# How a gateway brings what people answer (`outreach.answers.adapters`).
ANSWER_DIALECTS: Final = ("plain", "twilio", "vonage")
WHATSAPP_BODY: Final = (
    '{"messaging_product": "whatsapp", "to": "{to}", "type": "text", "text": {"body": "{text}"}}'
)
_LOCAL_HOST: Final = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Requests that one network address may send in ten minutes (S09). Households, waiting rooms
    and mobile carriers share an address."""

    posts: int = 600
    malformed_posts: int = 60
    look_ups: int = 60
    sign_ins: int = 10  # with one account


@dataclass(frozen=True, kw_only=True)
class Texts:
    """An HTTP gateway for text messages, one a request. `{to}` and `{text}` in its URL or body
    stand for the phone, as +13125550142, and the text."""

    url: str = field(repr=False, default="")
    method: str = "POST"
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    body: str = field(repr=False, default="")
    seconds: int = 20  # to wait for a response
    countries: tuple[str, ...] = NetworkProfile().phone_countries  # whose phones we send texts to
    a_day: int = 1000  # texts sent in a day, then the others wait

    @property
    def is_json(self) -> bool:
        """Whether the body is JSON; otherwise it is a form."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        content_type = headers.get("content-type")
        return "json" in content_type if content_type else self.body.lstrip().startswith("{")


@dataclass(frozen=True, kw_only=True)
class VoiceLine:
    """A telephone gateway that answers calls with what `/voz` says; none without a secret."""

    secret: str = field(repr=False, default="")  # with which the gateway signs
    number: str = ""  # that people call, as it is printed
    logs_off: bool = False  # whether recording and logs of the gateway are known to be off


@dataclass(frozen=True, kw_only=True)
class TextAnswers:
    """How the gateway brings what people answer by text."""

    dialect: str = "plain"  # one of ANSWER_DIALECTS
    secret: str = field(repr=False, default="")  # by which its requests are known; empty: off

    @property
    def is_on(self) -> bool:
        return bool(self.secret)


@dataclass(frozen=True, kw_only=True)
class WhatsApp:
    """A number of the WhatsApp Business Platform to which people write first."""

    secret: str = field(repr=False, default="")  # with which the app signs requests; empty: off
    verify_token: str = field(repr=False, default="")  # shown once, when the address is set up
    url: str = field(repr=False, default="")  # where replies are sent, with headers and body
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    body: str = field(repr=False, default="")

    @property
    def is_on(self) -> bool:
        return bool(self.secret)

    def gateway(self, countries: tuple[str, ...]) -> Texts:
        """The gateway of replies to phones of these countries."""
        return Texts(url=self.url, headers=self.headers, body=self.body, countries=countries)


@dataclass(frozen=True, kw_only=True)
class Oidc:
    """An OpenID Connect provider for staff sign-in."""

    issuer: str = ""
    client_id: str = ""
    client_secret: str = field(repr=False, default="")
    label: str = ""  # its name on the sign-in page


@dataclass(frozen=True, kw_only=True)
class Config:
    """All settings. They are passed to the functions that need them and never read again."""

    name: str = ""  # set where the installation has several networks (`networks`)
    # Those that were set, by their whole names; extensions read theirs (`extension_settings`).
    variables: Mapping[str, str] = field(repr=False, default_factory=dict)
    data: Path
    keys: Path
    database_url: str = field(repr=False)
    keyring_url: str = field(repr=False)
    public_url: str = "http://localhost:8000"
    secret_key: str = field(repr=False, default="")
    smtp_url: str = field(repr=False, default="")
    smtp_tls: bool = False  # require TLS, also on this machine
    smtp_ca_file: Path | None = None
    smtp_seconds: int = 30  # to wait for each response of the server
    mail_from: str = ""
    mail_name: str = "Talleres"
    texts: Texts = field(default_factory=Texts)
    voice: VoiceLine = field(default_factory=VoiceLine)
    answers: TextAnswers = field(default_factory=TextAnswers)
    whatsapp: WhatsApp = field(default_factory=WhatsApp)
    mail_folder: Path | None = None
    quick_exit_url: str = ""
    brand: str = "Talleres"
    controller: str = ""
    contact: str = ""
    data_licence: str = "CC-BY-4.0"  # an identifier of SPDX, for the open data
    pdf_certificate: Path | None = None  # PEM: who signs PDFs of closed months, and the key
    timestamp_url: str = ""  # an authority that stamps PDFs with the time (RFC 3161)
    privacy_url: str = ""
    phone: str = ""
    network_file: Path | None = None  # the network's file, which gives what no variable does
    languages: tuple[str, ...] = NetworkProfile.languages
    countries: tuple[str, ...] = NetworkProfile.countries
    home_country: str = NetworkProfile.home_country
    locales: tuple[str, ...] = NetworkProfile.locales
    headquarters_zone: str = NetworkProfile.headquarters_zone
    help_lines: Path | None = None
    vocabulary: str = NetworkProfile.vocabulary
    look: Brand = field(default_factory=Brand)  # read from the network's file, as are the ranks
    ranks: tuple[OfficeRank, ...] = NetworkProfile.ranks
    security_contact: str = ""
    trusted_proxies: int = 0
    promise_no_sharing: bool = False
    promise_no_police: bool = False
    plain_feeds: bool = False  # send feeds uncompressed
    extensions: tuple[str, ...] = ()  # the names of those that are on, in their order
    listen: str = "127.0.0.1"
    pool_size: int = 4  # connections to PostgreSQL a process, one a thread
    log: str = "text"  # or "json"
    metrics_token: str = field(repr=False, default="")  # empty: no metrics are served
    is_demo: bool = False
    limits: Limits = field(default_factory=Limits)
    oidc: Oidc = field(default_factory=Oidc)

    @property
    def is_postgresql(self) -> bool:
        return self.database_url.startswith("postgresql")

    @property
    def profile(self) -> NetworkProfile:
        """What the rest of the program asks `network_profile` for."""
        return NetworkProfile(
            name=self.name,
            languages=self.languages,
            brand=self.look,
            ranks=self.ranks,
            countries=self.countries,
            home_country=self.home_country,
            locales=self.locales,
            headquarters_zone=self.headquarters_zone,
            help_lines=self.help_lines,
            vocabulary=self.vocabulary,
            extensions=self.extensions,
        )

    @property
    def network_names(self) -> tuple[str, ...]:
        """What people know this network by: its brand, and who answers for it."""
        return tuple(filter(None, (self.brand, self.controller)))

    @property
    def data_source(self) -> str:
        """The name that those who use the open data give as their source."""
        return self.controller or self.brand

    @property
    def host(self) -> str:
        """The host of the public address, with its port if it has one."""
        return urlsplit(self.public_url).netloc.lower()

    def answers_to(self, host: str) -> bool:
        """Whether a request may have this `Host`: that of the public URL, or a local name while the
        server listens on loopback only. Of several networks, none owns the local names."""
        if host.lower() == self.host:
            return True
        if self.name:
            return False
        # The whole of it: parsers disagree about which part of «evil@localhost» is the host.
        return self.listens_on_loopback and _LOCAL_HOST.fullmatch(host.lower()) is not None

    @property
    def listens_on_loopback(self) -> bool:
        return is_loopback(self.listen)

    @classmethod
    def from_environ(
        cls, environ: Mapping[str, str] = os.environ, *, serving: bool = False
    ) -> "Config":
        """Reads the variables `OUTREACH_…`; absent ones have their defaults.

        With `serving`, what a public site needs is required: PUBLIC_URL, MAIL_FROM, CONTROLLER, and
        KEYRING_URL with PostgreSQL. Raises Misconfigured with all faults, one a line.
        """
        network = _read_network(environ)
        read = Environment(environ if network is None else {**network.settings, **environ})
        data = Path(read.text("DATA", platformdirs.user_data_dir("outreach"))).expanduser()
        keys = Path(read.text("KEYS", str(data.with_name(data.name + "-keys")))).expanduser()
        profile = _profile(read, network)
        database_url = read.checked(
            "DATABASE_URL",
            f"sqlite:///{data / 'outreach.db'}",
            database_urls.is_valid,
            _DATABASE,
        )
        keyring_url = read.checked(
            "KEYRING_URL",
            f"sqlite:///{keys / 'keyring.db'}",
            database_urls.is_valid,
            _DATABASE,
        )
        found = cls(
            variables=Environment(environ).list_variables(),
            data=data,
            keys=keys,
            database_url=database_url,
            keyring_url=keyring_url,
            public_url=read.checked(
                "PUBLIC_URL",
                cls.public_url,
                is_site,
                "has to be like https://talleres.example.org",
            ).rstrip("/"),
            secret_key=read.text("SECRET_KEY", ""),
            smtp_url=read.checked(
                "SMTP_URL", "", _is_mail_server, "has to be like smtp://user:pass@host:587"
            ),
            smtp_tls=read.flag("SMTP_TLS"),
            smtp_ca_file=read.file("SMTP_CA_FILE"),
            smtp_seconds=read.seconds("SMTP_SECONDS", cls.smtp_seconds),
            mail_from=read.checked("MAIL_FROM", "", is_address, "has to be an e-mail address"),
            mail_name=read.checked(
                "MAIL_NAME", cls.mail_name, str.isprintable, "has to be one line of plain text"
            ),
            texts=_texts(read, profile.phone_countries),
            voice=_voice(read),
            answers=_answers(read),
            whatsapp=_whatsapp(read),
            mail_folder=read.path("MAIL_FOLDER"),
            quick_exit_url=read.checked(
                "QUICK_EXIT_URL", "", is_site, "has to be an https address"
            ),
            brand=read.text("BRAND", cls.brand),
            controller=read.text("CONTROLLER", ""),
            contact=read.text("CONTACT", ""),
            data_licence=read.checked(
                "DATA_LICENCE",
                cls.data_licence,
                _is_licence,
                "has to be an identifier of SPDX, like CC-BY-4.0",
            ),
            pdf_certificate=read.file("PDF_CERTIFICATE"),
            timestamp_url=read.checked(
                "TIMESTAMP_URL", "", is_site, "has to be like http://timestamp.example.org"
            ),
            privacy_url=read.checked("PRIVACY_URL", "", is_site, "has to be an https address"),
            phone=read.text("PHONE", ""),
            network_file=network.path if network else None,
            languages=profile.languages,
            look=profile.brand,
            ranks=profile.ranks,
            countries=profile.countries,
            home_country=profile.home_country,
            locales=profile.locales,
            headquarters_zone=profile.headquarters_zone,
            help_lines=profile.help_lines,
            vocabulary=profile.vocabulary,
            security_contact=read.checked(
                "SECURITY_CONTACT",
                "",
                _is_contact,
                "has to be like mailto:seguridad@example.org or https://example.org/report",
            ),
            trusted_proxies=read.number("TRUSTED_PROXIES", 0),
            promise_no_sharing=read.flag("PROMISE_NO_SHARING"),
            promise_no_police=read.flag("PROMISE_NO_POLICE"),
            plain_feeds=read.flag("PLAIN_FEEDS"),
            extensions=tuple(read.text("EXTENSIONS", "").split()),
            listen=read.text("LISTEN", cls.listen),
            pool_size=read.number_between("POOL_SIZE", cls.pool_size, 1, 100),
            log=read.checked("LOG", cls.log, logs.FORMS.__contains__, "has to be text or json"),
            metrics_token=read.checked(
                "METRICS_TOKEN", "", _is_token, "has to be 22 to 200 letters, digits, - or _"
            ),
            is_demo=read.flag("DEMO"),
            limits=Limits(
                posts=read.number("LIMIT_POSTS", Limits.posts),
                malformed_posts=read.number("LIMIT_MALFORMED_POSTS", Limits.malformed_posts),
                look_ups=read.number("LIMIT_LOOK_UPS", Limits.look_ups),
                sign_ins=read.number("LIMIT_SIGN_INS", Limits.sign_ins),
            ),
            oidc=_oidc(read),
        )
        if database_urls.is_same(database_url, keyring_url):
            read.fault("KEYRING_URL", "has to be another database than OUTREACH_DATABASE_URL")
        if serving:
            read.require("PUBLIC_URL", "the address people type, as https://talleres.example.org")
            read.require("MAIL_FROM", "the sender of letters, as talleres@example.org")
            read.require("CONTROLLER", "who answers for people's data, by name")
            if found.is_postgresql:
                read.require("KEYRING_URL", "the database of keys that all hosts share")
                if not read.text("KEYRING_URL", ""):
                    pass  # `require` has reported it
                elif not keyring_url.startswith("postgresql"):
                    read.fault("KEYRING_URL", "has to be PostgreSQL too: all hosts share it")
                elif database_urls.is_more_local(keyring_url, database_url):
                    read.fault(
                        "KEYRING_URL",
                        "names this machine, OUTREACH_DATABASE_URL another: all hosts share both",
                    )
        read.finish()
        return found

    def secret(self) -> str:
        """The key that signs forms: OUTREACH_SECRET_KEY, or one that is generated once and kept in
        KEYS."""
        if self.secret_key:
            return self.secret_key
        self.make_folders()
        path = self.keys / "secret-key"
        if not path.exists():
            # Two processes that start at once must use the same key.
            atomic_files.write_once(path, secrets.token_urlsafe(32).encode())
        return path.read_text()

    def make_folders(self) -> None:
        """Creates the folders of data and keys, the latter with mode 700. Raises Misconfigured."""
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            self.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Keeps the folder out of backups by restic and borg with --exclude-caches.
            tag = self.keys / "CACHEDIR.TAG"
            if not tag.exists():
                tag.write_text("Signature: 8a477f597d28d172789f06886806bc55\n")
        except OSError as error:
            raise Misconfigured(
                f"{error.filename} cannot be made or written: {error.strerror}. "
                "Give OUTREACH_DATA and OUTREACH_KEYS folders this account may write."
            ) from None


def _read_network(environ: Mapping[str, str]) -> NetworkFile | None:
    """The network's file that the environment names. Raises Misconfigured."""
    path = Environment(environ).path("NETWORK_FILE")
    return None if path is None else network_file.read(path.absolute())


def _profile(read: Environment, network: NetworkFile | None) -> NetworkProfile:
    usual = NetworkProfile()
    profile = NetworkProfile(
        languages=tuple(read.text("LANGUAGES", " ".join(usual.languages)).split()),
        brand=network.brand if network else usual.brand,
        ranks=network.ranks if network else usual.ranks,
        countries=tuple(read.text("COUNTRIES", " ".join(usual.countries)).upper().split()),
        home_country=read.text_or_nothing("HOME_COUNTRY", usual.home_country).upper(),
        locales=tuple(read.text("LOCALES", " ".join(usual.locales)).split()),
        headquarters_zone=read.checked(
            "HEADQUARTERS_ZONE",
            usual.headquarters_zone,
            clock.is_zone,
            "has to be a time zone, as America/Mexico_City",
        ),
        help_lines=read.file("HELP_LINES"),
        vocabulary=_vocabulary(read, usual.vocabulary),
    )
    if not is_subset(profile.languages, languages.CODES):
        codes = " ".join(languages.CODES)
        read.fault("LANGUAGES", f"has to be languages of the site, each once, of {codes}")
    if not are_country_codes(profile.countries):
        read.fault("COUNTRIES", "has to be codes of countries, each once, as US CA")
    if profile.home_country not in {"", *packs.list_codes()} and not has_holidays(
        profile.home_country
    ):
        read.fault("HOME_COUNTRY", "has to be the code of a country, as MX, or empty for none")
    if profile.locales != usual.locales and not are_locales(profile.locales):
        read.fault(
            "LOCALES",
            f"has to be locales of CLDR, as {' '.join(usual.locales)}: "
            f"at most one for each of {' '.join(languages.CODES)}",
        )
    return profile


def _vocabulary(read: Environment, usual: str) -> str:
    """The name of a vocabulary; empty for «general»."""
    known = sorted(each.name for each in languages.VOCABULARIES.iterdir())
    name = read.text("VOCABULARY", usual)
    if name not in {*known, GENERAL}:
        read.fault("VOCABULARY", f"has to be {GENERAL} or one of: {', '.join(known)}")
    return "" if name == GENERAL else name


def _headers(read: Environment, name: str) -> dict[str, str]:
    if text := read.text(name, ""):
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if isinstance(found, dict) and _is_headers(found):
            return found
        read.fault(name, 'has to be JSON, as {"Authorization": "Bearer …"}')
    return {}


def _answers(read: Environment) -> TextAnswers:
    answers = TextAnswers(
        dialect=read.text("ANSWERS_DIALECT", TextAnswers.dialect),
        secret=read.checked("ANSWERS_SECRET", "", _is_long_word, _LONG_WORD),
    )
    if answers.dialect not in ANSWER_DIALECTS:
        read.fault("ANSWERS_DIALECT", f"has to be {' or '.join(ANSWER_DIALECTS)}")
    if answers.is_on:
        read.require("TEXTS_URL", "the gateway by which answers are replied to")
    return answers


def _whatsapp(read: Environment) -> WhatsApp:
    body = read.text("WHATSAPP_BODY", WHATSAPP_BODY)
    if not (_is_json(body) and "{to}" in body and "{text}" in body):
        read.fault("WHATSAPP_BODY", "has to be JSON with {to} and {text}")
    whatsapp = WhatsApp(
        secret=read.checked("WHATSAPP_SECRET", "", _is_long_word, _LONG_WORD),
        verify_token=read.checked("WHATSAPP_VERIFY_TOKEN", "", _is_long_word, _LONG_WORD),
        url=read.checked(
            "WHATSAPP_URL", "", _is_gateway, "has to be an https address without a user name"
        ),
        headers=_headers(read, "WHATSAPP_HEADERS"),
        body=body,
    )
    if whatsapp.is_on:
        read.require("WHATSAPP_URL", "where replies are sent")
        read.require("WHATSAPP_VERIFY_TOKEN", "what WhatsApp shows when the address is set up")
    return whatsapp


def _is_long_word(text: str) -> bool:
    """Whether a text may be a secret that another program made: too long to be guessed."""
    return 16 <= len(text) <= 200 and text.isascii() and text.isprintable() and " " not in text


def _texts(read: Environment, usual: tuple[str, ...]) -> Texts:
    texts = Texts(
        url=read.checked(
            "TEXTS_URL", "", _is_gateway, "has to be an https address without a user name"
        ),
        method=read.text("TEXTS_METHOD", Texts.method).upper(),
        headers=_headers(read, "TEXTS_HEADERS"),
        body=read.text("TEXTS_BODY", ""),
        seconds=read.seconds("TEXTS_SECONDS", Texts.seconds),
        countries=tuple(read.text("TEXTS_COUNTRIES", " ".join(usual)).upper().split()),
        a_day=read.number("TEXTS_A_DAY", Texts.a_day),
    )
    if texts.countries != usual and not are_countries(texts.countries):
        read.fault("TEXTS_COUNTRIES", "has to be codes of countries, as US CA MX")
    if texts.method not in {"GET", "POST", "PUT"}:
        read.fault("TEXTS_METHOD", "has to be POST, PUT or GET")
    if texts.url and not all(word in texts.url + texts.body for word in ("{to}", "{text}")):
        read.fault("TEXTS_BODY", "has to hold {to} and {text}, or OUTREACH_TEXTS_URL has to")
    if texts.is_json and not _is_json(texts.body):
        read.fault("TEXTS_BODY", 'has to be JSON, as {"to": "{to}", "body": "{text}"}')
    return texts


def _voice(read: Environment) -> VoiceLine:
    return VoiceLine(
        secret=read.checked(
            "VOICE_SECRET", "", _is_gateway_secret, "has to be 16 to 200 visible characters"
        ),
        number=read.text("VOICE_NUMBER", ""),
        logs_off=read.flag("VOICE_LOGS_OFF"),
    )


def _is_gateway_secret(text: str) -> bool:
    return re.fullmatch(r"[!-~]{16,200}", text) is not None


def _oidc(read: Environment) -> Oidc:
    issuer = read.checked(
        "OIDC_ISSUER", "", _is_gateway, "has to be an https address without a user name"
    )
    label = read.text("OIDC_LABEL", _host_of(issuer))
    found = Oidc(
        issuer=issuer,
        client_id=read.text("OIDC_CLIENT_ID", ""),
        client_secret=read.text("OIDC_CLIENT_SECRET", ""),
        label=label if issuer else "",
    )
    if issuer and not (found.client_id and found.client_secret):
        read.fault("OIDC_ISSUER", "also needs OUTREACH_OIDC_CLIENT_ID and _CLIENT_SECRET")
    return found


def _host_of(address: str) -> str:
    parts = split_address(address)
    return parts[1] or "" if parts else ""


def _is_headers(found: object) -> bool:
    return isinstance(found, dict) and all(
        isinstance(value, str) and f"{name}{value}".isascii() and f"{name}{value}".isprintable()
        for name, value in found.items()
    )


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _is_gateway(text: str) -> bool:
    """Whether a text is an https URL: names and phones are sent to it. http is accepted on this
    machine."""
    parts = split_address(text)
    if parts is None or not parts[1] or not text.isascii() or any(c.isspace() for c in text):
        return False
    is_safe = parts[0] == "https" or (parts[0] == "http" and is_loopback(parts[1]))
    return is_safe and "@" not in urlsplit(text).netloc


def _is_token(text: str) -> bool:
    """Whether a text is too long to be guessed, without characters that a header or shell
    changes."""
    return re.fullmatch(r"[A-Za-z0-9_-]{22,200}", text) is not None


def _is_licence(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9.+-]{1,40}", text) is not None


def _is_contact(text: str) -> bool:
    """Whether a text is a URI by which a fault can be reported (RFC 9116, 2.5.3): e-mail, phone or
    an https page."""
    scheme, _, rest = text.partition(":")
    is_one_word = text.isascii() and text.isprintable() and " " not in text
    return is_one_word and bool(rest) and (scheme in {"mailto", "tel"} or _is_gateway(text))


def _is_mail_server(text: str) -> bool:
    parts = split_address(text)
    return parts is not None and parts[0] in {"smtp", "smtps"} and bool(parts[1])
