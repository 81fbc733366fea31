"""Proof of what was published: the public log of month revisions, and the check of a file.

`merkle_tree` and `checkpoints` are RFC 6962 and signed notes, without a database; `revision_log`
appends and proves; `month_files` makes the files of a revision; `file_check` compares a file with
a proof; `pdf_signature` signs PDFs, where pyhanko is installed. May import `reports`, `pdf` and
below. Open `revision_log` first.
"""
