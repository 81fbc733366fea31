"""Fuzzing: sends the application thousands of malformed requests; none may cause a server error or
reveal another person.

`python -m tests.fuzz` creates a network with registrations, collects forms, query parameters and
URLs from the application and its pages, and fuzzes each surface as anonymous, door, reader,
organizer and admin. It prints the seed that repeats the run, a table, and the faults; its exit
status is 1 if there are any.
"""
