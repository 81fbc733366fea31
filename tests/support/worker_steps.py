"""Finds a step of the worker by its name."""

from outreach.maintenance.steps import Step
from outreach.maintenance.worker_steps import STEPS


def find_step(name: str) -> Step:
    """Returns the step of that name."""
    return next(step for step in STEPS if step.name == name)
