"""What staff do to workshops: create, change, publish, cancel, repeat, import, tour.

Imports `registrations`, `outbox`, `calendar` and below, since a change is told to those who are
registered and shown in feeds. Open `workshop_service.py` first: every other module here ends in
it. `workshop_data.py` is its input.

`workshop_service.py` changes workshops with a `NotifyDecision`. The page asks staff for it
(`outreach/web/staff/common/notify_sheet.py`): the change is made in the transaction, and rolled
back to show the sheet where they have not decided. `workshop_changes.py` keeps for a day what a
workshop was before, and `place_changes.py` what a venue or a stop of a tour was. `undo.py` changes
it back, and `kept_queue.py` restores the queue: what waited before the change is stored with it, as
is what the change queued. `untold_changes.py` compares with what people were last told. The team of
a workshop follows the same decisions (`outreach/domain/roster`).
"""
