"""What staff do to workshops: create, change, publish, cancel, repeat, import, tour.

Imports `registrations`, `outbox`, `calendar` and below, since a change is told to those who are
registered and shown in feeds. Open `workshop_service.py` first: every other module here ends in
it. `workshop_data.py` is its input.
"""
