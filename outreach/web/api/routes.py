"""Every address of the open data: what Flask serves, what the OpenAPI document says, and what the
page for people shows."""

from typing import Final

from outreach.web.api import handlers, openapi, params, schemas
from outreach.web.api.handlers import LATER, Answer, Question
from outreach.web.api.route import Route
from outreach.web.context import config


def _openapi(question: Question) -> Answer:
    return Answer(told=openapi.write(TABLE, config()), seconds=LATER)


TABLE: Final = (
    Route(
        path="/",
        name="index",
        type=schemas.Index,
        answer=handlers.index,
        says={"es": "Dónde está todo", "en": "Where everything is", "fr": "Où tout se trouve"},
    ),
    Route(
        path="/offices",
        name="offices",
        type=schemas.Offices,
        answer=handlers.offices,
        says={"es": "Las oficinas", "en": "The offices", "fr": "Les bureaux"},
    ),
    Route(
        path="/offices/{slug}",
        name="office",
        type=schemas.Office,
        answer=handlers.office,
        parts=(params.SLUG_PART,),
        says={"es": "Una oficina", "en": "One office", "fr": "Un bureau"},
    ),
    Route(
        path="/kinds",
        name="kinds",
        type=schemas.Kinds,
        answer=handlers.kinds,
        says={
            "es": "Los tipos de taller",
            "en": "The kinds of workshop",
            "fr": "Les types d’atelier",
        },
    ),
    Route(
        path="/kinds/{code}",
        name="kind",
        type=schemas.Kind,
        answer=handlers.kind,
        parts=(params.CODE_PART,),
        says={"es": "Un tipo de taller", "en": "One kind of workshop", "fr": "Un type d’atelier"},
    ),
    Route(
        path="/workshops",
        name="workshops",
        type=schemas.Workshops,
        answer=handlers.listed,
        parameters=(
            params.WHERE,
            params.KIND,
            params.SINCE,
            params.UNTIL,
            params.LANGUAGE,
            params.MODE,
            params.OFFICE,
            params.AFTER,
            params.LIMIT,
        ),
        says={
            "es": "Los talleres que vienen, o los de otros días",
            "en": "The workshops that are coming, or those of other days",
            "fr": "Les ateliers à venir, ou ceux d’autres jours",
        },
    ),
    Route(
        path="/workshops/{id}",
        name="workshop",
        type=schemas.Workshop,
        answer=handlers.one_listed,
        parts=(params.ID_PART,),
        says={"es": "Un taller", "en": "One workshop", "fr": "Un atelier"},
    ),
    Route(
        path="/counts",
        name="counts",
        type=schemas.CountedMonths,
        answer=handlers.counted_months,
        says={
            "es": "De qué meses hay cuenta, y cómo se cuenta",
            "en": "The months that are counted, and the rules of counting",
            "fr": "Les mois comptés, et comment on compte",
        },
    ),
    Route(
        path="/counts/{month}",
        name="count",
        type=schemas.Count,
        answer=handlers.count,
        parts=(params.MONTH_PART,),
        parameters=(params.REVISION,),
        says={
            "es": "Cuántos talleres hubo en un mes",
            "en": "How many workshops there were in a month",
            "fr": "Combien d’ateliers il y a eu dans un mois",
        },
    ),
    Route(
        path="/figures",
        name="figures",
        type=schemas.FigureMonths,
        answer=handlers.figure_months,
        says={
            "es": "De qué meses hay otras cifras",
            "en": "The months that have other figures",
            "fr": "Les mois qui ont d’autres chiffres",
        },
    ),
    Route(
        path="/figures/{month}",
        name="figure",
        type=schemas.Figures,
        answer=handlers.figures_of,
        parts=(params.MONTH_PART,),
        says={
            "es": "Otras cifras de un mes, como los pasaportes",
            "en": "Other figures of a month, such as passports",
            "fr": "D’autres chiffres d’un mois, comme les passeports",
        },
    ),
    Route(
        path="/bulletins",
        name="bulletins",
        type=schemas.Bulletins,
        answer=handlers.bulletins,
        parameters=(params.AFTER_MONTH, params.LIMIT_MONTHS),
        says={
            "es": "Los meses que ya pasaron, con sus números",
            "en": "The months that are over, with their numbers",
            "fr": "Les mois terminés, avec leurs nombres",
        },
    ),
    Route(
        path="/bulletins/{month}",
        name="bulletin",
        type=schemas.Bulletin,
        answer=handlers.bulletin,
        parts=(params.MONTH_PART,),
        says={
            "es": "Los números de un mes que ya pasó",
            "en": "The numbers of a month that is over",
            "fr": "Les nombres d’un mois terminé",
        },
    ),
    Route(
        path="/openapi.json",
        name="openapi",
        type=schemas.OpenApi,
        answer=_openapi,
        says={
            "es": "Lo mismo que esta página, para programas (OpenAPI)",
            "en": "What this page says, for programs (OpenAPI)",
            "fr": "La même chose que cette page, pour les programmes (OpenAPI)",
        },
    ),
)
