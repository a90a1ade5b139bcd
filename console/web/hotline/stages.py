"""环节: the five stages of the loop, and how far a complaint has come; pure."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.states import ENDS, STAGES, State

VERIFYING = "核实"


@dataclass(frozen=True, slots=True)
class Stage:
    """`tone`: done, now, beside (passed by, and still to be done), stopped (never reached, the
    complaint having ended) or later. `left`: the working time that remains, on the stage of now.
    """

    name: str
    tone: str
    left: str = ""


def stages(state: str, left: str, *, verified: bool = True) -> tuple[Stage, ...]:
    """The stages in their order; where dispatch comes first the work may be ahead of verifying."""
    at = next(n for n, states in enumerate(STAGES.values()) if State(state) in states)
    ended = state in ENDS
    found = []
    for number, name in enumerate(STAGES):
        if number < at and name == VERIFYING and not verified:
            found.append(Stage(name, "beside"))
        elif number < at or (number == at and ended):
            found.append(Stage(name, "done"))
        elif number == at:
            found.append(Stage(name, "now", left))
        else:
            found.append(Stage(name, "stopped" if ended else "later"))
    return tuple(found)
