"""`python -m tests.extensions.websub.round_process`: one round, in a process to kill.

The settings are those of the environment; the callbacks are on this machine.
"""

import os

from outreach import clock
from outreach.app import create_app
from outreach.config import Config
from outreach.extensions.websub import hub
from tests.support.callback_server import LOOPBACK_RULE


def main() -> None:
    app = create_app(Config.from_environ(os.environ))
    app.extensions[hub.RULE] = LOOPBACK_RULE
    hub.of_app(app).run_round(now=clock.now())


if __name__ == "__main__":
    main()
