"""Follows the operator's guide literally: creates fresh Debian machines, types the guide's command
blocks, and checks that the site does what the guide promises.

    python -m tests.guide_runs machine
    python -m tests.guide_runs many
"""
