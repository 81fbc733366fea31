"""What the staff's first page shows: the agenda, and alerts that want action.

Imports `reporting`, `outbox` and below. Open `agenda.py` first.
"""
