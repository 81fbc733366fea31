"""The policy said once more, independently of `outreach/web/desk/policy.py`: every page of the
staff, one line each: its name, its method, whose it is, and what one must be allowed to do there.

«workshop» and «office»: the office of the thing decides. «asked»: the office is in the form or the
query, so that without one it is enough to be allowed somewhere. «network»: everywhere. «oneself»:
signed in. «nobody»: no session needed.
"""

from typing import Final

from outreach.domain.organizers import Action

SAID: Final = """
entrance            GET   nobody
sign_in             POST  nobody
invitation          GET   nobody
accept              POST  nobody
own_feed            GET   nobody
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
new                 GET   asked     edit
create              POST  asked     edit
say_complete        POST  asked     edit
workshop            GET   workshop  see
edit                GET   workshop  edit
change              POST  workshop  edit
publish             POST  workshop  edit
ask_to_cancel       GET   workshop  edit
cancel              POST  workshop  edit
reinstate           POST  workshop  edit
contact             POST  workshop  contacts
call                POST  workshop  contacts
decide              POST  workshop  edit
send_again          POST  workshop  edit
at_door             GET   workshop  door
mark                POST  workshop  door
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
"""

_LINES: Final = [line.split() for line in SAID.split("\n") if line]
OF: Final = {(f"desk.{line[0]}", line[1]): line[2] for line in _LINES}
ASKS_FOR: Final = {
    (f"desk.{line[0]}", line[1]): Action(line[3]) for line in _LINES if len(line) > 3
}


def pages(*of: str) -> list[tuple[str, str]]:
    """The pages, and how they are asked, that are of these."""
    return [page for page, whose in OF.items() if whose in of]
