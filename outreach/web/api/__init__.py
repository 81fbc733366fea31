"""The open-data API at /api/v1/ and its documentation page.

`routes` is the table of addresses, from which Flask's rules, the OpenAPI document and the page are
made. `params` reads the query, `handlers` answer it, `serializers` build the `schemas`. May import
`middleware` and below, and no pages. Open `routes` first.
"""

from flask import Flask

from outreach.web.api import docs_page, responses


def init_app(app: Flask) -> None:
    responses.init_app(app)
    app.register_blueprint(docs_page.pages)
