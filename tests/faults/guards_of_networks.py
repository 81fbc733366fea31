"""The guards between several networks of one installation."""

from collections.abc import Iterator

from tests.faults.guard import Guard


def list_guards() -> Iterator[Guard]:
    walls, settings = "tests/security/test_network_walls.py::", "tests/core/test_networks.py::"
    for file, words, instead, test in (
        (
            "outreach/config.py",
            "        if self.name:\n            return False\n", "",
            f"{settings}test_named_network_answers_to_its_own_host_only",
        ),
        (
            "outreach/networks.py",
            "    faults += _find_shared(found)\n", "",
            f"{settings}test_networks_that_share_what_separates_them_are_refused",
        ),
        (
            "outreach/maintenance/restore.py",
            "            _require_own(file, database, config)\n", "",
            f"{walls}test_backup_of_one_restores_into_that_one_only",
        ),
        (
            "outreach/web/middleware/metrics.py",
            'if each.labels.get("network", "") == self.network', "if True",
            "tests/cli/test_serve_networks.py::test_metrics_of_one_are_not_read_with_the_others_token",
        ),
        (
            "outreach/web/middleware/network_dispatch.py",
            "        with use_profile(self._profile):\n            return next(self._pieces)",
            "        return next(self._pieces)",
            f"{walls}test_streamed_answer_keeps_its_network_to_the_end",
        ),
        (
            "outreach/network_profile.py",
            "        with use_profile(profile):\n            target()", "        target()",
            f"{walls}test_thread_without_a_network_fails_and_a_bound_one_has_that_of_its_maker",
        ),
    ):  # fmt: skip
        yield Guard("S43", file, words, instead, test)
