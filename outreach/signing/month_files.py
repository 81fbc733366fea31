"""The files of a closed month in each language, as they are published once and kept."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from outreach import formats, i18n
from outreach.db.base import Words
from outreach.pdf import month_report as report_pdf
from outreach.reports import month_tables
from outreach.reports.month_report import MonthChange, MonthReport
from outreach.reports.month_tables import GroupedBy


@dataclass(frozen=True, kw_only=True)
class MonthContent:
    """All that the files of a revision are made of."""

    report: MonthReport
    changes: Sequence[MonthChange]  # since the revision before
    revisions: Sequence[int]  # up to this one
    short_names: Mapping[str, Words]  # what kinds are called, by code
    brand: str


def render(content: MonthContent) -> dict[str, bytes]:
    """Makes the files, by name: `es.csv`, `es.json`, `es.xlsx`, `es.pdf`, `en.csv`, …"""
    files = {}
    for lang in i18n.LANGUAGES:
        report, translate = content.report, partial(i18n.translate, lang=lang)
        table = month_tables.as_csv(report.count, GroupedBy.OFFICE, lang=lang, translate=translate)
        body = month_tables.as_json(report, translate, revisions=content.revisions)
        files[f"{lang}.csv"] = table.encode("utf-8-sig")
        files[f"{lang}.json"] = (json.dumps(body, separators=(",", ":")) + "\n").encode()
        files[f"{lang}.xlsx"] = month_tables.as_xlsx(
            report, content.changes, lang=lang, translate=translate
        )
        files[f"{lang}.pdf"] = render_pdf(
            report, content.short_names, lang=lang, brand=content.brand
        )
    return files


def render_pdf(
    report: MonthReport, short_names: Mapping[str, Words], *, lang: str, brand: str
) -> bytes:
    month = formats.month_and_year(report.month.first, lang)
    return report_pdf.pdf(
        report,
        title=i18n.translate("Talleres en %(month)s", lang, month=month),
        short_names={code: i18n.say(name, lang) for code, name in short_names.items()},
        lang=lang,
        brand=brand,
        translate=partial(i18n.translate, lang=lang),
        grouped=partial(formats.group_digits, lang=lang),
    )
