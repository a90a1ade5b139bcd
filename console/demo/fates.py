"""演示：what becomes of each bad rating, known to its simulated people, never to the rows."""

from dataclasses import dataclass
from enum import StrEnum

Key = tuple[str, str]
"""(projectNo, serviceNumber) of a service."""


class Kind(StrEnum):
    """What the hotline will find; every kind but `valid` ends in a dismissal."""

    VALID = "valid"
    MISOPERATION = "misoperation"
    DUPLICATE = "duplicate"
    OUT_OF_SCOPE = "out_of_scope"
    MALICIOUS = "malicious"
    UNVERIFIABLE = "unverifiable"


@dataclass(frozen=True, slots=True)
class Fate:
    """The script of one bad rating for those who play its people.

    `unanswered` calls ring out before one is answered (all of them, if the kind is unverifiable);
    `days` is the working day after the dispatch on which the unit submits; `levels` are the
    citizen's answers, round by round; `supplied` is the phone the unit's clerk can find;
    `original` is the complaint a duplicate repeats. `stage` ("" = to its end) is where the second
    scene leaves it: a state's name or PARKED.
    """

    kind: Kind
    unanswered: int = 0
    days: int = 0
    levels: tuple[int, ...] = ()
    cause: str = ""
    remedy: str = ""
    supplied: str = ""
    original: Key | None = None
    stage: str = ""
