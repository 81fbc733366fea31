"""The policy said once more, independently of `outreach/web/staff/common/policy.py`: every page of
the staff, one line each: its name, its method, whose it is, and what one must be allowed to do
there.

«workshop» and «office»: the office of the thing decides. «asked»: the office is in the form or the
query, so that without one it is enough to be allowed somewhere. «network»: everywhere. «oneself»:
signed in. «halfway»: the password was right, whether or not the second factor is still to come.
«nobody»: no session needed.
"""

from typing import Final

from outreach.domain.network.staff import Permission

SAID: Final = """
entrance            GET   nobody
sign_in             POST  nobody
invitation          GET   nobody
accept              POST  nobody
own_feed            GET   nobody
key_challenge       POST  nobody
sign_in_by_key      POST  nobody
provider            GET   nobody
from_provider       GET   nobody
ask_for_code        GET   halfway
code                POST  halfway
own_key_challenge   POST  halfway
ask_again           GET   oneself
confirm             POST  oneself
account             GET   oneself
end_session         POST  oneself
change_password     POST  oneself
print_codes         POST  oneself
application         GET   oneself
change_application  POST  oneself
new_key             GET   oneself
offer_key           POST  oneself
add_key             POST  oneself
rename_key          POST  oneself
remove_key          POST  oneself
sign_out            POST  oneself
today               GET   oneself
more                GET   oneself
doors               GET   oneself
take_door           GET   oneself
phone_door          GET   nobody
door_worker         GET   nobody
bring_arrivals      POST  nobody
workshops           GET   oneself
own_calendar        GET   oneself
make_calendar       POST  oneself
stop_calendar       POST  oneself
last_month          GET   oneself
month               GET   oneself
bring_in            GET   asked     edit
upload              POST  asked     edit
load_batch          POST  asked     edit
faults_of_batch     GET   asked     edit
import_template     GET   asked     edit
export_workshops    GET   oneself
new                 GET   asked     edit
create              POST  asked     edit
plan_month          GET   asked     edit
make_month          POST  asked     edit
ask_for_many        GET   asked     edit
do_to_many          POST  asked     edit
say_complete        POST  asked     edit
workshop            GET   workshop  see
edit                GET   workshop  edit
change              POST  workshop  edit
publish             POST  workshop  edit
ask_to_cancel       GET   workshop  edit
cancel              POST  workshop  edit
reinstate           POST  workshop  edit
tours               GET   oneself
new_tour            GET   asked     edit
make_tour           POST  asked     edit
tour                GET   office    see
publish_tour        POST  office    edit
new_stop            GET   office    edit
make_stop           POST  office    edit
edit_stop           GET   office    edit
change_stop         POST  office    edit
publish_stop        POST  office    edit
ask_to_cancel_stop  GET   office    edit
cancel_stop         POST  office    edit
reinstate_stop      POST  office    edit
texts               GET   workshop  edit
change_texts        POST  workshop  edit
save_form           POST  asked     edit
discard_form        POST  asked     edit
all_venues          GET   asked     edit
new_venue           GET   office    edit
make_venue          POST  office    edit
edit_venue          GET   office    edit
change_venue        POST  office    edit
allies              GET   asked     edit
new_partner         GET   office    edit
make_partner        POST  office    edit
edit_partner        GET   office    edit
change_partner      POST  office    edit
new_speaker         GET   office    edit
make_speaker        POST  office    edit
edit_speaker        GET   office    edit
change_speaker      POST  office    edit
flyer               GET   workshop  see
flyer_pdf           GET   workshop  see
flyer_png           GET   workshop  see
flyer_svg           GET   workshop  see
certificate         GET   workshop  edit
make_certificate    POST  workshop  edit
ask_to_repeat       GET   workshop  edit
repeat              POST  workshop  edit
ask_to_clone        GET   workshop  edit
clone               POST  workshop  edit
ask_for_series      GET   workshop  edit
change_series       POST  workshop  edit
contact             POST  workshop  contacts
call                POST  workshop  contacts
decide              POST  workshop  edit
new_party           GET   workshop  contacts
save_party          POST  workshop  contacts
open_places         POST  workshop  edit
export_list         GET   workshop  export
send_again          POST  workshop  edit
write_message       GET   workshop  edit
send_message        POST  workshop  edit
at_door             GET   workshop  door
mark                POST  workshop  door
door_sheet          GET   workshop  door
door_bundle         POST  workshop  door
attendance          GET   workshop  edit
report              POST  workshop  edit
figures_of_month    GET   network   network
enter_figures       POST  network   network
ask_to_close        GET   network   network
close_month         POST  network   network
reopen              POST  network   network
remind              POST  network   network
all_bulletins       GET   network   network
edit_bulletin       GET   network   network
change_bulletin     POST  network   network
preview_bulletin    GET   network   network
what_we_hold        GET   network   network
workshop_journal    GET   workshop  edit
office_journal      GET   office    edit
network_journal     GET   network   network
settings            GET   network   network
network_offices     GET   network   network
new_office          GET   network   network
open_office         POST  network   network
edit_office         GET   network   network
change_office       POST  network   network
network_kinds       GET   network   network
new_kind            GET   network   network
add_kind            POST  network   network
edit_kind           GET   network   network
change_kind         POST  network   network
personnel           GET    network   network
new_member          GET    network   network
invite_member       POST  network   network
member              GET    network   network
change_member       POST  network   network
disable_member      POST  network   network
reset_member        POST  network   network
"""

# What is asked for again after ten minutes, whoever asks.
FRESH: Final = {
    "print_codes",
    "application",
    "change_application",
    "new_key",
    "offer_key",
    "add_key",
    "remove_key",
    "close_month",
    "reopen",
    "invite_member",
    "change_member",
    "disable_member",
    "reset_member",
}

_LINES: Final = [line.split() for line in SAID.split("\n") if line]
OF: Final = {(f"staff.{line[0]}", line[1]): line[2] for line in _LINES}
ASKS_FOR: Final = {
    (f"staff.{line[0]}", line[1]): Permission(line[3]) for line in _LINES if len(line) > 3
}


def pages(*of: str) -> list[tuple[str, str]]:
    """The pages, and how they are asked, that are of these."""
    return [page for page, whose in OF.items() if whose in of]
