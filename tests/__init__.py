"""Tests of Outreach. A test lies under the path of the package that it tests.

`domain/`, `web/`, `mail/` and so on mirror `outreach/`; `core/` is for the modules at its root,
`project/` for the checkout itself. `security/` and `concurrency/` cross packages. Fixtures are in
`conftest.py`, helpers in `support/`, and the command `tests/run` in `runner/`.

Harnesses have a folder each: `browser/` (pages in Chromium), `benchmarks/` (speed), `faults/`
(kills, full disks, removed guards), `fuzz/` (malformed requests), `hostile_files/` (import files
that do harm), `calendar_readers/` (libraries that read feeds), `calendar_clients/` (programs that
poll feeds), `guide_runs/` (the operator's guide, typed on fresh machines).
"""
