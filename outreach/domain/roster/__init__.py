"""The roster: who gives workshops, interprets, helps, and the mobile units; their assignments.

Imports `outbox`, `registrations` and below. Open `assignments.py` first; `members.py` has the
people, `member_clashes.py` what keeps one from a workshop, `roster_letters.py` the outbox of the
letters that ask them, `answer_links.py` the links in them.
"""
