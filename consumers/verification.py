"""核实: opens the hotline's ticket, or has the facts checked where nobody can be asked."""

from __future__ import annotations

from typing import Literal

from schemas import VerificationRequested
from workflow.bus.consumer import Record, Work
from workflow.states import State


class Verification:
    """Where the profile dispatches first, the hotline verifies beside the unit's work."""

    name = "verification"
    handles = frozenset({"ComplaintAnalysed"})
    start: Literal["beginning", "now"] = "beginning"
    replayable = False
    recording = True

    def handle(self, record: Record, work: Work) -> None:
        if record.state == State.ANALYSED:
            reachable = work.complaint(record.subject).reachable
            work.record(record, VerificationRequested(path="call" if reachable else "fact_check"))
