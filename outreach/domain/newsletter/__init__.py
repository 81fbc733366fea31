"""The monthly bulletin, its subscribers, and mailings that belong to no registration.

Imports `reporting`, `outbox` and `audit`. Open `bulletins.py` first; `mailings.py` is the outbox
of bulletins and of reminders to the staff.

Mailings can be undone as changes of a workshop can: `bulletins.publish` and `bulletins.decide_mail`
queue the letters of a bulletin with a `NotifyDecision`, and `bulletins.undo` takes them back.
`report_reminders.py` does it for reminders, and the worker discards one whose office has reported
meanwhile (`outreach/mail/mailings.py`). `mail_choices.py` has what each account wants, and signs
the link of `outreach/web/staff/auth/letter_choices.py`.
"""
