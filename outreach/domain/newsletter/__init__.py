"""The monthly bulletin, its subscribers, and mailings that belong to no registration.

Imports `reporting`, `outbox` and `audit`. Open `bulletins.py` first; `mailings.py` is the outbox
of bulletins and of reminders to the staff.
"""
