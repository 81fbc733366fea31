"""What the staff's first page shows: the agenda, and alerts that want action.

Imports `reporting`, `outbox`, `roster` and below. Open `agenda.py` first.

Letters to staff (S35): `digests.py` says whose digest is due and what it counts, `staff_alerts.py`
what has happened that staff read of at once. Each stores a row together with the letter, so that it
is made once. The letters are mailings (`outreach/domain/newsletter/mailings.py`), which
`outreach/mail/staff_letters.py` writes from what is true when they are sent.

The queue of the staff (S23): `work_queue.py` reads all that waits at some offices in about a dozen
statements, one line for each person and workshop. `done_today.py` reads what was done today from
the audit log and from the rows of the people, which go with them. The page is
`outreach/web/staff/attendees/queue_pages.py`. `clashes.py` compares the workshops of the calendar.
"""
