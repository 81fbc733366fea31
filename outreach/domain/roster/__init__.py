"""The roster: who gives workshops, interprets, helps, and the mobile units; their assignments.

Imports `outbox`, `registrations` and below. Open `assignments.py` first; `members.py` has the
people, `member_clashes.py` what keeps one from a workshop, `roster_letters.py` the outbox of the
letters that ask them, `answer_links.py` the links in them.

The team follows the decisions about a change of its workshop: `workshop_service.notify` calls
`assignments.py`, which compares `RosterAssignment.known_facts` with the facts of the workshop, asks
members again who had confirmed other facts, and queues letters. `undecided_changes.py` finds the
workshops whose attendees or team nobody has decided to tell. `answer_links.py` signs a link with
the member's key over the facts that the letter said: an earlier link answers nothing after a move,
and is good again when the move is undone.
"""
