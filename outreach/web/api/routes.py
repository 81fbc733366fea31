"""Every address of the open data: what Flask serves, what the OpenAPI document says, and what the
page for people shows."""

from typing import Final

from outreach.web.api import answers, asking, document, shapes
from outreach.web.api.answers import LATER, Answer, Question
from outreach.web.api.route import Route
from outreach.web.context import config


def _openapi(question: Question) -> Answer:
    return Answer(told=document.write(TABLE, config()), seconds=LATER)


TABLE: Final = (
    Route(
        path="/",
        name="index",
        type=shapes.Index,
        answer=answers.index,
        says={"es": "Dónde está todo", "en": "Where everything is", "fr": "Où tout se trouve"},
    ),
    Route(
        path="/offices",
        name="offices",
        type=shapes.Offices,
        answer=answers.offices,
        says={"es": "Las oficinas", "en": "The offices", "fr": "Les bureaux"},
    ),
    Route(
        path="/offices/{slug}",
        name="office",
        type=shapes.Office,
        answer=answers.office,
        parts=(asking.SLUG_PART,),
        says={"es": "Una oficina", "en": "One office", "fr": "Un bureau"},
    ),
    Route(
        path="/kinds",
        name="kinds",
        type=shapes.Kinds,
        answer=answers.kinds,
        says={
            "es": "Los tipos de taller",
            "en": "The kinds of workshop",
            "fr": "Les types d’atelier",
        },
    ),
    Route(
        path="/kinds/{code}",
        name="kind",
        type=shapes.Kind,
        answer=answers.kind,
        parts=(asking.CODE_PART,),
        says={"es": "Un tipo de taller", "en": "One kind of workshop", "fr": "Un type d’atelier"},
    ),
    Route(
        path="/workshops",
        name="workshops",
        type=shapes.Workshops,
        answer=answers.listed,
        parameters=(
            asking.WHERE,
            asking.KIND,
            asking.SINCE,
            asking.UNTIL,
            asking.LANGUAGE,
            asking.MODE,
            asking.OFFICE,
            asking.AFTER,
            asking.LIMIT,
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
        type=shapes.Workshop,
        answer=answers.one_listed,
        parts=(asking.ID_PART,),
        says={"es": "Un taller", "en": "One workshop", "fr": "Un atelier"},
    ),
    Route(
        path="/counts",
        name="counts",
        type=shapes.CountedMonths,
        answer=answers.counted_months,
        says={
            "es": "De qué meses hay cuenta, y cómo se cuenta",
            "en": "The months that are counted, and the rules of counting",
            "fr": "Les mois comptés, et comment on compte",
        },
    ),
    Route(
        path="/counts/{month}",
        name="count",
        type=shapes.Count,
        answer=answers.count,
        parts=(asking.MONTH_PART,),
        parameters=(asking.REVISION,),
        says={
            "es": "Cuántos talleres hubo en un mes",
            "en": "How many workshops there were in a month",
            "fr": "Combien d’ateliers il y a eu dans un mois",
        },
    ),
    Route(
        path="/figures",
        name="figures",
        type=shapes.FigureMonths,
        answer=answers.figure_months,
        says={
            "es": "De qué meses hay otras cifras",
            "en": "The months that have other figures",
            "fr": "Les mois qui ont d’autres chiffres",
        },
    ),
    Route(
        path="/figures/{month}",
        name="figure",
        type=shapes.Figures,
        answer=answers.figures_of,
        parts=(asking.MONTH_PART,),
        says={
            "es": "Otras cifras de un mes, como los pasaportes",
            "en": "Other figures of a month, such as passports",
            "fr": "D’autres chiffres d’un mois, comme les passeports",
        },
    ),
    Route(
        path="/bulletins",
        name="bulletins",
        type=shapes.Bulletins,
        answer=answers.bulletins,
        parameters=(asking.AFTER_MONTH, asking.LIMIT_MONTHS),
        says={
            "es": "Los meses que ya pasaron, con sus números",
            "en": "The months that are over, with their numbers",
            "fr": "Les mois terminés, avec leurs nombres",
        },
    ),
    Route(
        path="/bulletins/{month}",
        name="bulletin",
        type=shapes.Bulletin,
        answer=answers.bulletin,
        parts=(asking.MONTH_PART,),
        says={
            "es": "Los números de un mes que ya pasó",
            "en": "The numbers of a month that is over",
            "fr": "Les nombres d’un mois terminé",
        },
    ),
    Route(
        path="/openapi.json",
        name="openapi",
        type=shapes.OpenApi,
        answer=_openapi,
        says={
            "es": "Lo mismo que esta página, para programas (OpenAPI)",
            "en": "What this page says, for programs (OpenAPI)",
            "fr": "La même chose que cette page, pour les programmes (OpenAPI)",
        },
    ),
)
