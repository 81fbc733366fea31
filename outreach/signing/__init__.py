"""Proof of what was published: the public log of month revisions, and the check of a file.

`merkle_tree` and `checkpoints` are RFC 6962 and signed notes, without a database; `revision_log`
appends and proves; `month_files` makes the files of a revision; `file_check` compares a file with
a proof; `pdf_signature` signs PDFs, where pyhanko is installed. May import `reports`, `pdf` and
below. Open `revision_log` first.

The worker's step *revision log* makes the files of a closed revision, stores them, and appends an
entry with the head of the tree. The tables are in `outreach/domain/reporting/revision_log.py`.
`outreach/web/public/figures/published_files.py` serves the files,
`outreach/web/api/log_handlers.py` serves the proofs, and `outreach/cli/verify.py`
checks a file (COUNT15, decision 0059).
"""
