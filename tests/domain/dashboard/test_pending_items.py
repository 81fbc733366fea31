"""Every sort of work is declared once, and has words wherever it is shown."""

from outreach.domain.dashboard.pending_items import (
    DIGEST_SORTS,
    PENDING_ITEMS,
    QUEUED_ALERTS,
    AlertType,
    DoneSort,
    WorkSort,
)
from outreach.web.staff.common import queue_labels
from outreach.web.staff.dashboard import alert_rows


def test_every_sort_of_work_is_declared_once() -> None:
    assert sorted(each.sort for each in PENDING_ITEMS) == sorted(WorkSort)
    assert {each.counted_as or each.sort for each in PENDING_ITEMS} == set(DIGEST_SORTS)


def test_every_sort_and_alert_has_its_words() -> None:
    assert set(queue_labels.LABELS) == set(WorkSort)
    assert set(alert_rows.CARDS) == set(AlertType)


def test_whatever_the_queue_has_is_an_alert_elsewhere() -> None:
    assert all(each.alerts for each in PENDING_ITEMS)
    assert {AlertType.CALLS, AlertType.LETTERS} < QUEUED_ALERTS < set(AlertType)


def test_every_act_but_a_call_is_found_in_the_audit_log() -> None:
    found = {sort for each in PENDING_ITEMS for sort in each.ended_by.values()}
    assert found == set(DoneSort) - {DoneSort.CALL}
    assert {sort for each in PENDING_ITEMS for sort in each.taken_back_by.values()} < found
