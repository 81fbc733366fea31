"""`python -m tests.websub.round_process`: one round of the hub, in a process that can be killed.

The settings are those of the environment; the callbacks are on this machine.
"""

import os

from outreach import clock
from outreach.app import create_app
from outreach.config import Config
from outreach.websub import hub
from tests.support.websub_subscriber import LOOPBACK_RULE


def main() -> None:
    app = create_app(Config.from_environ(os.environ))
    app.extensions[hub.RULE] = LOOPBACK_RULE
    hub.of_app(app).run_round(now=clock.now())


if __name__ == "__main__":
    main()
