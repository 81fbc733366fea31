"""Fault injection: kills, broken networks, full disks, wrong clocks, and removed guards.

`guards` removes one safety guard at a time and expects a test to fail. `killing` and `trouble` run
a whole installation under load and compare what people were told with what is stored. `crowd` and
the test files beside it break one part at a time.
"""
