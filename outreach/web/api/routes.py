"""The table of API routes: Flask's rules, the OpenAPI document and the documentation use it."""

from typing import Final

from outreach.i18n import N_
from outreach.signing import proofs
from outreach.web.api import handlers, log_handlers, openapi, params, schemas
from outreach.web.api.handlers import LONG_MAX_AGE, Answer, Question
from outreach.web.api.route import Route
from outreach.web.context import config


def _openapi(question: Question) -> Answer:
    return Answer(body=openapi.write(TABLE, config()), seconds=LONG_MAX_AGE)


TABLE: Final = (
    Route(
        path="/",
        name="index",
        type=schemas.Index,
        answer=handlers.index,
        description=N_("Dónde está todo"),
    ),
    Route(
        path="/offices",
        name="offices",
        type=schemas.Offices,
        answer=handlers.offices,
        description=N_("Las oficinas"),
    ),
    Route(
        path="/offices/{slug}",
        name="office",
        type=schemas.Office,
        answer=handlers.office,
        parts=(params.SLUG_PART,),
        description=N_("Una oficina"),
    ),
    Route(
        path="/kinds",
        name="kinds",
        type=schemas.Kinds,
        answer=handlers.kinds,
        description=N_("Los tipos de taller"),
    ),
    Route(
        path="/kinds/{code}",
        name="kind",
        type=schemas.Kind,
        answer=handlers.kind,
        parts=(params.CODE_PART,),
        description=N_("Un tipo de taller"),
    ),
    Route(
        path="/workshops",
        name="workshops",
        type=schemas.Workshops,
        answer=handlers.list_workshops,
        parameters=(
            params.WHERE,
            params.KIND,
            params.SINCE,
            params.UNTIL,
            params.LANGUAGE,
            params.MODE,
            params.OFFICE,
            params.CHANGED_SINCE,
            params.AFTER,
            params.LIMIT,
        ),
        description=N_("Los talleres que vienen, o los de otros días"),
    ),
    Route(
        path="/workshops/{id}",
        name="workshop",
        type=schemas.Workshop,
        answer=handlers.get_workshop,
        parts=(params.ID_PART,),
        description=N_("Un taller"),
    ),
    Route(
        path="/counts",
        name="counts",
        type=schemas.CountedMonths,
        answer=handlers.list_counted_months,
        description=N_("De qué meses hay cuenta, y cómo se cuenta"),
    ),
    Route(
        path="/counts/{month}",
        name="count",
        type=schemas.Count,
        answer=handlers.count,
        parts=(params.MONTH_PART,),
        parameters=(params.REVISION,),
        description=N_("Cuántos talleres hubo en un mes"),
    ),
    Route(
        path="/figures",
        name="figures",
        type=schemas.FigureMonths,
        answer=handlers.figure_months,
        description=N_("De qué meses hay otras cifras"),
    ),
    Route(
        path="/figures/{month}",
        name="figure",
        type=schemas.Figures,
        answer=handlers.get_figures,
        parts=(params.MONTH_PART,),
        description=N_("Otras cifras de un mes, como los pasaportes"),
    ),
    Route(
        path="/bulletins",
        name="bulletins",
        type=schemas.Bulletins,
        answer=handlers.bulletins,
        parameters=(params.AFTER_MONTH, params.LIMIT_MONTHS),
        description=N_("Los meses que ya pasaron, con sus números"),
    ),
    Route(
        path="/bulletins/{month}",
        name="bulletin",
        type=schemas.Bulletin,
        answer=handlers.bulletin,
        parts=(params.MONTH_PART,),
        description=N_("Los números de un mes que ya pasó"),
    ),
    Route(
        path="/log",
        name="log",
        type=proofs.RevisionLog,
        answer=log_handlers.log,
        description=N_("La lista pública de las revisiones, con su firma"),
    ),
    Route(
        path="/log/consistency",
        name="log_growth",
        type=proofs.ConsistencyProof,
        answer=log_handlers.growth,
        parameters=(params.FIRST_SIZE, params.SECOND_SIZE),
        description=N_("La prueba de que a la lista solo se le agrega"),
    ),
    Route(
        path="/log/{month}",
        name="log_entry",
        type=proofs.RevisionProof,
        answer=log_handlers.entry,
        parts=(params.MONTH_PART,),
        parameters=(params.REVISION,),
        description=N_("La prueba de que una revisión está en la lista"),
    ),
    Route(
        path="/openapi.json",
        name="openapi",
        type=schemas.OpenApi,
        answer=_openapi,
        description=N_("Lo mismo que esta página, para programas (OpenAPI)"),
    ),
)
