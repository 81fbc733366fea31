"""`outreach feed`: writes a calendar feed, byte for byte as the site serves it."""

import sys
from pathlib import Path

import click

from outreach import clock
from outreach.cli.context import open_store, settings
from outreach.domain.calendar import feed_query
from outreach.domain.calendar.feed_query import UnknownFilter
from outreach.domain.network import installation_settings
from outreach.feeds import ics_feed
from outreach.feeds.vevent import PublicSite
from outreach.i18n import LANGUAGES, get_default_language


@click.command()
@click.option("--office", metavar="SLUG", help="One office, as chicago; without it, all of them.")
@click.option(
    "--kind",
    "kinds",
    metavar="CODE",
    multiple=True,
    help="Only this kind of workshop; may be repeated. Discreet kinds are included only when named "
    "here, and then without title and address.",
)
@click.option(
    "--lang", type=click.Choice(LANGUAGES), help="Its language; without it the network's first."
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file instead of the screen.",
)
def command(
    office: str | None, kinds: tuple[str, ...], lang: str | None, output: Path | None
) -> None:
    """Write a calendar feed (iCalendar): the same bytes that the web serves.

    \b
    outreach feed --office chicago -o chicago.ics
    outreach feed --kind derechos --kind daca --lang en
    """
    config = settings()
    lang = lang or get_default_language()
    with open_store(config) as store, store.read() as session:
        try:
            query = feed_query.parse(session, office, kind_codes=kinds)
        except UnknownFilter as unknown:
            raise click.BadParameter(
                f"there is no {unknown.what} {unknown.value!r}.",
                param_hint=f"--{unknown.what}",
            ) from None
        host = installation_settings.get_calendar_host(session)
        site = PublicSite(config.public_url, host, config.phone)
        body = ics_feed.write_bytes(session, query, lang, site, today=clock.now().date())
    if output is None:
        sys.stdout.buffer.write(body)
        return
    try:
        output.write_bytes(body)
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}.") from None
