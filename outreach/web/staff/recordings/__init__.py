"""Recordings of kinds, of workshops and of the phone line: uploaded, or made with the microphone.

May import `common` and below. Open `recording_pages.py`.
"""

from flask import Blueprint

blueprint = Blueprint("recordings", __name__)
