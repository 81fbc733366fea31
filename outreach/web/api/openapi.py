"""Builds the OpenAPI 3.1 document from the table of routes and the response schemas."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from outreach.config import Config
from outreach.i18n import translate
from outreach.web.api.params import Parameter
from outreach.web.api.route import Route
from outreach.web.api.schemas import OpenApi, Problem
from outreach.web.api.serializers import ROOT

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
REF: Final = "#/components/schemas/{name}"
DESCRIPTION: Final = """\
The network's offices, workshops and counts. Free to use without a key; please name the source. It
has no data about persons. Discreet workshops are counted and never listed; a hidden address is
never included.

Every resource answers GET, HEAD and, for any origin, OPTIONS (CORS). Send `If-None-Match`, or
`If-Modified-Since` where the response had a `Last-Modified`, to get 304 while nothing has changed.
Values that change with time, and the number of places left, are refreshed once a minute. Responses
are compressed with gzip if the client accepts it. Lists are paged: follow `next`, which is in the
`Link` header too, until there is none; do not construct addresses of pages.

To keep a copy of the workshops, ask for `/workshops?changed_since=` once and then always for the
`next` of the last response: changes come by `modified`, then `id`, what to remove is in
`withdrawn`, and an empty page means that you have everything. Seats are no change.

An unknown parameter or an invalid value is answered with 400; a code of something that does not
exist, such as an unknown office, with 404. Every error is one sentence (RFC 9457). Objects may get
more fields: ignore those you do not know. Existing fields keep their meaning."""


def write(table: Sequence[Route], config: Config) -> OpenApi:
    """Returns the document; the same code and site give the same bytes."""
    _, schemas = msgspec.json.schema_components(
        [*(route.type for route in table), Problem], ref_template=REF
    )
    return OpenApi(
        openapi="3.1.0",
        info={
            "title": f"{config.brand}: open data",
            "version": "1",
            "summary": "Workshops, offices, kinds, counts and figures of the network.",
            "description": DESCRIPTION,
            "license": {"name": config.data_licence, "identifier": config.data_licence},
            # The source to be named.
            "contact": {"name": config.data_source, "url": config.public_url},
        },
        servers=[{"url": config.public_url + ROOT}],
        paths={route.path: {"get": _operation(route)} for route in table},
        components={"schemas": schemas, "headers": _HEADERS},
        security=[],  # nobody needs a key
    )


def _operation(route: Route) -> dict[str, Any]:
    headers = ["ETag", "Cache-Control"]
    headers += ["Last-Modified"] if route.has_dates else []
    headers += ["Link"] if "next" in route.type.__struct_fields__ else []
    responses: dict[str, Any] = {
        "200": {
            "description": (route.type.__doc__ or "").partition("\n\n")[0].replace("\n    ", " "),
            "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
            "content": {JSON: {"schema": {"$ref": REF.format(name=route.type.__name__)}}},
        },
        "304": {"description": "It is as you have it."},
        "400": _problem("A parameter that there is not, or a value that cannot be read."),
    }
    if route.parts or route.parameters:
        responses["404"] = _problem("There is no such thing.")
    responses["default"] = _problem("Something else went wrong.")
    return {
        "operationId": route.name,
        "summary": translate(route.description, "en"),
        "parameters": [
            *(_parameter(each, "path") for each in route.parts),
            *(_parameter(each, "query") for each in route.parameters),
        ],
        "responses": responses,
    }


def _parameter(parameter: Parameter, where: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": parameter.name,
        "in": where,
        "description": translate(parameter.description, "en"),
        "schema": parameter.schema,
    }
    if where == "path":
        entry["required"] = True
    if parameter.example:
        entry["example"] = parameter.example_value
    return entry


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": REF.format(name=Problem.__name__)}
    return {"description": description, "content": {PROBLEM: {"schema": schema}}}


_TEXT: Final = {"type": "string"}
_HEADERS: Final[dict[str, Any]] = {
    "ETag": {"description": "Weak: the same for every encoding.", "schema": _TEXT},
    "Cache-Control": {"description": "For how long any cache may keep it.", "schema": _TEXT},
    "Last-Modified": {"description": "It has been so since then.", "schema": _TEXT},
    "Link": {"description": 'The next page, rel="next"; absent on the last.', "schema": _TEXT},
}
