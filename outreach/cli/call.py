"""`outreach call`: walks a call to the phone line by hand, as a telephone gateway would."""

import http.client
import secrets
import ssl
from typing import Final
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree as ET

import click

from outreach.cli import demo
from outreach.cli.context import settings
from outreach.web.public.phone_line import gateway_signature

TIMEOUT_SECONDS: Final = 30


@click.command()
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(1, 65535),
    help="Of `outreach demo`, which is called where OUTREACH_VOICE_SECRET is not set.",
)  # fmt: skip
@click.option(
    "--from", "number", default="+13125550199", show_default=True, help="The caller's number."
)
def command(port: int, number: str) -> None:
    """Call the phone line without a telephone gateway: read what is said, type keys.

    An empty line is silence; Ctrl-C or Ctrl-D hangs up. The site has to run. A recording shows as
    its address.
    """
    config = settings()
    has_line = bool(config.voice.secret)
    site = config.public_url if has_line else f"http://localhost:{port}"
    secret = config.voice.secret if has_line else demo.VOICE_SECRET
    caller = {"CallSid": secrets.token_hex(16), "From": number}
    address, keys = "/voz/inicio", dict[str, str]()
    while True:
        response = _send(site, address, secret, caller | keys)
        for each in response.iter():
            if each.tag in {"Say", "Play"}:
                click.echo(f"  {each.text}")
        gather = response.find("Gather")
        if gather is None:
            click.echo("(The line hangs up.)")
            return
        typed = click.prompt("Keys", default="", show_default=False)
        keys = {"Digits": typed} if typed else {}
        silent_address = response.findtext("Redirect") or ""
        address = gather.attrib["action"] if typed else silent_address


def _send(site: str, address: str, secret: str, form: dict[str, str]) -> ET.Element:
    """What the line answers. Raises ClickException where it does not."""
    parts = urlsplit(site)
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(
            parts.netloc, timeout=TIMEOUT_SECONDS, context=context
        )
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_SECONDS)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Gateway-Signature": gateway_signature.sign(secret, f"{site}{address}", form),
    }
    try:
        connection.request("POST", address, urlencode(form), headers)
        answer = connection.getresponse()
        body = answer.read()
    except OSError as error:
        reason = type(error).__name__
        raise click.ClickException(f"{site} does not answer ({reason}). Does it run?") from None
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise click.ClickException(
            f"{site} answered {answer.status}: 404 without a phone line, 403 with another secret."
        )
    return ET.fromstring(body)  # noqa: S314 - of the site itself
