"""The call centre: places that staff hold for who is on the telephone, at any office.

Imports `registrations` and below. Open `call_holds.py`: which places are of a call, and how a call
that broke off ends.
"""
