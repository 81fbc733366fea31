"""Trials of wording: does a sentence in the reminder leave fewer chairs empty? (decision 0055)

`trials.py` has the tables and the life of a trial, `assignment.py` who gets which wording,
`outcomes.py` counts what came of it before people are forgotten, `intervals.py` says how many
reminders a trial needs and what its counts show. May import `checkin`, `registrations` and below.
Open `trials.py` first.
"""
