"""What staff see of the people of a workshop and of a hidden address: one table, and who asks it.

Imports `checkin` and below. Open `who_sees.py`: the table role × field × time, and the one function
that decides.
"""
