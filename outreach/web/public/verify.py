"""«Is it real?»: compares the code of a flyer or letter with its workshop; counts reports of fraud.

Nothing typed is stored. The answer to a code is the same for everybody who has it.
"""

from typing import Final

from flask import Blueprint, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from outreach import clock, i18n, network_profile
from outreach.domain.network import fraud_reports
from outreach.domain.network.fraud_reports import FraudSign
from outreach.domain.workshops import verify_codes
from outreach.i18n import gettext as _
from outreach.web.context import store
from outreach.web.forms import email_form
from outreach.web.middleware import error_pages, rate_limits
from outreach.web.middleware.response_headers import keep_for, keep_private
from outreach.web.presentation import alternatives, fraud_labels

pages = Blueprint("verify", __name__, url_prefix="/<lang:lang>/verdad")

FRAUD: Final = "fraude"  # purpose of the form token
MAX_TYPED: Final = 40


@pages.get("")
def code() -> ResponseReturnValue:
    typed = request.args.get("codigo", "").strip()[:MAX_TYPED]
    if not typed:
        keep_for(3600)
        return render_template("verify/code.html", typed="", found=None)
    keep_private()
    with store().read() as session:
        found = verify_codes.find(session, typed, now=clock.now())
        return render_template(
            "verify/code.html", typed=typed, found=found, phone_of=alternatives.phone_of
        )


@pages.get("/contar")
def report_form() -> ResponseReturnValue:
    return _form()


@pages.post("/contar")
def report() -> ResponseReturnValue:
    error_pages.keep_form()
    notice = email_form.notice(FRAUD)
    signs = [each for each in FraudSign if each in request.form.getlist("sign")]
    if not notice and not signs:
        notice = _("Marca al menos una de las casillas.")
    rate_limits.count_post(is_well_formed=not notice)
    if notice:
        return make_response(_form(notice=notice), 422)
    rate_limits.count_fraud_report()
    now = clock.now()
    with store().change() as session:
        fraud_reports.count(session, signs, clock.network_day(now))
    return redirect(f"/{i18n.current()}/verdad/gracias", 303)


@pages.get("/gracias")
def thanks() -> ResponseReturnValue:
    keep_private()
    return render_template("verify/thanks.html")


def _list_signs() -> list[FraudSign]:
    """Lists what may have happened; a network that is not for migrants does not speak of papers."""
    is_for_migrants = network_profile.current().is_for_migrants
    return [each for each in fraud_reports.WHAT if is_for_migrants or each is not FraudSign.STATUS]


def _form(*, notice: str = "") -> str:
    keep_private()
    return render_template(
        "verify/report.html",
        notice=notice,
        ticked=request.form.getlist("sign"),
        questions=[
            (_("¿Qué pasó?"), _list_signs()),
            (_("¿Cómo?"), fraud_reports.HOW),
        ],
        words=fraud_labels.sign_words,
        form_token=email_form.get_token(FRAUD),
    )
