"""Open data: what the network tells programs, at /api/v1/, and a page about it for people.

`routes` is the one table of addresses; Flask's rules, the OpenAPI document and the page come from
it. `params` reads what is asked, `handlers` finds it, `serializers` says it in the words of
`schemas`.
"""

from flask import Flask

from outreach.web.api import docs_page, responses


def init_app(app: Flask) -> None:
    responses.init_app(app)
    app.register_blueprint(docs_page.pages)
