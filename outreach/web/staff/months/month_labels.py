"""The state of an office's month, and the changes of a revision, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from outreach import clock
from outreach.clock import Month
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.reporting import months
from outreach.i18n import current, ngettext, pgettext, say
from outreach.i18n import gettext as _
from outreach.reports import count_columns
from outreach.reports.change_causes import FIGURE, ChangeCause
from outreach.reports.coverage import CoverageRow, ReportState
from outreach.reports.month_report import MonthChange
from outreach.web.presentation import formatting
from outreach.web.presentation.workshop_cards import CardTag
from outreach.web.staff.common import workshop_labels


def state_tag(row: CoverageRow) -> CardTag:
    if row.state is ReportState.MISSING and not row.is_asked:
        return CardTag(_("No estaba abierta"))
    tags = {
        ReportState.MISSING: CardTag(_("No ha reportado"), "tag-bad"),
        ReportState.PENDING: CardTag(
            ngettext("%(num)d por reportar", "%(num)d por reportar", row.pending), "tag-warn"
        ),
        ReportState.CALLED_OFF: CardTag(called_off(row.called_off)),
        ReportState.ZERO: CardTag(_("Reportó cero")),
        ReportState.READY: CardTag(pgettext("report", "Listo"), "tag-good"),
    }
    return tags[row.state]


def silence_words(month: Month, pending: int, *, now: datetime) -> str:
    """Returns what happens to the workshops that nobody reports, and until when that can be changed
    (COUNT07); empty where none is open."""
    if not pending:
        return ""
    after = month.following
    day = after.first.replace(day=months.CLOSES_ON)
    until = {"day": formatting.day(day), "hour": formatting.hour(months.CLOSES_AT)}
    words: str = ngettext(
        "Si nadie dice cómo salió, ese taller cuenta como hecho y sin personas.",
        "Si nadie dice cómo salieron, esos talleres cuentan como hechos y sin personas.",
        pending,
    )
    if now.date() <= day:
        limit = _("Se puede reportar hasta las %(hour)s del %(day)s.", **until)
    else:
        limit = _(
            "El plazo fue el %(day)s a las %(hour)s; si el mes ya se cerró, lo que se reporte "
            "ahora sale en la siguiente revisión.",
            **until,
        )
    return f"{words} {limit}"


def called_off(number: int) -> str:
    return ngettext("%(num)d cancelado", "%(num)d cancelados", number)


def slim_date(moment: datetime) -> str:
    """Returns the day at headquarters as «5 nov», as the public pages give it."""
    return workshop_labels.brief_day(clock.network_day(moment))


def cut_words(moment: datetime) -> str:
    """Returns a moment as «5 de noviembre, 6:00 p. m., hora de Ciudad de México»."""
    return workshop_labels.headquarters_moment(moment)


@dataclass(frozen=True, kw_only=True)
class MonthChangeLine:
    """One changed number of a revision, as a row of the table."""

    title: str
    about: str
    sign: tuple[str, str] | None  # sign and pictogram of the kind
    before: int | None
    after: int | None
    why: str = ""
    by: str = ""


def lines(
    changes: Sequence[MonthChange],
    *,
    offices: Mapping[str, Office],
    kinds: Mapping[str, Kind],
    series: Mapping[str, str],
    causes: Mapping[tuple[str, str], ChangeCause],
) -> list[MonthChangeLine]:
    """The changes as rows of the table."""
    return [_line(each, offices, kinds, series, causes) for each in changes]


def _line(
    change: MonthChange,
    offices: Mapping[str, Office],
    kinds: Mapping[str, Kind],
    series: Mapping[str, str],
    causes: Mapping[tuple[str, str], ChangeCause],
) -> MonthChangeLine:
    kind = kinds.get(change.kind)
    kind_name = say(kind.short_name, current()) if kind else change.kind
    sign = (kind.sign, kind.pictogram) if kind else None
    if change.what == "people":
        why = _("Asistencia de toda la red. No se dice por oficina.")
        return MonthChangeLine(
            title=_("Personas"), about=kind_name, sign=sign, before=change.before,
            after=change.after, why=why,
        )  # fmt: skip
    key = (change.office or change.series, change.kind)
    cause = causes.get(key)
    if change.what == "figure":
        title, about = series.get(change.series, change.series), _("Cifra escrita")
    elif change.what == "column":
        title, about = _(count_columns.get_heading(change.series)), kind_name
    else:
        office = offices.get(change.office)
        title, about = office.city if office else change.office, kind_name
    return MonthChangeLine(
        title=title,
        about=about,
        sign=sign,
        before=change.before,
        after=change.after,
        why=cause_words(cause) if cause else "",
        by=f"{cause.by}, {slim_date(cause.at)}" if cause and cause.by else "",
    )


def cause_words(cause: ChangeCause) -> str:
    if cause.action == "attendance reported":
        is_not_held = cause.details.get("held") is False
        return _("Un taller no se hizo") if is_not_held else _("Se reportó tarde")
    words: dict[str, str] = {
        "workshop cancelled": _("Se canceló un taller"),
        "workshop created": _("Se agregó un taller"),
        "workshop published": _("Se publicó un taller"),
        FIGURE: cause.details.get("source", ""),
    }
    return words.get(cause.action, _("Se cambió un taller"))
