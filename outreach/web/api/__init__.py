"""Open data: what the network tells programs, at /api/v1/, and a page about it for people.

`routes` is the one table of addresses; Flask's rules, the OpenAPI document and the page come from
it. `asking` reads what is asked, `answers` finds it, `telling` says it in the words of `shapes`.
"""

from flask import Flask

from outreach.web.api import page, serving


def init_app(app: Flask) -> None:
    serving.init_app(app)
    app.register_blueprint(page.pages)
