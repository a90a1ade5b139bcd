"""环节: the five stages of the loop, and how far a complaint has come; pure."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.states import ENDS, STAGES, State


@dataclass(frozen=True, slots=True)
class Stage:
    """`tone`: done, now, stopped (never reached, the complaint having ended) or later. `left`: the
    working time that remains, on the stage of now.
    """

    name: str
    tone: str
    left: str = ""


def stages(state: str, left: str) -> tuple[Stage, ...]:
    """The stages in their order."""
    at = next(n for n, states in enumerate(STAGES.values()) if State(state) in states)
    ended = state in ENDS
    found = []
    for number, name in enumerate(STAGES):
        if number < at or (number == at and ended):
            found.append(Stage(name, "done"))
        elif number == at:
            found.append(Stage(name, "now", left))
        else:
            found.append(Stage(name, "stopped" if ended else "later"))
    return tuple(found)
