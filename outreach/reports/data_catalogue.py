"""The catalogue of the revisions as DCAT-AP 3.0, in JSON-LD: a series of data sets, one for each
closed month, with a distribution for each file."""

from collections.abc import Iterable
from datetime import UTC
from typing import Any, Final

from outreach import i18n, network_profile
from outreach.i18n import N_
from outreach.reports import sdmx
from outreach.reports.data_tables import DataTable, Publication, RevisionTables

TITLE: Final = N_("Cifras de los talleres, mes a mes")
DESCRIPTION: Final = N_(
    "Talleres que la red hizo cada mes, por oficina y tipo, con las personas que vinieron y otras "
    "cifras. Cada corrección es una revisión nueva, y las anteriores se quedan."
)
# What people look for in catalogues.
KEYWORDS: Final = (
    N_("talleres"),
    N_("asistencia"),
    N_("estadísticas mensuales"),
    N_("servicios a la comunidad"),
)
# Population and society; government and public sector.
_THEMES: Final = ("SOCI", "GOVE")
_EU: Final = "http://publications.europa.eu/resource/authority"
_LANGUAGES: Final = {"es": "SPA", "en": "ENG", "fr": "FRA"}
_MEDIA_TYPE: Final = "https://www.iana.org/assignments/media-types/"
_STANDARDS: Final = {
    "csv": "https://www.w3.org/TR/tabular-data-model/",
    "sdmx": "https://sdmx.org/standards-2/",
}
# The terms are spelled out, so that a reader fetches nothing.
_CONTEXT: Final = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def write(months: Iterable[RevisionTables], publication: Publication) -> dict[str, Any]:
    """Returns the catalogue of the latest revision of each month."""
    root = f"{publication.public_url}/datos/"
    datasets = [_dataset(tables, publication) for tables in months]
    publisher = {
        "@id": f"{root}#publisher",
        "@type": "foaf:Agent",
        "foaf:name": publication.publisher,
        "foaf:homepage": {"@id": publication.public_url, "@type": "foaf:Document"},
    }
    series = {
        "@id": f"{root}#series",
        "@type": "dcat:DatasetSeries",
        "dct:title": _say(TITLE),
        "dct:description": _say(DESCRIPTION),
        "dct:publisher": {"@id": f"{root}#publisher"},
        "dct:accrualPeriodicity": _term("frequency", "MONTHLY", "dct:Frequency"),
        **_subject(root),
    }
    catalogue = {
        "@id": f"{root}catalog.jsonld",
        "@type": "dcat:Catalog",
        "dct:title": _say(TITLE),
        "dct:description": _say(DESCRIPTION),
        "dct:publisher": {"@id": f"{root}#publisher"},
        "dct:license": _licence(publication),
        "dct:language": [_language(lang) for lang in i18n.list_languages()],
        "foaf:homepage": {
            "@id": f"{publication.public_url}/{i18n.get_default_language()}/datos",
            "@type": "foaf:Document",
        },
        "dcat:themeTaxonomy": {"@id": f"{_EU}/data-theme", "@type": "skos:ConceptScheme"},
        "dcat:dataset": [{"@id": each["@id"]} for each in datasets],
    }
    contact = _contact(root, publication)
    return {"@context": _CONTEXT, "@graph": [catalogue, publisher, contact, series, *datasets]}


def _contact(root: str, publication: Publication) -> dict[str, Any]:
    """Returns whom to ask about the data: its page, and the e-mail address if the network has told
    one."""
    page = f"{publication.public_url}/{i18n.get_default_language()}/datos"
    found: dict[str, Any] = {
        "@id": f"{root}#contact",
        "@type": ["vcard:Kind", "vcard:Organization"],
        "vcard:fn": publication.publisher,
        "vcard:hasURL": {"@id": page},
    }
    if publication.email:
        found["vcard:hasEmail"] = {"@id": f"mailto:{publication.email}"}
    return found


def _subject(root: str) -> dict[str, Any]:
    """Returns what the data are about, as keywords and themes by which catalogues find them, and
    whom to ask."""
    return {
        "dcat:keyword": [word for each in KEYWORDS for word in _say(each)],
        "dcat:theme": [_term("data-theme", code, "skos:Concept") for code in _THEMES],
        "dcat:contactPoint": {"@id": f"{root}#contact"},
    }


def _dataset(tables: RevisionTables, publication: Publication) -> dict[str, Any]:
    report, root = tables.report, f"{publication.public_url}/datos/"
    pages = f"{publication.public_url}/{i18n.get_default_language()}"
    month, number = report.month, report.count.revision
    return {
        "@id": publication.folder(report),
        "@type": "dcat:Dataset",
        "dct:identifier": f"{month}/{number}",
        "dct:title": [
            {"@value": tables.get_title(lang), "@language": lang} for lang in i18n.list_languages()
        ],
        "dct:description": _say(DESCRIPTION),
        "dct:publisher": {"@id": f"{root}#publisher"},
        "dct:issued": {
            "@value": f"{report.count.cut.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "@type": "xsd:dateTime",
        },
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": {"@value": str(month.first), "@type": "xsd:date"},
            "dcat:endDate": {"@value": str(month.last), "@type": "xsd:date"},
        },
        "dct:spatial": [
            _term("country", pack.alpha3, "dct:Location")
            for pack in network_profile.current().packs
        ],
        "dct:language": [_language(lang) for lang in i18n.list_languages()],
        "dct:accessRights": _term("access-right", "PUBLIC", "dct:RightsStatement"),
        **_subject(root),
        "dcat:inSeries": {"@id": f"{root}#series"},
        "dcat:version": str(number),
        "dcat:landingPage": {
            "@id": f"{pages}/cifras/{month}?revision={number}",
            "@type": "foaf:Document",
        },
        "dcat:distribution": [
            *(_distribution(tables, each, "csv", publication) for each in tables.files),
            *(_distribution(tables, each, "sdmx", publication) for each in tables.tables),
        ],
    }


def _distribution(
    tables: RevisionTables, table: DataTable, kind: str, publication: Publication
) -> dict[str, Any]:
    is_sdmx = kind == "sdmx"
    address = publication.folder(tables.report) + table.name + (".sdmx.csv" if is_sdmx else ".csv")
    media_type = sdmx.CSV_TYPE.partition(";")[0] if is_sdmx else "text/csv"
    return {
        "@id": f"{address}#distribution",
        "@type": "dcat:Distribution",
        "dct:title": _say(table.title),
        "dct:description": _say(table.description),
        "dcat:accessURL": {"@id": address, "@type": "rdfs:Resource"},
        "dcat:downloadURL": {"@id": address, "@type": "rdfs:Resource"},
        "dct:license": _licence(publication),
        "dct:format": _term("file-type", "CSV", "dct:MediaTypeOrExtent"),
        "dcat:mediaType": {"@id": _MEDIA_TYPE + media_type, "@type": "dct:MediaType"},
        "dct:conformsTo": {"@id": _STANDARDS[kind], "@type": "dct:Standard"},
    }


def _say(message: str) -> list[dict[str, str]]:
    words = i18n.in_each(message)
    return [{"@value": words[lang], "@language": lang} for lang in i18n.list_languages()]


def _term(vocabulary: str, code: str, kind: str) -> dict[str, str]:
    """A term of a controlled vocabulary of the Publications Office of the EU, as DCAT-AP asks."""
    return {"@id": f"{_EU}/{vocabulary}/{code}", "@type": kind}


def _language(lang: str) -> dict[str, str]:
    return _term("language", _LANGUAGES[lang], "dct:LinguisticSystem")


def _licence(publication: Publication) -> dict[str, str]:
    return {"@id": publication.licence_url, "@type": "dct:LicenseDocument"}
