"""The guards between several networks of one installation."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    Guard(
        "S43", "outreach.config:Config.answers_to",
        """if self.name:
    return False""",
        "pass",
        "tests/core/test_networks.py::test_named_network_answers_to_its_own_host_only",
    ),
    Guard(
        "S43", "outreach.networks:load_networks",
        "faults += _find_shared(found)", "pass",
        "tests/core/test_networks.py::test_networks_that_share_what_separates_them_are_refused",
    ),
    Guard(
        "S43", "outreach.maintenance.restore:restore",
        "_require_own(file, database, config)", "pass",
        "tests/security/test_network_walls.py::test_backup_of_one_restores_into_that_one_only",
    ),
    Guard(
        "S43", "outreach.web.middleware.metrics:RequestMetrics.collect",
        "each.labels.get('network', '') == self.network", "True",
        "tests/cli/test_serve_networks.py::test_metrics_of_one_are_not_read_with_the_others_token",
    ),
    Guard(
        "S43", "outreach.web.middleware.network_dispatch:_BodyOfNetwork.__next__",
        """with use_profile(self._profile):
    return next(self._pieces)""",
        "return next(self._pieces)",
        "tests/security/test_network_walls.py::test_streamed_answer_keeps_its_network_to_the_end",
    ),
    Guard(
        "S43", "outreach.network_profile:bind.run",
        """with use_profile(profile):
    target()""",
        "target()",
        "tests/security/test_network_walls.py::test_thread_without_a_network_fails_and_a_bound_one_has_that_of_its_maker",
    ),
)
# fmt: on
