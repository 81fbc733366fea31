"""Follows the operator's guide by its words alone: makes fresh Debian machines, types what the
guide's blocks say, and looks whether the site does what the guide promises.

    python -m tests.guide_runs machine
    python -m tests.guide_runs many
"""
