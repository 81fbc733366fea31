"""Privacy, safety and accessibility notices, and the quick exit."""

from collections import Counter
from collections.abc import Sequence

from flask import Blueprint, Response, abort, redirect, render_template
from flask.typing import ResponseReturnValue

from outreach import clock, formats, i18n, network_profile
from outreach.countries import packs
from outreach.domain.network import help_lines
from outreach.domain.network.help_lines import HelpLine, HelpPurpose
from outreach.domain.network.kinds import Kind
from outreach.i18n import gettext as _
from outreach.web.context import config, store
from outreach.web.middleware.reference_cache import reference
from outreach.web.middleware.response_headers import keep_for, keep_private
from outreach.web.presentation import place_words

pages = Blueprint("about", __name__, url_prefix="/<lang:lang>")


@pages.get("/privacidad")
def privacy() -> ResponseReturnValue:
    keep_for(3600)
    usual, others = _retention_days(reference().kinds)
    return render_template("about/privacy.html", usual=usual, others=others)


@pages.get("/accesibilidad")
def accessibility() -> ResponseReturnValue:
    keep_for(3600)
    return render_template("about/accessibility.html")


@pages.get("/seguridad")
def safety() -> ResponseReturnValue:
    keep_private()
    with store().read() as session:
        lines = help_lines.list_shown(session, HelpPurpose.VIOLENCE, today=clock.now().date())
    order = [*network_profile.current().countries, ""]
    lines.sort(key=lambda each: (order.index(each.country), not each.region, each.region))
    return render_template(
        "about/safety.html",
        lines=lines,
        region_name=place_words.region_name,
        country_line=_describe_line,
    )


def _describe_line(line: HelpLine) -> str:
    """Returns the words that say whom the number of a whole country helps."""
    lang = i18n.current()
    name = formats.country_name(line.country, lang) if line.country else ""
    if not name:
        return line.name
    if line.is_referral:
        return _(
            "En el resto de %(country)s, para saber quién ayuda cerca de ti",
            country=packs.load(line.country).located[lang],
        )
    return _("%(country)s, en español", country=name) if line.speaks_spanish else name


@pages.get("/por-telefono")
def phone_line() -> ResponseReturnValue:
    """Shows how the phone line works. 404 where there is none."""
    if not config().voice.secret:
        abort(404)
    keep_for(3600)
    return render_template("phone_line/about.html", number=config().voice.number)


@pages.get("/si-llegan-agentes")
def agents() -> ResponseReturnValue:
    """Shows what to say to agents and what not to sign, as a page to print. 404 where the network
    is not for migrants, or in none of the countries whose law the page explains."""
    if not network_profile.current().has_agents_guide:
        abort(404)
    keep_for(3600)
    today = clock.now().date()
    with store().read() as session:
        lines = [
            each
            for purpose in (HelpPurpose.CONSULAR, HelpPurpose.DETENTION)
            for each in help_lines.list_shown(session, purpose, today=today)
        ]
    return render_template("about/agents.html", lines=lines)


@pages.get("/salir")
def leave() -> Response:
    """Leaves the site quickly: redirects to the configured site and clears this site's browser
    data.

    Nothing in the request can change the target (S20).
    """
    keep_private()
    word = _("clima")
    target = config().quick_exit_url or f"https://www.google.com/search?q={word}"
    answer = redirect(target, 303)
    assert isinstance(answer, Response)
    answer.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return answer


def _retention_days(kinds: Sequence[Kind]) -> tuple[int, list[tuple[int, list[str]]]]:
    """Returns the retention in days of most kinds (0 without kinds), and other retentions with the
    names of their kinds. Discreet kinds share one neutral name."""
    usual = Counter(kind.retention_days for kind in kinds).most_common(1)
    if not usual:
        return 0, []
    names_by_days: dict[int, list[str]] = {}
    for kind in kinds:
        if kind.retention_days != usual[0][0]:
            name = i18n.say(kind.short_name, i18n.current())
            label = _("los talleres que piden discreción") if kind.is_discreet else name
            names_by_days.setdefault(kind.retention_days, []).append(label)
    return usual[0][0], [
        (days, list(dict.fromkeys(names_by_days[days]))) for days in sorted(names_by_days)
    ]
