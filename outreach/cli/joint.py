"""`outreach joint`: partner networks, whose workshops this site shows beside its own."""

from typing import NoReturn

import click

from outreach import clock
from outreach.cli.context import open_key_store, open_store, settings
from outreach.domain.audit import audit_log
from outreach.domain.audit.audit_log import Details
from outreach.domain.joint import partner_networks
from outreach.domain.joint.partner_networks import MAX_PARTNER_NETWORKS
from outreach.joint import joint_reader, network_puller, signed_documents
from outreach.joint.network_puller import NetworkPuller
from outreach.joint.signed_documents import BadDocument
from outreach.outbound.guarded_client import FetchRule


@click.group()
@click.pass_context
def command(context: click.Context) -> None:
    """Partner networks, whose workshops this site shows beside its own.

    They are read from the document that the other site signs, and lead to its pages; nothing about
    people passes between the two. See: outreach guide joint
    """
    # Only tests give another rule than https on public addresses.
    context.obj = context.obj or FetchRule()


@command.command()
@click.argument("url")
@click.option("--yes", is_flag=True, help="Do not ask: the fingerprint was compared before.")
@click.pass_obj
def add(rule: FetchRule, url: str, *, yes: bool) -> None:
    """Show the workshops of the network at URL, once its key is confirmed.

    Compare the fingerprint with what its people read to you by telephone: they see it with
    `outreach joint key`.
    """
    config, now, address = settings(), clock.now(), network_puller.make_address(url)
    if not rule.is_valid(address, own_host=config.host):
        _fail("URL must be the https address of another network's site.")
    with open_store(config) as store:
        with store.read() as session:
            known = partner_networks.list_networks(session)
        if len(known) >= MAX_PARTNER_NETWORKS:
            _fail(f"There are {MAX_PARTNER_NETWORKS} networks already. Remove one first.")
        host = network_puller.get_host(address)
        if any(each.host == host for each in known):
            _fail(f"{host} was added before. To pin another key: outreach joint remove {host}")
        try:
            found = network_puller.fetch_first(
                rule, address, own_names=config.network_names, now=now
            )
        except BadDocument as error:
            _fail(f"{address}: {error}")
        click.echo(f"Network:      {found.document.network}")
        click.echo(f"Site:         {found.document.url}")
        click.echo(f"Fingerprint:  {signed_documents.write_fingerprint(found.public_key)}")
        if not yes:
            click.confirm("Is it the fingerprint that its people gave you?", abort=True)
        with store.change() as session:
            network = network_puller.make_network(found, address, now=now)
            session.add(network)
            session.flush()
            rows = list(joint_reader.make_rows(found.document))
            partner_networks.replace_workshops(session, network, rows)
            audit_log.record(session, None, "network added", now=now, details={"network": host})
            session.flush()
            count = partner_networks.count_workshops(session, network)
    click.echo(f"{host} was added, with {count} workshops.")


@command.command(name="list")
def list_networks() -> None:
    """List the partner networks, and what is wrong with them."""
    now = clock.now()
    with open_store(settings()) as store, store.read() as session:
        for each in partner_networks.list_networks(session):
            count = partner_networks.count_workshops(session, each)
            state = f"{count} workshops" if each.is_shown(now) else f"{count} workshops, hidden"
            click.echo(f"{each.host}  {each.name}")
            click.echo(f"  {state}; last answered {each.answered_at:%Y-%m-%d %H:%M} UTC")
            click.echo(f"  {signed_documents.write_fingerprint(each.public_key)}")
            if each.fault:
                click.echo(f"  {each.fault}")


@command.command()
@click.argument("host")
def remove(host: str) -> None:
    """Show the workshops of HOST no longer, and forget its key."""
    name = host.lower()
    with open_store(settings()) as store, store.change() as session:
        partner_networks.remove(session, partner_networks.find(session, name))
        details: Details = {"network": name}
        audit_log.record(session, None, "network removed", now=clock.now(), details=details)
    click.echo(f"{name} was removed.")


@command.command()
@click.pass_obj
def fetch(rule: FetchRule) -> None:
    """Fetch all partner networks now; exit 1 if something is wrong with one.

    The worker does so every 15 minutes.
    """
    has_fault, config = False, settings()
    with open_store(config) as store:
        with store.read() as session:
            networks = partner_networks.list_networks(session)
        puller = NetworkPuller(store, rule, config.network_names)
        for each in networks:
            fault = puller.pull(each, now=clock.now())
            has_fault = has_fault or bool(fault)
            click.echo(f"{each.host}: {fault or 'well'}")
    if has_fault:
        raise SystemExit(1)


@command.command()
def key() -> None:
    """Print the fingerprint of this site's key, to be read to another network."""
    with open_key_store(settings()) as key_store:
        click.echo(signed_documents.get_own_fingerprint(key_store))


def _fail(sentence: str) -> NoReturn:
    raise click.ClickException(sentence)
