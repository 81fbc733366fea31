"""Every address of the open data: what Flask serves, what the OpenAPI document says, and what the
page for people shows."""

from typing import Final

from outreach.i18n import N_
from outreach.web.api import handlers, openapi, params, schemas
from outreach.web.api.handlers import LATER, Answer, Question
from outreach.web.api.route import Route
from outreach.web.context import config


def _openapi(question: Question) -> Answer:
    return Answer(body=openapi.write(TABLE, config()), seconds=LATER)


TABLE: Final = (
    Route(
        path="/",
        name="index",
        type=schemas.Index,
        answer=handlers.index,
        says=N_("Dónde está todo"),
    ),
    Route(
        path="/offices",
        name="offices",
        type=schemas.Offices,
        answer=handlers.offices,
        says=N_("Las oficinas"),
    ),
    Route(
        path="/offices/{slug}",
        name="office",
        type=schemas.Office,
        answer=handlers.office,
        parts=(params.SLUG_PART,),
        says=N_("Una oficina"),
    ),
    Route(
        path="/kinds",
        name="kinds",
        type=schemas.Kinds,
        answer=handlers.kinds,
        says=N_("Los tipos de taller"),
    ),
    Route(
        path="/kinds/{code}",
        name="kind",
        type=schemas.Kind,
        answer=handlers.kind,
        parts=(params.CODE_PART,),
        says=N_("Un tipo de taller"),
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
        says=N_("Los talleres que vienen, o los de otros días"),
    ),
    Route(
        path="/workshops/{id}",
        name="workshop",
        type=schemas.Workshop,
        answer=handlers.one_listed,
        parts=(params.ID_PART,),
        says=N_("Un taller"),
    ),
    Route(
        path="/counts",
        name="counts",
        type=schemas.CountedMonths,
        answer=handlers.counted_months,
        says=N_("De qué meses hay cuenta, y cómo se cuenta"),
    ),
    Route(
        path="/counts/{month}",
        name="count",
        type=schemas.Count,
        answer=handlers.count,
        parts=(params.MONTH_PART,),
        parameters=(params.REVISION,),
        says=N_("Cuántos talleres hubo en un mes"),
    ),
    Route(
        path="/figures",
        name="figures",
        type=schemas.FigureMonths,
        answer=handlers.figure_months,
        says=N_("De qué meses hay otras cifras"),
    ),
    Route(
        path="/figures/{month}",
        name="figure",
        type=schemas.Figures,
        answer=handlers.figures_of,
        parts=(params.MONTH_PART,),
        says=N_("Otras cifras de un mes, como los pasaportes"),
    ),
    Route(
        path="/bulletins",
        name="bulletins",
        type=schemas.Bulletins,
        answer=handlers.bulletins,
        parameters=(params.AFTER_MONTH, params.LIMIT_MONTHS),
        says=N_("Los meses que ya pasaron, con sus números"),
    ),
    Route(
        path="/bulletins/{month}",
        name="bulletin",
        type=schemas.Bulletin,
        answer=handlers.bulletin,
        parts=(params.MONTH_PART,),
        says=N_("Los números de un mes que ya pasó"),
    ),
    Route(
        path="/openapi.json",
        name="openapi",
        type=schemas.OpenApi,
        answer=_openapi,
        says=N_("Lo mismo que esta página, para programas (OpenAPI)"),
    ),
)
