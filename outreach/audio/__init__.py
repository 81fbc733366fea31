"""Recorded speech: uploaded files become small MP3 files without metadata.

Imports nothing above the root. Open `encoder.py` first: it runs `encoder_process.py`, which is the
only file that reads a stranger's bytes, in a process of its own with limits.
"""
