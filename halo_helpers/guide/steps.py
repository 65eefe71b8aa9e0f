"""The guide as data: every step, where to click, what to set, what to see then.

The notebooks show these steps, diagnoses point to them, and tests hold the notebooks against them.
Source: facts 1.1 to 1.6; deep links facts 5 (a convenience: the click path always stands beside them).
"""

from __future__ import annotations

from .set_up import agent, application, connect_neo, connection, credentials, start
from .step import Step

_IN_ORDER = (start, agent, application, credentials, connection, connect_neo)

NOTEBOOKS: tuple[str, ...] = tuple(part.NOTEBOOK for part in _IN_ORDER)
STEPS: dict[str, Step] = {step.id: step for part in _IN_ORDER for step in part.STEPS}


def step(step_id: str) -> Step:
    """Return a step by id.

    Raises: KeyError with the known ids.
    """
    if step_id not in STEPS:
        raise KeyError(f"no step is called {step_id!r}; known are {', '.join(STEPS)}")
    return STEPS[step_id]
