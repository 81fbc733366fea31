"""Asks the application thousands of things that nobody would: no answer may be a fault of ours, and
none may tell of somebody else.

`python -m tests.fuzz` makes a network with people in it, finds its own forms, filters and addresses
in the application and its pages, and asks each surface as anonymous, door, reader, organizer and
admin. It prints the seed that repeats the run, a table, and what went wrong; it ends with 1 if
anything did.
"""
